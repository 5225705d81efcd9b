// Package incident joins alerts into incidents: what one fire, one flood or one
// slide set off is one thing to people, however many devices tell of it.
//
// A Book is a fold over the transitions of alerts in the journal's order. It
// asks nobody what time it is: time passes by the transitions, and by Tick for
// what is only shown. So it may be killed anywhere, and read again from a
// checkpoint or from the beginning, and knows the same incidents by the same
// ids.
//
// # What belongs together
//
// Which alerts join is data, one Join for each hazard: within a distance, along
// a river, in a basin or in a zone; and how far apart in time they may lie. An
// alert stands in time from when its condition began until it was last true, and
// two alerts are as far apart as the gap between those. An alert that is true
// now is therefore never too old to be joined. Where several incidents would
// take an alert, the oldest does. It stays there: incidents are never merged or
// split behind the backs of those who work on them.
//
// An incident is as high as the highest of its open alerts and closes when the
// last of them does. What joins it within its time after that opens it again,
// unless people found that all of it was a false alarm.
//
// # Storms
//
// When more alerts come than the operators can read, the open ones are also
// told folded by commune or basin, and only what is higher than anything its
// fold has had still calls people. That takes nothing away: every alert stays
// in the picture, and the fold ends by itself when fewer come.
package incident

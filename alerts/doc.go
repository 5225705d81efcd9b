// Package alerts turns readings into alerts by rules that people write.
//
// The engine is a fold over the journal's entries: readings, and ticks of the
// clock. It keeps one state per rule and device (a key), and every change of an
// alert is one transition, written to the journal before anything depends on
// it. It never asks what time it is: a second run over the same entries makes
// the same transitions, with the same ids, which the journal keeps once. So it
// may be killed anywhere.
//
// # Time
//
// A reading has two clocks. Levels, `for` and recovery go by the time at which
// it was measured; silence goes by the time at which it arrived. Each key has
// its own watermark, the newest measured time it has seen of its value. What
// was measured before that is late: it is counted and changes nothing. The same
// time with the same value is a duplicate; with another value, a correction.
//
//   - A level that is reached for as long as `for` says fires: at the reading
//     that shows it, or by the clock between readings, so that a slow gauge
//     does not delay it. The clock alone counts only while the key's data is
//     not older than five periods; after that the key waits for a reading.
//   - Clearing always takes a reading, however much time has passed: the clock
//     clears nothing. A hole of more than five periods in the data starts the
//     recovery time anew.
//   - Data that stops holds the alert as it is and marks it stale. Nothing
//     clears by silence, and what was pending stays pending.
//   - Silence is counted in time during which citywatch was running. Ticks that
//     lie further apart than a few seconds mean that it was not; after such a
//     gap every device has one more period to be heard in before it counts as
//     silent. A device never heard is silent as well, counted from when the
//     engine first knew of it.
//
// # Handling
//
// There is at most one open alert for a key; its level is a field. Acknowledging
// never clears. An alert that is over stays open until somebody has seen it; if
// its condition comes back before that, the same alert goes on (relapsed). A
// rise in level makes it new again. An alert of a latched rule stays active
// until a person resets it. An alert whose rule or device is no longer
// configured stays open, stale, until it is acknowledged.
package alerts

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
// its own watermark, the newest measured time it has seen of its value.
//
// What the values say of a key (its course) does not depend on the order in
// which they arrive. A key remembers when its last values were measured and
// which levels they reached; one that comes late finds its place among them,
// and what they say is reckoned anew from there. The same time with the same
// verdict is a duplicate; with another, a correction. What lies before all that
// is remembered is counted and changes nothing. Where a rule is about what becomes
// of a value, or of those of a zone's devices, each moment is judged anew in whose
// window it lies; what lies before the remembered moments still counts in their
// windows.
//
// What people are told follows the course, with these exceptions:
//
//   - What is newest and live, that is measured not longer ago than Options.Live,
//     is told at once. A late value raises what is still so, and clears nothing
//     until a newer value comes.
//
//   - What comes later than that is gathered until no more comes, and told in
//     one (Transition.Backlog): how many readings, and the worst of them. If it
//     is over, and no alert is open, the alert is a retrospective one. If by the
//     newest value it is so still, the alert is stale and nobody is called until
//     a live value says the same.
//
//   - What flaps, by Icinga's weighted share of the last 20 values, is held at
//     its highest level without further notice; when it no longer does, what is
//     so by then is told. Latched rules are held anyway.
//
//   - A level that is reached for as long as `for` says fires: at the reading
//     that shows it, or by the clock between readings, so that a slow gauge
//     does not delay it. The clock alone counts only while the key's data is
//     not older than five periods; after that the key waits for a reading.
//
//   - Clearing always takes a reading, however much time has passed: the clock
//     clears nothing. A hole of more than five periods in the data starts the
//     recovery time anew.
//
//   - Data that stops holds the alert as it is and marks it stale. Nothing
//     clears by silence, and what was pending stays pending.
//
//   - Silence is counted in time during which citywatch was running. Ticks that
//     lie further apart than a few seconds mean that it was not; after such a
//     gap every device has one more period to be heard in before it counts as
//     silent. A device is not told of while what it is reached through
//     (Device.Via) is silent too, or may be: a dead gateway is one alert. A
//     device never heard is silent as well, counted from when the engine first
//     knew of it.
//
// # Handling
//
// There is at most one open alert for a key; its level is a field. The engine
// moves its condition, people move its handling, and neither moves the other but
// for two things: a rise in level makes it new again, and what is over and was
// seen is closed.
//
//	new → acknowledged → dispatched → on_scene → contained → closed | false_alarm
//
// Reports do not come in order, so stages may be left out; from contained and
// on_scene one may go back to the stages in which a team is out, for fires break
// out again. Nobody makes an alert new, or merely acknowledged, once more: only a
// rise does. Whoever does anything about it, but write a note or put it aside,
// has seen it.
//
//   - Acknowledging never clears. An alert that is over stays open until
//     somebody has seen it, and while a team is out until somebody closes it; if
//     its condition comes back before that, the same alert goes on (relapsed).
//   - What its data says is still so cannot be closed. What its data no longer
//     tells can, by somebody who writes why; data that comes after that is looked
//     at anew.
//   - A false alarm takes a reason. If it is still so, the key is watched on: up
//     to the level that was called false nothing is raised, what rises above it
//     is a new alert, and once it is over, or its data has stopped, everything
//     is. What latches does not while it is called false, so that the next fire
//     is an alert.
//   - An alert of a latched rule stays active until a person resets it.
//   - An alert whose rule or device is no longer configured stays open, stale,
//     until it is acknowledged or closed.
//
// Whoever acts says which version of the alert was seen. If it has risen or come
// back since, or somebody else has done something about it, the action is
// refused, and a ConflictError says by whom. The same action by the same person
// once more changes nothing.
//
// # Overlays
//
// An overlay hides that people would be called, and nothing else: condition,
// level and handling go on beneath it, and so do transitions.
//
//   - Shelved: somebody has put it aside, with a reason and until a time, which
//     the clock of the journal counts and which passes while citywatch does not
//     run. Then it asks again. A rise ends it at once. Fires, and what has level
//     4 or more, cannot be put aside.
//   - Suppressed: another alert explains it, as the rule file's inhibitions say,
//     where both have the same labels and have them at all. It is never worse
//     than what explains it, and people are called as soon as nothing does. What
//     is put aside, out of service, flapping, not confirmed or over explains
//     nothing; what is stale goes on to explain what it did.
//   - Out of service: its device is being worked on. That is an alert itself, of
//     the rule "out-of-service".
//   - Flapping: it changes so often that each change says nothing.
//
// As long as an alert is new, is so, and has no overlay but that it flaps, the
// steps of its rule's escalation are taken, counted from when people were called. The chain ends
// with the acknowledgement and begins anew with a rise.
//
// Suppression and service hang on alerts of other keys. They are settled when a
// whole entry or action has been taken in, from what the alerts show alone, and
// after a crash not before the last entry of which the journal has a transition:
// what followed from the entries before is in the journal too, for it is written
// in order.
//
// # Judged together
//
// Some alerts rest on what several devices say.
//
//   - corroborate: devices of several kinds may know of one thing. What one kind
//     says alone is to be verified, and calls nobody; another kind near it, at
//     about the same measured time, confirms it, however late that is learned. The
//     alert is of the device that said so first, and there is none of its own for
//     what stands near it. A device that says it is over, or whose word decays,
//     counts no more.
//   - all: the conditions of several rules in one zone make an alert of the zone.
//     What somebody called a false alarm does not count.
//   - aggregate: the number that is judged is made of those of a zone's devices.
//     With too few of them, or with sums that are not whole, nothing clears.
//
// What such an alert is follows from the states of the keys that it rests on, and
// from the last tick: nothing else is remembered of it.
//
// # Several engines
//
// Where the journal has several shards, each has an engine, and what one engine
// must see together lies in one shard: a zone, zones whose devices may confirm
// one another (Rules.Together), and what inhibitions tie without naming device
// or zone. What a device is reached through may lie elsewhere. Its readings come
// in this shard as well, where its silence is watched only as a cause, and told
// by its own engine alone.
//
// So every number of shards makes the same alerts. When their number changes, or
// what has to lie together, Reshard brings what is known to where it is needed.
//
// # External
//
// An event that something else has judged already is one of a device's that have
// not ended; each goes by its id, so that what is said of an older one is not late.
// The worst of them is the level. The newest word of an event counts, and of those
// of one time the end, or else the worse: what comes after the end does not begin it
// again, but is looked back upon. Nothing but the word that it has ended, or a
// person who closes the alert when no data comes any more, ends an event.
//
// # Rules
//
// A rule may differ by device and by zone, and apply at certain times of the week
// only, by the measured time: what is measured outside them is nothing of its
// business, and ends what it raised.
//
// Rules are read from one file or several, all of which are checked before any
// counts. Reload swaps them between two entries: it does what a restart would.
package alerts

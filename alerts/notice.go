package alerts

import "citywatch"

// notice decides whether people are called about what became of the condition.
// What people do about an alert, and what follows from that, says so itself.
//
//   - What fires or rises sounds, and so does what comes back after it was over.
//   - What gets better, stops, or is learned of the past is quiet.
//   - What was measured long before it came is quiet, until something newer says
//     that it is so still; so is what nothing of another kind confirms.
//   - Nobody is called about what is explained, put aside, being worked on or
//     flapping; but what rises while it flaps says something after all.
func (k *key) notice(reason citywatch.Reason) citywatch.Notice {
	ep := k.Episode
	a := ep.Alert
	rose := reason == citywatch.ReasonFired || reason == citywatch.ReasonRaised || reason == citywatch.ReasonConfirmed ||
		reason == citywatch.ReasonRelapsed && ep.told.Condition == citywatch.Normal
	aside := a.Overlay
	aside.Flapping = false
	switch {
	case aside.Quiet(), a.Flapping && !rose && reason != citywatch.ReasonFlapping:
		return citywatch.NoticeNone
	case ep.Hushed && ep.Stale, a.ToVerify:
		return citywatch.NoticeQuiet
	case ep.Hushed && ep.Level > citywatch.None && ep.Condition == citywatch.Active:
		ep.Hushed = false // what was learned late is so still
		return citywatch.NoticeSound
	case rose:
		return citywatch.NoticeSound
	}
	return citywatch.NoticeQuiet
}

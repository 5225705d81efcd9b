package notify

import (
	"slices"

	"citywatch"
)

// calls reports whether a transition calls anybody. Beside what the engine says
// sounds it is what a person gives to a team: the team is called by that person,
// unless it is about something that nobody is to be called about.
func calls(t *citywatch.Transition) bool {
	if given(t) {
		return !t.Alert.Quiet() && !t.Alert.Retrospective
	}
	return t.Notice == citywatch.NoticeSound
}

// given reports whether a transition gives the alert to a team.
func given(t *citywatch.Transition) bool {
	return (t.Reason == citywatch.ReasonAssigned || t.Reason == citywatch.ReasonDispatched) && t.Actor != "" && t.To != ""
}

// audience returns those of the subscriptions that a transition calls.
func audience(t *citywatch.Transition, all []Subscription) []Subscription {
	if !calls(t) {
		return nil
	}
	if given(t) && slices.ContainsFunc(all, func(s Subscription) bool { return s.Person == t.Actor && s.Team == t.To }) {
		return nil // they took it themselves
	}
	return slices.DeleteFunc(slices.Clone(all), func(s Subscription) bool { return !s.wants(t) })
}

// wants reports whether a transition that calls people calls this one.
func (s *Subscription) wants(t *citywatch.Transition) bool {
	a := &t.Alert
	switch {
	case s.Person == t.Actor:
		return false
	case given(t), t.Reason == citywatch.ReasonEscalated:
		return s.Team == t.To
	case s.Team != "" && s.Team == a.Assigned:
		return true
	case a.Level < s.Level:
		return false
	}
	return len(s.Zones) == 0 || slices.Contains(s.Zones, a.Zone)
}

package alerts

import (
	"time"

	"citywatch"
)

// An episode is the time from the first value that reaches a level until there
// is neither a level nor an open alert any more.
type episode struct {
	standing
	course
	// Hushed is set while nobody was called, because what it is about was
	// measured long before it came.
	Hushed bool `json:"hushed,omitempty"`
	// First is the value with which it began.
	First citywatch.Evidence `json:"first,omitzero"`
	// Asked is the version of the alert with which people were last asked to
	// look: what they answer to an older one is out of date.
	Asked int `json:"asked,omitempty"`
	// Acted is what a person did last about the alert, Noted the last note.
	Acted acted  `json:"acted,omitzero"`
	Noted string `json:"noted,omitempty"`
	// Called is when people were first called, from which an escalation
	// counts; zero while nobody was.
	Called call `json:"called,omitzero"`
	// Dismissed is the level that somebody called a false alarm while it was
	// so. Up to it nothing is raised until it is over, or its data stops.
	Dismissed citywatch.Level `json:"dismissed,omitempty"`
	// Alert is nil until the episode raises one. In a transition it stands
	// beside the state, so it is not written twice.
	Alert *citywatch.Alert `json:"-"`
	// told is how the alert stood after its last transition.
	told citywatch.Standing
}

// A standing is how an episode looks from outside.
type standing struct {
	Condition citywatch.Condition `json:"condition"`
	Level     citywatch.Level     `json:"level"`
	// Stale is set while the data does not come.
	Stale bool `json:"stale,omitempty"`
}

// normal is the standing of an episode that begins.
func normal() standing { return standing{Condition: citywatch.Normal} }

// settle moves the episode to a level. True says whether the condition is true
// at the moment, whatever its level.
func (ep *episode) settle(level citywatch.Level, isTrue, stale bool) citywatch.Reason {
	was := ep.standing
	ep.Level, ep.Stale = level, stale
	switch {
	case level > citywatch.None && isTrue:
		ep.Condition = citywatch.Active
	case level > citywatch.None:
		ep.Condition = citywatch.Recovering
	case ep.Reached != since{}:
		ep.Condition = citywatch.Pending
	default:
		ep.Condition = citywatch.Normal
	}
	return ep.reason(was)
}

// reason names the one thing about the change that matters most.
func (ep *episode) reason(was standing) citywatch.Reason {
	if ep.Dismissed > citywatch.None {
		return ep.dismissed()
	}
	switch {
	case ep.Level > was.Level && (ep.Alert == nil || ep.Alert.Retrospective):
		return citywatch.ReasonFired
	case ep.Level > was.Level && ep.Level > ep.Alert.Level:
		return citywatch.ReasonRaised
	case ep.Level > was.Level:
		return citywatch.ReasonRelapsed
	case ep.Level < was.Level && ep.Level == citywatch.None:
		return citywatch.ReasonRecovered
	case ep.Level < was.Level:
		return citywatch.ReasonLowered
	case was.Condition == citywatch.Active && ep.Condition == citywatch.Recovering:
		return citywatch.ReasonRecovering
	case was.Condition == citywatch.Recovering && ep.Condition == citywatch.Active:
		return citywatch.ReasonRelapsed
	case ep.Stale && !was.Stale:
		return citywatch.ReasonStale
	case was.Stale && !ep.Stale && ep.Level > citywatch.None:
		return citywatch.ReasonFreshAgain
	}
	return ""
}

// dismissed tells what a change means after a false alarm: only what rises above
// it is worth a word. When it is over, or its data stops, what comes then is
// looked at anew.
func (ep *episode) dismissed() citywatch.Reason {
	switch {
	case ep.Level > ep.Dismissed:
		ep.Dismissed = citywatch.None
		return citywatch.ReasonFired
	case ep.Stale:
		*ep = episode{standing: normal()}
	case ep.Level == citywatch.None:
		ep.Dismissed = citywatch.None
	}
	return ""
}

// rest forgets an episode that is over.
func (s *state) rest() {
	if ep := s.Episode; ep != nil && ep.Alert == nil && ep.standing == normal() && !ep.matters() {
		s.Episode, s.Clock = nil, time.Time{}
	}
}

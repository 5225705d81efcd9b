package alerts

import (
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

// A state is all that the engine remembers of one key: a rule and a device. It
// changes by what it is told and never by itself, so that the same entries
// make the same state.
type state struct {
	// Pos is the last place in the journal that changed the state. What does
	// not lie after it is known already.
	Pos citywatch.Position `json:"pos,omitzero"`
	// Last is the watermark: when the newest value was measured, to the
	// millisecond; Rest is what that leaves out, for the event of a video
	// recorder is found by its exact time. Number or Text is that value, At
	// where it was measured if the device said so.
	Last   time.Time     `json:"last,omitzero"`
	Rest   time.Duration `json:"rest,omitempty"`
	Number float64       `json:"number,omitempty"`
	Text   string        `json:"text,omitempty"`
	At     *orb.Point    `json:"at,omitempty"`
	// Up is the engine's when the newest value came, or when the key began;
	// Clock likewise, but only during an episode.
	Up time.Duration `json:"up,omitempty"`
	// Episode is nil while nothing is the matter, which is nearly always.
	Episode *episode `json:"episode,omitempty"`
	// Backlog is what came late and has not been told yet, looked the one being
	// told now.
	Backlog *backlog `json:"backlog,omitempty"`
	// Flaps has a bit for each of the last values, the newest lowest: whether
	// it began or fell with it.
	Flaps flaps `json:"flaps,omitempty"`
	// Past is what the last values said, where each is judged by itself, so
	// that one that comes late finds its place.
	Past past `json:"past,omitzero"`

	// So far goes what a steady reading touches. It lies together, for of
	// 100,000 devices every line of memory comes from afar.

	looked *backlog
	Clock  time.Time `json:"clock,omitzero"`
	// Points are the values that a window is about, in the order of time.
	Points points `json:"points,omitempty"`
	// Claim is what the device says of a thing that several kinds know of, Held
	// which levels were held, for what rests on the rule.
	Claim *claim  `json:"claim,omitempty"`
	Held  *record `json:"held,omitempty"`
	// Denied is when the newest of what somebody called a false alarm began,
	// where that is said by several keys: only what began later counts.
	Denied time.Time `json:"denied,omitzero"`
	// Members are the devices of a zone, in the order of their ids.
	Members []member `json:"members,omitempty"`
	// Events are those that have not ended, in the order of their ids.
	Events []happening `json:"events,omitempty"`
	// Excused is the engine's when the silence of the device last had another
	// cause.
	Excused time.Duration `json:"excused,omitempty"`
}

// A sample is one value as a key is told of it.
type sample struct {
	// time is to the millisecond, rest what that leaves out.
	time  time.Time
	rest  time.Duration
	value citywatch.Value
	at    *orb.Point
	pos   citywatch.Position
	// lag is for how long after it was measured it came.
	lag time.Duration
	// old is set for what came so late that it says nothing about now.
	old bool
}

// An order is how a sample lies to those already taken.
type order int

const (
	newest    order = iota // or a correction of the newest
	late                   // measured before the newest
	duplicate              // the newest once more
)

// order places a sample. A watermark that lies further in the future than any
// device may claim comes from a time when this machine's clock was wrong, and
// binds nobody.
func (s *state) order(o *sample, clk *clock) order {
	switch {
	case o.time.Unix() < 0:
		return late // a device that does not know the time
	case o.time.Before(s.Last):
		if s.Last.Sub(clk.Now) > citywatch.MaxAhead {
			return newest
		}
		return late
	case o.time.Equal(s.Last) && o.value.Number == s.Number && o.value.Text == s.Text:
		return duplicate
	}
	return newest
}

// observe takes in the newest value and returns what it did to the alert, or
// "" if nothing. It allocates nothing while nothing is the matter.
func (s *state) observe(c *check, v verdict, o *sample, clk *clock) citywatch.Reason {
	last := s.Last
	s.Pos, s.Last, s.Up = o.pos, o.time, clk.Up
	s.keep(o.value.Number, o.value.Text, o)
	if !o.time.Equal(last) {
		s.Flaps = s.Flaps.next()
	}
	if s.Episode == nil {
		if v.reached == citywatch.None && !o.old {
			s.remember(c, v, o, last)
			return ""
		}
		s.Episode = &episode{standing: normal()}
	}
	s.Clock = clk.Now
	ep := s.Episode
	if !ep.matters() && v.reached > citywatch.None {
		ep.First = s.evidence(c, v.reached)
	}
	was := ep.Says
	top := s.proceed(c, v, o, last)
	if began := was == citywatch.None && top.level > was; began || ep.Says < max(was, top.level) {
		s.Flaps |= 1 // what rises further does not flap
	}
	if o.old {
		s.gather(c, v, o, clk, top).Newest = true
		return ""
	}
	return s.tell(c, v)
}

// proceed brings the course up to the newest value, and returns the highest
// level that it had on the way.
func (s *state) proceed(c *check, v verdict, o *sample, last time.Time) (top excursion) {
	ep := s.Episode
	passed := o.time.Sub(last)
	switch {
	case passed < 0: // the clock was set back: what it said is of no use
		ep.Reached, ep.Cleared = since{}, since{}
		s.remember(c, v, o, last)
		last = o.time
	case passed == 0 && len(s.Past.Marks) > 0:
		return s.rework(c, len(s.Past.Marks)-1, newMark(o.time, v), true)
	default:
		s.remember(c, v, o, last)
		if !last.IsZero() {
			ep.run(c, last, o.time)
		}
	}
	top = excursion{ep.Says, ep.began(o.time)}
	ep.take(c, v, last, o.time)
	top.note(ep.course, citywatch.None, o.time)
	return top
}

// tell brings what people are told to what the values say, of which v is the
// newest. What that does not hold any more is of the past: nothing is raised by
// it.
func (s *state) tell(c *check, v verdict) citywatch.Reason {
	ep := s.Episode
	level, held := min(ep.Says, max(ep.Level, v.held)), v.held > citywatch.None
	for level < ep.Level && !ep.Reached[level+1].IsZero() {
		level++ // the clock was quicker than the values, and they do not gainsay it
	}
	if c.rule.Latch && ep.Dismissed == citywatch.None {
		return ep.settle(max(level, ep.Level), true, false)
	}
	if a := ep.Alert; a != nil && !a.Retrospective && ep.Dismissed == citywatch.None {
		switch share := s.Flaps.share(); {
		case !a.Flapping && share > flapsAbove && level <= a.Level:
			a.Flapping = true
			ep.settle(a.Level, true, false)
			return citywatch.ReasonFlapping
		case a.Flapping && share < flapsBelow:
			a.Flapping = false
			if reason := ep.settle(level, held, false); reason != "" {
				return reason
			}
			return citywatch.ReasonSteady
		case a.Flapping:
			level, held = max(level, ep.Level), true
		}
	}
	return ep.settle(level, held, false)
}

// keep remembers the value. The strings and points of a reading are parts of
// larger pieces of memory, so they are copied, and only when they differ.
func (s *state) keep(number float64, text string, o *sample) {
	s.Number, s.Rest = number, o.rest
	if s.Text != text {
		s.Text = string([]byte(text))
	}
	if o.at != nil && (s.At == nil || *s.At != *o.at) {
		p := *o.at
		s.At = &p
	}
}

// evidence is the newest value, held against the bound of a level.
func (s *state) evidence(c *check, level citywatch.Level) citywatch.Evidence {
	e := citywatch.Evidence{Value: c.value, Number: s.Number, Text: s.Text, Time: s.Last.Add(s.Rest)}
	if l, ok := c.judge.(*ladder); ok {
		e.Bound = l.bound(level)
	}
	if c.window != nil {
		f := c.window.figure(s.Points, level)
		e.Fn, e.Number, e.Over, e.Bound = f.fn, f.number, f.over.Seconds(), f.bound
	}
	return e
}

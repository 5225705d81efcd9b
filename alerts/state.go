package alerts

import (
	"encoding/json"
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
	// Points are the values that a window is about, in the order of time.
	Points []point `json:"points,omitempty"`
	// Past is what the last values said, where each is judged by itself, so
	// that one that comes late finds its place; Backlog what came late and has
	// not been told yet, looked the one being told now.
	Past    past     `json:"past,omitzero"`
	Backlog *backlog `json:"backlog,omitempty"`
	looked  *backlog
	// Flaps has a bit for each of the last values, the newest lowest: whether
	// it began or fell with it.
	Flaps flaps `json:"flaps,omitempty"`
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
	// Up is the engine's when the newest value came, or when the key began;
	// Clock likewise, but only during an episode.
	Up    time.Duration `json:"up,omitempty"`
	Clock time.Time     `json:"clock,omitzero"`
	// Excused is the engine's when the silence of the device last had another
	// cause.
	Excused time.Duration `json:"excused,omitempty"`
	// Episode is nil while nothing is the matter, which is nearly always.
	Episode *episode `json:"episode,omitempty"`
}

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

// since holds a time for each level; zero is never.
type since [citywatch.MaxLevel + 1]time.Time

// MarshalJSON writes the levels that have a time.
func (s since) MarshalJSON() ([]byte, error) {
	m := map[citywatch.Level]time.Time{}
	for level, at := range s {
		if !at.IsZero() {
			m[citywatch.Level(level)] = at
		}
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *since) UnmarshalJSON(b []byte) error {
	m := map[citywatch.Level]time.Time{}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	for level, at := range m {
		if level.Valid() {
			s[level] = at
		}
	}
	return nil
}

// A sample is one value as a key is told of it.
type sample struct {
	// time is to the millisecond, rest what that leaves out.
	time  time.Time
	rest  time.Duration
	value citywatch.Value
	at    *orb.Point
	pos   citywatch.Position
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

// admit places a sample, and puts it among the points of a window. One that is
// late, yet within the window, is taken as a correction of the newest value,
// which it is for what is made of all of them.
func (s *state) admit(c *check, o *sample, clk *clock) order {
	was := s.order(o, clk)
	if c.window == nil || was == duplicate {
		return was
	}
	if o.time.Before(s.Last) && was == newest {
		s.Points = s.Points[:0] // the clock was wrong, and the points' times with it
	}
	if was == late && (o.time.Unix() < 0 || !c.window.backfills()) {
		return late
	}
	points, placed := insert(c.window, s.Points, point{o.time.UnixNano(), o.value.Number})
	s.Points = points
	if was == late {
		o.time, o.rest, o.value, o.at = s.Last, s.Rest, citywatch.Value{Number: s.Number}, nil
	}
	return placed
}

// observe takes in the newest value and returns what it did to the alert, or
// "" if nothing. It allocates nothing while nothing is the matter.
func (s *state) observe(c *check, v verdict, o *sample, clk *clock) citywatch.Reason {
	last := s.Last
	s.Pos, s.Last, s.Up = o.pos, o.time, clk.Up
	s.keep(o)
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

// began is since when there has been any level, or else at.
func (c *course) began(at time.Time) time.Time {
	if t := c.Reached[citywatch.MinLevel]; !t.IsZero() {
		return t
	}
	return at
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
func (s *state) keep(o *sample) {
	s.Number, s.Rest = o.value.Number, o.rest
	if s.Text != o.value.Text {
		s.Text = string([]byte(o.value.Text))
	}
	if o.at != nil && (s.At == nil || *s.At != *o.at) {
		p := *o.at
		s.At = &p
	}
}

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

// elapse takes in that time has passed, and returns what it did to the alert.
func (s *state) elapse(c *check, clk *clock) citywatch.Reason {
	if c.timed() {
		return s.missed(c, clk)
	}
	if s.Backlog.settled(clk) {
		if reason := s.lookBack(c, clk); reason != "" {
			return reason
		}
	}
	ep := s.Episode
	if ep == nil {
		return ""
	}
	isTrue := ep.Condition != citywatch.Recovering
	if at, ok := s.running(c, clk); ok {
		if level := ep.risen(c.rule, at); level > max(ep.Level, ep.Says) {
			return ep.settle(level, true, ep.Stale)
		}
	}
	if ep.Level > citywatch.None && !ep.Stale && clk.Up > clk.deadline(s.Up, c) {
		return ep.settle(ep.Level, isTrue, true)
	}
	return ""
}

// running returns the measured time that it would be now if the device measured
// something: the time of its newest value, and what has passed since that came.
// It reports false when that is too long ago to say anything.
func (s *state) running(c *check, clk *clock) (time.Time, bool) {
	passed := max(clk.Now.Sub(s.Clock), 0)
	return s.Last.Add(passed), passed <= c.patience && s.Clock.Sub(s.Last) <= c.live
}

// missing returns the Up after which a device counts as silent.
func (s *state) missing(c *check, clk *clock) time.Duration {
	if s.Excused == 0 {
		return clk.deadline(s.Up, c)
	}
	return max(clk.deadline(s.Up, c), s.Excused+2*c.grace)
}

// missed fires a silence rule whose device has not been heard.
func (s *state) missed(c *check, clk *clock) citywatch.Reason {
	if !c.rule.during(clk.Now) || clk.Up <= s.missing(c, clk) || s.Episode != nil && s.Episode.Level > citywatch.None {
		return ""
	}
	if s.Episode == nil {
		s.Episode = &episode{standing: normal()}
	}
	at := s.Last
	if at.IsZero() {
		at = clk.Now.Add(s.Up - clk.Up)
	}
	s.Episode.mark(verdict{reached: c.rule.Silence.Level, held: c.rule.Silence.Level}, at)
	s.Episode.Says = c.rule.Silence.Level
	s.Flaps |= 1
	return s.Episode.settle(c.rule.Silence.Level, true, false)
}

// never is a due time that does not come.
const never = time.Duration(1<<63 - 1)

// due returns the Up after which elapse might do something, if nothing is
// observed until then.
func (s *state) due(c *check, clk *clock) time.Duration {
	ep := s.Episode
	if c.timed() {
		if ep != nil && ep.Level > citywatch.None {
			return never
		}
		if s.Excused > 0 && s.Excused == clk.Up {
			return s.Excused // at the next tick again
		}
		return s.missing(c, clk)
	}
	next := s.Backlog.due()
	if ep == nil {
		return next
	}
	if ep.Level > citywatch.None && !ep.Stale {
		next = min(next, clk.deadline(s.Up, c))
	}
	if at, ok := s.running(c, clk); ok {
		for level := ep.Level + 1; level <= citywatch.MaxLevel; level++ {
			if t := ep.Reached[level]; !t.IsZero() {
				// A tick may come right at the moment, so it is due a little before.
				next = min(next, clk.Up+c.rule.For-at.Sub(t)-citywatch.TickEvery)
			}
		}
	}
	return next
}

// review fits the state to a check that may have changed since it was kept.
// What the last value would not say under the check of today is forgotten; an
// alert and its level stay until a reading moves them.
func (s *state) review(c *check) {
	ep := s.Episode
	if s.Past.begun() && s.Past.Check != c.sum {
		s.begin(c)
	}
	if ep == nil || c.timed() || c.judgedWithOthers() {
		return
	}
	v := s.rejudged(c)
	for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
		if level > v.reached {
			ep.Reached[level] = time.Time{}
		}
		if level <= v.held {
			ep.Cleared[level] = time.Time{}
		}
	}
	if ep.Condition == citywatch.Pending && ep.Reached == (since{}) {
		ep.Condition = citywatch.Normal
	}
}

// rejudged is what the last that is known means under a check.
func (s *state) rejudged(c *check) verdict {
	switch {
	case s.Last.IsZero():
	case !c.rule.during(s.Last):
		return verdict{}
	case c.rule.External != nil:
		return s.happening()
	case c.zone != nil:
		v, _ := c.zone.verdict(s.Members, s.Last)
		return v
	case c.window != nil && len(s.Points) > 0:
		return c.window.look(s.Points)
	case c.judge != nil:
		if v, ok := c.judge.judge(citywatch.Value{Name: c.value, Number: s.Number, Text: s.Text}); ok {
			return v
		}
	}
	return verdict{held: s.Episode.Level}
}

// forget drops what is known of the values of a quantity that the rule no
// longer watches.
func (s *state) forget() {
	s.Last, s.Number, s.Text, s.Points, s.Members = time.Time{}, 0, "", nil, nil
	s.Claim, s.Held, s.Events = nil, nil, nil
	s.Past, s.Backlog, s.Flaps = past{}, nil, 0
	if ep := s.Episode; ep != nil {
		ep.Reached, ep.Cleared, ep.First = since{}, since{}, citywatch.Evidence{}
	}
}

// rest forgets an episode that is over.
func (s *state) rest() {
	if ep := s.Episode; ep != nil && ep.Alert == nil && ep.standing == normal() && !ep.matters() {
		s.Episode, s.Clock = nil, time.Time{}
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

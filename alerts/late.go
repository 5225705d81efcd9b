package alerts

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"citywatch"
)

const (
	// defaultLive is how long after it was measured a value may come and
	// still be about now: or twice the device's period, if that is longer.
	defaultLive = 10 * time.Minute
	// defaultRemember and defaultRememberFor bound what is remembered of a key.
	defaultRemember    = 32
	defaultRememberFor = 72 * time.Hour
	maxRemember        = 10_000
	// settledAfter is how long nothing more must come late before what did is
	// told, tellAfter how long it waits at most.
	settledAfter = 5 * time.Second
	tellAfter    = time.Minute
)

// A backlog is what came late of a key and is yet to be told: a gateway that
// sends what it kept says one thing, not as many as it kept.
type backlog struct {
	citywatch.Backlog
	// Begun and Latest are the engine's Up when the first and the last came.
	Begun  time.Duration `json:"begun"`
	Latest time.Duration `json:"latest"`
	// Newest is set if what is newest of the key is among it.
	Newest bool `json:"newest,omitempty"`
}

// lanes fits a check to the options: what is live, and what is remembered.
func (c *check) lanes(o *Options, d *citywatch.Device) {
	c.live = max(cmp.Or(o.Live, defaultLive), 2*d.Period)
	if c.window != nil {
		c.live = max(c.live, c.window.span())
	}
	n := cmp.Or(o.Remember, defaultRemember)
	c.keeping = keeping{n, n * catchingUp, cmp.Or(o.RememberFor, defaultRememberFor)}
	c.sum = c.fingerprint()
	c.plain, c.alone = c.isPlain(), c.isAlone()
}

// due returns the Up after which the backlog is told.
func (b *backlog) due() time.Duration {
	if b == nil {
		return never
	}
	return min(b.Latest+settledAfter, b.Begun+tellAfter)
}

// clone copies a backlog that goes on growing.
func (b *backlog) clone() *backlog {
	if b == nil {
		return nil
	}
	c := *b
	return &c
}

func (b *backlog) settled(clk *clock) bool { return clk.Up > b.due() }

// An excursion is the highest level that was not known of, and since when there
// was any.
type excursion struct {
	level citywatch.Level
	since time.Time
}

// late puts a value in its place that was measured before the newest. What it
// says about now is told at once, what it says about then later.
func (s *state) late(c *check, v verdict, o *sample, clk *clock) (citywatch.Reason, order) {
	if !s.Past.begun() || o.time.Unix() < 0 {
		return "", late
	}
	m := newMark(o.time, v)
	if len(s.Past.Marks) >= c.keeping.most {
		s.Past.shorten(c, s.Past.Marks[len(s.Past.Marks)-1])
	}
	i, found, outside := s.Past.find(m)
	switch {
	case outside:
		return "", late
	case found && s.Past.Marks[i] == m:
		return "", duplicate
	}
	idle := s.Episode == nil
	return s.hear(c, v, o, clk, s.rework(c, i, m, found), idle), newest
}

// hear tells what a late value changed, of which news was not known. Idle says
// that nothing was the matter before.
func (s *state) hear(c *check, v verdict, o *sample, clk *clock, news excursion, idle bool) citywatch.Reason {
	s.Pos = o.pos
	if idle && s.Backlog == nil {
		s.Up = clk.Up // that of a key at which nothing was the matter is not kept
	}
	if o.old {
		s.gather(c, v, o, clk, news)
		return ""
	}
	ep := s.Episode
	switch {
	case s.rises():
		return ep.settle(min(ep.Says, s.newest().held), true, ep.Stale)
	case ep != nil && c.rule.Latch && news.level > ep.Level && ep.Dismissed == citywatch.None:
		return ep.settle(news.level, true, ep.Stale)
	case news.level > citywatch.None:
		s.gather(c, v, o, clk, news)
	}
	return ""
}

// newest is what the newest value says.
func (s *state) newest() verdict {
	if len(s.Past.Marks) == 0 {
		return verdict{}
	}
	return s.Past.Marks[len(s.Past.Marks)-1].verdict()
}

// rises reports whether there is a level now that nobody was told of.
func (s *state) rises() bool {
	ep := s.Episode
	return ep != nil && min(ep.Says, s.newest().held) > ep.Level
}

// remember adds the newest value to what is known of the past.
func (s *state) remember(c *check, v verdict, o *sample, last time.Time) {
	if c.judge == nil && !c.backfills() || c.keeping.keep == 0 {
		return
	}
	if !s.Past.begun() {
		s.begin(c)
	}
	if o.time.Before(last) {
		s.begin(c) // the clock was wrong, and the times with it
		s.Past.End = 0
	}
	s.Past.add(c, newMark(o.time, v), o.time.Equal(last), s.Backlog != nil)
}

// begin begins the past anew from what is known now: what comes late from
// before that changes nothing.
func (s *state) begin(c *check) {
	now := course{}
	if s.Episode != nil {
		now = s.Episode.course
	}
	p := &s.Past
	p.forget(now)
	if p.Check != c.sum {
		p.Check = c.sum
		p.Marks = make(marks, 0, 2*c.keeping.keep)
	}
}

// rework puts a mark in its place, in the stead of the one there if found, and
// reckons from there what the values say. It returns what of that was not
// known.
func (s *state) rework(c *check, i int, m mark, found bool) (news excursion) {
	p := &s.Past
	known := walk{course: p.before(), check: c, last: p.End}
	trivial := s.Episode == nil && p.Before == nil && p.lively == 0 && m.dull()
	if !trivial {
		for _, before := range p.Marks[:i] {
			known.step(before)
		}
	}
	is := known
	if found {
		known.step(p.Marks[i])
		p.put(i, m)
	} else {
		p.own()
		p.Marks = slices.Insert(p.Marks, i, m)
		if !m.dull() {
			p.lively++
		}
	}
	if trivial {
		return news
	}
	is.step(m)
	then := known.Says
	if !found && known.last != 0 {
		as := known.course
		as.run(c, known.last.at(), m.at())
		then = as.Says
	}
	news.note(is.course, then, m.at())
	for _, m := range p.Marks[i+1:] {
		was, _ := known.step(m)
		before, risen := is.step(m)
		if before > max(was, news.level) && !risen.IsZero() {
			news = excursion{before, risen.Add(-c.rule.For)}
		}
		news.note(is.course, known.Says, m.at())
		if is.course == known.course {
			return news
		}
	}
	if s.Episode == nil && is.matters() {
		s.Episode = &episode{standing: normal()}
	}
	if s.Episode != nil {
		s.Episode.course = is.course
	}
	return news
}

// note keeps the highest level that was not known.
func (e *excursion) note(is course, known citywatch.Level, at time.Time) {
	if is.Says > known && is.Says > e.level {
		e.level, e.since = is.Says, is.began(at)
	}
}

// gather adds a value to what is to be told of the past.
func (s *state) gather(c *check, v verdict, o *sample, clk *clock, news excursion) *backlog {
	b := s.Backlog
	if b == nil {
		b = &backlog{Begun: clk.Up}
		b.From, b.To = o.time, o.time
		s.Backlog = b
	}
	b.Latest = clk.Up
	b.Readings++
	if o.time.Before(b.From) {
		b.From = o.time
	}
	if o.time.After(b.To) {
		b.To = o.time
	}
	if news.level > b.Level {
		b.Level = news.level
		b.Since = news.since
	}
	peak := s.evidenceOf(c, o, v.reached)
	if v.reached > citywatch.None && (b.Peak == nil || c.worse(&peak, b.Peak)) {
		peak.Text = string([]byte(peak.Text))
		b.Peak = &peak
	}
	return b
}

// evidenceOf is a value that came late, or what a window makes of it and those
// before it.
func (s *state) evidenceOf(c *check, o *sample, level citywatch.Level) citywatch.Evidence {
	e := citywatch.Evidence{Value: c.value, Number: o.value.Number, Text: o.value.Text, Time: o.time}
	switch {
	case level == citywatch.None:
	case c.window == nil:
		if l, ok := c.judge.(*ladder); ok {
			e.Bound = l.bound(level)
		}
	case c.zone != nil:
		_, e.Number = c.zone.verdict(s.Members, o.time)
		e.Fn = c.zone.aggregate.Fn
	default:
		if points := upTo(s.Points, o.time.UnixNano()); len(points) > 0 && c.rule.External == nil {
			f := c.window.figure(points, level)
			e.Fn, e.Number, e.Over, e.Bound = f.fn, f.number, f.over.Seconds(), f.bound
		}
	}
	return e
}

// worse reports whether a value is further beyond the bounds than another. Of
// what windows make, only what has the same measure can be compared.
func (c *check) worse(a, b *citywatch.Evidence) bool {
	if c.window != nil && c.rule.External == nil {
		sign := 1.0
		if a.Bound != nil && b.Bound != nil && *a.Bound < 0 {
			sign = -1
		}
		return a.Over == b.Over && a.Number*sign > b.Number*sign
	}
	switch j := c.judge.(type) {
	case *ladder:
		return a.Number*j.sign > b.Number*j.sign
	case texts:
		return j[a.Text] > j[b.Text]
	}
	return false
}

// lookBack tells what came late, all in one. What it says of now counts if it
// is the newest there is; a newer state is not lowered by it.
func (s *state) lookBack(c *check, clk *clock) citywatch.Reason {
	b := s.Backlog
	s.Backlog = nil
	reason := s.overlooked(b, c, clk)
	if reason != "" {
		s.looked = b
	}
	return reason
}

// overlooked is what a backlog does to the alert.
func (s *state) overlooked(b *backlog, c *check, clk *clock) citywatch.Reason {
	if s.Episode == nil {
		if b.Level == citywatch.None {
			return ""
		}
		s.Episode = &episode{standing: normal()}
	}
	ep := s.Episode
	var reason citywatch.Reason
	switch {
	case b.Newest:
		v := verdict{held: unsure} // what it says of now was told
		if s.remembers() {
			v = s.newest()
		}
		reason = s.tell(c, v)
	case s.rises():
		reason = ep.settle(min(ep.Says, s.newest().held), true, ep.Stale)
	}
	if clk.Now.Sub(s.Last) > c.live && ep.Level > citywatch.None {
		ep.Stale = true
		switch reason {
		case citywatch.ReasonFired, citywatch.ReasonRaised, citywatch.ReasonRelapsed:
			ep.Hushed = true
		case citywatch.ReasonFreshAgain:
			reason = ""
		}
	}
	if reason == "" {
		if b.Level > citywatch.None && ep.Dismissed == citywatch.None {
			return citywatch.ReasonLooksBack
		}
	}
	return reason
}

// fingerprint tells checks apart that judge differently.
func (c *check) fingerprint() uint32 {
	h := fnv.New32a()
	h.Write([]byte(c.rule.hash))
	h.Write(strconv.AppendInt(nil, int64(c.patience), 36))
	if l, ok := c.judge.(*ladder); ok {
		for _, s := range l.steps {
			h.Write(strconv.AppendInt([]byte{' '}, int64(s.level), 10))
			h.Write(strconv.AppendFloat([]byte{' '}, s.reach, 'g', -1, 64))
			h.Write(strconv.AppendFloat([]byte{' '}, s.clear, 'g', -1, 64))
		}
	}
	return h.Sum32() | 1 // 0 is a past that has not begun
}

// told returns the backlog that the transition being made is about, and
// forgets it.
func (s *state) told() *citywatch.Backlog {
	if s.looked == nil {
		return nil
	}
	b := s.looked.Backlog
	s.looked = nil
	return &b
}

// lookedBack brings into the alert what came late. An alert of what is over
// becomes one of what is so now when it is so again.
func (s *state) lookedBack(rose bool) {
	ep := s.Episode
	a := ep.Alert
	if a.Retrospective && rose {
		a.Retrospective = false
		a.Since = ep.began(a.Since)
	}
	b := s.looked
	switch {
	case b == nil:
	case a.Retrospective:
		if a.Level == citywatch.None || b.Since.Before(a.Since) {
			a.Since = b.Since
		}
		a.Level = max(a.Level, b.Level)
	case ep.began(a.Since).Before(a.Since):
		a.Since = ep.began(a.Since) // it had begun before
	}
}

// peak returns the worst of what came late, as evidence.
func (f *fold) peak(k *key) []citywatch.Evidence {
	peak := k.looked.Peak
	if peak == nil { // it was reached long enough because of what lay beside it
		return f.evidence(k, false)
	}
	e := *peak
	e.Device, e.Unit = k.check.named(k.device), f.rules.units[quantity{k.device.Class, peak.Value}]
	return []citywatch.Evidence{e}
}

// parted begins the past anew after a person ended an alert: what comes late
// from before that does not raise it again.
func (s *state) parted() {
	if ep := s.Episode; ep != nil {
		ep.Says = min(ep.Says, ep.Level)
	}
	if s.Past.begun() {
		now := course{}
		if s.Episode != nil {
			now = s.Episode.course
		}
		s.Past.forget(now)
	}
}

package alerts

import (
	"slices"
	"time"

	"citywatch"
)

// What a window says of a moment rests on the values before it. One that comes
// late therefore changes not one verdict but all of those in whose window it
// lies: they are judged anew, and what the key would have been by then is
// reckoned from there, as if everything had come in its order.

// window shows a value to a key that is about what becomes of one.
func (f *fold) window(k *key, o *sample) {
	was := k.order(o, &f.clk)
	if o.time.Before(k.Last) && was == newest {
		k.Points = k.Points[:0] // the clock was wrong, and the points' times with it
	}
	if was == duplicate {
		f.stats.duplicates++
		return
	}
	f.place(k, &k.Points, o)
}

// place puts a value of a key that rests on several among the points of its
// device, and follows up what that says.
func (f *fold) place(k *key, of *points, o *sample) {
	was := late
	if o.time.Unix() >= 0 {
		*of, was = insert(*of, point{o.time.UnixNano(), o.value.Number}, k.horizon(k.check, o.time))
	}
	switch was {
	case late:
		f.stats.late++
		return
	case duplicate:
		f.stats.duplicates++
		return
	}
	f.stats.evaluated++
	if o.time.Before(k.Last) && k.Last.Sub(f.clk.Now) <= citywatch.MaxAhead {
		until := ceases(*of, o.time.UnixNano(), int64(k.check.window.span()))
		f.moved(k, k.rejudge(k.check, o, until, &f.clk))
		return
	}
	v, number, known := k.verdictAt(k.check, o.time)
	if known {
		o.value.Number = number
	}
	f.moved(k, k.state.observe(k.check, v, o, &f.clk))
}

// horizon is the moment before which one point is enough: no window that can
// still be judged anew begins before it. As long as nothing was forgotten, none
// is before it.
func (s *state) horizon(c *check, newest time.Time) int64 {
	from := newest
	if s.Last.After(from) {
		from = s.Last
	}
	if c.keeping.keep > 0 && len(s.Past.Marks) > 0 {
		if s.Past.End == 0 && len(s.Past.Marks) < c.keeping.most {
			return 0
		}
		if first := s.Past.Marks[0].at(); first.Before(from) {
			from = first
		}
	}
	return from.Add(-c.window.span()).UnixNano()
}

// verdictAt is what a key that rests on several values says of a moment, by
// those up to then, and the number by which it does if that is one of a zone.
func (s *state) verdictAt(c *check, at time.Time) (v verdict, number float64, known bool) {
	switch {
	case c.zone != nil:
		v, number = c.zone.verdict(s.Members, at)
		known = true
	default:
		if points := upTo(s.Points, at.UnixNano()); len(points) > 0 {
			v = c.window.look(points)
		}
	}
	if !c.rule.during(at) {
		v = verdict{}
	}
	return v, number, known
}

// remembers reports whether the newest value has a mark, without which nothing
// before it can be judged anew.
func (s *state) remembers() bool {
	n := len(s.Past.Marks)
	return n > 0 && s.Past.Marks[n-1].at().Equal(s.Last)
}

// rejudge takes in a late value that is among the others already: the moments
// up to until are judged anew, that of the value itself among them.
func (s *state) rejudge(c *check, o *sample, until time.Time, clk *clock) citywatch.Reason {
	if !s.remembers() {
		// Nothing is known of how it was: it corrects what is newest.
		o.time, o.rest, o.value, o.at = s.Last, s.Rest, citywatch.Value{Number: s.Number, Text: s.Text}, nil
		v, _, _ := s.verdictAt(c, s.Last)
		return s.observe(c, v, o, clk)
	}
	if len(s.Past.Marks) >= c.keeping.most {
		s.Past.shorten(c, s.Past.Marks[len(s.Past.Marks)-1])
	}
	i, found, outside := s.Past.find(newMark(o.time, verdict{}))
	fresh := make(marks, 0, len(s.Past.Marks)+1)
	if !outside && !found {
		v, _, _ := s.verdictAt(c, o.time)
		fresh = append(fresh, newMark(o.time, v))
	}
	for _, m := range s.Past.Marks[i:] {
		if until.IsZero() || m.at().Before(until) {
			v, _, _ := s.verdictAt(c, m.at())
			m = newMark(m.at(), v)
		}
		fresh = append(fresh, m)
	}
	if slices.Equal(fresh, s.Past.Marks[i:]) {
		s.Pos = o.pos
		return ""
	}
	var v verdict
	if !outside {
		v = fresh[0].verdict()
	}
	idle := s.Episode == nil
	return s.hear(c, v, o, clk, s.relive(c, i, fresh), idle)
}

// relive puts marks in the stead of those from one on, and reckons from there
// what the values say. It returns what of that was not known.
func (s *state) relive(c *check, from int, fresh marks) (news excursion) {
	p := &s.Past
	known := walk{course: p.before(), check: c, last: p.End}
	for _, m := range p.Marks[:from] {
		known.step(m)
	}
	is, old := known, slices.Clone(p.Marks[from:])
	p.own()
	p.Marks = append(p.Marks[:from], fresh...)
	p.count()
	for _, m := range fresh {
		then := known.Says
		if len(old) > 0 && old[0].sameTime(m) {
			then, _ = known.step(old[0])
			old = old[1:]
		} else if known.last != 0 {
			as := known.course
			as.run(c, known.last.at(), m.at())
			then = as.Says
		}
		before, risen := is.step(m)
		if before > max(then, news.level) && !risen.IsZero() {
			news = excursion{before, risen.Add(-c.rule.For)}
		}
		news.note(is.course, max(then, known.Says), m.at())
	}
	if s.Episode == nil && is.matters() {
		s.Episode = &episode{standing: normal()}
	}
	if s.Episode != nil {
		s.Episode.course = is.course
	}
	return news
}

// count counts the marks that are not dull.
func (p *past) count() {
	p.lively = 0
	for _, m := range p.Marks {
		if !m.dull() {
			p.lively++
		}
	}
}

package alerts

import (
	"cmp"
	"slices"
	"time"

	"citywatch"
)

// keptSpans is how many times before the last a key's level is remembered for
// those that rest on it.
const keptSpans = 4

// spans brings what is known of when a key had a level to what its values say by
// the times at which they were measured: one that came late may have begun it
// earlier, or tell of a time that is over, which nobody had known of.
func (r *record) spans(p *past, k *check) {
	if !p.begun() || p.lively == 0 && p.Before == nil {
		return
	}
	var measured [citywatch.MaxLevel + 1][]span
	w := walk{course: p.before(), check: k, last: p.End}
	var open since
	now := w.Says
	note := func(at time.Time, level citywatch.Level) {
		for l := now + 1; l <= level; l++ {
			open[l] = at
		}
		for l := level + 1; l <= now; l++ {
			if !open[l].IsZero() { // else it began before what is remembered
				measured[l] = append(measured[l], span{From: open[l], Until: at})
			}
			open[l] = time.Time{}
		}
		now = level
	}
	for _, m := range p.Marks {
		level, risen := w.step(m)
		if !risen.IsZero() {
			note(risen, level)
		}
		note(m.at(), w.Says)
	}
	for l := citywatch.MinLevel; l <= citywatch.MaxLevel; l++ {
		r.measured(l, measured[l], open[l])
	}
}

// measured takes in the times of one level, of which the last goes on if open is
// since when. What people were told may go on longer than the values say so, for
// it may be held.
func (r *record) measured(l citywatch.Level, ended []span, open time.Time) {
	s := &r.Levels[l]
	if s.On {
		if !open.IsZero() {
			s.From = open
		}
	} else if n := len(ended); n > 0 && !ended[n-1].Until.Before(s.From) {
		*s = ended[n-1]
	}
	r.Was[l] = nil
	for _, e := range ended {
		if e.Until.Before(s.From) {
			r.Was[l] = append(r.Was[l], e)
		}
	}
	if n := len(r.Was[l]); n > keptSpans {
		r.Was[l] = r.Was[l][n-keptSpans:]
	}
}

// heard notes of every time that a level had whether it is news of what had been
// before: since when nobody knew of it, it counts at the moment at which it
// becomes known.
func (r *record) heard(before *record, now time.Time) {
	for l := range r.Levels {
		if s := &r.Levels[l]; !s.From.IsZero() {
			s.Heard = before.known(l, s, now)
		}
		r.Was[l] = slices.Clone(r.Was[l]) // a checkpoint may be written from the one before
		for i := range r.Was[l] {
			r.Was[l][i].Heard = before.known(l, &r.Was[l][i], now)
		}
	}
}

// known returns when the last was heard of a time that a level had.
func (r *record) known(l int, s *span, now time.Time) time.Time {
	part := func(old *span) bool {
		return !s.From.Before(old.From) && (old.On || !s.Until.After(old.Until))
	}
	if part(&r.Levels[l]) {
		return r.Levels[l].Heard
	}
	for i := range r.Was[l] {
		if part(&r.Was[l][i]) {
			return r.Was[l][i].Heard
		}
	}
	return now
}

// overlooked returns since when a level was met at a time that is over, if one of
// its parts has become known only now. What is older than what is live is of no
// use any more.
func (c *junction) overlooked(f *fold, level citywatch.Level, now time.Time) (begun time.Time, found bool) {
	parts := c.rule.All.Levels[level]
	times := make([][]span, 0, len(parts))
	news := false
	for id, least := range parts {
		of := c.times(id, least)
		for _, s := range of {
			news = news || s.Heard.Equal(now)
		}
		times = append(times, of)
	}
	if !news {
		return begun, false
	}
	for _, of := range times {
		for _, s := range of {
			if !s.From.After(begun) {
				continue
			}
			until, last, all := allOfThem(times, s.From)
			if all && last.Equal(now) && until.Sub(s.From) >= max(c.rule.For, 1) && now.Sub(until) <= f.live() {
				begun, found = s.From, true
			}
		}
	}
	return begun, found
}

// allOfThem reports whether every part was so at a time, until when all were, and
// when the last of that became known.
func allOfThem(times [][]span, at time.Time) (until, heard time.Time, so bool) {
	for i, of := range times {
		var last span
		for _, s := range of {
			if !s.From.After(at) && s.Until.After(last.Until) {
				last = s
			}
		}
		if !last.Until.After(at) {
			return until, heard, false
		}
		if i == 0 || last.Until.Before(until) {
			until = last.Until
		}
		if last.Heard.After(heard) {
			heard = last.Heard
		}
	}
	return until, heard, true
}

// times are those at which any device says one of the rules, and for as long
// behind them as it counts.
func (c *junction) times(id string, least citywatch.Level) (all []span) {
	for _, k := range c.parts[id] {
		if k.Held == nil || k.Episode != nil && k.Episode.Dismissed > citywatch.None {
			continue
		}
		s := k.Held.Levels[least]
		if s.From.IsZero() {
			continue
		}
		for _, was := range k.Held.Was[least] {
			was.Until = was.Until.Add(c.rule.All.Within)
			all = append(all, was)
		}
		s.Until = s.Until.Add(c.rule.All.Within)
		if s.On {
			s.Until = time.Unix(1<<40, 0)
		}
		all = append(all, s)
	}
	return all
}

// live is how long after it was measured something is still about now.
func (f *fold) live() time.Duration { return cmp.Or(f.options.Live, defaultLive) }

package alerts

import (
	"time"

	"citywatch"
)

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

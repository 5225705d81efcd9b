package alerts

import (
	"time"

	"citywatch"
)

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

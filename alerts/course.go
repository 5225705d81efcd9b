package alerts

import (
	"encoding/json"
	"time"

	"citywatch"
)

// A course is what the measured values say of a key, by the times at which they
// were measured: it is the same in whichever order they arrived. What people
// are told (a standing) follows it, but may be ahead of it by the clock, or
// behind it while something is held.
type course struct {
	// Says is the level.
	Says citywatch.Level `json:"says,omitempty"`
	// Reached says since when each level has been reached without a break,
	// Cleared since when it has been cleared; both in measured time.
	Reached since `json:"reached"`
	Cleared since `json:"cleared"`
}

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

// began is since when there has been any level, or else at.
func (c *course) began(at time.Time) time.Time {
	if t := c.Reached[citywatch.MinLevel]; !t.IsZero() {
		return t
	}
	return at
}

// run takes in that nothing was measured between two times: a level may have
// been reached for long enough meanwhile, as long as the value said anything.
// It returns when that was, if it was.
func (c *course) run(k *check, last, until time.Time) (risen time.Time) {
	if c.Reached == (since{}) {
		return time.Time{}
	}
	if patient := last.Add(k.patience); until.After(patient) {
		until = patient
	}
	if level := c.risen(k.rule, until); level > c.Says {
		c.Says = level
		return c.Reached[level].Add(k.rule.For)
	}
	return time.Time{}
}

// take takes in what the next value says. Last is when the one before was
// measured.
func (c *course) take(k *check, v verdict, last, at time.Time) {
	if passed := at.Sub(last); passed > k.patience || passed < 0 {
		c.Cleared = since{}
	}
	c.mark(v, at)
	level := c.risen(k.rule, at)
	if level == c.Says {
		level = c.fallen(k.rule, at)
	}
	c.Says = level
}

// mark notes since when each level has been reached or cleared.
func (c *course) mark(v verdict, at time.Time) {
	for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
		note(&c.Reached[level], level <= v.reached, at)
		note(&c.Cleared[level], level <= c.Says && level > v.held, at)
	}
}

func note(t *time.Time, holds bool, at time.Time) {
	switch {
	case !holds:
		*t = time.Time{}
	case t.IsZero():
		*t = at
	}
}

// risen returns the highest level that has been reached for long enough, and
// at least the present one.
func (c *course) risen(r *rule, at time.Time) citywatch.Level {
	for level := citywatch.MaxLevel; level > c.Says; level-- {
		if t := c.Reached[level]; !t.IsZero() && at.Sub(t) >= r.For {
			return level
		}
	}
	return c.Says
}

// fallen returns the highest level, up to the present one, that has not been
// cleared for long enough; of a rule that does not step down the present one,
// as long as there is any.
func (c *course) fallen(r *rule, at time.Time) citywatch.Level {
	for level := c.Says; level > citywatch.None; level-- {
		if t := c.Cleared[level]; t.IsZero() || at.Sub(t) < r.recovers(level) {
			if r.Whole {
				return c.Says
			}
			return level
		}
	}
	return citywatch.None
}

package alerts

import (
	"time"

	"citywatch"
)

// A clock is the engine's idea of time. It is moved by the journal's entries
// alone, so that it is the same however often they are read.
type clock struct {
	// Now is the time of the newest entry.
	Now time.Time `json:"now"`
	// Up is for how long citywatch has been running in all: the time between
	// ticks, without the gaps.
	Up time.Duration `json:"up"`
	// Resumed is what Up was at the end of the last gap.
	Resumed time.Duration `json:"resumed"`
	// Ticked is the last tick.
	Ticked time.Time `json:"ticked"`
}

// gap is how far apart two ticks must lie to mean that citywatch was not
// running between them. Less may be a busy disk.
const gap = 5 * citywatch.TickEvery

// tick takes in a tick and reports whether it ended a gap. A clock that was set
// back counts as one: what it says now is followed.
func (c *clock) tick(at time.Time) (resumed bool) {
	passed := at.Sub(c.Ticked)
	switch {
	case c.Ticked.IsZero() || passed > gap || passed < -gap:
		c.Resumed = c.Up
		resumed = true
	case passed > 0:
		c.Up += passed
	default: // two ticks changed places
		at = c.Ticked
	}
	c.Ticked = at
	if at.After(c.Now) || c.Now.Sub(at) > gap {
		c.Now = at
	}
	return resumed
}

// arrival takes in the time at which a reading arrived.
func (c *clock) arrival(at time.Time) {
	if at.After(c.Now) {
		c.Now = at
	}
}

// deadline returns the Up after which something last heard at heard has been
// missing for longer than the check allows.
func (c *clock) deadline(heard time.Duration, k *check) time.Duration {
	return max(heard+k.limit, c.Resumed+k.grace)
}

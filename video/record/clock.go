package record

import "time"

const (
	// clockWindow is how long the frame that came soonest is looked for.
	clockWindow = 10 * time.Second
	// clockStep is how far time may be off before a new segment is begun for
	// it; below, a segment's beginning takes up to clockSlew of it.
	clockStep = time.Second
	clockSlew = 20 * time.Millisecond

	unobserved time.Duration = 1 << 62
)

// A clock knows when, by this machine's, a stream's frames were. A frame may
// come late, and a burst of them very late, but none before it was there: it is
// the one that came soonest in a whole window that tells the time. A window is
// one of both clocks, lest a burst fill it.
type clock struct {
	zero  time.Time // of the stream's time
	since time.Duration
	began time.Time     // since, as it arrived
	low   time.Duration // least lateness since
	off   time.Duration // how far zero is off, as the last window has it
}

// start takes the first frame of a stream.
func (c *clock) start(dts time.Duration, arrived time.Time) {
	// The monotonic reading goes: it is the clock on the wall that counts.
	arrived = arrived.Round(0)
	*c = clock{zero: arrived.Add(-dts), since: dts, began: arrived, low: unobserved}
}

// observe takes each further frame.
func (c *clock) observe(dts time.Duration, arrived time.Time) {
	arrived = arrived.Round(0)
	c.low = min(c.low, arrived.Sub(c.zero.Add(dts)))
	if dts-c.since >= clockWindow && arrived.Sub(c.began).Abs() >= clockWindow {
		c.off, c.since, c.began, c.low = c.low, dts, arrived, unobserved
	}
}

// trouble says that the time is too far off to go on with.
func (c *clock) trouble() bool { return c.off < -clockStep || c.off > clockStep }

// settle takes what was found into account, at the beginning of a segment.
func (c *clock) settle(dts time.Duration, arrived time.Time) {
	shift := c.off
	if !c.trouble() {
		shift = min(max(shift, -clockSlew), clockSlew)
	}
	*c = clock{zero: c.zero.Add(shift), since: dts, began: arrived.Round(0), low: unobserved}
}

// at returns when a frame was.
func (c *clock) at(dts time.Duration) time.Time { return c.zero.Add(dts) }

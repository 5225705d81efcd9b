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
// come late, and a burst of them very late: only when the soonest of a whole
// window is late is the clock itself off. None can come before it was there:
// one that does proves it at once.
type clock struct {
	zero  time.Time // of the stream's time
	since time.Duration
	low   time.Duration // least lateness since
	off   time.Duration // how far zero is off
}

// start takes the first frame of a stream.
func (c *clock) start(dts time.Duration, arrived time.Time) {
	// The monotonic reading goes: it is the clock on the wall that counts.
	*c = clock{zero: arrived.Round(0).Add(-dts), since: dts, low: unobserved}
}

// observe takes each further frame.
func (c *clock) observe(dts time.Duration, arrived time.Time) {
	late := arrived.Round(0).Sub(c.zero.Add(dts))
	c.low = min(c.low, late)
	if late < -clockStep {
		c.off = c.low
	}
	if dts-c.since >= clockWindow {
		c.off, c.since, c.low = c.low, dts, unobserved
	}
}

// trouble says that the time is too far off to go on with.
func (c *clock) trouble() bool { return c.off < -clockStep || c.off > clockStep }

// settle takes what was found into account, at the beginning of a segment.
func (c *clock) settle(dts time.Duration) {
	shift := c.off
	if !c.trouble() {
		shift = min(max(shift, -clockSlew), clockSlew)
	}
	*c = clock{zero: c.zero.Add(shift), since: dts, low: unobserved}
}

// at returns when a frame was.
func (c *clock) at(dts time.Duration) time.Time { return c.zero.Add(dts) }

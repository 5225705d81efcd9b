package rtsp

import "time"

const (
	// maxBack is how far a frame may be behind one sent before it: with
	// B-frames they are sent in the order of decoding.
	maxBack = 2 * time.Second
	// maxAhead is how much further than the time that passed here the camera's
	// time may go from one frame to the next.
	maxAhead = 5 * time.Second
	// usualStep is between two frames of a camera of which nothing is known.
	usualStep = 40 * time.Millisecond
)

// A clock takes the jumps out of a camera's time: it is set, or restarts, and
// the stream goes on. Times are in units of the track's clock.
type clock struct {
	offset int64 // what the jumps so far add up to
	newest int64
	step   int64 // the last one forward
	at     time.Time
	any    bool
}

// time returns the time to go on with for what the camera calls raw, arrived
// at. A key frame is shown after all that were sent before it: where its time
// says otherwise, it is another time.
func (c *clock) time(raw, rate int64, key bool, at time.Time) int64 {
	pts := raw + c.offset
	if !c.any {
		c.any, c.newest, c.at = true, pts, at
		return pts
	}
	passed := max(fromDuration(at.Sub(c.at), rate), 0)
	forward := pts - c.newest
	if key && forward <= 0 || forward < -fromDuration(maxBack, rate) || forward > passed+fromDuration(maxAhead, rate) {
		// From here on it is as if the frame had come when it did.
		step := c.step
		if step == 0 {
			step = fromDuration(usualStep, rate)
		}
		pts = c.newest + max(step, passed)
		c.offset = pts - raw
	} else if forward > 0 {
		c.step = forward
	}
	if pts > c.newest {
		c.newest, c.at = pts, at
	}
	return pts
}

// toDuration returns ticks of a clock as a duration.
func toDuration(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate*int64(time.Second)/rate)
}

// fromDuration returns a duration as ticks of a clock.
func fromDuration(d time.Duration, rate int64) int64 {
	return int64(d/time.Second)*rate + int64(d%time.Second)*rate/int64(time.Second)
}

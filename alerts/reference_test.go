package alerts

import (
	"time"

	"citywatch"
)

// A reference is a threshold rule for one device, as slow and as plain as can
// be.
type reference struct {
	bounds        map[citywatch.Level]float64
	wait, recover time.Duration
	margin        float64

	times  []time.Time
	values []float64
	now    citywatch.Level
}

// clock raises the level to what has been reached for long enough by a time at
// which nothing was measured, as long as the newest value says anything.
func (r *reference) clock(at time.Time) {
	if n := len(r.times); n > 0 && at.Sub(r.times[n-1]) <= silentPeriods*20*time.Second {
		r.now = max(r.now, r.risen(at))
	}
}

func (r *reference) risen(at time.Time) citywatch.Level {
	risen := citywatch.None
	for level, bound := range r.bounds {
		if r.heldFor(func(v float64) bool { return v >= bound }, 1<<62, r.wait, at) {
			risen = max(risen, level)
		}
	}
	return risen
}

func (r *reference) level(at time.Time, value float64) citywatch.Level {
	if n := len(r.times); n > 0 {
		for t := r.times[n-1]; !t.After(at); t = t.Add(time.Second) { // no test is finer
			r.clock(t)
		}
	}
	r.times, r.values = append(r.times, at), append(r.values, value)
	risen := r.risen(at)
	if risen > r.now {
		r.now = risen
		return r.now
	}
	// The level stays at the highest that is not cleared for long enough.
	left := citywatch.None
	for level, bound := range r.bounds {
		cleared := r.heldFor(func(v float64) bool { return v < bound-r.margin }, silentPeriods*20*time.Second, r.recover, at)
		if level <= r.now && !cleared {
			left = max(left, level)
		}
	}
	r.now = left
	return r.now
}

// heldFor reports whether at a time the newest values, without a hole, have been
// so for at least as long.
func (r *reference) heldFor(so func(float64) bool, hole, long time.Duration, at time.Time) bool {
	last := len(r.values) - 1
	for i := last; i >= 0 && so(r.values[i]); i-- {
		if i < last && r.times[i+1].Sub(r.times[i]) > hole {
			return false
		}
		if at.Sub(r.times[i]) >= long {
			return true
		}
	}
	return false
}

package alerts

import (
	"math"
	"slices"
	"time"

	"citywatch"
)

// A measured number, whenever it arrived.
type measured struct {
	device string
	at     time.Time
	value  float64
}

// A reference is a rule for one device or zone, as slow and as plain as can be:
// it is given numbers in the order in which they were measured, and looks
// through all of them each time.
type reference struct {
	// says is what the newest number means, by all of them.
	says          func(all []measured) verdict
	wait, recover time.Duration

	all  []measured
	said []verdict
	now  citywatch.Level
}

// finest is the least time between what tests measure and wait for.
const finest = 500 * time.Millisecond

// level takes in the next number and returns the level that it makes.
func (r *reference) level(m measured) citywatch.Level {
	if n := len(r.all); n > 0 && r.wait > 0 {
		for t := r.all[n-1].at; !t.After(m.at); t = t.Add(finest) {
			r.clock(t)
		}
	}
	r.all = append(r.all, m)
	r.said = append(r.said, r.says(r.all))
	if risen := r.risen(m.at); risen > r.now {
		r.now = risen
		return r.now
	}
	// The level stays at the highest that is not cleared for long enough.
	left := citywatch.None
	for level := citywatch.MinLevel; level <= r.now; level++ {
		cleared := r.heldFor(func(v verdict) bool { return v.held < level }, silentPeriods*20*time.Second, r.recover, m.at)
		if !cleared {
			left = level
		}
	}
	r.now = left
	return r.now
}

// clock raises the level to what has been reached for long enough by a time at
// which nothing was measured, as long as the newest number says anything.
func (r *reference) clock(at time.Time) {
	if at.Sub(r.all[len(r.all)-1].at) <= silentPeriods*20*time.Second {
		r.now = max(r.now, r.risen(at))
	}
}

func (r *reference) risen(at time.Time) citywatch.Level {
	risen := citywatch.None
	for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
		if r.heldFor(func(v verdict) bool { return v.reached >= level }, 1<<62, r.wait, at) {
			risen = level
		}
	}
	return risen
}

// heldFor reports whether at a time the newest verdicts, without a hole, have
// been so for at least as long.
func (r *reference) heldFor(so func(verdict) bool, hole, long time.Duration, at time.Time) bool {
	last := len(r.said) - 1
	for i := last; i >= 0 && so(r.said[i]); i-- {
		if i < last && r.all[i+1].at.Sub(r.all[i].at) > hole {
			return false
		}
		if at.Sub(r.all[i].at) >= long {
			return true
		}
	}
	return false
}

// plainly judges a number by the bounds of levels, upwards.
func plainly(n float64, bounds map[citywatch.Level]float64, margin float64) (v verdict) {
	for level, bound := range bounds {
		if n >= bound {
			v.reached = max(v.reached, level)
		}
		if n >= bound-margin {
			v.held = max(v.held, level)
		}
	}
	return v
}

// newestBy judges the newest number by itself.
func newestBy(bounds map[citywatch.Level]float64, margin float64) func([]measured) verdict {
	return func(all []measured) verdict { return plainly(all[len(all)-1].value, bounds, margin) }
}

// negated turns a rule about low numbers into one about high ones.
func negated(says func([]measured) verdict) func([]measured) verdict {
	return func(all []measured) verdict {
		all = slices.Clone(all)
		for i := range all {
			all[i].value = -all[i].value
		}
		return says(all)
	}
}

// split parts what was measured at a moment or before it.
func split(all []measured, edge time.Time) (before, within []measured) {
	for _, m := range all {
		if m.at.After(edge) {
			within = append(within, m)
		} else {
			before = append(before, m)
		}
	}
	return before, within
}

// slopePlainly is the slope in units per hour of the line through the numbers of
// a time: by its definition, through the covariance.
func slopePlainly(all []measured, over time.Duration, least int) (perHour float64, known bool) {
	now := all[len(all)-1].at
	before, of := split(all, now.Add(-over))
	if n := len(before); n > 0 && now.Sub(before[n-1].at) <= over*3/2 {
		of = append([]measured{before[n-1]}, of...)
	}
	if len(of) < least || now.Sub(of[0].at) < over/2 {
		return 0, false
	}
	var meanX, meanY, covariance, variance float64
	for _, m := range of {
		meanX += m.at.Sub(now).Hours() / float64(len(of))
		meanY += m.value / float64(len(of))
	}
	for _, m := range of {
		x := m.at.Sub(now).Hours() - meanX
		covariance += x * (m.value - meanY)
		variance += x * x
	}
	return math.Round(covariance/variance*1e9) / 1e9, true
}

func risesBy(over time.Duration, least int, bounds map[citywatch.Level]float64, margin float64) func([]measured) verdict {
	return func(all []measured) verdict {
		n, known := slopePlainly(all, over, least)
		if !known {
			return verdict{held: unsure}
		}
		return plainly(n, bounds, margin)
	}
}

// sumPlainly is what came within a time, each amount spread evenly over the
// seconds since the one before it.
func sumPlainly(all []measured, over time.Duration, counter bool) (sum float64, covered bool, n int) {
	edge := all[len(all)-1].at.Add(-over)
	for i, m := range all {
		if !m.at.After(edge) {
			covered = true
			continue
		}
		n++
		came := m.value
		if counter && i == 0 {
			came = 0
		} else if counter && came >= all[i-1].value {
			came -= all[i-1].value
		}
		if i == 0 || !all[i-1].at.Before(edge) {
			sum += came
			continue
		}
		seconds, inside := 0, 0
		for t := all[i-1].at; t.Before(m.at); t = t.Add(time.Second) {
			seconds++
			if !t.Before(edge) {
				inside++
			}
		}
		sum += came * float64(inside) / float64(seconds)
	}
	return math.Round(sum*1e9) / 1e9, covered, n
}

// sums judges by several times at once: what is not wholly known clears nothing.
func sums(counter bool, complete, margin float64, windows map[time.Duration]map[citywatch.Level]float64) func([]measured) verdict {
	return func(all []measured) (v verdict) {
		for over, bounds := range windows {
			sum, covered, n := sumPlainly(all, over, counter)
			one := plainly(sum, bounds, margin)
			v.reached, v.held = max(v.reached, one.reached), max(v.held, one.held)
			if !covered || float64(n) < complete*over.Seconds()/20 {
				v.held = unsure
			}
		}
		return v
	}
}

// unchangedFor judges for how long no number has differed from the newest, with
// no hole in between.
func unchangedFor(after time.Duration, tolerance float64, level citywatch.Level) func([]measured) verdict {
	return func(all []measured) verdict {
		now := all[len(all)-1]
		since := now
		for _, m := range slices.Backward(all) {
			if math.Abs(m.value-now.value) > tolerance || since.at.Sub(m.at) > silentPeriods*20*time.Second {
				break
			}
			since = m
		}
		if now.at.Sub(since.at) >= after {
			return verdict{level, level}
		}
		return verdict{}
	}
}

// ofZone judges one number made of those that each device has by now, if it has
// been heard of lately.
func ofZone(least int, made func(sorted []float64) float64, each func(all []measured) (n float64, known bool), judge func(float64) verdict) func([]measured) verdict {
	return func(all []measured) verdict {
		byDevice := map[string][]measured{}
		for _, m := range all {
			byDevice[m.device] = append(byDevice[m.device], m)
		}
		var numbers []float64
		for _, of := range byDevice {
			if all[len(all)-1].at.Sub(of[len(of)-1].at) > silentPeriods*20*time.Second {
				continue
			}
			if n, known := each(of); known {
				numbers = append(numbers, n)
			}
		}
		if len(numbers) < least {
			return verdict{held: unsure}
		}
		slices.Sort(numbers)
		return judge(made(numbers))
	}
}

package alerts

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"citywatch"
)

const overlapRules = `rules:
  - {id: of-a, name: {vi: a, en: a}, hazard: flood, select: {device: [a]}, threshold: {value: level, levels: {1: 10}}}
  - {id: of-b, name: {vi: b, en: b}, hazard: flood, select: {device: [b]}, threshold: {value: level, levels: {1: 10}}}
  - {id: both, name: {vi: c, en: c}, hazard: slide, all: {levels: {2: {of-a: 1, of-b: 1}}, within: %s}}
`

// tolerance is how late the readings of these tests come at most: what is live.
const tolerance = 5 * time.Minute

// waves makes what two gauges measured, each for some time high and for some low,
// and what they go on to measure when they change no more.
func waves(r *rand.Rand) (all, steady []measured) {
	at, high := day, map[string]bool{}
	for range 20 + r.IntN(40) {
		at = at.Add(time.Duration(3+r.IntN(15)) * time.Second)
		device := string("ab"[r.IntN(2)])
		if r.IntN(5) == 0 {
			high[device] = !high[device]
		}
		m := measured{device, at, 5}
		if high[device] {
			m.value = 15
		}
		all = append(all, m)
	}
	for range 25 {
		at = at.Add(20 * time.Second)
		for _, device := range []string{"a", "b"} {
			m := measured{device, at, 5}
			if high[device] {
				m.value = 15
			}
			steady = append(steady, m)
		}
	}
	return all, steady
}

// delayed has each arrive within the tolerance, some twice, and what is steady at
// once.
func delayed(r *rand.Rand, all, steady []measured) (arrivals []arrival) {
	for _, m := range all {
		for range 1 + r.IntN(2)*r.IntN(2) {
			arrivals = append(arrivals, arrival{m.at.Add(time.Duration(r.Int64N(int64(tolerance)/1e9)) * time.Second), gaugeSays(m)})
		}
	}
	arrivals = append(arrivals, atOnce(steady)...)
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return a.at.Compare(b.at) })
	return arrivals
}

func atOnce(all []measured) (arrivals []arrival) {
	for _, m := range all {
		arrivals = append(arrivals, arrival{m.at, gaugeSays(m)})
	}
	return arrivals
}

func gaugeSays(m measured) citywatch.Reading {
	return citywatch.Reading{Device: m.device, Class: "gauge", Time: m.at, Values: []citywatch.Value{{Name: "level", Number: m.value}}}
}

// highOf returns when a device was high, plainly: from the first high value to
// the first low one behind it.
func highOf(all []measured, device string) (times []span) {
	for _, m := range all {
		last := len(times) - 1
		switch {
		case m.device != device:
		case m.value > 10 && (last < 0 || !times[last].On):
			times = append(times, span{From: m.at, On: true})
		case m.value < 10 && last >= 0 && times[last].On:
			times[last].Until, times[last].On = m.at, false
		}
	}
	return times
}

// heardAll plays arrivals and returns at which times people are told of both.
func heardAll(t *testing.T, w *world, arrivals []arrival, end time.Time, restart int) (l *listener, told []time.Time) {
	t.Helper()
	l = newListener(w, Options{})
	note := func() {
		if k := l.key("both", "zone"); k != nil && toldLevel(k) > citywatch.None {
			told = append(told, l.now)
		}
	}
	for i, a := range arrivals {
		for l.now.IsZero() || l.now.Before(a.at.Add(-4*time.Second)) {
			next := a.at
			if !l.now.IsZero() {
				next = l.now.Add(4 * time.Second)
			}
			l.until(next)
			note()
		}
		l.until(a.at)
		if i == restart {
			l.restart(t)
		}
		a.reading.Arrived = a.at
		l.apply(citywatch.Entry{Readings: []citywatch.Reading{a.reading}})
		note()
	}
	l.until(end)
	return l, told
}

// TestTogetherInAnyOrder: two conditions that are met together are told of,
// whichever of their readings comes first, also where one becomes known when it
// is over; and in the end all is as if everything had come in its order.
func TestTogetherInAnyOrder(t *testing.T) {
	t.Parallel()
	met, late, ended := 0, 0, 0
	for _, within := range []time.Duration{0, 2 * time.Minute} {
		w := newWorld(t, propertyDevices, fmt.Sprintf(overlapRules, within))
		for seed := range uint64(150) {
			r := rand.New(rand.NewPCG(seed, 51))
			all, steady := waves(r)
			arrivals := delayed(r, all, steady)
			all = append(all, steady...)
			end := all[len(all)-1].at
			ordered, _ := heardAll(t, w, atOnce(all), end, -1)
			shuffled, told := heardAll(t, w, arrivals, end, r.IntN(2*len(arrivals)))
			for _, a := range highOf(all, "a") {
				for _, b := range highOf(all, "b") {
					from, until := later(a.From, b.From), sooner(a.ends(within, end), b.ends(within, end))
					if until.Sub(from) <= 0 {
						continue
					}
					met++
					if slices.ContainsFunc(told, func(at time.Time) bool { return !at.Before(from) && !at.After(until) }) {
						continue
					}
					late++
					if !slices.ContainsFunc(told, func(at time.Time) bool {
						return !at.Before(from) && !at.After(until.Add(tolerance+4*time.Second))
					}) {
						t.Fatalf("within %v, seed %d: both were high from %v to %v, and nobody was told; told %v", within, seed, from, until, told)
					}
				}
			}
			if sameEnd(t, fmt.Sprintf("within %v, seed %d", within, seed), ordered, shuffled) {
				ended++
			}
		}
	}
	t.Logf("both were high %d times, %d of them known only afterwards; %d histories ended as in their order", met, late, ended)
	if met < 400 || late < 30 || ended < 100 {
		t.Error("the histories show too little")
	}
}

func (s span) ends(within time.Duration, end time.Time) time.Time {
	if s.On {
		return end
	}
	return s.Until.Add(within)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// sameEnd compares what two that heard the same know in the end. What flapped is
// held, and for how long depends on the order.
func sameEnd(t *testing.T, what string, ordered, shuffled *listener) bool {
	t.Helper()
	for _, l := range []*listener{ordered, shuffled} {
		for _, tr := range l.heard {
			if tr.Alert.Flapping {
				return false
			}
		}
	}
	for _, part := range [][2]string{{"of-a", "a"}, {"of-b", "b"}} {
		var want, got span
		if k := ordered.key(part[0], part[1]); k.Held != nil {
			want = k.Held.Levels[1]
		}
		if k := shuffled.key(part[0], part[1]); k.Held != nil {
			got = k.Held.Levels[1]
		}
		if !want.From.Equal(got.From) || want.On != got.On || !want.On && !want.Until.Equal(got.Until) {
			t.Fatalf("%s: %s was so %+v, in order %+v", what, part[0], got, want)
		}
	}
	want, got := citywatch.None, citywatch.None
	if k := ordered.key("both", "zone"); k != nil {
		want = toldLevel(k)
	}
	if k := shuffled.key("both", "zone"); k != nil {
		got = toldLevel(k)
	}
	if want != got {
		t.Fatalf("%s: in the end level %d of both is told, in order %d", what, got, want)
	}
	return true
}

package alerts

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// A detector is one way in which rules look at numbers, with the slow and plain
// way to the same end.
type detector struct {
	rule string
	// zone is set for what is made of the numbers of two devices.
	zone      bool
	reference reference
}

func detectors() map[string]detector {
	type bounds = map[citywatch.Level]float64
	newest := func(of []measured) (float64, bool) { return of[len(of)-1].value, true }
	highest := func(sorted []float64) float64 { return sorted[len(sorted)-1] }
	mean := func(sorted []float64) float64 {
		sum := 0.0
		for _, n := range sorted {
			sum += n
		}
		return sum / float64(len(sorted))
	}
	return map[string]detector{
		"at once": {
			rule:      "threshold: {value: level, levels: device}",
			reference: reference{says: newestBy(bounds{1: 10, 2: 20, 3: 30}, 0)},
		},
		"for a time": {
			rule:      "threshold: {value: level, levels: device, for: 50s, recover: {margin: 2, for: 70s}}",
			reference: reference{says: newestBy(bounds{1: 10, 2: 20, 3: 30}, 2), wait: 50 * time.Second, recover: 70 * time.Second},
		},
		"below": {
			rule:      "threshold: {value: level, levels: {1: 8, 4: 3}, direction: below, for: 15s, recover: {margin: 1, for: 0s}}",
			reference: reference{says: negated(newestBy(bounds{1: -8, 4: -3}, 1)), wait: 15 * time.Second},
		},
		"rate": {
			rule:      "rate: {value: level, over: 60s, levels: {1: 100, 3: 500}, min_points: 2, recover: {margin: 50, for: 10s}}",
			reference: reference{says: risesBy(time.Minute, 2, bounds{1: 100, 3: 500}, 50), recover: 10 * time.Second},
		},
		"rate for a time": {
			rule:      "rate: {value: level, over: 90s, levels: {2: -100}, direction: below, for: 25s}",
			reference: reference{says: negated(risesBy(90*time.Second, 3, bounds{2: 100}, 0)), wait: 25 * time.Second},
		},
		"accumulate": {
			rule: "accumulate: {value: level, of: amount, windows: {40s: {1: 40, 2: 60}, 180s: {2: 150, 3: 220}}, completeness: 0.5, recover: {margin: 10}}",
			reference: reference{says: sums(false, 0.5, 10, map[time.Duration]map[citywatch.Level]float64{
				40 * time.Second: {1: 40, 2: 60}, 180 * time.Second: {2: 150, 3: 220},
			})},
		},
		"accumulate a counter for a time": {
			rule: "accumulate: {value: level, of: counter, windows: {90s: {1: 20, 2: 40}}, completeness: 0.3, for: 20s, recover: {margin: 2, for: 20s}}",
			reference: reference{says: sums(true, 0.3, 2, map[time.Duration]map[citywatch.Level]float64{90 * time.Second: {1: 20, 2: 40}}),
				wait: 20 * time.Second, recover: 20 * time.Second},
		},
		"stuck": {
			rule:      "stuck: {value: level, after: 45s, tolerance: 4, level: 1}",
			reference: reference{says: unchangedFor(45*time.Second, 4, 1)},
		},
		"mean of a zone": {
			zone: true,
			rule: "threshold: {value: level, levels: {1: 10, 2: 20}, for: 20s, recover: {margin: 2, for: 30s}}\n    aggregate: {over: zone, fn: mean, min_devices: 2}",
			reference: reference{says: ofZone(2, mean, newest, func(n float64) verdict { return plainly(n, bounds{1: 10, 2: 20}, 2) }),
				wait: 20 * time.Second, recover: 30 * time.Second},
		},
		"rate of a zone": {
			zone: true,
			rule: "rate: {value: level, over: 60s, levels: {1: 100, 3: 500}, min_points: 2, recover: {margin: 50}}\n    aggregate: {over: zone, fn: max}",
			reference: reference{says: ofZone(1, highest, func(of []measured) (float64, bool) { return slopePlainly(of, time.Minute, 2) },
				func(n float64) verdict { return plainly(n, bounds{1: 100, 3: 500}, 50) })},
		},
	}
}

// lateHistory makes what one gauge or two measured, and how it arrives:
// punctually, a little late, long after, all at once after an outage of two days,
// and some of it or all of it twice.
func lateHistory(r *rand.Rand, devices string) (all []measured, arrivals []arrival) {
	at, value := day, map[byte]float64{'a': 12, 'b': 12}
	for range 10 + r.IntN(30) {
		at = at.Add(time.Duration(1+r.IntN(40/len(devices))) * time.Second)
		if r.IntN(15) == 0 {
			at = at.Add(150 * time.Second) // a hole
		}
		device := devices[r.IntN(len(devices))]
		value[device] = min(max(value[device]+r.NormFloat64()*6, 0), 40)
		m := measured{string(device), at, float64(int(value[device]*2)) / 2}
		if device == 'b' {
			m.at = m.at.Add(finest)
		}
		all = append(all, m)
	}
	delay := []time.Duration{0, 30 * time.Second, 5 * time.Minute, 40 * time.Minute}[r.IntN(4)]
	outage := len(all)
	if r.IntN(4) == 0 {
		outage = r.IntN(len(all))
	}
	twice := []int{3, 1}[r.IntN(2)] // a third of it, or all
	for i, m := range all {
		for range 1 + (r.IntN(twice)+1)/twice {
			a := arrival{m.at, citywatch.Reading{
				Device: m.device, Class: "gauge", Time: m.at, Values: []citywatch.Value{{Name: "level", Number: m.value}},
			}}
			if delay > 0 {
				a.at = a.at.Add(time.Duration(r.Int64N(int64(delay)/1e9)) * time.Second)
			}
			if i >= outage {
				a.at = at.Add(48*time.Hour + time.Duration(r.IntN(3))*time.Second)
			}
			arrivals = append(arrivals, a)
		}
	}
	r.Shuffle(len(arrivals), func(i, j int) { arrivals[i], arrivals[j] = arrivals[j], arrivals[i] })
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return a.at.Compare(b.at) })
	return all, arrivals
}

// TestOrderOfArrival: however readings arrive (late, shuffled, twice, after an
// outage of two days), and wherever citywatch is restarted, the levels by the
// measured times are those of a slow evaluator that is given them in order, for
// every way of looking at numbers; what is newest is told at once, nothing late
// clears it, what is old calls nobody, and in the end people are told what the
// values say.
func TestOrderOfArrival(t *testing.T) {
	const histories = 1_100 // of each of the ten
	for _, name := range slices.Sorted(maps.Keys(detectors())) {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			d := detectors()[name]
			w := newWorld(t, propertyDevices, "rules:\n  - id: rule\n    name: {vi: a, en: a}\n    hazard: flood\n    select: {class: gauge}\n    "+d.rule+"\n")
			c := &orderCheck{detector: d, world: w, levels: map[citywatch.Level]int{}}
			for seed := range uint64(histories) {
				c.history(t, seed)
			}
			t.Logf("%d histories, %d restarts, levels compared %v, at most %d changes of one alert's key, %d looked back, %d converged",
				histories, c.restarts, c.levels, c.most, c.lookedBack, c.converged)
			if len(c.levels) < 2 || c.lookedBack == 0 || c.converged < histories/2 {
				t.Error("the histories show too little")
			}
		})
	}
}

type orderCheck struct {
	detector
	world  *world
	levels map[citywatch.Level]int

	restarts, most, lookedBack, converged int
}

func (c *orderCheck) key(l *listener) *key {
	if c.zone {
		return l.key("rule", "zone")
	}
	return l.key("rule", "a")
}

func (c *orderCheck) history(t *testing.T, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 4))
	devices := "a"
	if c.zone {
		devices = "ab"
	}
	all, arrivals := lateHistory(r, devices)
	l := newListener(c.world, Options{Remember: 64})
	newest := time.Time{}
	restart := r.IntN(3 * len(arrivals))
	hear := func(a arrival) {
		l.until(a.at)
		k := c.key(l)
		before := toldLevel(k)
		a.reading.Arrived = a.at
		l.apply(citywatch.Entry{Readings: []citywatch.Reading{a.reading}})
		told := toldLevel(k)
		if !a.reading.Time.After(newest) {
			if told < before {
				t.Fatalf("seed %d: what was measured at %v cleared what is newer", seed, a.reading.Time)
			}
			return
		}
		newest = a.reading.Time
		if says := k.newest().reached; a.at.Sub(newest) <= defaultLive && c.reference.wait == 0 && told < says {
			t.Fatalf("seed %d: at %v level %d is reached, and level %d is told", seed, newest, says, told)
		}
	}
	for i, a := range arrivals {
		if i == restart {
			l.restart(t)
			c.restarts++
		}
		hear(a)
	}
	l.until(l.now.Add(2 * tellAfter))
	c.compare(t, seed, l, all)
	c.bounded(t, seed, l, all, arrivals)
	c.converges(t, seed, l, hear)
}

// compare compares with the reference.
func (c *orderCheck) compare(t *testing.T, seed uint64, l *listener, all []measured) {
	t.Helper()
	k, ref := c.key(l), c.reference
	levels := k.Past.levels(k.check)
	slices.SortFunc(all, func(a, b measured) int { return a.at.Compare(b.at) })
	for _, m := range all {
		want := ref.level(m)
		if got := levelIn(levels, m.at); got != want {
			t.Fatalf("seed %d: level %d at %v, want %d\n%v", seed, got, m.at, want, levels)
		}
		c.levels[want]++
	}
}

// bounded checks that there are no more changes than the values could make, and
// that nobody was called about what was old when it came.
func (c *orderCheck) bounded(t *testing.T, seed uint64, l *listener, all []measured, arrivals []arrival) {
	t.Helper()
	k := c.key(l)
	for _, tr := range l.heard {
		if tr.Reason == citywatch.ReasonLooksBack {
			c.lookedBack++
		}
		if tr.Notice != citywatch.NoticeSound {
			continue
		}
		last := tr.Alert.Evidence[len(tr.Alert.Evidence)-1].Time
		if c.zone { // enough of its devices may have said so for the last time before
			last = newestBefore(arrivals, tr.At)
		}
		if tr.At.Sub(last) > k.check.live+time.Minute+silentPeriods*20*time.Second {
			t.Fatalf("seed %d: people are called at %v about what was at %v", seed, tr.At, last)
		}
	}
	if n := len(l.heard); n > 3*len(all) {
		t.Fatalf("seed %d: %d changes after %d values", seed, n, len(all))
	}
	c.most = max(c.most, len(l.heard))
}

// newestBefore is when the newest was measured of what has arrived by a time.
func newestBefore(arrivals []arrival, at time.Time) (newest time.Time) {
	for _, a := range arrivals {
		if !a.at.After(at) && a.reading.Time.After(newest) {
			newest = a.reading.Time
		}
	}
	return newest
}

// converges checks that after a live value people are told what the values say,
// unless it is held because it flaps, the clock is ahead of the values, or a rise
// became known only when it was over.
func (c *orderCheck) converges(t *testing.T, seed uint64, l *listener, hear func(arrival)) {
	t.Helper()
	at := l.now.Add(20 * time.Second)
	hear(arrival{at, citywatch.Reading{Device: "a", Class: "gauge", Time: at, Values: []citywatch.Value{{Name: "level", Number: 1}}}})
	k := c.key(l)
	if k.Episode == nil {
		c.converged++
		return
	}
	if a := k.Episode.Alert; a != nil && a.Flapping {
		return
	}
	told := toldLevel(k)
	ahead := told > k.Episode.Says && !k.Episode.Reached[k.Episode.Says+1].IsZero()
	over := told < k.Episode.Says && k.newest().held <= told
	if told != k.Episode.Says && !ahead && !over {
		t.Fatalf("seed %d: the values say level %d, and level %d is told", seed, k.Episode.Says, told)
	}
	c.converged++
}

package alerts

import (
	"math/rand/v2"
	"testing"
	"time"

	"citywatch"
)

// TestSilenceAgainstReference: of random arrivals, punctual and hours late,
// single and doubled, over restarts, a device is called silent exactly when
// nothing of it has come for three of its periods, by the clock of arrival: however
// late it came, what was measured after all that is known is a sign of life, and
// what was measured before that is none.
func TestSilenceAgainstReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, "rules:\n  - {id: silent, name: {vi: a, en: a}, hazard: device, select: {class: gauge}, silence: {periods: 3, level: 2}}\n")
	const patience = 3 * 20 * time.Second
	silent, restarts := 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 53))
		l := newListener(w, Options{})
		l.now = day
		l.apply(citywatch.Entry{Tick: day})
		last := map[string]time.Time{"a": day, "b": day}
		newest, next := map[string]time.Time{}, map[string]time.Time{"a": day, "b": day}
		for range 900 {
			l.now = l.now.Add(time.Second)
			l.apply(citywatch.Entry{Tick: l.now})
			for device := range next {
				if l.now.Before(next[device]) {
					continue
				}
				next[device] = l.now.Add(time.Duration(1+r.IntN(80+100*r.IntN(2))) * time.Second)
				measured := l.now.Add(-time.Duration(r.IntN(2)*r.IntN(2)*r.IntN(90)*(1+79*r.IntN(2))) * time.Second)
				reading := gaugeSays(measuredOf(device, measured))
				if measured.After(newest[device]) {
					newest[device], last[device] = measured, l.now
				}
				reading.Arrived = l.now
				for range 1 + r.IntN(2) {
					l.apply(citywatch.Entry{Readings: []citywatch.Reading{reading}})
				}
			}
			if r.IntN(200) == 0 {
				l.restart(t)
				restarts++
			}
			for device, heard := range last {
				k := l.key("silent", device)
				if k.Episode != nil && k.Episode.Alert != nil && k.Episode.Alert.Flapping {
					continue // held until it is steady
				}
				told := toldLevel(k) > citywatch.None
				if want := l.now.Sub(heard) > patience; told != want {
					t.Fatalf("seed %d: %v after %s was heard it is called silent: %v", seed, l.now.Sub(heard), device, told)
				}
				if told {
					silent++
				}
			}
		}
	}
	if silent < 1000 || restarts < 100 {
		t.Errorf("%d seconds of silence, %d restarts: the histories show too little", silent, restarts)
	}
}

func measuredOf(device string, at time.Time) measured { return measured{device, at, 5} }

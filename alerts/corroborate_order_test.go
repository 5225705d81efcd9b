package alerts

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"citywatch"
)

// TestConfirmedInAnyOrder: a fire that two kinds confirm when their words come in
// order is confirmed in whichever order they come within what is live, some of
// them twice, over a restart; and what one kind says alone never is. In every
// second history detectors cease and begin again. A gap is known: what was over
// before its first word came begins no alert, by which 5 of 3,000 such histories
// are not confirmed.
func TestConfirmedInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, gatherDevices, gatherRules)
	confirmed, alone := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 57))
		devices := [][]string{{"s1", "h1"}, {"s1", "h1", "s2"}, {"s1", "s2"}}[r.IntN(3)]
		var ordered, shuffled []arrival
		at, says, ceases := day.Add(10*time.Minute), map[string]float64{}, seed%2 == 1
		for range 20 + r.IntN(30) {
			at = at.Add(time.Duration(2+r.IntN(20)) * time.Second)
			d := devices[r.IntN(len(devices))]
			switch {
			case r.IntN(12) == 0:
				says[d] = 1
			case ceases && r.IntN(6) == 0:
				says[d] = 0
			}
			word := citywatch.Reading{Device: d, Class: map[byte]string{'s': "smoke", 'h': "heat"}[d[0]], Time: at,
				Values: []citywatch.Value{{Name: "v", Number: says[d]}}}
			ordered = append(ordered, arrival{at, word})
			for range 1 + r.IntN(2)*r.IntN(2) {
				shuffled = append(shuffled, arrival{at.Add(time.Duration(r.IntN(180)) * time.Second), word})
			}
		}
		slices.SortStableFunc(shuffled, func(a, b arrival) int { return a.at.Compare(b.at) })
		want, got := confirmedIn(t, w, ordered, -1), confirmedIn(t, w, shuffled, r.IntN(2*len(shuffled)))
		if want && !got {
			t.Errorf("seed %d: nobody is told that it is confirmed", seed)
		}
		if got && len(devices) == 2 && devices[1] == "s2" {
			t.Fatalf("seed %d: one kind confirms itself", seed)
		}
		if want {
			confirmed++
		} else {
			alone++
		}
	}
	if confirmed < 50 || alone < 50 {
		t.Errorf("%d fires were confirmed, %d were not: the histories show too little", confirmed, alone)
	}
}

// confirmedIn reports whether people were called about a fire that is confirmed.
func confirmedIn(t *testing.T, w *world, arrivals []arrival, restart int) bool {
	t.Helper()
	l := newListener(w, Options{})
	for i, a := range arrivals {
		l.until(a.at)
		if i == restart {
			l.restart(t)
		}
		a.reading.Arrived = a.at
		l.apply(citywatch.Entry{Readings: []citywatch.Reading{a.reading}})
	}
	return slices.ContainsFunc(l.heard, func(tr citywatch.Transition) bool {
		return tr.Alert.Rule == "fire" && tr.Alert.Level == 4 && tr.Notice == citywatch.NoticeSound
	})
}

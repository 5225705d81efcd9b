package alerts

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"citywatch"
)

// TestClaimsInAnyOrder: what a device is known to have said of a fire does not
// depend on the order in which its words arrive, nor on a restart.
func TestClaimsInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, gatherDevices, gatherRules)
	claims := 0
	for seed := range uint64(1_000) {
		r := rand.New(rand.NewPCG(seed, 43))
		var said []citywatch.Reading
		at := day
		for range 3 + r.IntN(20) {
			at = at.Add(time.Duration(1+r.IntN(20)) * time.Second)
			said = append(said, citywatch.Reading{Device: "s1", Class: "smoke", Time: at, Arrived: day.Add(7 * time.Minute),
				Values: []citywatch.Value{{Name: "v", Number: float64(r.IntN(2))}}})
		}
		tell := func(said []citywatch.Reading, restart int) *claim {
			l := newListener(w, Options{})
			l.until(day.Add(7 * time.Minute))
			for i, word := range said {
				if i == restart {
					l.restart(t)
				}
				l.apply(citywatch.Entry{Readings: []citywatch.Reading{word}})
			}
			return l.key("fire", "s1").Claim
		}
		want := tell(said, -1)
		shuffled := slices.Concat(said, said[:r.IntN(len(said))])
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		got := tell(shuffled, r.IntN(2*len(shuffled)))
		if (want == nil) != (got == nil) || want != nil && !(want.From.Equal(got.From) && want.Until.Equal(got.Until) && want.Ended.Equal(got.Ended)) {
			t.Fatalf("seed %d: %+v, in order %+v", seed, got, want)
		}
		if want != nil {
			claims++
		}
	}
	if claims < 500 {
		t.Errorf("only %d claims were made", claims)
	}
}

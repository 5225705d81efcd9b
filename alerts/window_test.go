package alerts

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"citywatch"
)

// randomPoints are n points of up to a minute apart, oldest first.
func randomPoints(r *rand.Rand, n int) []point {
	at, points := int64(0), make([]point, n)
	for i := range points {
		at += int64(1+r.IntN(60)) * int64(time.Second)
		points[i] = point{at, float64(r.IntN(100)) / 4}
	}
	return points
}

// fallen adds up a second at a time what came after edge: each point's amount
// is spread evenly over the time since the one before.
func fallen(points []point, edge int64) (all float64) {
	for i, p := range points {
		if i == 0 {
			if p.at > edge {
				all += p.value
			}
			continue
		}
		seconds := (p.at - points[i-1].at) / int64(time.Second)
		for s := range seconds {
			if points[i-1].at+s*int64(time.Second) >= edge {
				all += p.value / float64(seconds)
			}
		}
	}
	return all
}

func TestSumsAreThoseOfTheSlowWay(t *testing.T) {
	w := &total{sums: []sum{{over: 2 * time.Minute}, {over: 7 * time.Minute}}, every: 30 * time.Second, complete: 0.9}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 5))
		all := randomPoints(r, 1+r.IntN(40))
		kept := after(all, all[len(all)-1].at-int64(w.span()))
		for _, s := range w.sums {
			want := fallen(all, all[len(all)-1].at-int64(s.over))
			if got, _ := w.add(kept, s.over); math.Abs(got-want) > 1e-6 {
				t.Fatalf("seed %d, %v: %v, want %v", seed, s.over, got, want)
			}
		}
	}
}

// A counter that is reset tells the same as the amounts that it counted, as long
// as the reset shows: it is then less than it was.
func TestACounterTellsWhatItsAmountsTell(t *testing.T) {
	amounts := &total{sums: []sum{{over: 5 * time.Minute}}, every: time.Minute}
	counter := &total{sums: amounts.sums, every: time.Minute, counter: true}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 6))
		came := randomPoints(r, 2+r.IntN(40))
		came[0].value = 0
		counted, reading := slices.Clone(came), 1000.0
		for i := range came {
			if i > 0 && came[i].value < reading && r.IntN(12) == 0 {
				reading = 0 // the battery was changed just after the last reading
			}
			reading += came[i].value
			counted[i].value = reading
		}
		want, _ := amounts.add(came, 5*time.Minute)
		if got, _ := counter.add(counted, 5*time.Minute); math.Abs(got-want) > 1e-6 {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}

// In whichever order readings arrive within the window, and however often, in
// the end it says the same.
func TestAWindowDoesNotCareForTheOrder(t *testing.T) {
	t.Parallel()
	up := citywatch.Bounds{}
	for level, bound := range []float64{3, 9, 27, 81} {
		up[citywatch.Level(level+1)] = &bound
	}
	rain := &total{sums: []sum{{time.Hour, newLadder(up, false, 1)}}, every: time.Minute, complete: 0.5}
	rise := &rising{newLadder(up, false, 1), 10 * time.Minute, 3}
	for name, w := range map[string]window{"total": rain, "rising": rise} {
		seen := map[citywatch.Level]int{}
		for seed := range uint64(300) {
			r := rand.New(rand.NewPCG(seed, 7))
			points := randomPoints(r, 2+r.IntN(50))
			c := &check{window: w, patience: time.Hour}
			want := tell(c, points)
			shuffled := slices.Concat(points, points[:r.IntN(len(points))])
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if got := tell(c, shuffled); got != want {
				t.Fatalf("%s, seed %d: %v, want %v", name, seed, got, want)
			}
			seen[want.reached]++
		}
		if len(seen) < 3 {
			t.Errorf("%s: only the levels %v were reached", name, seen)
		}
	}
}

// tell shows points to a new key, and returns what its window says in the end.
func tell(c *check, points []point) verdict {
	var kept []point
	for _, p := range points {
		newest := p.at
		if len(kept) > 0 {
			newest = max(newest, kept[len(kept)-1].at)
		}
		kept, _ = insert(kept, p, newest-int64(c.window.span()))
	}
	return c.window.look(kept)
}

func TestSlopeOfALineIsItsSlope(t *testing.T) {
	w := &rising{over: time.Hour, minPoints: 3}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 8))
		points, slope := randomPoints(r, 60), r.NormFloat64()
		for i := range points {
			points[i].value = 80 + slope*time.Duration(points[i].at).Hours()
		}
		if got, ok := w.slope(points); ok && math.Abs(got-slope) > 1e-6 {
			t.Fatalf("%v, want %v", got, slope)
		}
	}
	for name, points := range map[string][]point{
		"too few":   {{0, 1}, {int64(time.Hour), 2}},
		"too close": {{0, 1}, {1, 2}, {2, 3}},
	} {
		if _, ok := w.slope(points); ok {
			t.Errorf("%s: a slope", name)
		}
	}
}

func TestPointsAreRestoredAsTheyWere(t *testing.T) {
	want := points{{time.Date(2026, 11, 22, 7, 0, 0, 123456789, time.UTC).UnixNano(), 80.12}, {-5, 1e-9}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got points
	if err := json.Unmarshal(data, &got); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s became %v, %v", data, got, err)
	}
}

func BenchmarkObserveWindow(b *testing.B) {
	bound := 1e9
	c := &check{
		rule: &rule{}, patience: time.Hour,
		window: &total{sums: []sum{{24 * time.Hour, newLadder(citywatch.Bounds{1: &bound}, false, 0)}}, every: 10 * time.Minute},
	}
	c.lanes(&Options{}, &citywatch.Device{})
	f := newFold(Options{}, Deps{Rules: &Rules{}})
	k := f.newKey(keyID{"a", "b"})
	k.check, k.device = c, &citywatch.Device{}
	at := time.Unix(1e9, 0)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(10 * time.Minute)
		f.clk.Now = at
		f.window(k, &sample{time: at, value: citywatch.Value{Number: 1}})
	}
}

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

// TestFlapShare compares with the sum as Icinga's documentation writes it: 20
// checks, each change of which counts from 0.8 to 1.18, the newest most.
func TestFlapShare(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 8))
	for range 1000 {
		var f flaps
		var changes [flapValues]bool // the oldest first
		for i := range changes {
			changes[i] = r.IntN(2) == 0
			if f = f.next(); changes[i] {
				f |= 1
			}
		}
		want := 0.0
		for i, changed := range changes {
			if changed {
				want += 0.8 + 0.02*float64(i)
			}
		}
		if want *= 100.0 / flapValues; math.Abs(f.share()-want) > 1e-9 {
			t.Fatalf("%v: %v, want %v", changes, f.share(), want)
		}
	}
	if f := flaps(1<<flapValues - 1).next(); f>>flapValues != 0 {
		t.Errorf("more than %d values are looked at: %b", flapValues, f)
	}
}

// TestMarksAreKept: what is written is read again, for times of any fineness.
func TestMarksAreKept(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 500 {
		at := time.UnixMilli(r.Int64N(4e12)).Truncate([]time.Duration{time.Second, time.Millisecond}[r.IntN(2)])
		var ms marks
		for range r.IntN(70) {
			at = at.Add(time.Duration(1+r.IntN(5000)) * time.Second)
			v := verdict{citywatch.Level(r.IntN(6)), citywatch.Level(r.IntN(6))}
			if r.IntN(3) > 0 {
				v = verdict{}
			}
			ms = append(ms, newMark(at, v))
			if m := ms[len(ms)-1]; m.verdict() != v || !m.at().Equal(at) {
				t.Fatalf("%v %v became %v %v", at, v, m.at(), m.verdict())
			}
		}
		b, err := json.Marshal(ms)
		if err != nil {
			t.Fatal(err)
		}
		var again marks
		if err := json.Unmarshal(b, &again); err != nil || !slices.Equal(ms, again) {
			t.Fatalf("%v\nbecame\n%v (%v)", ms, again, err)
		}
	}
	for _, bad := range []string{`"!"`, `1`, `"Av8"`, `"gICAgICAgICAgICAgA"`} {
		if err := json.Unmarshal([]byte(bad), new(marks)); err == nil {
			t.Errorf("%s can be read", bad)
		}
	}
}

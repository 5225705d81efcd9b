package incident

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

// hail fires n alerts, one a second, in so many zones, and returns how many of
// them called people.
func (w *teller) hail(name string, n, zones int, level citywatch.Level) (sounds int) {
	for i := range n {
		w.now = w.now.Add(time.Second)
		zone := fmt.Sprint("z", i%zones)
		t := w.next(alert(fmt.Sprint(name, i), "device", fmt.Sprint(name, i), zone, orb.Point{103, 22 + float64(i)/1000}, level), citywatch.ReasonFired)
		if _, notice := w.book.Apply(&t); notice == citywatch.NoticeSound {
			sounds++
		}
	}
	return sounds
}

func TestStormBeginsAboveTheLimit(t *testing.T) {
	w := newTeller(t, Options{Storm: StormOptions{PerOperator: 5, Operators: 2}})
	if sounds := w.hail("a", 10, 3, 2); sounds != 10 || w.book.Storm(w.now).On {
		t.Errorf("at the limit: %d sounds, %+v", sounds, w.book.Storm(w.now))
	}
	if sounds := w.hail("b", 50, 3, 2); sounds != 0 {
		t.Errorf("nothing is higher than what was, and %d sounds", sounds)
	}
	s := w.book.Storm(w.now)
	if !s.On || s.Recent != 60 || s.Limit != 10 || s.Open != 60 || len(s.Rows) != 3 || !s.Since.Equal(begin.Add(11*time.Second)) {
		t.Errorf("storm %+v", s)
	}
}

// TestStormSoundsForNewMaxima of a fold only, and what people were not called
// for anyway it does not make louder.
func TestStormSoundsForNewMaxima(t *testing.T) {
	w := newTeller(t, Options{Storm: StormOptions{PerOperator: 5}})
	w.hail("a", 20, 2, 2) // in z0 and z1
	raise := func(id, zone string, level citywatch.Level, want citywatch.Notice) {
		t.Helper()
		w.now = w.now.Add(time.Second)
		tr := w.next(alert(id, "device", id, zone, coocLeu, level), citywatch.ReasonFired)
		if _, notice := w.book.Apply(&tr); notice != want {
			t.Errorf("%s at level %d in %s: %q, want %q", id, level, zone, notice, want)
		}
	}
	raise("same", "z0", 2, citywatch.NoticeQuiet)
	raise("higher", "z0", 4, citywatch.NoticeSound)
	raise("as high", "z0", 4, citywatch.NoticeQuiet)
	raise("highest", "z0", 5, citywatch.NoticeSound)
	raise("other zone", "z1", 4, citywatch.NoticeSound)
	raise("new zone", "z9", 1, citywatch.NoticeSound)
	quiet := w.next(alert("quiet", "device", "quiet", "z8", coocLeu, 3), citywatch.ReasonFired)
	quiet.Notice = citywatch.NoticeNone
	if _, notice := w.book.Apply(&quiet); notice != citywatch.NoticeNone {
		t.Errorf("nobody was to be called, and it says %q", notice)
	}
	w.close("new zone", citywatch.Closed)
	raise("after all of it was closed", "z9", 1, citywatch.NoticeSound)
}

// TestTheAlertThatBeginsTheStorm may be the one that matters.
func TestTheAlertThatBeginsTheStorm(t *testing.T) {
	w := newTeller(t, Options{Storm: StormOptions{PerOperator: 5}})
	w.hail("a", 5, 1, 2)
	tr := w.next(alert("worse", "fire", "x", "z0", coocLeu, 4), citywatch.ReasonFired)
	if _, notice := w.book.Apply(&tr); notice != citywatch.NoticeSound || !w.book.Storm(w.now).On {
		t.Errorf("it is %q", notice)
	}
}

// TestUnfoldsByItself, at half of what began it, as time alone passes; and not
// where it would begin again at once.
func TestUnfoldsByItself(t *testing.T) {
	w := newTeller(t, Options{Storm: StormOptions{PerOperator: 10}})
	w.hail("a", 30, 3, 2) // the last at 30 s
	on := func(after time.Duration, want bool) {
		t.Helper()
		if s := w.book.Storm(begin.Add(after)); s.On != want {
			t.Errorf("after %v: on %v with %d recent", after, s.On, s.Recent)
		}
	}
	on(10*time.Minute+24*time.Second, true) // six are left
	on(10*time.Minute+25*time.Second, false)
	on(10*time.Minute+24*time.Second, true) // asking changed nothing
	w.at(10*time.Minute + 24*time.Second)
	w.over("a0")
	on(10*time.Minute+24*time.Second, true)
	w.at(10*time.Minute + 26*time.Second)
	w.over("a1")
	on(10*time.Minute+26*time.Second, false)
	if s := w.book.Storm(w.now); s.Open != 30 || !s.Since.IsZero() {
		t.Errorf("unfolded: %+v", s)
	}
	if sounds := w.hail("b", 6, 3, 1); sounds != 6 || w.book.Storm(w.now).On {
		t.Errorf("after the storm %d of 6 sound", sounds)
	}
}

// TestFoldsByBasin what joins along rivers.
func TestFoldsByBasin(t *testing.T) {
	w := newTeller(t, Options{Rivers: NewRivers(thao)})
	for _, d := range thao {
		w.fire(alert(d.ID, "flood", d.ID, d.Zone, coocLeu, 2))
		w.fire(alert("fire "+d.ID, "fire", d.ID, d.Zone, coocLeu, 3))
	}
	w.fire(alert("nowhere", "device", "x", "", orb.Point{}, 1))
	var got []string
	for _, r := range w.book.Storm(w.now).Rows {
		got = append(got, fmt.Sprintf("%s %d/%d", r.Key, r.Count, r.Level))
	}
	want := []string{
		"zone/bao-ha 4/3", "zone/bac-ha 1/3", "zone/cam-duong 1/3", "zone/khanh-yen 1/3", "zone/yen-bai 1/3",
		"basin/thao 4/2", "basin/chay 1/2", "basin/nhu 1/2", "rest/ 1/1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %v\nwant %v", got, want)
	}
}

// TestRetrospectiveAlertsAreNoStorm: a backlog that a gateway sends is no flood
// of alarms.
func TestRetrospectiveAlertsAreNoStorm(t *testing.T) {
	w := newTeller(t, Options{})
	for i := range 100 {
		a := alert(fmt.Sprint("a", i), "device", fmt.Sprint("d", i), "z", coocLeu, 2)
		a.Retrospective, a.Condition = true, citywatch.Normal
		w.fire(a)
	}
	if s := w.book.Storm(w.now); s.On || s.Open != 100 {
		t.Errorf("storm %+v", s)
	}
}

// TestStormOf20000 conditions in 10 min folds to at most 200 rows, drops none,
// and no transition waits for it. Half of them are over again within it.
func TestStormOf20000(t *testing.T) {
	const conditions, zones = 20_000, 450
	for name, hazard := range map[string]string{"by zone": "device", "by distance": "fire"} {
		t.Run(name, func(t *testing.T) {
			w := newTeller(t, Options{})
			var took []time.Duration
			apply := func(tr citywatch.Transition) citywatch.Notice {
				began := time.Now()
				_, notice := w.book.Apply(&tr)
				took = append(took, time.Since(began))
				return notice
			}
			sounds := 0
			for i := range conditions {
				w.at(time.Duration(i) * 10 * time.Minute / conditions)
				level := citywatch.Level(1 + i%3)
				if i%5000 == 4999 {
					level = 5
				}
				at := orb.Point{103.5 + float64(i%zones)/200, 21.5 + float64(i/zones)/4000}
				a := alert(fmt.Sprint("a", i), hazard, fmt.Sprint("d", i), fmt.Sprint("z", i%zones), at, level)
				if apply(w.next(a, citywatch.ReasonFired)) == citywatch.NoticeSound {
					sounds++
				}
				if i%2 == 1 {
					over := w.open[fmt.Sprint("a", i/2)]
					over.Condition = citywatch.Normal
					apply(w.next(over, citywatch.ReasonRecovered))
				}
			}
			began := time.Now()
			s := w.book.Storm(w.now)
			folding := time.Since(began)
			sum, levels := 0, [citywatch.MaxLevel]int{}
			for _, r := range s.Rows {
				sum += r.Count
				for l, n := range r.Levels {
					levels[l] += n
				}
			}
			if !s.On || len(s.Rows) > 200 || sum != conditions || s.Open != conditions || levels[4] != 4 || s.Rows[0].Level != 5 {
				t.Errorf("on %v, %d rows of %d alerts, levels %v", s.On, len(s.Rows), sum, levels)
			}
			if sounds > 10+zones*5 {
				t.Errorf("%d sounds", sounds)
			}
			slices.Sort(took)
			p99 := took[len(took)*99/100]
			t.Logf("%d transitions: p50 %v, p99 %v, longest %v; %d incidents; folding %v; %d sounds",
				len(took), took[len(took)/2], p99, took[len(took)-1], len(w.book.records), folding, sounds)
			if p99 > 20*time.Millisecond {
				t.Errorf("p99 of a transition is %v", p99)
			}
		})
	}
}

func TestStormProblems(t *testing.T) {
	if ps := (StormOptions{}).Problems(); len(ps) > 0 {
		t.Error(ps)
	}
	if ps := (StormOptions{PerOperator: -1, Operators: -1, Over: time.Second, Rows: 1}).Problems(); len(ps) != 4 {
		t.Error(ps)
	}
}

func BenchmarkApplyInStorm(b *testing.B) {
	w := newTeller(b, Options{})
	w.hail("a", 5000, 100, 2)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a := w.open[fmt.Sprint("a", i%5000)]
		tr := w.next(a, citywatch.ReasonRaised)
		w.book.Apply(&tr)
	}
}

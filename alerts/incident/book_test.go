package incident

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"citywatch"
)

func TestFireJoinsByDistanceAndTime(t *testing.T) {
	w := newTeller(t, Options{})
	w.fire(alert("first", "fire", "p1", "a", coocLeu, 2))
	w.fire(alert("near", "fire", "p2", "b", north(coocLeu, 299), 4))
	w.fire(alert("far", "fire", "p3", "a", north(coocLeu, -301), 2))
	w.fire(alert("flood", "flood", "p1", "a", coocLeu, 2))
	w.together("299 m", "first", "near")
	w.apart("301 m, or another hazard", "first", "far", "flood")
	w.at(3 * time.Hour)
	w.fire(alert("hours later", "fire", "p4", "a", north(coocLeu, 100), 2))
	w.together("the first is still true", "first", "hours later")
	for _, id := range []string{"first", "near", "hours later"} {
		w.over(id)
	}
	w.at(3*time.Hour + 15*time.Minute)
	w.fire(alert("in time", "fire", "p5", "a", coocLeu, 2))
	w.together("15 min after it was over", "first", "in time")
	w.over("in time")
	w.at(3*time.Hour + 31*time.Minute)
	w.fire(alert("too late", "fire", "p6", "a", coocLeu, 2))
	w.apart("16 min after it was over, though nobody has seen it", "first", "too late")
}

func TestFloodJoinsAlongTheRiver(t *testing.T) {
	w := newTeller(t, Options{Rivers: NewRivers(thao)})
	flood := func(device, zone string) {
		w.fire(alert(device, "flood", device, zone, orb.Point{}, 2))
	}
	flood("yen-bai", "yen-bai")
	flood("lao-cai", "cam-duong")
	w.together("upstream on the same river", "yen-bai", "lao-cai")
	flood("ngoi-nhu", "khanh-yen")
	w.together("a tributary above yen-bai", "yen-bai", "ngoi-nhu")
	flood("bac-ha", "bac-ha")
	w.apart("another river", "yen-bai", "bac-ha")
	flood("rain-bao-ha", "bao-ha")
	w.together("no gauge, but the same basin", "yen-bai", "rain-bao-ha")
	flood("rain-nowhere", "bao-ha")
	w.together("neither, but the same zone", "rain-bao-ha", "rain-nowhere")
}

// TestRiversDoNotDependOnTheOrder in which devices are listed.
func TestRiversDoNotDependOnTheOrder(t *testing.T) {
	want := NewRivers(thao)
	for seed := range uint64(20) {
		shuffled := append([]citywatch.Device(nil), thao...)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want.gauges, NewRivers(shuffled).gauges, cmp.AllowUnexported(gauge{})); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestLandslideJoinsInTheCommuneForADay(t *testing.T) {
	w := newTeller(t, Options{})
	w.fire(alert("first", "landslide", "s1", "y-ty", coocLeu, 2))
	w.over("first")
	w.at(24 * time.Hour)
	w.fire(alert("next day", "landslide", "s2", "y-ty", coocLeu, 2))
	w.fire(alert("elsewhere", "landslide", "s3", "sa-pa", coocLeu, 2))
	w.fire(alert("hail", "hail", "s1", "y-ty", coocLeu, 2))
	w.fire(alert("device", "device", "s1", "y-ty", coocLeu, 2))
	w.apart("another hazard", "first", "hail", "device")
	w.together("within 24 h", "first", "next day")
	w.apart("another commune", "first", "elsewhere")
}

// TestNothingKnownOfThePlace: devices without position or zone are not one
// incident for that.
func TestNothingKnownOfThePlace(t *testing.T) {
	w := newTeller(t, Options{})
	for _, hazard := range []string{"fire", "flood", "device"} {
		w.fire(alert(hazard+"1", hazard, "x", "", orb.Point{}, 1))
		w.fire(alert(hazard+"2", hazard, "y", "", orb.Point{}, 1))
		w.apart(hazard, hazard+"1", hazard+"2")
		w.fire(alert(hazard+"3", hazard, "x", "", orb.Point{}, 1))
		w.together("the same device", hazard+"1", hazard+"3")
	}
}

// TestHighestLevelIsNeverLost: an incident is as high as its highest open
// alert, and its position is there.
func TestHighestLevelIsNeverLost(t *testing.T) {
	w := newTeller(t, Options{})
	id := w.fire(alert("low", "fire", "p1", "a", coocLeu, 1))
	for i := range 50 {
		w.fire(alert(fmt.Sprint("low", i), "fire", fmt.Sprint("q", i), "a", coocLeu, 1))
	}
	high := north(coocLeu, 200)
	w.fire(alert("high", "fire", "p2", "a", high, 5))
	expect := func(level, peak citywatch.Level, at orb.Point, open bool) {
		t.Helper()
		f, _ := w.book.File(id)
		if f.Level != level || f.Peak != peak || f.Position != at || f.Open != open {
			t.Errorf("level %d, peak %d, at %v, open %v", f.Level, f.Peak, f.Position, f.Open)
		}
	}
	expect(5, 5, high, true)
	if f, _ := w.book.File(id); f.Members[0].ID != "high" || f.Alerts != 52 {
		t.Errorf("%s stands first of %d", f.Members[0].ID, f.Alerts)
	}
	w.close("high", citywatch.Closed)
	expect(1, 5, coocLeu, true)
	for i := range 50 {
		w.close(fmt.Sprint("low", i), citywatch.Closed)
	}
	w.close("low", citywatch.Closed)
	if f, _ := w.book.File(id); f.Open || f.Level != 5 || f.Closed.IsZero() {
		t.Errorf("closed: %+v", f.Incident)
	}
}

func TestClosesWithTheLastAndReopens(t *testing.T) {
	w := newTeller(t, Options{})
	id := w.fire(alert("a", "fire", "p1", "a", coocLeu, 3))
	w.close("a", citywatch.Closed)
	if open := w.book.Open(); len(open) != 0 {
		t.Errorf("%v is open", open)
	}
	w.at(10 * time.Minute)
	if again := w.fire(alert("b", "fire", "p2", "a", coocLeu, 3)); again != id {
		t.Errorf("it goes on as %s", again)
	}
	w.close("b", citywatch.FalseAlarm)
	w.at(20 * time.Minute)
	w.fire(alert("c", "fire", "p1", "a", coocLeu, 3))
	w.together("one of two was a false alarm", "a", "c")

	fake := newTeller(t, Options{})
	fake.fire(alert("fake", "fire", "p1", "a", coocLeu, 3))
	fake.close("fake", citywatch.FalseAlarm)
	fake.fire(alert("real", "fire", "p1", "a", coocLeu, 3))
	fake.apart("all of it was a false alarm", "fake", "real")
	if past := fake.book.Past(fake.book.Of("real"), 10); len(past) != 1 || past[0].ID != fake.book.Of("fake") {
		t.Errorf("the place's past is %v", past)
	}
}

// TestLateAlertJoinsWhatItBelongsTo: of what was over when its data came, the
// time counts in which it was.
func TestLateAlertJoinsWhatItBelongsTo(t *testing.T) {
	w := newTeller(t, Options{})
	w.fire(alert("then", "heavy_rain", "r1", "a", coocLeu, 2))
	w.at(30 * time.Minute)
	w.over("then")
	w.close("then", citywatch.Acknowledged)
	w.at(40 * time.Hour)
	w.fire(alert("now", "heavy_rain", "r1", "a", coocLeu, 2))
	late := alert("late", "heavy_rain", "r2", "a", coocLeu, 3)
	late.Retrospective, late.Condition = true, citywatch.Normal
	late.Since = begin.Add(10 * time.Minute)
	late.Evidence = []citywatch.Evidence{{Time: begin.Add(time.Hour)}}
	w.fire(late)
	w.together("of the time before", "then", "late")
	w.apart("not of now", "now", "late")
}

func TestUnknownAndKnownTransitions(t *testing.T) {
	w := newTeller(t, Options{})
	gone := alert("gone", "fire", "p", "a", coocLeu, 3)
	gone.Version, gone.Handling = 6, citywatch.Closed
	if in, _ := w.book.Apply(&citywatch.Transition{Seq: 5, At: begin, Alert: gone}); in != "" {
		t.Errorf("the end of an unknown alert is in %q", in)
	}
	w.seq = 5
	first := w.next(alert("a", "fire", "p", "a", coocLeu, 3), citywatch.ReasonFired)
	in, _ := w.book.Apply(&first)
	again, _ := w.book.Apply(&first)
	if f, _ := w.book.File(in); again != in || f.Version != 1 || len(f.Timeline) != 1 {
		t.Errorf("told twice: %s, then %s, version %d", in, again, f.Version)
	}
	half := alert("half", "fire", "q", "a", coocLeu, 3)
	half.Version = 4
	if in, _ := w.book.Apply(&citywatch.Transition{Seq: 9, At: begin, Alert: half}); in == "" {
		t.Error("an open alert whose beginning is lost has no incident")
	}
}

// TestTimelineIsBounded, and keeps its first.
func TestTimelineIsBounded(t *testing.T) {
	w := newTeller(t, Options{})
	id := w.fire(alert("a", "fire", "p", "a", coocLeu, 3))
	for range 5 * maxTimeline {
		w.now = w.now.Add(time.Second)
		w.over("a")
	}
	f, _ := w.book.File(id)
	if len(f.Timeline) > maxTimeline || len(f.Timeline)+f.Skipped != 5*maxTimeline+1 ||
		f.Timeline[0].Reason != citywatch.ReasonFired || !f.Timeline[len(f.Timeline)-1].At.Equal(w.now) {
		t.Errorf("%d events and %d skipped", len(f.Timeline), f.Skipped)
	}
}

// TestForgetsTheOldest closed incidents, and nothing of the open ones.
func TestForgetsTheOldest(t *testing.T) {
	w := newTeller(t, Options{})
	keeps := w.fire(alert("open", "fire", "open", "a", orb.Point{100, 10}, 3))
	const more = keepAlerts + 100
	for i := range more {
		id := fmt.Sprint("a", i)
		w.fire(alert(id, "device", id, "", orb.Point{}, 1))
		w.close(id, citywatch.FalseAlarm)
	}
	if w.book.closedAlerts != keepAlerts || len(w.book.members) != keepAlerts+1 || len(w.book.records) != keepAlerts+1 {
		t.Errorf("%d closed alerts, %d members and %d incidents are kept", w.book.closedAlerts, len(w.book.members), len(w.book.records))
	}
	if w.book.Of("a99") != "" || w.book.Of("a100") == "" || !w.book.Has(keeps) {
		t.Error("not the oldest were forgotten")
	}
	w.at(2 * keepFor)
	w.fire(alert("years later", "fire", "x", "a", coocLeu, 1))
	if len(w.book.records) > 3 || !w.book.Has(keeps) {
		t.Errorf("after years %d incidents are kept", len(w.book.records))
	}
	if n := len(w.book.atlas.buckets); n > 10 {
		t.Errorf("%d buckets are left", n)
	}
}

// A slowBook joins as the documentation says, by looking at everything.
type slowBook struct {
	options Options
	now     time.Time
	alerts  []slowAlert
	number  map[string]int
}

type slowAlert struct {
	citywatch.Alert
	incident string
	span     span
	isTrue   bool
}

func (s *slowBook) apply(t *citywatch.Transition) string {
	if t.At.After(s.now) {
		s.now = t.At
	}
	for i := range s.alerts {
		if a := &s.alerts[i]; a.ID == t.Alert.ID {
			is := t.Alert.Open() && t.Alert.Condition != citywatch.Normal
			if is || a.isTrue {
				a.span.to = s.now
			}
			a.Alert, a.isTrue = t.Alert, is
			return a.incident
		}
	}
	mine := slowAlert{Alert: t.Alert, span: spanOf(&t.Alert, s.now)}
	mine.isTrue = t.Alert.Open() && t.Alert.Condition != citywatch.Normal
	for i := range s.alerts {
		a := &s.alerts[i]
		if a.Hazard != mine.Hazard || mine.incident != "" && s.number[a.incident] >= s.number[mine.incident] {
			continue
		}
		if s.near(&mine, a) && s.span(a).to.Add(s.join(a).Within).Compare(mine.span.from) >= 0 &&
			mine.span.to.Add(s.join(a).Within).Compare(s.span(a).from) >= 0 && !s.allFalse(a.incident) {
			mine.incident = a.incident
		}
	}
	if mine.incident == "" {
		mine.incident = mine.Hazard + "~" + mine.ID
		s.number[mine.incident] = len(s.number)
	}
	s.alerts = append(s.alerts, mine)
	return mine.incident
}

func (s *slowBook) join(a *slowAlert) *Join { return find(Filled(s.options.Joins), a.Hazard) }

// span is when any alert of the same incident and device was true.
func (s *slowBook) span(of *slowAlert) span {
	all := of.span
	for i := range s.alerts {
		a := &s.alerts[i]
		if a.incident != of.incident || a.Device != of.Device {
			continue
		}
		if a.span.from.Before(all.from) {
			all.from = a.span.from
		}
		to := a.span.to
		if a.isTrue {
			to = s.now
		}
		if to.After(all.to) {
			all.to = to
		}
	}
	return all
}

func (s *slowBook) allFalse(incident string) bool {
	for i := range s.alerts {
		if s.alerts[i].incident == incident && s.alerts[i].Handling != citywatch.FalseAlarm {
			return false
		}
	}
	return true
}

func (s *slowBook) near(a, b *slowAlert) bool {
	g := s.options.Rivers.gauges
	if a.Device == b.Device {
		return true
	}
	switch j := s.join(a); {
	case j.By == ByDistance:
		return a.Position != orb.Point{} && b.Position != orb.Point{} && geo.DistanceHaversine(a.Position, b.Position) <= j.Radius
	case j.By == ByRiver && g[a.Device].system != "" && g[b.Device].system != "":
		return g[a.Device].river == g[b.Device].river && g[a.Device].river != "" ||
			s.options.Rivers.reaches(a.Device, b.Device) || s.options.Rivers.reaches(b.Device, a.Device)
	case j.By != ByZone && g[a.Device].basin != "" && g[b.Device].basin != "":
		return g[a.Device].basin == g[b.Device].basin
	}
	return a.Zone != "" && a.Zone == b.Zone
}

// TestJoinsAsTheSlowBookDoes: random histories, against looking at everything.
func TestJoinsAsTheSlowBookDoes(t *testing.T) {
	histories := 120
	if testing.Short() {
		histories = 30
	}
	for seed := range uint64(histories) {
		devices := scattered(20, seed)
		o := Options{Rivers: NewRivers(devices)}
		if seed%3 == 1 {
			o.Joins = []Join{{Hazard: "heavy_rain", By: ByBasin, Within: 3 * time.Hour}, {Hazard: "fire", By: ByDistance, Radius: 900, Within: time.Hour}}
		}
		fast, slow := NewBook(o), &slowBook{options: o, number: map[string]int{}}
		for i, tr := range history(seed, 150, devices) {
			got, _ := fast.Apply(&tr)
			if want := slow.apply(&tr); got != want {
				t.Fatalf("seed %d, transition %d of %s: joined %s, want %s", seed, i, tr.Alert.ID, got, want)
			}
		}
		checkSums(t, fast)
	}
}

// checkSums holds what a book counts against its members.
func checkSums(t *testing.T, b *Book) {
	t.Helper()
	alerts := 0
	for _, in := range append(b.Open(), b.Closed(1e6, nil)...) {
		f, ok := b.File(in.ID)
		var worst citywatch.Level
		open := 0
		for _, m := range f.Members {
			if m.Open {
				open++
				worst = max(worst, m.Level)
			}
			if b.Of(m.ID) != in.ID {
				t.Fatalf("%s is in %s, and listed in %s", m.ID, b.Of(m.ID), in.ID)
			}
		}
		if !ok || open != in.OpenAlerts || (open > 0) != in.Open || in.Open && worst != in.Level || in.Open == !in.Closed.IsZero() {
			t.Fatalf("%s: %d open, worst %d, and it says %+v", in.ID, open, worst, in)
		}
		alerts += len(f.Members)
	}
	if alerts != len(b.members) {
		t.Fatalf("%d alerts in incidents, %d known", alerts, len(b.members))
	}
}

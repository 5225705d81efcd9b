package incident

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

var begin = time.Date(2026, 9, 29, 18, 0, 0, 0, time.UTC)

// A teller makes transitions as the engine does.
type teller struct {
	t    testing.TB
	book *Book
	seq  uint64
	open map[string]citywatch.Alert
	now  time.Time
}

func newTeller(t testing.TB, o Options) *teller {
	return &teller{t: t, book: NewBook(o), open: map[string]citywatch.Alert{}, now: begin}
}

// at moves the clock to a time of day after begin.
func (w *teller) at(after time.Duration) { w.now = begin.Add(after) }

func alert(id, hazard, device, zone string, at orb.Point, level citywatch.Level) citywatch.Alert {
	return citywatch.Alert{
		ID: id, Rule: hazard + "-rule", Hazard: hazard, Device: device, Zone: zone, Position: at,
		Level: level, Condition: citywatch.Active, Handling: citywatch.New,
	}
}

// next makes the next transition of an alert, as it is to be after it.
func (w *teller) next(a citywatch.Alert, reason citywatch.Reason) citywatch.Transition {
	w.seq++
	if before, known := w.open[a.ID]; known {
		a.Version, a.Since = before.Version, before.Since
	}
	a.Version++
	if a.Since.IsZero() {
		a.Since = w.now
	}
	a.Updated = w.now
	w.open[a.ID] = a
	t := citywatch.Transition{ID: fmt.Sprintf("%s.%d", a.ID, a.Version), Seq: w.seq, At: w.now, Reason: reason, Alert: a}
	if reason == citywatch.ReasonFired || reason == citywatch.ReasonRaised {
		t.Notice = citywatch.NoticeSound
	}
	return t
}

func (w *teller) fire(a citywatch.Alert) string {
	t := w.next(a, citywatch.ReasonFired)
	in, _ := w.book.Apply(&t)
	return in
}

// over ends an alert's condition, close has people close it.
func (w *teller) over(id string) {
	a := w.open[id]
	a.Condition = citywatch.Normal
	t := w.next(a, citywatch.ReasonRecovered)
	w.book.Apply(&t)
}

func (w *teller) close(id string, as citywatch.Handling) {
	a := w.open[id]
	a.Handling = as
	t := w.next(a, citywatch.Reason(as))
	w.book.Apply(&t)
}

func (w *teller) together(what string, ids ...string) {
	w.t.Helper()
	for _, id := range ids[1:] {
		if w.book.Of(id) == "" || w.book.Of(id) != w.book.Of(ids[0]) {
			w.t.Errorf("%s: %s is in %q, %s in %q", what, id, w.book.Of(id), ids[0], w.book.Of(ids[0]))
		}
	}
}

func (w *teller) apart(what string, ids ...string) {
	w.t.Helper()
	for i, id := range ids {
		for _, other := range ids[:i] {
			if w.book.Of(id) == w.book.Of(other) {
				w.t.Errorf("%s: %s and %s are both in %q", what, id, other, w.book.Of(id))
			}
		}
	}
}

// north returns the point so many metres north of another.
func north(p orb.Point, metres float64) orb.Point {
	return orb.Point{p[0], p[1] + metres/111_319}
}

var (
	coocLeu = orb.Point{103.9707, 22.4856}
	thao    = []citywatch.Device{
		{ID: "lao-cai", Class: "river_gauge", River: "thao", Downstream: "bao-ha", Zone: "cam-duong"},
		{ID: "bao-ha", Class: "river_gauge", River: "thao", Downstream: "yen-bai", Zone: "bao-ha"},
		{ID: "yen-bai", Class: "river_gauge", River: "thao", Zone: "yen-bai"},
		{ID: "ngoi-nhu", Class: "river_gauge", River: "nhu", Downstream: "bao-ha", Zone: "khanh-yen"},
		{ID: "bac-ha", Class: "river_gauge", River: "chay", Zone: "bac-ha"},
		{ID: "rain-bao-ha", Class: "rain_gauge", Basin: "thao", Zone: "bao-ha"},
		{ID: "rain-nowhere", Class: "rain_gauge", Zone: "bao-ha"},
	}
)

// A history is random transitions of many alerts, as an engine would make them.
func history(seed uint64, steps int, devices []citywatch.Device) []citywatch.Transition {
	r := rand.New(rand.NewPCG(seed, 7))
	w := &teller{open: map[string]citywatch.Alert{}, now: begin}
	var (
		all  []citywatch.Transition
		open []string
	)
	for len(all) < steps {
		w.now = w.now.Add(time.Duration(r.IntN(180)) * time.Second)
		if r.IntN(40) == 0 {
			w.now = w.now.Add(time.Duration(r.IntN(30)) * time.Hour)
		}
		if len(open) == 0 || r.IntN(3) == 0 {
			d := &devices[r.IntN(len(devices))]
			hazard := []string{"fire", "flood", "landslide", "heavy_rain", "hail"}[r.IntN(5)]
			a := alert(fmt.Sprintf("a%d", len(all)), hazard, d.ID, d.Zone, d.Position, citywatch.Level(1+r.IntN(5)))
			a.Since = w.now.Add(-time.Duration(r.IntN(4)) * 20 * time.Minute)
			if r.IntN(12) == 0 {
				a.Retrospective, a.Condition = true, citywatch.Normal
				a.Since = w.now.Add(-time.Duration(r.IntN(48)) * time.Hour)
				a.Evidence = []citywatch.Evidence{{Device: d.ID, Time: a.Since.Add(30 * time.Minute)}}
			}
			all = append(all, w.next(a, citywatch.ReasonFired))
			open = append(open, a.ID)
			continue
		}
		i := r.IntN(len(open))
		a, reason := w.open[open[i]], citywatch.ReasonRaised
		switch r.IntN(6) {
		case 0:
			a.Level = citywatch.Level(1 + r.IntN(5))
		case 1:
			a.Condition, reason = citywatch.Recovering, citywatch.ReasonRecovering
		case 2:
			a.Condition, reason = citywatch.Normal, citywatch.ReasonRecovered
		case 3:
			a.Handling, reason = citywatch.Acknowledged, citywatch.ReasonAcknowledged
		case 4:
			a.Handling, reason = citywatch.Closed, citywatch.ReasonClosed
		default:
			a.Handling, reason = citywatch.FalseAlarm, citywatch.ReasonFalseAlarm
		}
		all = append(all, w.next(a, reason))
		if !a.Open() {
			open = append(open[:i], open[i+1:]...)
		}
	}
	return all
}

// scattered are the devices of thao, and many that stand near one another.
func scattered(n int, seed uint64) []citywatch.Device {
	r := rand.New(rand.NewPCG(seed, 1))
	devices := append([]citywatch.Device(nil), thao...)
	for i := range n {
		devices = append(devices, citywatch.Device{
			ID: fmt.Sprintf("d%d", i), Class: "smoke_detector", Zone: fmt.Sprintf("z%d", r.IntN(4)),
			Position: orb.Point{coocLeu[0] + r.Float64()*0.02, coocLeu[1] + r.Float64()*0.02},
		})
	}
	devices = append(devices, citywatch.Device{ID: "nowhere", Class: "x"})
	return devices
}

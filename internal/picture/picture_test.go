package picture_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/journal"
	"citywatch/internal/picture"
	"citywatch/internal/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a real journal with a picture drawn from it.
type world struct {
	t        *testing.T
	journal  *journal.Journal
	registry *registry.Registry
	seen     seen
}

// seen counts what the picture tells.
type seen struct{ readings, transitions chan int }

func (s seen) Readings(rs []citywatch.Reading)    { s.readings <- len(rs) }
func (s seen) Transition(t *citywatch.Transition) { s.transitions <- t.Alert.Version }

func newWorld(t *testing.T) *world {
	j, err := journal.Open(t.Context(), journal.Options{Dir: t.TempDir()}, journal.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	classes := []citywatch.Class{{ID: "river_gauge", Period: time.Minute}}
	devices := []citywatch.Device{
		{ID: "b", Class: "river_gauge", Period: time.Minute},
		{ID: "a", Class: "river_gauge", Period: time.Minute},
	}
	return &world{
		t: t, journal: j, registry: registry.New(classes, devices, 0),
		seen: seen{make(chan int, 1000), make(chan int, 1000)},
	}
}

// draw runs a picture until stop is called.
func (w *world) draw() (p *picture.Picture, stop func()) {
	p = picture.New(picture.Options{Journal: w.journal, Shards: 1, Devices: w.registry, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx, w.seen) }()
	return p, func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

var begin = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

func (w *world) measure(device string, minute int, values ...citywatch.Value) {
	w.t.Helper()
	at := begin.Add(time.Duration(minute) * time.Minute)
	_, err := w.journal.Append(w.t.Context(), 0, []citywatch.Reading{{
		Device: device, Class: "river_gauge", Time: at, Arrived: begin.Add(time.Hour), Values: values,
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	await(w.t, w.seen.readings)
}

func (w *world) change(a citywatch.Alert) {
	w.t.Helper()
	err := w.journal.AppendTransitions(w.t.Context(), []citywatch.Transition{{ID: a.ID + "." + string(rune('0'+a.Version)), Alert: a}})
	if err != nil {
		w.t.Fatal(err)
	}
	await(w.t, w.seen.transitions)
}

func await(t *testing.T, c chan int) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("the picture was not told within 10 s")
	}
}

func level(number float64) citywatch.Value {
	return citywatch.Value{Name: "water_level", Number: number}
}

func TestEveryDeviceIsThereAndKeepsItsNewestValues(t *testing.T) {
	w := newWorld(t)
	p, stop := w.draw()
	defer stop()
	w.measure("a", 10, citywatch.Value{Name: "battery", Number: 90}, level(80))
	w.measure("a", 12, level(81))
	w.measure("a", 5, level(70)) // a gateway sends its backlog

	devices := p.Devices()
	if len(devices) != 2 || devices[0].Device.ID != "a" || devices[1].Device.ID != "b" {
		t.Fatalf("got %+v", devices)
	}
	want := []citywatch.LastValue{
		{Value: citywatch.Value{Name: "battery", Number: 90}, Time: begin.Add(10 * time.Minute)},
		{Value: level(81), Time: begin.Add(12 * time.Minute)},
	}
	if diff := cmp.Diff(want, devices[0].Values, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Error(diff)
	}
	if got := devices[1].Freshness(begin); got != citywatch.Never {
		t.Errorf("a device that was never heard is %q", got)
	}
}

func TestAlertsStayUntilOverAndSeen(t *testing.T) {
	w := newWorld(t)
	p, stop := w.draw()
	defer stop()
	alert := citywatch.Alert{ID: "flood-a-1", Level: 3, Condition: citywatch.Active, Handling: citywatch.New}
	for _, step := range []struct {
		condition citywatch.Condition
		handling  citywatch.Handling
		open      bool
	}{
		{citywatch.Active, citywatch.New, true},
		{citywatch.Normal, citywatch.New, true}, // over, but nobody has seen it
		{citywatch.Normal, citywatch.Acknowledged, false},
	} {
		alert.Version++
		alert.Condition, alert.Handling = step.condition, step.handling
		w.change(alert)
		if _, open := p.Alert(alert.ID); open != step.open {
			t.Errorf("%s and %s: open is %v", step.condition, step.handling, open)
		}
	}
	if _, seq := p.Alerts(); seq != 3 {
		t.Errorf("known up to %d, want 3", seq)
	}
}

func TestThePictureOutlivesARestart(t *testing.T) {
	w := newWorld(t)
	_, stop := w.draw()
	w.measure("a", 1, level(80))
	w.change(citywatch.Alert{ID: "x", Version: 1, Handling: citywatch.New})
	stop()

	p, stop := w.draw()
	defer stop()
	w.measure("b", 2, level(50)) // told only after what was kept is there
	a, _ := p.Device("a")
	if len(a.Values) != 1 || a.Values[0].Number != 80 || a.Heard.IsZero() {
		t.Errorf("after the restart a is %+v", a)
	}
	if _, open := p.Alert("x"); !open {
		t.Error("after the restart the alert is gone")
	}
	if len(w.seen.readings) != 0 {
		t.Error("what the picture had already was told again")
	}
}

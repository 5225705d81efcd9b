package picture_test

import (
	"context"
	"log/slog"
	"testing"

	"citywatch"
	"citywatch/internal/incidents"
	"citywatch/internal/journal"
	"citywatch/internal/picture"
)

// told keeps the incident of every alert that a watcher is told of.
type told chan citywatch.Transition

func (told) Readings([]citywatch.Reading)         {}
func (w told) Transition(t *citywatch.Transition) { w <- *t }

// drawWithIncidents runs a picture that says which incident alerts belong to.
func drawWithIncidents(t *testing.T, w *world, j *journal.Journal) (*picture.Picture, told, func()) {
	known := incidents.New(incidents.Options{}, incidents.Rules{}, incidents.Deps{
		Journal: j, Transitions: func(from uint64) incidents.Reader { return j.Transitions(from) }, Log: slog.New(slog.DiscardHandler),
	})
	p := picture.New(picture.Options{
		Journal: j, Shards: 1, Devices: w.registry, Incidents: known, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	seen, done := make(told, 100), make(chan error, 1)
	go func() { done <- p.Run(ctx, seen) }()
	return p, seen, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestNoAlertIsSeenWithoutItsIncident: not by watchers, not in the picture, and
// not after a restart of a citywatch that knew no incidents before.
func TestNoAlertIsSeenWithoutItsIncident(t *testing.T) {
	w := newWorld(t)
	a := citywatch.Alert{
		ID: "before", Hazard: "flood", Device: "a", Zone: "z", Version: 1, Level: 2,
		Condition: citywatch.Active, Handling: citywatch.New, Since: begin,
	}
	append1 := func(a citywatch.Alert) {
		t.Helper()
		ts := []citywatch.Transition{{ID: a.ID + ".1", At: begin, Reason: citywatch.ReasonFired, Alert: a}}
		if err := w.journal.AppendTransitions(t.Context(), ts); err != nil {
			t.Fatal(err)
		}
	}
	old, stop := w.draw()
	append1(a)
	await(t, w.seen.transitions)
	stop()
	if was, _ := old.Alert("before"); was.Incident != "" {
		t.Fatalf("without incidents it is in %q", was.Incident)
	}

	p, seen, stop := drawWithIncidents(t, w, w.journal)
	a.ID = "after"
	append1(a)
	if tr := <-seen; tr.Alert.ID != "after" || tr.Alert.Incident != "flood~before" {
		t.Errorf("told of %s in %q", tr.Alert.ID, tr.Alert.Incident)
	}
	for _, id := range []string{"before", "after"} {
		if is, _ := p.Alert(id); is.Incident != "flood~before" {
			t.Errorf("%s is in %q", id, is.Incident)
		}
	}
	stop()
	p, seen, stop = drawWithIncidents(t, w, w.journal)
	defer stop()
	a.ID = "again"
	append1(a)
	<-seen
	for _, id := range []string{"before", "after", "again"} {
		if is, _ := p.Alert(id); is.Incident != "flood~before" {
			t.Errorf("after a restart %s is in %q", id, is.Incident)
		}
	}
}

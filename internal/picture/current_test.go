package picture_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"citywatch"
)

// TestCurrentWaitsForTheJournal: right after a start the picture is not whole
// until it has read what the journal held.
func TestCurrentWaitsForTheJournal(t *testing.T) {
	w := newWorld(t)
	p, stop := w.draw()
	if err := p.Current(t.Context()); err != nil {
		t.Error("an empty journal is not waited for:", err)
	}
	stop()
	for version := 1; version <= 9; version++ {
		w.journalOnly(citywatch.Alert{ID: "x", Version: version, Handling: citywatch.New})
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Current(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a picture that nobody draws is current: %v", err)
	}
	p, stop = w.draw()
	defer stop()
	if err := p.Current(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, open := p.Alert("x"); !open || a.Version != 9 {
		t.Errorf("what is current is %+v", a)
	}
}

// journalOnly changes an alert while no picture is being drawn.
func (w *world) journalOnly(a citywatch.Alert) {
	w.t.Helper()
	err := w.journal.AppendTransitions(w.t.Context(), []citywatch.Transition{{ID: a.ID + "." + string(rune('0'+a.Version)), Alert: a}})
	if err != nil {
		w.t.Fatal(err)
	}
}

package journal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch/internal/journal"
)

func TestATransitionByItsNumber(t *testing.T) {
	before := time.Now()
	j := open(t, journal.Options{Dir: t.TempDir()})
	written := transitions("storm", 20)
	if err := j.AppendTransitions(soon(t), written); err != nil {
		t.Fatal(err)
	}
	for i := range written {
		got, err := j.Transition(soon(t), written[i].Seq)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written[i], got); diff != "" {
			t.Errorf("number %d: %s", written[i].Seq, diff)
		}
	}
	if _, err := j.Transition(soon(t), 1000); !errors.Is(err, journal.ErrNoTransition) {
		t.Errorf("one that there is not: %v", err)
	}
	since, err := j.TransitionsSince(soon(t))
	if err != nil || since.Before(before.Add(-time.Second)) || since.After(time.Now()) {
		t.Errorf("kept since %v, %v; the journal was begun after %v", since, err, before)
	}
}

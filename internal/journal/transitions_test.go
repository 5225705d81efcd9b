package journal_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
	"citywatch/internal/journal"
)

// transitions are n transitions whose ids begin with prefix.
func transitions(prefix string, n int) []citywatch.Transition {
	ts := make([]citywatch.Transition, n)
	for i := range ts {
		id := fmt.Sprintf("%s/%d", prefix, i)
		ts[i] = citywatch.Transition{
			ID: id + "@1", At: start.Add(time.Duration(i) * time.Second), Reason: citywatch.ReasonFired,
			State: []byte{1, 2, 3},
			Alert: citywatch.Alert{
				ID: id, Rule: "river-flood", Name: citywatch.Text{VI: "Lũ vượt mức báo động", EN: "River above flood alarm level"},
				Hazard: "flood", Device: "lao-cai-thao", Zone: "lao-cai", Level: 3,
				Condition: citywatch.Active, Handling: citywatch.New, Version: 1,
				Evidence: []citywatch.Evidence{{Device: "lao-cai-thao", Value: "water_level", Number: 83.61, Unit: "m", Time: start}},
			},
		}
	}
	return ts
}

// read returns all transitions that there are.
func read(t *testing.T, j *journal.Journal) []citywatch.Transition {
	t.Helper()
	first, last, err := j.TransitionBounds(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	r := j.Transitions(0).Named("hub")
	defer r.Close()
	var ts []citywatch.Transition
	for seq := first; seq <= last; seq++ {
		tr, err := r.Next(soon(t))
		if err != nil || tr.Seq != seq {
			t.Fatalf("transition %d: got %d, %v", seq, tr.Seq, err)
		}
		ts = append(ts, tr)
	}
	return ts
}

func TestTransitionsComeBackInOrder(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	var want []citywatch.Transition
	for i, n := range []int{1, 3, 40, 0, 1200} {
		ts := transitions(fmt.Sprint("storm-", i), n)
		if err := j.AppendTransitions(soon(t), ts); err != nil {
			t.Fatal(err)
		}
		want = append(want, ts...)
	}
	for i := range want {
		if want[i].Seq != uint64(i+1) {
			t.Fatalf("transition %d was told its place is %d", i+1, want[i].Seq)
		}
	}
	if diff := cmp.Diff(want, read(t, j)); diff != "" {
		t.Error(diff)
	}
}

// TestTransitionIsStoredOnce repeats transitions in every way a crash can make
// the engine repeat them: all, some, in a batch and alone, at once and after a
// restart.
func TestTransitionIsStoredOnce(t *testing.T) {
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir})
	first := transitions("storm", 30)
	if err := j.AppendTransitions(soon(t), first[:20]); err != nil {
		t.Fatal(err)
	}
	repeat := func() {
		t.Helper()
		for _, part := range [][2]int{{0, 20}, {5, 6}, {0, 30}, {10, 30}} {
			again := transitions("storm", 30)[part[0]:part[1]]
			if err := j.AppendTransitions(soon(t), again); err != nil {
				t.Fatal(err)
			}
			for i, tr := range again {
				if want := uint64(part[0] + i + 1); tr.Seq != want {
					t.Errorf("%s is at %d, was told %d", tr.ID, want, tr.Seq)
				}
			}
		}
	}
	repeat()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, journal.Options{Dir: dir})
	repeat()
	if err := j.AppendTransitions(soon(t), transitions("many", 33000)); err != nil {
		t.Fatal(err) // more than are remembered
	}
	same := transitions("twin", 1)
	twins := slices.Repeat(same, 20) // within one batch
	if err := j.AppendTransitions(soon(t), twins); err != nil {
		t.Fatal(err)
	}
	if twins[0].Seq != 33031 || twins[19].Seq != 33031 {
		t.Errorf("twins are at %d and %d", twins[0].Seq, twins[19].Seq)
	}
	if got := read(t, j); len(got) != 33031 {
		t.Errorf("%d transitions are there", len(got))
	}
}

func TestTransitionsOfSeveralWriters(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	var work sync.WaitGroup
	for w := range 4 {
		work.Go(func() {
			for i := range 10 {
				if err := j.AppendTransitions(soon(t), transitions(fmt.Sprintf("writer-%d-%d", w, i), 1+20*(i%2))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	seen := map[string]bool{}
	for _, tr := range read(t, j) {
		if seen[tr.ID] {
			t.Errorf("%s is there twice", tr.ID)
		}
		seen[tr.ID] = true
	}
	if want := 4 * (5*1 + 5*21); len(seen) != want {
		t.Errorf("%d transitions, want %d", len(seen), want)
	}
}

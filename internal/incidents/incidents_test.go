package incidents_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/alerts/incident"
	"citywatch/internal/incidents"
	"citywatch/internal/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

func openJournal(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func checklist(rule string) []citywatch.Text {
	return []citywatch.Text{{VI: "Gọi 114", EN: "Call the fire brigade"}, {VI: "Xem camera " + rule, EN: "Look at the camera"}}
}

func known(t *testing.T, j *journal.Journal) *incidents.Incidents {
	t.Helper()
	return incidents.New(incidents.Options{}, incidents.Rules{Checklist: checklist}, incidents.Deps{
		Journal:     j,
		Transitions: func(from uint64) incidents.Reader { return j.Transitions(from) },
		Log:         slog.New(slog.DiscardHandler),
	})
}

// fires appends fires that stand about so that some of them join.
func fires(t *testing.T, j *journal.Journal, from, n int) []citywatch.Transition {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(from), 1))
	var ts []citywatch.Transition
	for i := from; i < from+n; i++ {
		at := begin.Add(time.Duration(i) * 20 * time.Second)
		ts = append(ts, citywatch.Transition{
			ID: fmt.Sprintf("a%d.1", i), At: at, Reason: citywatch.ReasonFired, Notice: citywatch.NoticeSound,
			Alert: citywatch.Alert{
				ID: fmt.Sprintf("a%d", i), Rule: "smoke", Hazard: "fire", Device: fmt.Sprintf("p%d", i), Zone: "sa-pa", Version: 1,
				Level: citywatch.Level(1 + r.IntN(5)), Condition: citywatch.Active, Handling: citywatch.New, Since: at,
				Position: orb.Point{103.84 + r.Float64()/50, 22.33 + r.Float64()/50},
			},
		})
	}
	if err := j.AppendTransitions(t.Context(), ts); err != nil {
		t.Fatal(err)
	}
	return ts
}

// TestKilledAnywhere: incidents that are saved at some moments, or never, and
// restored over a real journal, are those that were never killed; also when
// whoever hands in the transitions is behind them, or before them.
func TestKilledAnywhere(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	ts := fires(t, j, 0, 60)
	whole := known(t, j)
	if err := whole.Restore(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for i := range ts {
		whole.Transition(new(ts[i]))
	}
	want := whole.List(100)
	if len(want) < 3 || len(want) > 50 {
		t.Fatalf("%d incidents of 60 fires: the test tests nothing", len(want))
	}
	for _, kill := range []struct{ saved, upTo, handed int }{
		{0, 0, 0}, {0, 60, 60}, {20, 0, 0}, {20, 40, 40}, {40, 20, 20}, {60, 60, 60}, {60, 10, 10}, {30, 1000, 60},
	} {
		before := known(t, j)
		for i := range kill.saved {
			before.Transition(new(ts[i]))
		}
		if err := before.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := known(t, j)
		if err := after.Restore(t.Context(), uint64(kill.upTo)); err != nil {
			t.Fatal(err)
		}
		for i := kill.handed; i < len(ts); i++ {
			tr := ts[i]
			after.Transition(&tr)
			if tr.Alert.Incident == "" || tr.Alert.Incident != whole.Of(tr.Alert.ID) {
				t.Errorf("%+v: %s is in %q", kill, tr.Alert.ID, tr.Alert.Incident)
			}
		}
		if diff := cmp.Diff(want, after.List(100)); diff != "" {
			t.Errorf("%+v: -never killed +killed\n%s", kill, diff)
		}
	}
}

// TestChecksAreOnTheDisk when they are answered, even if nothing else is.
func TestChecksAreOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	ts := fires(t, j, 0, 1)
	n := known(t, j)
	n.Transition(&ts[0])
	id := n.Of("a0")
	f, _ := n.File(id)
	if len(f.Checklist.Items) != 2 || f.Checklist.Version != 0 {
		t.Fatalf("%+v", f.Checklist)
	}
	check := incident.Check{Item: f.Checklist.Items[1].ID, Done: true, Actor: "Lan", At: begin.Add(time.Minute)}
	list, err := n.Check(t.Context(), id, check)
	if err != nil || !list.Items[1].Done || list.Version != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := openJournal(t, dir)
	n = known(t, again)
	if err := n.Restore(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f, ok := n.File(id)
	if !ok || !f.Checklist.Items[1].Done || f.Checklist.Items[1].By != "Lan" {
		t.Errorf("after the restart: %+v", f.Checklist)
	}
	if last := f.Timeline[len(f.Timeline)-1]; last.Reason != citywatch.ReasonChecked || last.Actor != "Lan" {
		t.Errorf("the timeline ends with %+v", last)
	}
	check.Actor = "Hoa"
	if _, err := n.Check(t.Context(), id, check); !errors.Is(err, incident.ErrChecked) {
		t.Errorf("who saw it as it was before is told %v", err)
	}
	if _, err := n.Check(t.Context(), "none", check); !errors.Is(err, incidents.ErrNotFound) {
		t.Errorf("no incident: %v", err)
	}
	// What cannot be kept has not happened.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	undone := incident.Check{Item: f.Checklist.Items[0].ID, Done: true, Actor: "Hoa", Seen: 1, At: begin}
	if _, err := n.Check(ended, id, undone); err == nil {
		t.Error("it was kept with a context that has ended")
	}
	if f, _ := n.File(id); f.Checklist.Items[0].Done || f.Checklist.Version != 1 {
		t.Errorf("what could not be kept is there: %+v", f.Checklist)
	}
}

// TestReloadedRulesJoinNothingAnew, not even after a kill.
func TestReloadedRulesJoinNothingAnew(t *testing.T) {
	j := openJournal(t, t.TempDir())
	ts := fires(t, j, 0, 20)
	n := known(t, j)
	for i := range ts {
		n.Transition(new(ts[i]))
	}
	want := n.List(100)
	one := incidents.Rules{Joins: []incident.Join{{Hazard: "fire", By: incident.ByZone, Within: time.Hour}}}
	if err := n.Reload(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	n = incidents.New(incidents.Options{}, one, incidents.Deps{
		Journal: j, Transitions: func(from uint64) incidents.Reader { return j.Transitions(from) }, Log: slog.New(slog.DiscardHandler),
	})
	if err := n.Restore(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, n.List(100)); diff != "" {
		t.Error(diff)
	}
	more := fires(t, j, 20, 2)
	for i := range more {
		n.Transition(&more[i])
	}
	if n.Of("a20") != n.Of("a0") || n.Of("a21") != n.Of("a0") {
		t.Errorf("by the new rules: %s and %s", n.Of("a20"), n.Of("a21"))
	}
}

// TestDamagedBookIsReadAnew from the journal, which has all of it.
func TestDamagedBookIsReadAnew(t *testing.T) {
	j := openJournal(t, t.TempDir())
	fires(t, j, 0, 5)
	if err := j.Save(t.Context(), "incidents", []byte(`{"epoch": "x", "book": {"version": 99}}`)); err != nil {
		t.Fatal(err)
	}
	n := known(t, j)
	if err := n.Restore(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if n.Of("a4") == "" {
		t.Error("nothing was read")
	}
}

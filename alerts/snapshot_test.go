package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"citywatch"
)

// TestSnapshotInSteps: a checkpoint that is made while readings come, time
// passes and people act is the same as one that was made at once where it began.
func TestSnapshotInSteps(t *testing.T) {
	w := newWorld(t, propertyDevices, propertyRules)
	made := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 11))
		f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
		f.start()
		var want string
		for i, m := range randomHistory(r, 600) {
			if f.saving == nil && r.IntN(5) == 0 {
				want = ordered(t, f.checkpoint())
				f.saving = f.begin()
			}
			m.entry.Seq = uint64(i + 1)
			f.apply(&m.entry)
			if m.act != nil {
				m.act(f, m.key)
			}
			if f.saving == nil || !f.saving.step(f, r.IntN(3)) {
				continue
			}
			if diff := gocmp.Diff(want, ordered(t, f.saving.whole())); diff != "" {
				t.Fatalf("seed %d, entry %d: what was kept in steps differs:\n%s", seed, i+1, diff)
			}
			f.saving = nil
			made++
		}
	}
	if made < 100 {
		t.Errorf("only %d checkpoints were made", made)
	}
}

// ordered writes a checkpoint with its keys in order.
func ordered(t *testing.T, c *checkpoint) string {
	t.Helper()
	sorted := *c
	sorted.Keys = slices.SortedFunc(slices.Values(c.Keys), func(a, b saved) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Device, b.Device))
	})
	b, err := json.Marshal(sorted)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAStormIsKeptSoon: who changes a lot does not wait for the minute, so that
// a start after a kill has little to read.
func TestAStormIsKeptSoon(t *testing.T) {
	const devices = checkpointChanges + 10
	w, m := newWorld(t, crowdDevices(devices), crowdRules), newMemory()
	for _, e := range crowdEntries(devices) {
		for i := range e.Readings {
			e.Readings[i].Time, e.Readings[i].Arrived = day, day
			e.Readings[i].Values[1].Number = 90
		}
		m.append(e)
		later := citywatch.Entry{Readings: slices.Clone(e.Readings)}
		for i := range later.Readings {
			later.Readings[i].Time, later.Readings[i].Arrived = day.Add(11*time.Minute), day.Add(11*time.Minute)
		}
		m.append(later)
	}
	e := New(Options{}, m.deps(w.rules, w.devices))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	var kept checkpoint
	for deadline := time.Now().Add(50 * time.Second); kept.Transitions < checkpointChanges && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		data, err := m.Load(ctx, e.checkpointKey())
		if err != nil {
			t.Fatal(err)
		}
		if data != nil {
			if err := json.Unmarshal(data, &kept); err != nil {
				t.Fatal(err)
			}
		}
	}
	if kept.Transitions < checkpointChanges {
		t.Errorf("after %d changes a checkpoint has %d of them", len(m.written()), kept.Transitions)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

package alerts

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
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

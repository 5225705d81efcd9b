package alerts

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
)

// TestSteadyIsTheSame: what steady makes of a reading, the long way makes of it
// too: the same changes of alerts, and the same state.
func TestSteadyIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	steady := 0
	for seed := range uint64(8) {
		short, long := newFold(Options{}, newMemory().deps(w.rules, w.devices)), newFold(Options{}, newMemory().deps(w.rules, w.devices))
		short.start()
		long.start()
		for i, m := range randomHistory(rand.New(rand.NewPCG(seed, 7)), 300) {
			m.entry.Seq = uint64(i + 1)
			for _, k := range long.keys {
				if k.check != nil {
					k.check.plain = false
				}
			}
			for _, f := range []*fold{short, long} {
				f.apply(&m.entry)
				if m.act != nil {
					m.act(f, m.key)
				}
			}
			if i%10 != 0 && i < 299 {
				continue
			}
			if diff := cmp.Diff(known(t, long), known(t, short)); diff != "" {
				t.Fatalf("seed %d, entry %d: the long way and the short one differ:\n%s", seed, i+1, diff)
			}
		}
		for _, k := range short.keys {
			if k.check != nil && k.check.plain {
				steady += len(k.Past.Marks)
			}
		}
	}
	if steady == 0 {
		t.Error("no check is plain: nothing was compared")
	}
}

// known is all that a fold knows and said.
func known(t *testing.T, f *fold) string {
	t.Helper()
	b, err := json.Marshal(struct {
		Checkpoint *checkpoint
		Out        []citywatch.Transition
	}{f.checkpoint(), f.out})
	if err != nil {
		t.Fatal(err)
	}
	f.out = f.out[:0]
	return string(b)
}

// TestSteadyAllocatesNothing: readings that move nothing leave no garbage, once
// as many are remembered as are to be.
func TestSteadyAllocatesNothing(t *testing.T) {
	const devices = 100
	f, entries := crowd(t, devices), crowdEntries(devices)
	now, seq := day, uint64(0)
	turn := func() {
		now = now.Add(time.Minute)
		for i := range entries {
			e := &entries[i]
			seq++
			e.Seq = seq
			for i := range e.Readings {
				e.Readings[i].Time, e.Readings[i].Arrived = now, now
			}
			f.apply(e)
		}
	}
	for range 3 * defaultRemember {
		turn()
	}
	f.stats = stats{}
	if n := testing.AllocsPerRun(10*defaultRemember, turn); n > 0 {
		t.Errorf("%v allocations a turn of %d devices", n, devices)
	}
	if want := 2 * devices * (10*defaultRemember + 1); f.stats.evaluated != want {
		t.Errorf("%d evaluated, not %d", f.stats.evaluated, want)
	}
}

// TestChecksAreShared: of devices that a rule treats alike there is one check.
func TestChecksAreShared(t *testing.T) {
	w := newWorld(t, `classes:
  - {id: gauge, name: {vi: Trạm, en: Gauge}, sector: disaster, period: 1m}
devices:
  - {id: a, class: gauge, at: [103.97, 22.48]}
  - {id: b, class: gauge, at: [103.97, 22.48]}
  - {id: slow, class: gauge, at: [103.97, 22.48], period: 1h}
  - {id: special, class: gauge, at: [103.97, 22.48]}
`, `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: {1: 80}}
    overrides: [{device: [special], for: 1m}]
`)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	check := func(id string) *check { return f.targets[id].keys[0].check }
	if check("a") != check("b") {
		t.Error("two like devices have two checks")
	}
	if check("a") == check("slow") || check("a") == check("special") || check("special").rule.For != time.Minute {
		t.Error("devices that differ have one check")
	}
}

package video

import (
	"math/rand/v2"
	"testing"
)

func unitOf(size int, key bool) *Unit { return &Unit{Data: [][]byte{make([]byte, size)}, Key: key} }

func TestGroupIsTheNewest(t *testing.T) {
	b := &budget{limit: mib}
	g := group{budget: b}
	for range 3 {
		g.start(nil, unitOf(1000, true))
		for range 24 {
			g.add(unitOf(100, false), false)
		}
	}
	if len(g.units) != 25 || !g.units[0].Key || g.alone || b.used.Load() != 3400 {
		t.Errorf("%d units, alone %v, %d bytes", len(g.units), g.alone, b.used.Load())
	}
}

func TestGroupTooBigKeepsItsKeyFrame(t *testing.T) {
	for name, c := range map[string]struct {
		limit       int64
		size, units int
	}{
		"bytes of the group": {1 << 40, maxGroup / 10, 11},
		"bytes of all":       {5000, 1000, 10},
		"units":              {1 << 40, 1, maxUnits + 1},
	} {
		b := &budget{limit: c.limit}
		g := group{budget: b}
		g.start(nil, unitOf(500, true))
		for range c.units {
			g.add(unitOf(c.size, false), false)
		}
		if len(g.units) != 1 || !g.alone || b.used.Load() != 500 {
			t.Errorf("%s: %d units, %d bytes", name, len(g.units), b.used.Load())
		}
		g.start(nil, unitOf(400, true))
		g.add(unitOf(1, false), false)
		if len(g.units) != 2 || g.alone {
			t.Errorf("%s: the next group is not kept", name)
		}
	}
}

func TestKeyFrameOutlivesItsStream(t *testing.T) {
	b := &budget{limit: mib}
	g := group{budget: b}
	g.start([]Track{{Codec: H264}}, unitOf(1000, true))
	g.add(unitOf(100, false), false)
	g.end()
	g.add(unitOf(100, false), false)
	if len(g.units) != 1 || !g.stale || len(g.tracks) != 1 {
		t.Errorf("%d units, %d tracks", len(g.units), len(g.tracks))
	}
	g.drop()
	if b.used.Load() != 0 {
		t.Errorf("%d bytes are not given back", b.used.Load())
	}
}

// Whatever happens, what the groups hold is what the budget counts, and only
// key frames exceed it.
func TestBudgetCountsWhatGroupsHold(t *testing.T) {
	b := &budget{limit: 100_000}
	groups := make([]group, 10)
	for i := range groups {
		groups[i].budget = b
	}
	for range 100_000 {
		g := &groups[rand.IntN(len(groups))]
		switch n := rand.IntN(100); {
		case n < 5:
			g.start(nil, unitOf(rand.IntN(20_000), true))
		case n < 97:
			g.add(unitOf(rand.IntN(2000), false), false)
		case n < 99:
			g.end()
		default:
			g.drop()
		}
		var held, keys int64
		for i := range groups {
			for j := range groups[i].units {
				held += int64(groups[i].units[j].Size())
			}
			if len(groups[i].units) > 0 {
				keys += int64(groups[i].units[0].Size())
			}
		}
		if held != b.used.Load() {
			t.Fatalf("%d bytes are held, %d counted", held, b.used.Load())
		}
		if held > b.limit+keys {
			t.Fatalf("%d bytes are held, %d of them key frames", held, keys)
		}
	}
}

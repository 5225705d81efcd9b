package past

import (
	"maps"
	"slices"
	"sort"
	"time"

	"citywatch"
)

// markEvery is how many transitions lie between two marks: that many at most
// are gone through to tell a moment.
const markEvery = 1024

// An entry is what is remembered of a transition.
type entry struct {
	at    int64 // nanoseconds since 1970, never less than that of the one before
	seq   uint64
	alert uint32
	open  bool
}

// A mark is which alerts were open before the entry at: by their numbers, the
// last transition of each.
type mark map[uint32]uint64

// known is what is remembered of the journal's transitions.
type known struct {
	entries []entry
	// marks holds at i what was before entry i*markEvery.
	marks []mark
	// now is which alerts are open after the last entry; numbers are theirs.
	now     mark
	numbers map[string]uint32
	next    uint32
}

func newKnown() known { return known{now: mark{}, numbers: map[string]uint32{}} }

// take adds the next transition. Shards write side by side, so that one may be
// a little older than the one before it: it counts from that one's time on,
// when it was known.
func (k *known) take(t *citywatch.Transition) {
	if len(k.entries)%markEvery == 0 {
		k.marks = append(k.marks, maps.Clone(k.now))
	}
	number, seen := k.numbers[t.Alert.ID]
	if !seen {
		number = k.next
		k.next++
	}
	e := entry{at: t.At.UnixNano(), seq: t.Seq, alert: number, open: t.Alert.Open()}
	if n := len(k.entries); n > 0 {
		e.at = max(e.at, k.entries[n-1].at)
	}
	k.entries = append(k.entries, e)
	k.now.apply(&e)
	// One that is closed needs its number no more. Should it ever be opened
	// again, it gets another, and is as open under that one.
	if e.open {
		k.numbers[t.Alert.ID] = number
	} else {
		delete(k.numbers, t.Alert.ID)
	}
}

func (m mark) apply(e *entry) {
	if e.open {
		m[e.alert] = e.seq
	} else {
		delete(m, e.alert)
	}
}

// open returns the last transition, at a moment, of each alert that was open
// then; a transition of that very moment has happened.
func (k *known) open(at time.Time) []uint64 {
	limit := at.UnixNano()
	end := sort.Search(len(k.entries), func(i int) bool { return k.entries[i].at > limit })
	if end == 0 {
		return nil
	}
	i := (end - 1) / markEvery
	m := maps.Clone(k.marks[i])
	for e := i * markEvery; e < end; e++ {
		m.apply(&k.entries[e])
	}
	return slices.Collect(maps.Values(m))
}

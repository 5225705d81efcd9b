package ingest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/ingest"
)

// TestCopies: a reading that several engines need is done when it is durable in
// each of their shards, and once.
func TestCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{Shards: 4, Route: func(r *citywatch.Reading) (int, []int) {
			if r.Device == "d1" {
				return 2, []int{0, 3}
			}
			return 1, nil
		}}, &disk{took: time.Millisecond})
		isDone(t, offer(t, b.door(), "d1 level=1"), nil)
		isDone(t, offer(t, b.door(), "d2 level=2"), nil)
		isDone(t, offer(t, b.door(), "d1 level=3\nd2 level=4\nd1 level=5"), nil)
		b.stop()
		want := [][]float64{{1, 3, 5}, {2, 4}, {1, 3, 5}, {1, 3, 5}}
		for shard, entries := range b.disk.entries {
			var got []float64
			for _, e := range entries {
				for i := range e {
					got = append(got, e[i].Values[0].Number)
				}
			}
			if len(got) != len(want[shard]) {
				t.Errorf("shard %d has %v, want %v", shard, got, want[shard])
				continue
			}
			for i := range got {
				if got[i] != want[shard][i] {
					t.Errorf("shard %d has %v, want %v", shard, got, want[shard])
				}
			}
		}
	})
}

// TestCopiesThatAreNotTaken: the sender is told once, and that it was not taken,
// although one shard has it.
func TestCopiesThatAreNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{Shards: 2, Route: func(*citywatch.Reading) (int, []int) { return 0, []int{1} }}, &disk{took: time.Hour})
		done := offer(t, b.door(), "d1 level=1")
		b.stop()
		isDone(t, done, ingest.ErrStopped)
	})
}

package journal_test

import (
	"fmt"
	"testing"

	"citywatch/internal/journal"
)

// BenchmarkAppend is what ingest does: several appends at once, each of a
// micro-batch.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100, 500} {
		for _, parallel := range []int{1, 8} {
			b.Run(fmt.Sprintf("readings=%d/parallel=%d", size, parallel), func(b *testing.B) {
				j := open(b, journal.Options{Dir: b.TempDir()})
				rs := readings(size)
				b.ReportAllocs()
				b.SetParallelism(parallel)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := j.Append(b.Context(), 0, rs); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "readings/s")
			})
		}
	}
}

// BenchmarkEntries is a reader that catches up.
func BenchmarkEntries(b *testing.B) {
	const size = 500
	j := open(b, journal.Options{Dir: b.TempDir()})
	rs := readings(size)
	for range b.N {
		if _, err := j.Append(b.Context(), 0, rs); err != nil {
			b.Fatal(err)
		}
	}
	r := j.Entries(0, 1)
	defer r.Close()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := r.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkAppendTransitions is a single alert, and a storm of them.
func BenchmarkAppendTransitions(b *testing.B) {
	for _, n := range []int{1, 3, 4, 8, 500} {
		b.Run(fmt.Sprint("transitions=", n), func(b *testing.B) {
			j := open(b, journal.Options{Dir: b.TempDir()})
			b.ReportAllocs()
			for i := range b.N {
				ts := transitions(fmt.Sprint("storm-", i), n)
				if err := j.AppendTransitions(b.Context(), ts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "transitions/s")
		})
	}
}

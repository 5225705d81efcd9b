package scene

import (
	"testing"
	"time"
)

// BenchmarkJudge judges pictures of a busy street; the place is looked at with
// every tenth, as it is in service.
func BenchmarkJudge(b *testing.B) {
	s := sizeFor(viewW, viewH)
	street := &scenery{seed: 1, cars: 4, noise: 3, clock: true}
	var pictures [20][]byte
	full := make([]byte, viewW*viewH)
	for i := range pictures {
		street.render(full, float64(i)/2)
		pictures[i] = shrunk(full, s)
	}
	j := NewJudge(s)
	at := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at = at.Add(500 * time.Millisecond)
		j.Add(pictures[i%len(pictures)], at)
	}
}

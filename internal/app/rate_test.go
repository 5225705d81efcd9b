package app

import (
	"math"
	"testing"
	"time"
)

// TestRate: a rate is that of the last half minute, is unknown at first, and
// takes no more memory for being asked often.
func TestRate(t *testing.T) {
	var r rate
	now := time.Now()
	if got := r.perSecond(now, 1000); got != nil {
		t.Errorf("at once it is said to be %v", *got)
	}
	count := uint64(1000)
	ask := func(seconds int, each uint64) (last *float64) {
		for range seconds * 10 {
			now = now.Add(100 * time.Millisecond)
			count += each
			last = r.perSecond(now, count)
		}
		return last
	}
	if got := ask(60, 5); got == nil || math.Abs(*got-50) > 1 {
		t.Errorf("50 readings a second are told as %v", got)
	}
	if got := ask(60, 0); got == nil || *got != 0 {
		t.Errorf("a minute without any is told as %v", got)
	}
	if n := len(r.counts); n > 40 {
		t.Errorf("it remembers %d counts", n)
	}
	now = now.Add(time.Hour)
	if got := r.perSecond(now, count+3600); got == nil || math.Abs(*got-1) > 0.05 {
		t.Errorf("asked after an hour, it says %v", got)
	}
}

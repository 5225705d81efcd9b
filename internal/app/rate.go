package app

import (
	"sync"
	"time"
)

const (
	// rateOver is how long a rate looks back; rateLeast how long it has to have
	// looked to be worth telling.
	rateOver  = 30 * time.Second
	rateLeast = 2 * time.Second
	// rateEvery is how far apart the counts are that are remembered.
	rateEvery = time.Second
)

// A rate tells how fast a count grows. It looks only when it is asked, and
// anybody may ask as often as they like.
type rate struct {
	mu     sync.Mutex
	counts []counted // oldest first, rateEvery apart
}

type counted struct {
	at    time.Time
	count uint64
}

// perSecond returns how much count has grown a second over the last while; nil
// until it has been asked for long enough.
func (r *rate) perSecond(now time.Time, count uint64) *float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Of what is older, one is kept: what was asked for a minute ago is a rate
	// over that minute.
	for len(r.counts) > 1 && now.Sub(r.counts[1].at) >= rateOver {
		r.counts = r.counts[1:]
	}
	if n := len(r.counts); n == 0 || now.Sub(r.counts[n-1].at) >= rateEvery {
		r.counts = append(r.counts, counted{now, count})
	}
	first := r.counts[0]
	over := now.Sub(first.at)
	if over < rateLeast || count < first.count {
		return nil
	}
	grown := float64(count-first.count) / over.Seconds()
	return &grown
}

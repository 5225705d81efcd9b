package publicview

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// perAddress is how many requests one address may make in a second, over
	// time, and atOnce how many of them together.
	perAddress = 2
	atOnce     = 20
	// streamsEach is how many streams one address may watch.
	streamsEach = 4
	// mostAddresses bounds what is held; beyond it the others share one limit.
	mostAddresses = 20_000
)

// limits hold back who asks too often.
type limits struct {
	mu        sync.Mutex
	addresses map[string]*rate.Limiter
	rest      *rate.Limiter
	streams   map[string]int // by address
	watching  int
	most      int
}

func newLimits(most int) *limits {
	return &limits{
		addresses: map[string]*rate.Limiter{}, rest: rate.NewLimiter(20*perAddress, 20*atOnce),
		streams: map[string]int{}, most: most,
	}
}

// allow reports whether an address may be answered now.
func (l *limits) allow(address string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.addresses[address]
	if at == nil {
		if len(l.addresses) >= mostAddresses {
			return l.rest.AllowN(now, 1)
		}
		at = rate.NewLimiter(perAddress, atOnce)
		l.addresses[address] = at
	}
	return at.AllowN(now, 1)
}

// watch takes a place among those who watch streams, and returns how to leave
// it, or nil if there is none.
func (l *limits) watch(address string) (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watching >= l.most || l.streams[address] >= streamsEach {
		return nil
	}
	l.watching++
	l.streams[address]++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.watching--
		if l.streams[address]--; l.streams[address] == 0 {
			delete(l.streams, address)
		}
	})
}

// tidy forgets the addresses that have been quiet.
func (l *limits) tidy(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for address, at := range l.addresses {
		if at.TokensAt(now) >= atOnce {
			delete(l.addresses, address)
		}
	}
}

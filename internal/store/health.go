package store

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch/internal/series"
)

// health knows who of the workers fails now, and tells the operator once when
// it begins and once when it is over.
type health struct {
	log      *slog.Logger
	degraded prometheus.Gauge

	mu     sync.Mutex
	faults map[*backoff]fault
	logged time.Time // when the outage began that was logged; zero if none is
}

type fault struct {
	since  time.Time
	reason string
}

// failed notes that the work of b fails.
func (h *health) failed(b *backoff, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, before := h.faults[b]
	if !before {
		f.since = time.Now()
	}
	f.reason = err.Error()
	if h.faults == nil {
		h.faults = map[*backoff]fault{}
	}
	h.faults[b] = f
	h.degraded.Set(1)
	// A single failure passes by itself as a rule. Refused credentials do not.
	if h.logged.IsZero() && (before || errors.Is(err, series.ErrUnauthorized)) {
		h.logged = f.since
		h.log.Error("the time series store fails; readings wait in the journal", "err", err)
	}
}

// succeeded notes that the work of b goes on.
func (h *health) succeeded(b *backoff) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.faults) == 0 {
		return
	}
	delete(h.faults, b)
	if len(h.faults) > 0 {
		return
	}
	h.degraded.Set(0)
	if !h.logged.IsZero() {
		h.log.Info("the time series store is back", "after", time.Since(h.logged).Round(time.Second))
		h.logged = time.Time{}
	}
}

func (h *health) degradedSince() (since time.Time, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.faults {
		if since.IsZero() || f.since.Before(since) {
			since, reason = f.since, f.reason
		}
	}
	return since, reason
}

const (
	backoffMin = 250 * time.Millisecond
	backoffMax = 10 * time.Second
)

// A backoff is how long one worker waits before it tries again.
type backoff struct{ last time.Duration }

// next returns the time to wait after err: twice the last, give or take half
// of it so that not all come at the same moment, and at least what the store
// asks for.
func (b *backoff) next(err error) time.Duration {
	b.last = min(max(2*b.last, backoffMin), backoffMax)
	wait := b.last/2 + rand.N(b.last)
	if busy := new(series.Busy); errors.As(err, &busy) {
		wait = max(wait, min(busy.After, maxBusy))
	}
	return wait
}

func (b *backoff) reset() { b.last = 0 }

// maxBusy bounds what a store may ask for: it may be a proxy's mistake.
const maxBusy = 5 * time.Minute

package ingest

import (
	"log/slog"
	"sync"
	"time"
)

// repeatEvery is how often an outage that goes on is reported again.
const repeatEvery = time.Minute

// An outage reports that the journal takes nothing: once when it begins, now
// and then while it lasts, and when it is over.
type outage struct {
	log  *slog.Logger
	what string // that the journal does not take

	mu       sync.Mutex
	cause    error // nil while there is none
	began    time.Time
	reported time.Time
	tries    int
}

func (o *outage) failed(err error, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cause == nil {
		o.began, o.tries = now, 0
	}
	o.cause = err
	o.tries++
	if o.tries > 1 && now.Sub(o.reported) < repeatEvery {
		return
	}
	o.reported = now
	o.log.Error("the journal takes no "+o.what+"; they wait until it does",
		"err", err, "tries", o.tries, "for", now.Sub(o.began).Round(time.Second),
		"hint", "is the disk full or the journal's server down?")
}

func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cause == nil {
		return
	}
	o.log.Info("the journal takes "+o.what+" again", "tries", o.tries)
	o.cause = nil
}

func (o *outage) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cause
}

// A throttle lets a fault that repeats be reported once a second.
type throttle struct {
	mu    sync.Mutex
	last  time.Time
	count int
}

// report counts a fault and returns how many there were since the last
// report, or 0 if it is too early for another.
func (t *throttle) report(now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	if now.Sub(t.last) < time.Second {
		return 0
	}
	n := t.count
	t.last, t.count = now, 0
	return n
}

package snapshot

import (
	"log/slog"
	"sync"
	"time"
)

// faultsEvery is how often the log is told of thumbnails that fail.
const faultsEvery = 10 * time.Minute

// faults tells the log of repeated faults now and then, and how many there
// were.
type faults struct {
	log *slog.Logger

	mu    sync.Mutex
	told  time.Time
	since int
}

func (f *faults) add(now time.Time, what, camera string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since++
	if !f.told.IsZero() && now.Sub(f.told) < faultsEvery {
		return
	}
	f.log.Warn(what, "camera", camera, "error", err, "times", f.since)
	f.told, f.since = now, 0
}

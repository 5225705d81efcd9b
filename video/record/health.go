package record

import (
	"context"
	"sync"
	"time"

	"citywatch"
)

// A State is how recording is as a whole.
type State string

// The states of the recorder.
const (
	// OK: whatever comes of the cameras is recorded.
	OK State = "ok"
	// DiskFull: nothing is recorded, for there is no room and nothing left to
	// delete for it.
	DiskFull State = "disk_full"
	// Failing: some camera, or all, cannot be recorded for another reason.
	Failing State = "failing"
)

const (
	healthEvery  = 10 * time.Second
	deliverLimit = 5 * time.Second
	remindEvery  = time.Minute
)

// health knows how recording is, and tells, in readings with the values "cameras"
// (of which something was recorded in the last seconds), "free" (bytes of the
// disk, absent while unknown) and "state" (a State).
type health struct {
	rec     *Recorder
	changed chan struct{} // holds a token when the state may have
	said    State         // the last that was delivered

	mu     sync.Mutex
	unread error // why the folder cannot be opened
	full   bool
	free   int64 // -1 until it is known
	told   time.Time
	untold int
}

func newHealth(r *Recorder) *health {
	return &health{rec: r, free: -1, changed: make(chan struct{}, 1)}
}

// run delivers a reading now and then, and at once when the state changes.
func (h *health) run(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.deliver(ctx)
		case <-h.changed:
			if state, _ := h.state(); state != h.said {
				h.deliver(ctx)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (h *health) deliver(ctx context.Context) {
	r := h.reading(h.rec.now())
	if h.rec.d.Deliver == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	if err := h.rec.d.Deliver(ctx, []citywatch.Reading{r}); err != nil {
		h.rec.metrics.undelivered.Inc()
	}
}

func (h *health) reading(now time.Time) citywatch.Reading {
	cameras := 0
	for _, c := range h.rec.cameras {
		if c.recording(now) {
			cameras++
		}
	}
	h.rec.metrics.cameras.Set(float64(cameras))
	state, free := h.state()
	h.said = state
	values := []citywatch.Value{{Name: "cameras", Number: float64(cameras)}}
	if free >= 0 {
		values = append(values, citywatch.Value{Name: "free", Number: float64(free)})
	}
	values = append(values, citywatch.Value{Name: "state", Text: string(state)})
	return citywatch.Reading{Device: citywatch.RecorderID, Class: citywatch.CameraRecorderClass, Time: now, Arrived: now, Values: values}
}

// state returns how recording is, and how much of the disk is free.
func (h *health) state() (State, int64) {
	h.mu.Lock()
	state, free := OK, h.free
	if h.unread != nil {
		state = Failing
	}
	if h.full {
		state = DiskFull
	}
	h.mu.Unlock()
	for _, c := range h.rec.cameras {
		err := c.fault.Load()
		switch {
		case err == nil || state == DiskFull:
		case noRoom(*err):
			state = DiskFull
		default:
			state = Failing
		}
	}
	return state, free
}

// folder notes why the folder cannot be opened, or that it is.
func (h *health) folder(err error) {
	h.mu.Lock()
	h.unread = err
	h.mu.Unlock()
	if err != nil {
		h.rec.log.Error("nothing can be recorded: the folder of the recordings cannot be opened", "dir", h.rec.o.Dir, "err", err)
	}
	h.tell()
}

// disk notes how much room there is, and whether that is too little.
func (h *health) disk(free int64, full bool) {
	h.mu.Lock()
	was := h.full
	h.free, h.full = free, full
	h.mu.Unlock()
	if was == full {
		return
	}
	h.tell()
	if full {
		h.rec.log.Error("the disk is full and nothing is left to delete: recording stops until there is room",
			"dir", h.rec.o.Dir, "free", free)
	} else {
		h.rec.log.Info("there is room on the disk again: recording goes on", "free", free)
	}
}

// failed notes that a camera cannot be recorded; it says so in the log once a
// minute for all.
func (h *health) failed(id string, err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.untold++
	if now.Sub(h.told) < remindEvery {
		return
	}
	h.rec.log.Error("a camera cannot be recorded", "camera", id, "err", err, "times", h.untold)
	h.told, h.untold = now, 0
}

// tell has a reading delivered at once.
func (h *health) tell() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

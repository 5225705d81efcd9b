package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"citywatch"
	"citywatch/internal/series"
)

const (
	// saveEvery is how often the place in the journal is kept while readings
	// come: each time is an fsync, and what lies behind it is written again
	// after a crash. idleEvery is how often while only the clock ticks.
	saveEvery = time.Second
	idleEvery = time.Minute
)

// A place is how far one shard has been stored, and how far what was stored is
// in the summaries.
type place struct {
	Stored uint64 `json:"stored"`
	Summed uint64 `json:"summed"`
}

// A worker stores one shard.
type worker struct {
	store  *Store
	key    string
	shard  int
	writer *writer
	schema *schema
	batch  batch
	dirty  *windows // that readings since the last summing fell into

	entries chan citywatch.Entry // from read
	jobs    chan job             // to sum
	done    chan uint64          // from sum: the upTo of the job that is done

	from        uint64 // the first entry that is read
	place, kept place
	marked      uint64 // the last entry whose windows are in dirty or summed up
	keptAt      time.Time
	idle        bool // no reading was stored since
	summing     bool
	expired     reminder
	letters     *rate.Limiter
	unkept      reminder
	storedAt    atomic.Int64 // the time of the last that is stored, in nanoseconds
}

func newWorker(s *Store, shard int) *worker {
	w := &worker{
		store: s, shard: shard, key: fmt.Sprintf("store/%d", shard),
		writer: s.newWriter(), schema: newSchema(s.parts.Options.MaxFields), dirty: newWindows(),
		expired: reminder{log: s.parts.Log}, unkept: reminder{log: s.parts.Log},
		letters: rate.NewLimiter(lettersPerSecond, letterBurst),
		entries: make(chan citywatch.Entry), jobs: make(chan job), done: make(chan uint64),
	}
	w.storedAt.Store(time.Now().UnixNano())
	behind(s.parts.Metrics, shard, func() time.Time { return time.Unix(0, w.storedAt.Load()) })
	return w
}

// A job is windows to sum up, of all readings up to an entry.
type job struct {
	windows *windows
	upTo    uint64
}

func (w *worker) run(ctx context.Context) error {
	if err := w.load(ctx); err != nil {
		return err
	}
	w.from = min(w.place.Stored, w.place.Summed) + 1
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return w.read(running) })
	g.Go(func() error { return w.sum(running) })
	g.Go(func() error { return w.loop(running) })
	err := g.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	w.keep(last, 0)
	return err
}

// read passes on the entries; it is one ahead of the loop, and the journal's
// reader a few more. Nothing else is kept in memory.
func (w *worker) read(ctx context.Context) error {
	reader := w.store.parts.Entries(w.shard, w.from)
	defer reader.Close()
	for {
		e, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case w.entries <- e:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sum computes the summaries of one job after the other.
func (w *worker) sum(ctx context.Context) error {
	s := newSummer(w.store)
	for {
		select {
		case j := <-w.jobs:
			if err := s.sum(ctx, j.windows); err != nil {
				return err
			}
			select {
			case w.done <- j.upTo:
			case <-ctx.Done():
				return ctx.Err()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *worker) loop(ctx context.Context) error {
	full := time.NewTimer(maxWait)
	full.Stop()
	ticker := time.NewTicker(w.store.sumEvery)
	defer ticker.Stop()
	for {
		in := w.entries
		if w.summing && w.many() {
			in = nil // no more before some of it is summed up
		}
		var err error
		select {
		case e := <-in:
			was := len(w.batch.ends)
			if err = w.take(ctx, &e); err == nil && w.batch.full() {
				full.Stop()
				err = w.flush(ctx)
			} else if was == 0 && len(w.batch.ends) > 0 {
				full.Reset(maxWait)
			}
		case <-full.C:
			err = w.flush(ctx)
		case <-ticker.C:
			err = w.handOver(ctx)
		case upTo := <-w.done:
			w.summing = false
			w.place.Summed = upTo
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err == nil && w.many() {
			err = w.handOver(ctx)
		}
		if err != nil {
			return err
		}
		every := saveEvery
		if w.idle {
			every = idleEvery
		}
		w.keep(ctx, every)
	}
}

// take adds an entry to the batch.
func (w *worker) take(ctx context.Context, e *citywatch.Entry) error {
	if e.Seq < w.from {
		// The journal was begun anew: the place is one in another.
		w.from, w.place, w.marked = e.Seq, place{}, 0
	}
	if e.Seq <= w.place.Stored {
		// Read again after a restart, only for the summaries.
		for i := range e.Readings {
			w.dirty.mark(&e.Readings[i])
		}
		w.marked = e.Seq
		return nil
	}
	w.schema.load(ctx, w.store.parts.DB)
	for i := range e.Readings {
		r := &e.Readings[i]
		if w.old(r) {
			continue
		}
		if reason := w.schema.admit(r); reason != "" {
			if err := w.refuse(ctx, r, reason); err != nil {
				return err
			}
			continue
		}
		w.batch.add(r)
	}
	w.batch.last, w.batch.at = e.Seq, e.Tick
	if n := len(e.Readings); n > 0 {
		w.batch.at = e.Readings[n-1].Arrived
	}
	if len(w.batch.ends) == 0 {
		w.stored()
	}
	return nil
}

// old says whether a reading is past the retention already: the store would
// refuse it, or delete it at once.
func (w *worker) old(r *citywatch.Reading) bool {
	keep := w.store.parts.Options.Retention.Raw
	if keep <= 0 || time.Since(r.Time) < keep {
		return false
	}
	w.store.metrics.expired.Inc()
	w.expired.remind("readings are older than the retention of the time series store and are not stored (store.retention.raw)",
		"device", r.Device, "measured", r.Time)
	return true
}

// flush writes the batch.
func (w *worker) flush(ctx context.Context) error {
	b := &w.batch
	refused := map[int]bool{}
	err := w.writer.write(ctx, series.Raw, block{lines: b.lines, ends: b.ends}, func(i int, reason string) error {
		if w.old(b.readings[i]) { // it has become so while it waited
			return nil
		}
		refused[i] = true
		return w.refuse(ctx, b.readings[i], reason)
	})
	if err != nil {
		return err
	}
	for i, r := range b.readings {
		if !refused[i] {
			w.dirty.mark(r)
		}
	}
	w.idle = false
	w.store.metrics.stored.Add(float64(len(b.ends) - len(refused)))
	w.stored()
	b.reset()
	return nil
}

// stored notes that the batch is in the store.
func (w *worker) stored() {
	w.place.Stored, w.marked = w.batch.last, w.batch.last
	if !w.summing && w.dirty.empty() {
		w.place.Summed = w.place.Stored
	}
	w.storedAt.Store(w.batch.at.UnixNano())
}

func (w *worker) many() bool { return w.dirty.count >= w.store.manyWindows }

// handOver has the windows summed up that readings fell into so far, unless
// others still are.
func (w *worker) handOver(ctx context.Context) error {
	if w.summing || w.dirty.empty() {
		return nil
	}
	select {
	case w.jobs <- job{windows: w.dirty, upTo: w.marked}:
	case <-ctx.Done():
		return ctx.Err()
	}
	w.dirty, w.summing = newWindows(), true
	return nil
}

func (w *worker) load(ctx context.Context) error {
	data, err := w.store.parts.Checkpoints.Load(ctx, w.key)
	if err != nil || data == nil {
		return err
	}
	if err := json.Unmarshal(data, &w.place); err != nil {
		w.store.parts.Log.Warn("how far the journal was stored cannot be read; storing all of it again", "err", err)
	}
	w.kept = w.place
	return nil
}

// keep saves the place unless that was done less than every ago. A place that
// is not saved costs time after a crash, nothing else.
func (w *worker) keep(ctx context.Context, every time.Duration) {
	if w.place == w.kept || time.Since(w.keptAt) < every {
		return
	}
	data, err := json.Marshal(w.place)
	if err == nil {
		w.keptAt = time.Now() // also of a failure: it is not to be hurried
		err = w.store.parts.Checkpoints.Save(ctx, w.key, data)
	}
	if err == nil {
		w.kept, w.idle = w.place, true
	}
}

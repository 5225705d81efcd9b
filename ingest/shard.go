package ingest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"citywatch"
)

// A shard gathers readings in batches and appends them to its shard of the
// journal, one batch at a time, so that their order is kept. While one is
// being appended the next collects: the slower the disk, the larger the
// batches.
type shard struct {
	number  int
	opts    Options
	journal journal
	metrics *metrics
	outage  *outage

	// wake tells run that a batch was begun or became full.
	wake chan struct{}

	mu sync.Mutex
	// open is the batch that collects, nil when none does; sealed are full and
	// wait, oldest first; spare are empty, to be used again.
	open   *batch
	sealed []*batch
	spare  []*batch
	// live counts all that are not spare; at most maxLive.
	live, maxLive int
	// room is closed when a batch becomes spare; nil when nobody waits.
	room    chan struct{}
	stopped bool
}

func newShard(number int, o Options, j journal, m *metrics) *shard {
	return &shard{
		number:  number,
		opts:    o,
		journal: j,
		metrics: m,
		outage:  &outage{log: o.Log.With("shard", number), what: "readings"},
		wake:    make(chan struct{}, 1),
		// One collects, one is being appended: fewer would stop the flow.
		maxLive: 2 + o.MaxPending/o.Shards/o.BatchReadings,
	}
}

// add puts a copy of r in a batch, to be told of by done, which may be nil,
// when it is durable. It waits while there is no room. After an error done
// will not be called.
func (s *shard) add(ctx context.Context, r *citywatch.Reading, done func(error)) error {
	size := sizeOf(r)
	for stalled := false; ; stalled = true {
		room, err := s.tryAdd(r, size, done)
		if room == nil {
			return err
		}
		if !stalled {
			s.metrics.stalls.Inc()
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryAdd adds r, or returns a channel that is closed when it is worth trying
// again.
func (s *shard) tryAdd(r *citywatch.Reading, size int, done func(error)) (room <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil, ErrStopped
	}
	if s.open != nil && !s.open.fits(size, s.opts.BatchReadings) {
		s.seal()
	}
	if s.open == nil && !s.begin() {
		if s.room == nil {
			s.room = make(chan struct{})
		}
		return s.room, nil
	}
	s.open.add(r, size, done)
	if len(s.open.readings) == s.opts.BatchReadings {
		s.seal()
	}
	return nil, nil
}

// begin opens a batch and reports whether there was room for one.
func (s *shard) begin() bool {
	if s.live == s.maxLive {
		return false
	}
	s.live++
	if n := len(s.spare); n > 0 {
		s.open, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		s.open = &batch{}
	}
	s.open.began = time.Now()
	s.signal()
	return true
}

func (s *shard) seal() {
	s.sealed = append(s.sealed, s.open)
	s.open = nil
	s.signal()
}

func (s *shard) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run appends batches until ctx ends.
func (s *shard) run(ctx context.Context) {
	defer s.stop()
	var last time.Time
	for s.gather(ctx, last) {
		b := s.take()
		if err := s.append(ctx, b); err != nil {
			b.finish(ErrStopped)
			return
		}
		b.finish(nil)
		s.recycle(b)
		last = time.Now()
	}
}

// quiet is how long no reading must have come for a batch to be appended
// before its time. A broker that allows few unacknowledged messages sends
// nothing until these are acknowledged: waiting longer would only be waiting.
const quiet = time.Millisecond

// gather waits until there is a batch worth appending, last having been the
// end of the append before; it reports false when ctx has ended. A full batch
// goes at once, and so does the first reading after a pause. Others wait for
// company until none comes, or until BatchDelay is over.
func (s *shard) gather(ctx context.Context, last time.Time) bool {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for seen := 0; ctx.Err() == nil; {
		count, began, full := s.collected()
		if count == 0 {
			select {
			case <-s.wake:
			case <-ctx.Done():
			}
			continue
		}
		age := time.Since(began)
		if full || count == seen || age >= s.opts.BatchDelay || began.Sub(last) >= s.opts.BatchDelay {
			return true
		}
		seen = count
		s.pause(ctx, timer, min(quiet, s.opts.BatchDelay-age))
	}
	return false
}

// pause waits for d, but no longer than until a batch is full or ctx ends.
func (s *shard) pause(ctx context.Context, timer *time.Timer, d time.Duration) {
	timer.Reset(d)
	for {
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-s.wake:
			if _, _, full := s.collected(); full {
				return
			}
		}
	}
}

// collected tells how many readings the batch to be appended next has, and
// whether it is full.
func (s *shard) collected() (count int, began time.Time, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.sealed) > 0:
		return len(s.sealed[0].readings), s.sealed[0].began, true
	case s.open != nil:
		return len(s.open.readings), s.open.began, false
	}
	return 0, time.Time{}, false
}

// take returns the oldest batch, closed to further readings.
func (s *shard) take() *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sealed) == 0 {
		b := s.open
		s.open = nil
		return b
	}
	b := s.sealed[0]
	n := copy(s.sealed, s.sealed[1:])
	s.sealed[n] = nil
	s.sealed = s.sealed[:n]
	return b
}

// append keeps trying until the batch is durable or ctx ends: to give up
// would be to lose it, or to acknowledge what is lost.
func (s *shard) append(ctx context.Context, b *batch) error {
	for try := 0; ; try++ {
		began := time.Now()
		_, err := s.journal.Append(ctx, s.number, b.readings)
		if err == nil {
			s.metrics.appended(len(b.readings), time.Since(began))
			s.outage.over()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.metrics.retries.Inc()
		s.outage.failed(err, time.Now())
		if err := sleep(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

// backoff returns how long to wait after a failed try, the first being 0:
// from 50 ms to 5 s, of which the second half is chance.
func backoff(try int) time.Duration {
	const least, most = 50 * time.Millisecond, 5 * time.Second
	d := most
	if try < 6 {
		d = least << try
	}
	return d/2 + rand.N(d/2)
}

// recycle makes the batch one to be used again and lets in who waits.
func (s *shard) recycle(b *batch) {
	b.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
	// Two are enough for a steady flow; those of a jam are let go.
	if len(s.spare) < 2 {
		s.spare = append(s.spare, b)
	}
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
}

// stop turns away what comes and what still waits.
func (s *shard) stop() {
	s.mu.Lock()
	s.stopped = true
	left := s.sealed
	if s.open != nil {
		left = append(left, s.open)
	}
	s.sealed, s.open = nil, nil
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
	s.mu.Unlock()
	for _, b := range left {
		b.finish(ErrStopped)
	}
}

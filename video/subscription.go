package video

import (
	"context"
	"sync"
)

// An Item is the next thing of a stream: where Tracks is set, that a stream
// begins, else a unit.
type Item struct {
	// Tracks says what the stream consists of. It comes first, and again when
	// a new session began or the parameters changed; the next unit of pictures
	// is then a key frame, and the units' times start anew. Unit is unset.
	Tracks []Track
	Unit   Unit
	// Gap says that units are missing before this one. After units that this
	// subscriber was too slow for, it is a key frame; after a loss on the way
	// from the camera it may be any.
	Gap bool
}

// A Subscription receives one stream of one camera: what the stream consists
// of, the newest key frame and all that came after it, and then what comes. One
// goroutine at a time may call Next; any may call Close.
//
// What is not fetched in time is dropped, from the oldest on, up to the next key
// frame.
type Subscription struct {
	feed  *feed
	limit int64
	ready chan struct{} // holds a token when there may be something
	ended chan struct{} // closed when nothing more will come

	mu      sync.Mutex
	closed  bool
	queue   ring
	bytes   int64
	told    int  // the generation of tracks that was told
	waiting bool // for a key frame
	gap     bool // units were left out since the last that was queued
	slow    bool // because this subscriber did not fetch them
}

// An arrival is a unit on its way to those who subscribed.
type arrival struct {
	unit   Unit
	tracks []Track
	// generation changes with the tracks.
	generation int
	// start says that decoding can begin here.
	start bool
	gap   bool
}

func newSubscription(f *feed) *Subscription {
	return &Subscription{
		feed: f, limit: f.options.Queue, waiting: true,
		ready: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// Next returns what comes next, and waits for it until ctx ends. Its error is
// ctx's, or ErrClosed when the subscription or the whole Video has ended.
func (s *Subscription) Next(ctx context.Context) (Item, error) {
	for {
		if it, ok := s.pop(); ok {
			return it, nil
		}
		select {
		case <-s.ready:
		case <-s.ended:
			return Item{}, ErrClosed
		case <-ctx.Done():
			return Item{}, ctx.Err()
		}
	}
}

// Close ends the subscription; the stream is no longer pulled on its account.
func (s *Subscription) Close() {
	s.feed.unsubscribe(s)
	s.end()
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.queue, s.bytes = ring{}, 0
	close(s.ended)
}

func (s *Subscription) pop() (Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.n == 0 {
		return Item{}, false
	}
	head := s.queue.head()
	if tracks := head.tracks; tracks != nil {
		head.tracks = nil
		return Item{Tracks: tracks}, true
	}
	it := Item{Unit: head.unit, Gap: head.gap}
	s.bytes -= int64(head.size)
	s.queue.drop()
	return it, true
}

// offer queues a unit, or drops some; it never waits.
func (s *Subscription) offer(a *arrival) {
	s.mu.Lock()
	dropped := s.take(a)
	some := s.queue.n > 0
	s.mu.Unlock()
	if dropped > 0 {
		s.feed.metrics.dropped.Add(float64(dropped))
	}
	if !some {
		return
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// take returns how many units were dropped.
func (s *Subscription) take(a *arrival) (dropped int) {
	if s.closed {
		return 0
	}
	if s.waiting && !a.start {
		if s.slow {
			return 1
		}
		return 0
	}
	e := entry{unit: a.unit, size: a.unit.Size(), start: a.start, gap: s.gap || a.gap}
	if s.told != a.generation {
		e.tracks, s.told = a.tracks, a.generation
	}
	s.waiting, s.gap, s.slow = false, false, false
	s.queue.push(e)
	s.bytes += int64(e.size)
	for s.queue.n > 1 && (s.bytes > s.limit || s.queue.n > maxQueued) {
		dropped += s.shed()
	}
	return dropped
}

// shed drops the oldest units up to the next start, or all.
func (s *Subscription) shed() (dropped int) {
	var tracks []Track
	for first := true; s.queue.n > 0 && (first || !s.queue.head().start); first = false {
		head := s.queue.head()
		if head.tracks != nil {
			tracks = head.tracks
		}
		s.bytes -= int64(head.size)
		s.queue.drop()
		dropped++
	}
	if s.queue.n == 0 {
		s.waiting, s.gap, s.slow = true, true, true
		if tracks != nil {
			s.told = 0
		}
		return dropped
	}
	head := s.queue.head()
	head.gap = true
	if head.tracks == nil {
		head.tracks = tracks
	}
	return dropped
}

// skip says that what was offered last cannot be gone on with.
func (s *Subscription) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting, s.gap = true, true
}

// maxQueued bounds the units that wait for one subscriber.
const maxQueued = 2 * maxUnits

// An entry is a unit that waits, and the tracks that are to be told before it.
type entry struct {
	unit       Unit
	tracks     []Track
	size       int
	start, gap bool
}

// A ring is a queue that keeps its room.
type ring struct {
	entries  []entry // its length is a power of two
	first, n int
}

func (r *ring) head() *entry { return &r.entries[r.first] }

func (r *ring) push(e entry) {
	if r.n == len(r.entries) {
		r.grow()
	}
	r.entries[(r.first+r.n)&(len(r.entries)-1)] = e
	r.n++
}

func (r *ring) drop() {
	r.entries[r.first] = entry{} // its bytes are to be freed
	r.first = (r.first + 1) & (len(r.entries) - 1)
	r.n--
}

func (r *ring) grow() {
	bigger := make([]entry, max(16, 2*len(r.entries)))
	n := copy(bigger, r.entries[r.first:])
	copy(bigger[n:], r.entries[:r.first])
	r.entries, r.first = bigger, 0
}

package live

import (
	"context"
	"sync"
	"time"
)

// A piece is one message in the log.
type piece struct {
	Message
	key bool
}

// A stream is the log of what one camera sent last, which its viewers read
// each from their own place. Pieces are counted from 0 over all its life.
type stream struct {
	options Options
	metrics *metrics
	cancel  context.CancelFunc
	viewers int // guarded by the mutex of Live

	mu sync.Mutex
	// start is what the pieces begin with, first the number of the first of
	// them; generation counts the starts.
	start      Message
	first      uint64
	generation int
	// pieces are those from number base on: at least the newest group,
	// unless it has become too large.
	pieces []piece
	base   uint64
	bytes  int
	// key is the number of the newest key frame, of which keyPiece is kept
	// even when it has left the log. There is none before the first.
	key      uint64
	keyPiece *piece
	ended    bool
	// wake is closed at the next change; nil while nobody waits for one.
	wake chan struct{}
}

// begin starts the stream anew. What viewers have not read of the old one is
// of no use to them.
func (s *stream) begin(start Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = start
	s.generation++
	s.base = s.limit()
	s.first = s.base
	clear(s.pieces)
	s.pieces, s.bytes, s.keyPiece = s.pieces[:0], 0, nil
	s.rouse()
}

// add appends a piece. It never waits.
func (s *stream) add(p piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.key {
		s.key, s.keyPiece = s.limit(), &p
	}
	s.pieces = append(s.pieces, p)
	s.bytes += len(p.Data)
	s.trim(p.Arrived)
	s.rouse()
}

// trim lets go of what no viewer may read any more: what is too old and before
// the newest key frame, and whatever is too much.
func (s *stream) trim(now time.Time) {
	n := 0
	for n < len(s.pieces)-1 {
		p := &s.pieces[n]
		useful := s.base+uint64(n) >= s.key || now.Sub(p.Arrived) <= s.options.MaxBehind
		if useful && s.bytes <= s.options.GroupBytes {
			break
		}
		s.bytes -= len(p.Data)
		n++
	}
	if n == 0 {
		return
	}
	kept := copy(s.pieces, s.pieces[n:])
	clear(s.pieces[kept:])
	s.pieces = s.pieces[:kept]
	s.base += uint64(n)
}

// limit is the number of the piece that comes next.
func (s *stream) limit() uint64 { return s.base + uint64(len(s.pieces)) }

// end has every viewer know that no more will come.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.rouse()
}

func (s *stream) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// rouse wakes those who wait. The caller holds mu.
func (s *stream) rouse() {
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
}

// wait returns what is closed at the next change. The caller holds mu.
func (s *stream) wait() <-chan struct{} {
	if s.wake == nil {
		s.wake = make(chan struct{})
	}
	return s.wake
}

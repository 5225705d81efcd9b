package live

import (
	"context"
	"sync"
)

// A Viewer is one viewer's place in a stream. It holds no queue: what it has
// not read lies in the log that all share. One goroutine at a time may call
// Next; any may call Close.
type Viewer struct {
	stream *stream
	once   sync.Once
	leave  func()

	generation int
	next       uint64 // number of the piece that it reads next
	// fresh is set until it has read the first piece of a stream, waitKey
	// while it cannot go on before a key frame, skipped when it has yet to be
	// told that something is missing.
	fresh, waitKey, skipped bool
}

// Next returns what comes next, and waits for it until ctx ends. It returns
// ErrEnded once there is nothing more.
func (v *Viewer) Next(ctx context.Context) (Message, error) {
	for {
		s := v.stream
		s.mu.Lock()
		m, ok := v.take()
		ended := s.ended
		var wake <-chan struct{}
		if !ok && !ended {
			wake = s.wait()
		}
		s.mu.Unlock()
		switch {
		case ok:
			return m, nil
		case ended:
			return Message{}, ErrEnded
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// Close leaves the stream. Calling it again does nothing.
func (v *Viewer) Close() { v.once.Do(v.leave) }

// take returns what is there for the viewer. The caller holds the stream's mu.
func (v *Viewer) take() (Message, bool) {
	s := v.stream
	if v.generation != s.generation {
		v.generation, v.next = s.generation, s.first
		v.fresh, v.waitKey, v.skipped = true, true, false
		if s.start.Codec != "" {
			return s.start, true
		}
	}
	switch {
	case !v.lost():
	case s.keyPiece != nil && s.key >= max(v.next, s.base):
		v.lose()
		v.next, v.waitKey = s.key, false
	case v.next < s.base:
		// The group is too large to be kept: its key frame is a picture to
		// look at until the next one comes.
		unseen := s.keyPiece != nil && s.key >= v.next
		v.lose()
		v.next, v.waitKey, v.skipped, v.fresh = s.limit(), true, true, false
		if unseen {
			return s.keyPiece.Message, true
		}
	}
	if v.waitKey || v.next == s.limit() {
		return Message{}, false
	}
	m := s.pieces[v.next-s.base].Message
	m.Skipped = m.Skipped || v.skipped
	v.next++
	v.fresh, v.skipped = false, false
	return m, true
}

// lost reports whether the viewer has to go on elsewhere, if it can.
func (v *Viewer) lost() bool {
	s := v.stream
	if v.waitKey || v.next < s.base {
		return true
	}
	if v.next == s.limit() {
		return false
	}
	newest := s.pieces[len(s.pieces)-1].Arrived
	return newest.Sub(s.pieces[v.next-s.base].Arrived) > s.options.MaxBehind
}

// lose notes that the viewer misses something, unless it has only come.
func (v *Viewer) lose() {
	if v.fresh {
		return
	}
	v.skipped = true
	if !v.waitKey {
		v.stream.metrics.skips.Inc()
	}
}

package mqtt

import (
	"context"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// maxBytes bounds the payloads of one connection's unacknowledged messages.
const maxBytes = 64 << 20

// A window holds the messages of one connection that are not acknowledged yet,
// in the order in which they came. MQTT wants them acknowledged in that order
// (MQTT-4.6.0-2), while the journal's shards finish in any.
type window struct {
	failed func(error) // called when a message could not be kept

	mu    sync.Mutex
	ring  []flight
	first int // the oldest
	count int
	bytes int
	room  chan struct{} // closed when there is room again; nil when nobody waits
	ready chan struct{} // the oldest is done
}

// A flight is one place in the window. It is used again.
type flight struct {
	window *window
	msg    paho.Message
	kept   bool
	done   func(error) // f.finish, made once
}

func newWindow(size int, failed func(error)) *window {
	return &window{failed: failed, ring: make([]flight, size), ready: make(chan struct{}, 1)}
}

// open takes the message in and returns what to call when it is kept. It waits
// while the window is full, and returns nil when ctx ends.
func (w *window) open(ctx context.Context, m paho.Message) func(error) {
	for {
		done, room := w.tryOpen(m)
		if done != nil {
			return done
		}
		select {
		case <-room:
		case <-ctx.Done():
			return nil
		}
	}
}

func (w *window) tryOpen(m paho.Message) (done func(error), room <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full() {
		if w.room == nil {
			w.room = make(chan struct{})
		}
		return nil, w.room
	}
	f := &w.ring[(w.first+w.count)%len(w.ring)]
	w.count++
	w.bytes += len(m.Payload())
	f.msg, f.kept = m, false
	if f.done == nil {
		f.window, f.done = w, f.finish
	}
	return f.done, nil
}

func (w *window) full() bool {
	return w.count == len(w.ring) || w.bytes >= maxBytes
}

// stalled reports whether no more messages are read.
func (w *window) stalled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.full()
}

func (w *window) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// finish is called, once, when the message is kept, or with why it never will
// be.
func (f *flight) finish(err error) {
	w := f.window
	if err != nil {
		w.failed(err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f.kept = true
	if f == &w.ring[w.first] {
		select {
		case w.ready <- struct{}{}:
		default:
		}
	}
}

// run acknowledges messages that are kept, in order, until ctx ends.
func (w *window) run(ctx context.Context) {
	var kept []paho.Message
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.ready:
		}
		kept = w.take(kept[:0])
		for _, m := range kept {
			m.Ack()
		}
		clear(kept)
	}
}

// take removes the messages from the oldest on that are kept.
func (w *window) take(kept []paho.Message) []paho.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.count > 0 && w.ring[w.first].kept {
		f := &w.ring[w.first]
		kept = append(kept, f.msg)
		w.bytes -= len(f.msg.Payload())
		f.msg, f.kept = nil, false
		w.first = (w.first + 1) % len(w.ring)
		w.count--
	}
	if w.room != nil && !w.full() {
		close(w.room)
		w.room = nil
	}
	return kept
}

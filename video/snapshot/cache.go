package snapshot

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A key names a picture of a camera's newest key frame.
type key struct {
	camera string
	width  int
}

// A cache keeps the pictures of each camera's newest key frame, and has each
// made once.
type cache struct {
	limit int64

	mu      sync.Mutex
	entries map[key]*entry
	bytes   int64
	clock   int64 // counts uses
}

// An entry is a picture that was made, or is being made.
type entry struct {
	at     time.Time // of the key frame
	done   chan struct{}
	cancel context.CancelFunc
	// waiting is how many wait; when none does, it need not be made.
	waiting int
	used    int64

	// Set before done is closed.
	picture Picture
	err     error
}

func newCache(limit int64) *cache { return &cache{limit: limit, entries: map[key]*entry{}} }

// get returns the picture of the key frame that arrived at the time, which
// produce makes if nobody else has or does. That it could not be made is kept
// too, unless that was not the key frame's fault.
func (c *cache) get(ctx context.Context, k key, at time.Time, produce func(context.Context) (Picture, error)) (Picture, error) {
	for {
		e := c.enter(ctx, k, at, produce)
		select {
		case <-e.done:
			c.leave(e)
			if errors.Is(e.err, context.Canceled) && ctx.Err() == nil {
				continue // those before gave up just as we came
			}
			return e.picture, e.err
		case <-ctx.Done():
			c.leave(e)
			return Picture{}, ctx.Err()
		}
	}
}

// enter returns the entry of a picture, as one more who waits for it.
func (c *cache) enter(ctx context.Context, k key, at time.Time, produce func(context.Context) (Picture, error)) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	if e := c.entries[k]; e != nil && e.at.Equal(at) {
		e.waiting++
		e.used = c.clock
		return e
	}
	c.drop(k)
	e := &entry{at: at, done: make(chan struct{}), waiting: 1, used: c.clock}
	// It outlives the one who asked first, if others wait too.
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.entries[k] = e
	go c.fill(ctx, k, e, produce)
	return e
}

func (c *cache) leave(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.waiting--; e.waiting == 0 {
		e.cancel() // of no effect once it is made
	}
}

func (c *cache) fill(ctx context.Context, k key, e *entry, produce func(context.Context) (Picture, error)) {
	p, err := produce(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	e.picture, e.err = p, err
	close(e.done)
	if c.entries[k] != e {
		return
	}
	if err != nil && !errors.Is(err, ErrUndecodable) {
		delete(c.entries, k)
		return
	}
	c.bytes += e.size()
	for c.bytes > c.limit && c.dropOldest() {
	}
}

func (e *entry) size() int64 { return int64(len(e.picture.JPEG)) }

func (e *entry) made() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// drop forgets an entry; whoever waits for it still gets its picture.
func (c *cache) drop(k key) {
	e := c.entries[k]
	if e == nil {
		return
	}
	if e.made() {
		c.bytes -= e.size()
	}
	delete(c.entries, k)
}

// dropOldest forgets the picture that was not used for the longest time.
func (c *cache) dropOldest() bool {
	var oldest key
	var found *entry
	for k, e := range c.entries {
		if e.made() && (found == nil || e.used < found.used) {
			oldest, found = k, e
		}
	}
	if found == nil {
		return false
	}
	c.drop(oldest)
	return true
}

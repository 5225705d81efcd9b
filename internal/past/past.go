// Package past tells which alerts were open at any moment of the time that the
// journal keeps, and how each of them stood then.
//
// It reads the journal's transitions once and remembers of each only when it
// was, of which alert, and whether that was open after it: 24 bytes. Every so
// many transitions it writes down which alerts are open. So a moment is found
// by halving, and told by the few transitions that its open alerts stand for,
// which are read from the journal again.
package past

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
)

var (
	// ErrReading means that the journal is still being read, as it is after a
	// start: ask again later.
	ErrReading = errors.New("the history of the alerts is still being read")
	// ErrForgotten means a time before that which the journal keeps.
	ErrForgotten = errors.New("the history of the alerts does not reach back so far")
)

// A Reader returns the journal's transitions in their order.
type Reader interface {
	Next(context.Context) (citywatch.Transition, error)
	Close()
}

// A Journal is what is asked of the journal besides reading it.
type Journal interface {
	TransitionBounds(context.Context) (first, last uint64, err error)
	TransitionsSince(context.Context) (time.Time, error)
	Transition(ctx context.Context, seq uint64) (citywatch.Transition, error)
}

// Deps are what a Past is given by its surroundings.
type Deps struct {
	Journal Journal
	// Transitions reads the journal from a sequence number on.
	Transitions func(from uint64) Reader
}

// A Past is safe for concurrent use.
type Past struct {
	deps Deps

	mu    sync.RWMutex
	known known
	// upTo is the transition with which all is known that there was at the
	// start; whole is set once it was read.
	upTo  uint64
	whole bool

	cache cache
}

// New returns a Past that knows nothing until Run.
func New(d Deps) *Past { return &Past{deps: d, known: newKnown()} }

// Run reads what the journal holds, and what comes, until ctx ends.
func (p *Past) Run(ctx context.Context) error {
	_, last, err := p.deps.Journal.TransitionBounds(ctx)
	if err != nil {
		return fmt.Errorf("past: %w", err)
	}
	p.mu.Lock()
	p.upTo, p.whole = last, last == 0
	p.mu.Unlock()
	r := p.deps.Transitions(0)
	defer r.Close()
	for {
		t, err := r.Next(ctx)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.known.take(&t)
		p.whole = p.whole || t.Seq >= p.upTo
		p.mu.Unlock()
	}
}

// together is how many transitions are asked for at the same time.
const together = 8

// At returns the alerts that were open at a moment, each as it stood then, in
// the order of their ids. The error is ErrReading or ErrForgotten, or the
// journal's.
func (p *Past) At(ctx context.Context, at time.Time) ([]citywatch.Alert, error) {
	since, err := p.Since(ctx)
	if err != nil {
		return nil, err
	}
	if at.Before(since) {
		return nil, fmt.Errorf("%w: only to %s", ErrForgotten, since.Format(time.RFC3339))
	}
	seqs, err := p.open(at)
	if err != nil {
		return nil, err
	}
	alerts := make([]citywatch.Alert, len(seqs))
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(together)
	for i, seq := range seqs {
		g.Go(func() (err error) {
			alerts[i], err = p.alert(asking, seq)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(alerts, func(a, b citywatch.Alert) int { return cmp.Compare(a.ID, b.ID) })
	return alerts, nil
}

// Since returns how far back At can tell.
func (p *Past) Since(ctx context.Context) (time.Time, error) {
	return p.deps.Journal.TransitionsSince(ctx)
}

func (p *Past) open(at time.Time) ([]uint64, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.whole {
		return nil, fmt.Errorf("%w: %d of %d changes", ErrReading, len(p.known.entries), p.upTo)
	}
	return p.known.open(at), nil
}

// alert reads the alert as it was after a transition.
func (p *Past) alert(ctx context.Context, seq uint64) (citywatch.Alert, error) {
	if a, ok := p.cache.get(seq); ok {
		return a, nil
	}
	t, err := p.deps.Journal.Transition(ctx, seq)
	if err != nil {
		return citywatch.Alert{}, err
	}
	p.cache.put(seq, t.Alert)
	return t.Alert, nil
}

// A cache remembers alerts by their transitions: whoever moves through the
// past asks for the same ones again and again.
type cache struct {
	mu     sync.Mutex
	alerts map[uint64]citywatch.Alert
}

// maxCached bounds a cache, to a few megabytes.
const maxCached = 4096

func (c *cache) get(seq uint64) (citywatch.Alert, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.alerts[seq]
	return a, ok
}

func (c *cache) put(seq uint64, a citywatch.Alert) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alerts == nil || len(c.alerts) >= maxCached {
		c.alerts = make(map[uint64]citywatch.Alert)
	}
	c.alerts[seq] = a
}

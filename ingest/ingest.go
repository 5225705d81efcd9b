// Package ingest takes in what devices send: it decodes messages, checks them
// against the registry, gathers the readings in batches and appends them to
// the journal. What is refused is counted and kept as a dead letter.
//
// The doors themselves are in the packages below: mqtt for brokers, push for
// HTTP. They hand their messages to a [Door] and acknowledge each to its
// sender only when it is done: on disk in the journal, or refused and
// accounted for. When the journal cannot keep up, or takes nothing, doors are
// held back, and memory stays bounded; nothing is given up.
package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"citywatch"
)

// ErrStopped is what a message is done with that was not durable when the
// pipeline ended. Its sender must not be told that it was taken.
var ErrStopped = errors.New("ingest has stopped")

// A journal keeps readings and dead letters.
type journal interface {
	// Append returns when the readings are on disk. It does not keep the
	// slice.
	Append(ctx context.Context, shard int, readings []citywatch.Reading) (seq uint64, err error)
	// AppendDeadLetter returns when the dead letter is on disk.
	AppendDeadLetter(ctx context.Context, d citywatch.DeadLetter) error
}

// A registry knows the devices.
type registry interface {
	Lookup(id string) (*citywatch.Device, bool)
	// Register adds a device that nobody listed. It must bound how many.
	Register(id, class string, sector citywatch.Sector) (*citywatch.Device, error)
}

// A Pipeline brings readings from the doors into the journal.
type Pipeline struct {
	opts     Options
	registry registry
	metrics  *metrics
	shards   []*shard
	letters  *letters

	mu     sync.Mutex
	routes map[string]func(citywatch.DeadLetter) *Door
}

// Taken returns how many readings this pipeline has put into the journal.
func (p *Pipeline) Taken() uint64 { return p.metrics.taken.Load() }

// New returns a pipeline that appends to j the readings of r's devices. It
// does nothing until Run: what is offered before then waits.
func New(o Options, j journal, r registry) *Pipeline {
	o = o.withDefaults()
	m := newMetrics(o.Metrics)
	p := &Pipeline{
		opts:     o,
		registry: r,
		metrics:  m,
		letters:  newLetters(o, j, m),
		routes:   map[string]func(citywatch.DeadLetter) *Door{},
	}
	for i := range o.Shards {
		p.shards = append(p.shards, newShard(i, o, j, m))
	}
	return p
}

// Run appends what is offered until ctx ends, and returns nil when all its
// goroutines have ended. What was not durable by then is done with ErrStopped.
func (p *Pipeline) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, s := range p.shards {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Go(func() { p.letters.run(ctx) })
	wg.Wait()
	return nil
}

// Err returns why the journal takes no readings, as far as the last attempts
// tell, and nil while it does.
func (p *Pipeline) Err() error {
	var errs []error
	for _, s := range p.shards {
		errs = append(errs, s.outage.err())
	}
	return errors.Join(errs...)
}

// Take appends readings that citywatch made itself, such as those about its
// cameras, and returns when all of them are on disk. They must be complete. It
// waits for room while the journal cannot keep up; when ctx ends meanwhile, the
// error is its own, and some of the readings may be kept all the same.
func (p *Pipeline) Take(ctx context.Context, readings []citywatch.Reading) error {
	done := make(chan error, 1)
	p.submit(ctx, readings, func(err error) { done <- err })
	return <-done
}

// submit takes complete readings and calls done once, with nil when all of
// them are on disk. It waits for room while the journal cannot keep up; when
// ctx ends meanwhile, done gets its error, and some of the readings may be
// kept all the same. The readings are the caller's again when submit returns;
// what they refer to must not change.
//
// Done may be called before submit returns, and must not block.
func (p *Pipeline) submit(ctx context.Context, readings []citywatch.Reading, done func(error)) {
	switch len(readings) {
	case 0:
		done(nil)
		return
	case 1:
		home, copies := p.route(&readings[0])
		if len(copies) > 0 {
			break
		}
		if err := p.shards[home].add(ctx, &readings[0], done); err != nil {
			done(err)
		}
		return
	}
	p.spread(ctx, readings, done)
}

// spread gives readings to all the shards that they go to.
func (p *Pipeline) spread(ctx context.Context, readings []citywatch.Reading, done func(error)) {
	// A shard appends in order, so all a message has in one shard is durable
	// when the last of it is.
	last := make([]int, len(p.shards))
	parts := 0
	note := func(shard, i int) {
		if last[shard] == 0 {
			parts++
		}
		last[shard] = i + 1
	}
	for i := range readings {
		home, copies := p.route(&readings[i])
		note(home, i)
		for _, c := range copies {
			note(c, i)
		}
	}
	done = join(parts, done)
	add := func(shard, i int) error {
		var partDone func(error)
		if last[shard] == i+1 {
			partDone = done
		}
		err := p.shards[shard].add(ctx, &readings[i], partDone)
		if err == nil && partDone != nil {
			last[shard] = 0 // it will say so itself
		}
		return err
	}
	for i := range readings {
		home, copies := p.route(&readings[i])
		err := add(home, i)
		for n := 0; err == nil && n < len(copies); n++ {
			err = add(copies[n], i)
		}
		if err == nil {
			continue
		}
		for _, l := range last {
			if l > 0 {
				done(err)
			}
		}
		return
	}
}

// route returns the shard of the reading's zone: what one alert engine must see
// together lies in one shard, in order. A device without a zone counts as one of
// its own.
func (p *Pipeline) route(r *citywatch.Reading) (home int, copies []int) {
	switch {
	case len(p.shards) == 1:
		return 0, nil
	case p.opts.Route != nil:
		return p.opts.Route(r)
	case r.Zone != "":
		return ShardOf(r.Zone, len(p.shards)), nil
	}
	return ShardOf(r.Device, len(p.shards)), nil
}

// ShardOf returns which of n shards holds the readings of a zone, or of a
// device without a zone. The answer is the same in every version and process.
func ShardOf(key string, n int) int {
	const offset, prime = 2166136261, 16777619 // FNV-1a
	h := uint32(offset)
	for i := 0; i < len(key); i++ {
		h = (h ^ uint32(key[i])) * prime
	}
	return int(h % uint32(n))
}

// join returns a function that calls done when it has been called n times,
// with the first error among those calls.
func join(n int, done func(error)) func(error) {
	if n == 1 {
		return done
	}
	var mu sync.Mutex
	var first error
	return func(err error) {
		mu.Lock()
		if first == nil {
			first = err
		}
		n--
		left, result := n, first
		mu.Unlock()
		if left == 0 {
			done(result)
		}
	}
}

// sleep waits for d, or until ctx ends and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

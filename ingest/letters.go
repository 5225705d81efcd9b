package ingest

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"citywatch"
)

// Bounds on dead letters, so that a flood of bad messages can neither fill the
// disk nor memory, nor slow the good ones.
const (
	// letterQueue is how many may wait to be written.
	letterQueue = 256
	// letterBytes is how much of one source is kept per second.
	letterBytes = 1 << 20
	// burstSeconds is how many seconds' worth may come at once.
	burstSeconds = 10
	// One device's one fault may keep repeatBurst letters, then repeatRate per
	// second, so that it leaves room for the faults of others.
	repeatRate, repeatBurst = 1, 100
	// repeatSlots bounds the memory of who has sent what; two faults that
	// share a slot share what they may keep.
	repeatSlots = 4096
)

// letters writes dead letters to the journal, as many as are allowed.
type letters struct {
	opts    Options
	journal journal
	metrics *metrics
	outage  *outage
	seed    maphash.Seed // secret, so that nobody can aim at another's slot
	queue   chan letter

	mu      sync.Mutex
	sources map[string]*allowance
	repeats [repeatSlots]*rate.Limiter
	stopped bool
}

type letter struct {
	citywatch.DeadLetter
	done func(error)
}

// An allowance is what one source may keep.
type allowance struct {
	count, bytes *rate.Limiter
}

func newLetters(o Options, j journal, m *metrics) *letters {
	return &letters{
		opts:    o,
		journal: j,
		metrics: m,
		outage:  &outage{log: o.Log, what: "dead letters"},
		seed:    maphash.MakeSeed(),
		queue:   make(chan letter, letterQueue),
		sources: map[string]*allowance{},
	}
}

// offer keeps the letter, or counts it as not kept, and then calls done.
func (l *letters) offer(d citywatch.DeadLetter, done func(error)) {
	d.Payload = d.Payload[:min(len(d.Payload), citywatch.MaxPayload)]
	l.mu.Lock()
	err, queued := l.enqueue(letter{d, done})
	l.mu.Unlock()
	if !queued {
		if err == nil {
			l.metrics.letters.WithLabelValues(d.Source, "false").Inc()
		}
		done(err)
	}
}

// enqueue reports whether the letter waits to be written; an error if nothing
// is any more.
func (l *letters) enqueue(x letter) (err error, queued bool) {
	if l.stopped {
		return ErrStopped, false
	}
	if len(l.queue) == cap(l.queue) || !l.allowed(&x.DeadLetter, time.Now()) {
		return nil, false
	}
	// Copied, so as not to hold on to what it may be a part of.
	x.Payload = slices.Clone(x.Payload)
	l.queue <- x
	return nil, true
}

// allowed reports whether the letter is within what its source, and its
// device with this fault, may keep.
func (l *letters) allowed(d *citywatch.DeadLetter, now time.Time) bool {
	who := d.Device
	if who == "" {
		who = d.Topic
	}
	slot := maphash.Comparable(l.seed, [3]string{d.Source, who, string(d.Refusal)}) % repeatSlots
	if l.repeats[slot] == nil {
		l.repeats[slot] = rate.NewLimiter(repeatRate, repeatBurst)
	}
	if !l.repeats[slot].AllowN(now, 1) {
		return false
	}
	a := l.sources[d.Source]
	if a == nil {
		perSecond := l.opts.DeadLettersPerSecond
		a = &allowance{
			count: rate.NewLimiter(rate.Limit(perSecond), perSecond*burstSeconds),
			bytes: rate.NewLimiter(letterBytes, letterBytes*burstSeconds),
		}
		l.sources[d.Source] = a
	}
	return a.count.AllowN(now, 1) && a.bytes.AllowN(now, len(d.Payload))
}

// run writes letters until ctx ends.
func (l *letters) run(ctx context.Context) {
	defer l.stop()
	for {
		select {
		case <-ctx.Done():
			return
		case x := <-l.queue:
			if l.write(ctx, &x.DeadLetter) != nil {
				x.done(ErrStopped)
				return
			}
			l.metrics.letters.WithLabelValues(x.Source, "true").Inc()
			x.done(nil)
		}
	}
}

// write keeps trying until the letter is durable or ctx ends; meanwhile the
// queue fills, and what does not fit is counted.
func (l *letters) write(ctx context.Context, d *citywatch.DeadLetter) error {
	for try := 0; ; try++ {
		err := l.journal.AppendDeadLetter(ctx, *d)
		if err == nil {
			l.outage.over()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.outage.failed(err, time.Now())
		if err := sleep(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

// stop turns away what comes and what still waits.
func (l *letters) stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	for {
		select {
		case x := <-l.queue:
			x.done(ErrStopped)
		default:
			return
		}
	}
}

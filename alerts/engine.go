package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"citywatch"
)

// Options configure an engine.
type Options struct {
	// MaxLag is how long after it was measured a reading may arrive and still
	// move an alert, at least twice the device's period. 0 is unlimited: what
	// is newest of a device counts, so that recorded data can be played.
	MaxLag time.Duration `yaml:"max_lag"`
	// Live is how long after it was measured a reading may arrive and still be
	// about now, so that people are called; at least twice the device's period,
	// or as long as the rule looks back. 0 is ten minutes.
	Live time.Duration `yaml:"live"`
	// Remember is how many readings of each device are remembered by each rule
	// that judges them one by one, so that late ones find their place; up to
	// twice as many are, at 8 bytes each, and 32 times as many while a device
	// catches up. 0 is 32. What lies before all of them changes nothing.
	Remember int `yaml:"remember"`
	// RememberFor is how old they may become; 0 is 72 hours.
	RememberFor time.Duration `yaml:"remember_for"`
	// MaxShelf is for how long an alert may be put aside; 0 is eight hours.
	MaxShelf time.Duration `yaml:"max_shelf"`
	// Exercise marks every alert as one of a drill. No configuration can set it.
	Exercise bool `yaml:"-"`
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	if o.MaxLag < 0 {
		problems = append(problems, citywatch.Problem{Path: "$.max_lag", Message: fmt.Sprintf("%v is negative", o.MaxLag), Hint: "10m, or 0 for no limit"})
	}
	if o.Live < 0 {
		problems = append(problems, citywatch.Problem{Path: "$.live", Message: fmt.Sprintf("%v is negative", o.Live), Hint: "10m"})
	}
	if o.Remember < 0 || o.Remember > maxRemember {
		problems = append(problems, citywatch.Problem{Path: "$.remember", Message: fmt.Sprintf("%d readings cannot be remembered", o.Remember), Hint: fmt.Sprintf("1 to %d", maxRemember)})
	}
	if o.RememberFor < 0 {
		problems = append(problems, citywatch.Problem{Path: "$.remember_for", Message: fmt.Sprintf("%v is negative", o.RememberFor), Hint: "72h"})
	}
	if o.MaxShelf < 0 {
		problems = append(problems, citywatch.Problem{Path: "$.max_shelf", Message: fmt.Sprintf("%v is negative", o.MaxShelf), Hint: "8h, as long as a shift"})
	}
	return problems
}

// A Reader returns what the journal holds, in its order. Next waits for what
// is not there yet; a context that ends loses nothing.
type Reader[T any] interface {
	Next(context.Context) (T, error)
	Close()
}

// A ledger is what the engine asks of the journal besides reading it.
type ledger interface {
	AppendTransitions(context.Context, []citywatch.Transition) error
	TransitionBounds(context.Context) (first, last uint64, err error)
	Load(ctx context.Context, key string) ([]byte, error)
	Save(ctx context.Context, key string, data []byte) error
}

type devices interface {
	Lookup(id string) (*citywatch.Device, bool)
	// Devices returns the listed devices.
	Devices() []*citywatch.Device
}

// Deps are what an engine is given by its surroundings.
type Deps struct {
	// Shard is the shard of the journal that the engine reads. Only one engine
	// may read it at a time.
	Shard int
	// Share says which devices are the engine's; nil says all.
	Share   Share
	Rules   *Rules
	Devices devices
	Journal ledger
	// Entries and Transitions read the journal from a sequence number on.
	Entries     func(from uint64) Reader[citywatch.Entry]
	Transitions func(from uint64) Reader[citywatch.Transition]
	// Metrics may be nil, and the same for every shard.
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// An Engine evaluates rules over one shard of the journal.
type Engine struct {
	options Options
	deps    Deps
	fold    *fold
	metrics *metrics
	actions chan action
	reloads chan reload
	stopped chan struct{}
	// since counts the entries since the last checkpoint, appended is the last
	// transition that is known to be in the journal.
	since    int
	appended uint64
	// unkept counts the transitions since the last checkpoint.
	unkept int
	// keepAfter is checkpointEntries, but for tests.
	keepAfter int
}

// New returns an engine; Run starts it.
func New(o Options, d Deps) *Engine {
	return &Engine{
		options: o, deps: d, fold: newFold(o, d), metrics: newMetrics(d.Metrics, d.Shard, d.Rules),
		actions: make(chan action), reloads: make(chan reload), stopped: make(chan struct{}), keepAfter: checkpointEntries,
	}
}

// An action is a person's, on its way to the engine's goroutine.
type action struct {
	what  Action
	reply chan<- outcome
}

type outcome struct {
	alert citywatch.Alert
	err   error
}

// Do has a person do something, and returns the alert after that: for a device,
// the alert that stands for its being out of service. It returns when the
// journal has it. The errors are ErrNotFound, ErrConflict (a *ConflictError),
// ErrStillTrue, ErrNotLatched, ErrRefused, ErrIncomplete, ErrStopped and ctx's;
// after ctx's it may have happened all the same, and the same once more does no
// harm. It waits while the engine does not run yet.
func (e *Engine) Do(ctx context.Context, a Action) (citywatch.Alert, error) {
	reply := make(chan outcome, 1)
	select {
	case e.actions <- action{a, reply}:
	case <-e.stopped:
		return citywatch.Alert{}, ErrStopped
	case <-ctx.Done():
		return citywatch.Alert{}, ctx.Err()
	}
	select {
	case o := <-reply:
		return o.alert, o.err
	case <-ctx.Done():
		return citywatch.Alert{}, ctx.Err()
	}
}

// Acknowledge notes that somebody has seen an alert.
func (e *Engine) Acknowledge(ctx context.Context, a Action) (citywatch.Alert, error) {
	a.Verb = Acknowledge
	return e.Do(ctx, a)
}

// Reset ends an alert of a latched rule. Who resets an alert has also
// acknowledged it.
func (e *Engine) Reset(ctx context.Context, a Action) (citywatch.Alert, error) {
	a.Verb = Reset
	return e.Do(ctx, a)
}

const (
	// checkpointEvery and checkpointEntries bound how much of the journal is
	// read anew after a crash. Each checkpoint costs an fsync.
	checkpointEvery   = time.Minute
	checkpointEntries = 50_000
	// checkpointChanges is after how many transitions there is one too, those
	// before a start among them: who is killed again and again in a storm would
	// else read all of it each time, and never catch up.
	checkpointChanges = 1000
	// ahead is how many entries are read ahead of those being evaluated.
	ahead = 16
	// together is how many transitions of several entries go to the journal in
	// one piece when the engine is behind.
	together = 500
)

// Run restores what the engine knew and follows the journal until ctx ends.
// It can be run once.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.stopped)
	if err := e.restore(ctx); err != nil {
		return fmt.Errorf("alerts: restoring: %w", err)
	}
	entries := make(chan citywatch.Entry, ahead)
	g, running := errgroup.WithContext(ctx)
	from := e.fold.last.Seq + 1
	g.Go(func() error { return e.read(running, from, entries) })
	g.Go(func() error { return e.follow(running, entries) })
	err := g.Wait()
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return fmt.Errorf("alerts: %w", err)
}

func (e *Engine) read(ctx context.Context, from uint64, entries chan<- citywatch.Entry) error {
	r := e.deps.Entries(from)
	defer r.Close()
	for {
		entry, err := r.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case entries <- entry:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follow evaluates entries and takes actions, one after the other.
func (e *Engine) follow(ctx context.Context, entries <-chan citywatch.Entry) error {
	s := newSaver(e)
	defer s.finish(ctx)
	timer := time.NewTicker(checkpointEvery)
	defer timer.Stop()
	for {
		var err error
		due := false
		select {
		case entry := <-entries:
			err = e.evaluate(ctx, entry, entries)
			due = e.since >= e.keepAfter || e.unkept >= checkpointChanges
		case a := <-e.heard():
			err = e.take(ctx, a)
		case r := <-e.reloads:
			err = s.reload(ctx, r)
		case <-s.always():
			s.advance(ctx)
		case <-timer.C:
			due = true
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if due {
			s.start()
		}
	}
}

// heard is where people's actions come from, once it is known what time it is:
// that of an entry, the next of which is never far.
func (e *Engine) heard() <-chan action {
	if e.fold.now().IsZero() {
		return nil
	}
	return e.actions
}

// evaluate applies an entry, and some of those that wait behind it, before it
// writes: an engine that is behind catches up, and yet hears people in between.
func (e *Engine) evaluate(ctx context.Context, entry citywatch.Entry, more <-chan citywatch.Entry) error {
	e.apply(&entry)
	for range ahead {
		if len(e.fold.out) >= together {
			break
		}
		select {
		case entry = <-more:
			e.apply(&entry)
			continue
		default:
		}
		break
	}
	return e.flush(ctx)
}

func (e *Engine) apply(entry *citywatch.Entry) {
	if entry.Seq <= e.fold.last.Seq {
		e.deps.Log.Error("the journal begins anew: alerts are kept, and its readings are taken from the start",
			"shard", e.deps.Shard, "known", e.fold.last.Seq, "found", entry.Seq)
		e.fold.rewind()
	}
	e.fold.apply(entry)
	e.since++
}

// take carries out an action and answers when the journal has it.
func (e *Engine) take(ctx context.Context, a action) error {
	alert, err := e.fold.do(a.what)
	if failed := e.flush(ctx); failed != nil {
		a.reply <- outcome{err: ErrStopped}
		return failed
	}
	a.reply <- outcome{alert, err}
	return nil
}

// flush writes the transitions to the journal. It tries until ctx ends: what
// is behind them waits.
func (e *Engine) flush(ctx context.Context) error {
	e.metrics.take(e.fold)
	if len(e.fold.out) == 0 {
		return nil
	}
	const longest = 5 * time.Second
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := e.deps.Journal.AppendTransitions(ctx, e.fold.out)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.metrics.retries.Inc()
		if pause == longest {
			e.deps.Log.Error("the journal does not take the changes of alerts; nobody sees them until it does",
				"shard", e.deps.Shard, "waiting", len(e.fold.out), "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for i := range e.fold.out {
		e.appended = max(e.appended, e.fold.out[i].Seq)
	}
	e.unkept += len(e.fold.out)
	e.metrics.appended(e.fold.out)
	clear(e.fold.out)
	e.fold.out = e.fold.out[:0]
	return nil
}

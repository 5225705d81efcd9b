package store

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"citywatch"
	"citywatch/internal/series"
)

// database is the time series store; see package series.
type database interface {
	Write(ctx context.Context, to series.Resolution, lines []byte) error
	Query(ctx context.Context, from series.Resolution, q string) (series.Result, error)
}

// checkpoints keep how far the journal has been stored.
type checkpoints interface {
	Load(ctx context.Context, key string) ([]byte, error)
	Save(ctx context.Context, key string, data []byte) error
}

// deadLetters take the readings that the time series store refuses for good.
type deadLetters interface {
	AppendDeadLetter(ctx context.Context, d citywatch.DeadLetter) error
}

// Entries reads one shard of the journal in order. Next returns no errors that
// pass by themselves.
type Entries interface {
	Next(ctx context.Context) (citywatch.Entry, error)
	Close()
}

// Parts are what a Store is made of. Log and Metrics may be nil.
type Parts struct {
	DB          database
	Checkpoints checkpoints
	DeadLetters deadLetters
	// Entries returns a reader of a shard that begins with the entry from.
	Entries func(shard int, from uint64) Entries
	// Shards is how many the journal has; 0 is 1.
	Shards  int
	Options Options
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// A Store fills a time series store from the journal and reads from it.
type Store struct {
	parts   Parts
	metrics *metrics
	health  *health
	// sumEvery is how old a summary may be.
	sumEvery time.Duration
	// manyWindows is how many windows of a device may wait to be summed up.
	manyWindows int
}

// New returns a Store; Run does its work.
func New(p Parts) *Store {
	p.Shards = cmp.Or(p.Shards, 1)
	p.Log = cmp.Or(p.Log, slog.New(slog.DiscardHandler))
	s := &Store{parts: p, metrics: newMetrics(p.Metrics), sumEvery: time.Minute, manyWindows: manyWindows}
	s.health = &health{log: p.Log, degraded: s.metrics.degraded}
	return s
}

// Run stores what is in the journal, and what comes, until ctx ends. It
// outlasts any fault of the time series store; its error is the journal's.
func (s *Store) Run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	for shard := range s.parts.Shards {
		w := newWorker(s, shard)
		g.Go(func() error { return w.run(running) })
	}
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Degraded returns since when and why the time series store does not take what
// it is given; the zero time while all is well. Nothing is lost meanwhile:
// readings wait in the journal.
func (s *Store) Degraded() (since time.Time, reason string) { return s.health.degradedSince() }

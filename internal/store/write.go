package store

import (
	"context"
	"errors"
	"time"

	"citywatch/internal/series"
)

// A writer writes lines until they are stored or refused for good, however long
// it takes.
type writer struct {
	db      database
	health  *health
	metrics *metrics
	backoff backoff
	// limit is how many lines one write has: less than maxLines once the store
	// has said that it was too much.
	limit int
}

func (s *Store) newWriter() *writer {
	return &writer{db: s.parts.DB, health: s.health, metrics: s.metrics, limit: maxLines}
}

// A refusal is called with the index of each line that the store will never
// take. Its error ends the write.
type refusal func(line int, reason string) error

// write returns nil when each line is durable or refused. Its error is ctx's or
// refuse's.
func (w *writer) write(ctx context.Context, to series.Resolution, b block, refuse refusal) error {
	return w.span(ctx, to, b, span{0, len(b.ends)}, refuse)
}

// A span is lines from i up to j.
type span struct{ i, j int }

// span writes the lines of s in parts of no more than the store takes.
func (w *writer) span(ctx context.Context, to series.Resolution, b block, s span, refuse refusal) error {
	for s.i < s.j {
		part := span{s.i, s.i + 1}
		for part.j < s.j && part.j-part.i < w.limit && len(b.slice(part.i, part.j+1)) <= maxBytes {
			part.j++
		}
		if err := w.part(ctx, to, b, part, refuse); err != nil {
			return err
		}
		s.i = part.j
	}
	return nil
}

// part writes the lines of s; when one of them is refused it halves them until
// it stands alone. The good ones may be written twice, which is harmless, and
// none waits for a bad one longer than those few writes.
func (w *writer) part(ctx context.Context, to series.Resolution, b block, s span, refuse refusal) error {
	err := w.persist(ctx, func() error { return w.db.Write(ctx, to, b.slice(s.i, s.j)) })
	rejected := new(series.Rejected)
	tooLarge := errors.Is(err, series.ErrTooLarge)
	switch {
	case !tooLarge && !errors.As(err, &rejected):
		return err
	case s.j-s.i == 1 && tooLarge:
		return refuse(s.i, err.Error())
	case s.j-s.i == 1:
		return refuse(s.i, rejected.Reason)
	}
	middle := (s.i + s.j) / 2
	if tooLarge {
		// Where less is too much it is for a long line, not for their number.
		w.limit = max(min(w.limit, s.j-middle), 50)
	}
	if err := w.span(ctx, to, b, span{s.i, middle}, refuse); err != nil {
		return err
	}
	return w.span(ctx, to, b, span{middle, s.j}, refuse)
}

// persist calls the store until it answers. It returns nil, what the store will
// say for ever (a *series.Rejected, series.ErrTooLarge), or the end of ctx.
func (w *writer) persist(ctx context.Context, call func() error) error {
	for {
		start := time.Now()
		err := call()
		if err == nil || final(err) {
			w.metrics.writes.Observe(time.Since(start).Seconds())
			w.backoff.reset()
			w.health.succeeded(&w.backoff)
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.metrics.retries.Inc()
		w.health.failed(&w.backoff, err)
		select {
		case <-time.After(w.backoff.next(err)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// final reports whether the store would give the same answer again.
func final(err error) bool {
	var rejected *series.Rejected
	return errors.As(err, &rejected) || errors.Is(err, series.ErrTooLarge)
}

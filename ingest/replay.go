package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citywatch"
	"citywatch/ingest/decode"
)

// ErrNoDoor is returned for a dead letter whose source, or the part of it that
// the letter came by, is no longer configured.
var ErrNoDoor = errors.New("the way it came is not configured any more")

// Route names the doors of a source, so that its dead letters can be sent
// through them again. Find returns nil where none is right.
func (p *Pipeline) Route(source string, find func(citywatch.DeadLetter) *Door) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[source] = find
}

// Replay sends a dead letter through its source's door again, as configured
// now, with the time at which it arrived. It returns nil when all of its
// readings are on disk, and a *decode.Error when it, or a part of it, is
// refused again; no new dead letter is made of that. The letter itself is left
// where it is.
func (p *Pipeline) Replay(ctx context.Context, l citywatch.DeadLetter) error {
	p.mu.Lock()
	find := p.routes[l.Source]
	p.mu.Unlock()
	if find == nil {
		return fmt.Errorf("replay of source %q: %w", l.Source, ErrNoDoor)
	}
	door := find(l)
	if door == nil {
		return fmt.Errorf("replay of source %q, topic %q: %w", l.Source, l.Topic, ErrNoDoor)
	}
	if l.Refusal == citywatch.RefusedSize {
		return &decode.Error{Refusal: l.Refusal, Detail: "the message was too large, and only its beginning was kept"}
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("replay: %w", err) // it would wait, and who asked for it too
	}
	m := Message{Message: decode.Message{Topic: l.Topic, Payload: l.Payload, Arrived: l.Arrived}}
	return door.replay(ctx, m, time.Now())
}

// replay is Offer, but what is refused is returned. What was measured ahead of
// its arrival may have come to pass by now.
func (d *Door) replay(ctx context.Context, m Message, now time.Time) error {
	stored := make(chan error, 1)
	d.mu.Lock()
	readings, refused := d.understand(m, now)
	d.pipeline.submit(ctx, readings, func(err error) { stored <- err })
	clear(d.readings)
	d.mu.Unlock()
	select {
	case err := <-stored:
		if err == nil && refused != nil {
			v := refused.verdict()
			return &decode.Error{Refusal: v.Refusal, Detail: v.Detail}
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

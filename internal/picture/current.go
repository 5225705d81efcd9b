package picture

import (
	"context"
	"time"
)

// Current waits until the picture shows everything that the journal holds when
// it is called: right after a start it does not yet. The error is ctx's, or the
// journal's.
func (p *Picture) Current(ctx context.Context) error {
	first, last, err := p.options.Journal.TransitionBounds(ctx)
	if err != nil {
		return err
	}
	if err := p.await(ctx, first, last, func() uint64 { return p.cursor.Transitions }); err != nil {
		return err
	}
	for shard := range p.options.Shards {
		first, last, err := p.options.Journal.EntryBounds(ctx, shard)
		if err != nil {
			return err
		}
		if err := p.await(ctx, first, last, func() uint64 { return p.cursor.Entries[shard] }); err != nil {
			return err
		}
	}
	return nil
}

// await looks, now and then, whether what has been read goes up to last.
func (p *Picture) await(ctx context.Context, first, last uint64, read func() uint64) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for first <= last {
		p.mu.RLock()
		upTo := read()
		p.mu.RUnlock()
		if upTo >= last {
			break
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

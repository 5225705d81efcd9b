package journal

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// EntryAt returns the sequence number of the first entry that was written at or
// after a time; that after the last one if there is none.
func (j *Journal) EntryAt(ctx context.Context, shard int, at time.Time) (uint64, error) {
	s, err := j.shard(shard)
	if err != nil {
		return 0, err
	}
	first, last, err := j.bounds(ctx, s.stream)
	if err != nil {
		return 0, err
	}
	low, high := first, last+1
	for low < high {
		middle := low + (high-low)/2
		written, err := j.writtenAt(ctx, s.stream, middle)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			low = middle + 1 // the journal's limits have dropped it meanwhile
			continue
		}
		if err != nil {
			return 0, j.explain(ctx, err)
		}
		if written.Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// FirstEntry returns when the oldest entry of any shard was written: the zero
// time if there is none.
func (j *Journal) FirstEntry(ctx context.Context) (time.Time, error) {
	var oldest time.Time
	for _, s := range j.shards {
		info, err := s.stream.Info(ctx)
		if err != nil {
			return oldest, j.explain(ctx, err)
		}
		if at := info.State.FirstTime; info.State.Msgs > 0 && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest, nil
}

func (j *Journal) writtenAt(ctx context.Context, s jetstream.Stream, seq uint64) (time.Time, error) {
	m, err := s.GetMsg(ctx, seq)
	if err != nil {
		return time.Time{}, err
	}
	return m.Time, nil
}

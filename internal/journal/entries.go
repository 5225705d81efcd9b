package journal

import (
	"context"

	"citywatch"

	"github.com/nats-io/nats.go/jetstream"
)

// EntryBounds returns the sequence numbers of the first and the last entry
// that the shard keeps. Where it keeps none, first is last+1.
func (j *Journal) EntryBounds(ctx context.Context, shard int) (first, last uint64, err error) {
	s, err := j.shard(shard)
	if err != nil {
		return 0, 0, err
	}
	return j.bounds(ctx, s.stream)
}

func (j *Journal) bounds(ctx context.Context, s jetstream.Stream) (first, last uint64, err error) {
	info, err := s.Info(ctx)
	if err != nil {
		return 0, 0, j.explain(ctx, err)
	}
	if info.State.Msgs == 0 {
		return info.State.LastSeq + 1, info.State.LastSeq, nil
	}
	return info.State.FirstSeq, info.State.LastSeq, nil
}

// Entries returns a reader of a shard that begins with the entry from, or with
// the first that is kept where from is 0. Nothing is asked of the server before
// the first Next. It panics if there is no such shard.
func (j *Journal) Entries(shard int, from uint64) *EntryReader {
	s := j.shards[shard]
	r := &EntryReader{decoder: newDecoder()}
	r.stream, r.name, r.head = s.stream, s.name, &s.head
	r.maxAge, r.limit = j.opts.MaxAge, j.opts.MaxBytes
	j.follow(&r.follower, from)
	return r
}

// An EntryReader reads the entries of one shard in their order. Next is for
// one goroutine at a time; the other methods are for any.
type EntryReader struct {
	follower
	decoder *decoder
}

// Named gives the reader the name under which its lag is measured and alarms
// are logged, and returns it. It is called before the first Next.
func (r *EntryReader) Named(name string) *EntryReader {
	r.reader.Store(&name)
	return r
}

// Next waits for the next entry. It returns no other errors than ctx's, after
// which it can be called again and nothing is lost, and ErrClosed: it outlasts
// a server that is slow, restarts or loses its consumers.
//
// Entries that the journal's limits dropped before they were read are missing;
// Lost tells. An entry that cannot be decoded is counted, logged and skipped.
func (r *EntryReader) Next(ctx context.Context) (citywatch.Entry, error) {
	for {
		m, err := r.next(ctx)
		if err != nil {
			return citywatch.Entry{}, err
		}
		e, err := r.decoder.entry(m.data)
		if err != nil {
			r.skip(m, err)
			continue
		}
		e.Seq = m.seq
		return e, nil
	}
}

// skip reports a message that cannot be understood.
func (f *follower) skip(m message, err error) {
	f.journal.metrics.corrupt.Inc()
	f.journal.faults.report(f.journal.log, "an entry of the journal cannot be understood and is skipped",
		"stream", f.name, "seq", m.seq, "err", err)
}

// Lost returns how many entries this reader has missed because the journal's
// limits had dropped them: those between from and the first that was kept, and
// those that were dropped while it was reading. It grows before the Next that
// jumps over the gap returns.
func (r *EntryReader) Lost() uint64 { return r.lost.Load() }

// Close ends the reader; a Next that waits returns ErrClosed.
func (r *EntryReader) Close() { r.close() }

package journal

import (
	"context"
	"sync/atomic"

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
	r := &EntryReader{decoder: newDecoder(), recent: &s.recent}
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
	recent  *recentEntries
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
// Entries are shared between readers and must not be changed.
func (r *EntryReader) Next(ctx context.Context) (citywatch.Entry, error) {
	for {
		m, err := r.next(ctx)
		if err != nil {
			return citywatch.Entry{}, err
		}
		if e := r.recent.get(m.seq); e != nil {
			return *e, nil
		}
		e, err := r.decoder.entry(m.data)
		if err != nil {
			r.skip(m, err)
			continue
		}
		e.Seq = m.seq
		r.recent.put(&e)
		return e, nil
	}
}

// recentEntries are the entries of a shard that were decoded last: the readers
// that keep up read the same ones at nearly the same time, and share the work.
type recentEntries [32]atomic.Pointer[citywatch.Entry]

// tooManyToKeep is how many readings an entry may not have to be kept: it bounds
// what is held in memory for readers that will not come.
const tooManyToKeep = 1000

func (r *recentEntries) get(seq uint64) *citywatch.Entry {
	if e := r[seq%uint64(len(r))].Load(); e != nil && e.Seq == seq {
		return e
	}
	return nil
}

// put keeps an entry, unless a later one is in its place.
func (r *recentEntries) put(e *citywatch.Entry) {
	place := &r[e.Seq%uint64(len(r))]
	if len(e.Readings) >= tooManyToKeep {
		return
	}
	if there := place.Load(); there == nil || there.Seq < e.Seq {
		place.CompareAndSwap(there, e)
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

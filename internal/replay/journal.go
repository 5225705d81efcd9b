package replay

import (
	"context"
	"errors"
	"io"
	"time"

	"citywatch"
	"citywatch/internal/journal"
)

// A lane is the entries of one shard, in order; io.EOF ends it.
type lane interface {
	Next(ctx context.Context) (citywatch.Entry, error)
	Close()
}

// FromFolder returns the history in the files of a journal, which nobody has to
// run and which it leaves as they are.
func FromFolder(f *journal.Folder, from, to time.Time) Source {
	m := &merged{to: to}
	for shard := range f.Shards() {
		m.lanes = append(m.lanes, f.Entries(shard, from))
	}
	return m
}

// FromJournal returns the history in a journal that is open, as far as it goes
// by now.
func FromJournal(ctx context.Context, j *journal.Journal, from, to time.Time) (Source, error) {
	m := &merged{to: to}
	for shard := range j.Shards() {
		first, err := j.EntryAt(ctx, shard, from)
		if err != nil {
			return nil, err
		}
		_, last, err := j.EntryBounds(ctx, shard)
		if err != nil {
			return nil, err
		}
		m.lanes = append(m.lanes, &bounded{reader: j.Entries(shard, first), next: first, last: last})
	}
	return m, nil
}

// bounded ends a reader that would wait for what is not there yet.
type bounded struct {
	reader     *journal.EntryReader
	next, last uint64
}

func (b *bounded) Next(ctx context.Context) (citywatch.Entry, error) {
	if b.next > b.last {
		return citywatch.Entry{}, io.EOF
	}
	e, err := b.reader.Next(ctx)
	if err == nil {
		b.next = e.Seq + 1
		if e.Seq > b.last {
			err = io.EOF // what was asked for has been dropped meanwhile
		}
	}
	return e, err
}

func (b *bounded) Close() { b.reader.Close() }

// merged are the shards in the order of time.
type merged struct {
	to    time.Time
	lanes []lane
	heads []*citywatch.Entry // nil at the end of a lane
}

func (m *merged) Next(ctx context.Context) (shard int, e citywatch.Entry, err error) {
	if m.heads == nil {
		m.heads = make([]*citywatch.Entry, len(m.lanes))
		for i := range m.lanes {
			if err := m.pull(ctx, i); err != nil {
				return 0, e, err
			}
		}
	}
	best := -1
	for i, head := range m.heads {
		if head != nil && (best < 0 || when(head).Before(when(m.heads[best]))) {
			best = i
		}
	}
	if best < 0 {
		return 0, e, io.EOF
	}
	e = *m.heads[best]
	return best, e, m.pull(ctx, best)
}

// pull reads the next entry of a lane; what lies behind the end is not read.
func (m *merged) pull(ctx context.Context, i int) error {
	e, err := m.lanes[i].Next(ctx)
	switch {
	case errors.Is(err, io.EOF):
		m.heads[i] = nil
		return nil
	case err != nil:
		return err
	case !when(&e).Before(m.to):
		m.heads[i] = nil
		return nil
	}
	m.heads[i] = &e
	return nil
}

func (m *merged) Close() {
	for _, l := range m.lanes {
		l.Close()
	}
}

// Damaged returns how much of the journal's files could not be read.
func (m *merged) Damaged() (entries, files int) {
	for _, l := range m.lanes {
		if r, ok := l.(*journal.FolderReader); ok {
			e, f := r.Damaged()
			entries, files = entries+e, files+f
		}
	}
	return entries, files
}

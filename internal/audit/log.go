package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
)

// A Head is the last line of an audit: how many there are, and the hash of the
// last. The zero Head is that of an empty audit.
type Head struct {
	N    uint64 `json:"n"`
	Hash string `json:"hash"`
}

// String returns n:hash, as it is written down elsewhere.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.N, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	var h Head
	if _, err := fmt.Sscanf(s, "%d:%s", &h.N, &h.Hash); err != nil || len(h.Hash) != hashSize {
		return Head{}, fmt.Errorf("%q is not the head of an audit: number:hash, as `citywatch audit verify` prints it", s)
	}
	return h, nil
}

// A Reader returns the journal's transitions in their order.
type Reader interface {
	Next(context.Context) (citywatch.Transition, error)
	Close()
}

// A journal is what is asked of the journal besides reading it.
type journal interface {
	Epoch() string
	TransitionBounds(context.Context) (first, last uint64, err error)
	Load(ctx context.Context, key string) ([]byte, error)
	Save(ctx context.Context, key string, data []byte) error
}

// Deps are what a Log is given by its surroundings.
type Deps struct {
	Journal journal
	// Transitions reads from a sequence number on.
	Transitions func(from uint64) Reader
	Log         *slog.Logger
}

// Folder is the audit's folder within the data folder.
const Folder = "audit"

// A Log writes the audit. One process at a time may write a folder.
type Log struct {
	dir  string
	deps Deps
	file *os.File // the month's; nil before the first line of this run
	name string
	last position
	head atomic.Pointer[Head]
	// anchored is the head that the journal was last told of.
	anchored Head
}

// A position is where an audit ends.
type position struct {
	Head
	epoch string
	seq   uint64
}

// New returns a log that writes to dir when it is Run.
func New(dir string, d Deps) *Log { return &Log{dir: dir, deps: d} }

const (
	// anchorKey is where the journal keeps the head.
	anchorKey = "audit"
	// anchorEvery bounds how many lines can be cut off the end unseen. Each
	// anchor costs an fsync.
	anchorEvery = time.Minute
	// together is how many lines share one fsync at most.
	together = 512
)

// Run writes until ctx ends. It fails when the folder cannot be written: an
// action that leaves no trace is not to be taken for one that was recorded.
func (l *Log) Run(ctx context.Context) (err error) {
	if err := os.MkdirAll(l.dir, 0o750); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if l.last, l.name, err = end(l.dir); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	head := l.last.Head
	l.head.Store(&head)
	if err := l.compare(ctx); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, l.close()) }()
	read := make(chan citywatch.Transition, together)
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return l.read(running, read) })
	g.Go(func() error { return l.write(running, read) })
	if err := g.Wait(); ctx.Err() == nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := l.finish(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("audit: what changed last is written at the next start: %w", err)
	}
	return nil
}

// next returns the first transition in the journal that is not written yet.
func (l *Log) next() uint64 {
	if l.last.epoch != l.deps.Journal.Epoch() {
		return 1
	}
	return l.last.seq + 1
}

// finish writes what the journal still holds when everything that changes
// alerts has stopped.
func (l *Log) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	_, last, err := l.deps.Journal.TransitionBounds(ctx)
	if err != nil {
		return err
	}
	if last >= l.next() {
		r := l.deps.Transitions(l.next())
		defer r.Close()
		for last >= l.next() {
			t, err := r.Next(ctx)
			if err != nil {
				return err
			}
			if err := l.append([]citywatch.Transition{t}); err != nil {
				return err
			}
		}
	}
	l.anchor(ctx)
	return nil
}

// compare reports an audit that is shorter than it was.
func (l *Log) compare(ctx context.Context) error {
	data, err := l.deps.Journal.Load(ctx, anchorKey)
	if err != nil || data == nil {
		return err
	}
	if err := json.Unmarshal(data, &l.anchored); err != nil {
		return fmt.Errorf("its head in the journal: %w", err)
	}
	if l.last.N < l.anchored.N {
		l.deps.Log.Error("lines are missing at the end of the audit", "folder", l.dir,
			"known", l.anchored.String(), "found", l.last.String())
	}
	return nil
}

func (l *Log) read(ctx context.Context, to chan<- citywatch.Transition) error {
	r := l.deps.Transitions(l.next())
	defer r.Close()
	for {
		t, err := r.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case to <- t:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *Log) write(ctx context.Context, from <-chan citywatch.Transition) error {
	anchor := time.NewTicker(anchorEvery)
	defer anchor.Stop()
	var batch []citywatch.Transition
	for {
		select {
		case t := <-from:
			batch = append(batch[:0], t)
		case <-anchor.C:
			l.anchor(ctx)
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		for waiting := true; waiting && len(batch) < together; {
			select {
			case t := <-from:
				batch = append(batch, t)
			default:
				waiting = false
			}
		}
		if err := l.append(batch); err != nil {
			return err
		}
	}
}

// finishTimeout bounds what is written after the context has ended.
const finishTimeout = 5 * time.Second

// anchor tells the journal where the audit ends. One that fails is no loss: the
// next comes.
func (l *Log) anchor(ctx context.Context) {
	if l.anchored.N >= l.last.N {
		return
	}
	data, err := json.Marshal(l.last.Head)
	if err != nil {
		return
	}
	if err := l.deps.Journal.Save(ctx, anchorKey, data); err == nil {
		l.anchored = l.last.Head
	}
}

// append writes a line for each transition, and returns when they are on disk.
func (l *Log) append(ts []citywatch.Transition) error {
	if err := l.turn(ts[0].At); err != nil {
		return err
	}
	var b bytes.Buffer
	next := l.last
	for i := range ts {
		hash, err := lineOf(&ts[i], l.deps.Journal.Epoch(), next.Head).write(&b)
		if err != nil {
			return err
		}
		next = position{Head: Head{N: next.N + 1, Hash: hash}, epoch: l.deps.Journal.Epoch(), seq: ts[i].Seq}
	}
	if _, err := l.file.Write(b.Bytes()); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.last = next
	l.head.Store(&next.Head)
	return nil
}

// Head returns where the audit ends; the zero Head until that is known.
func (l *Log) Head() Head {
	if h := l.head.Load(); h != nil {
		return *h
	}
	return Head{}
}

// turn opens the month's file. A month before that of the last line, which is
// of a clock that was set back, does not open an older one: the files' names
// are their order.
func (l *Log) turn(at time.Time) error {
	name := max(at.UTC().Format(monthName), l.name)
	if l.file != nil && name == l.name {
		return nil
	}
	if err := l.close(); err != nil {
		return err
	}
	f, err := openFile(l.dir, name)
	if err != nil {
		return err
	}
	l.file, l.name = f, name
	return nil
}

func (l *Log) close() error {
	if l.file == nil {
		return nil
	}
	defer func() { l.file = nil }()
	return l.file.Close()
}

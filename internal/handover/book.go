// Package handover keeps what shifts leave to one another: how things stand, as
// citywatch knows it, with what the one who leaves adds, signed by both.
//
// Each handover is a file. What is signed is never written again, and holds the
// hash of itself and of the one that was signed before it, so that a change, or
// one that is missing, is seen.
package handover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"citywatch"
)

// Folder is where the handovers lie in the data folder.
const Folder = "handovers"

// The errors of a book.
var (
	// ErrNotFound means that there is no such handover.
	ErrNotFound = errors.New("no such handover")
	// ErrSigned means that it is signed, and so not changed any more.
	ErrSigned = errors.New("the handover is signed")
	// ErrConflict means that it is no longer what the person saw, or that
	// there is one already. The text says which.
	ErrConflict = errors.New("the handover has changed")
	// ErrNotYours means that it is for somebody else to do. The text says for
	// whom.
	ErrNotYours = errors.New("not yours to do")
	// ErrTooLong means that more was written than a book keeps.
	ErrTooLong = errors.New("too long")
)

// Deps are what a book is given.
type Deps struct {
	// Take returns how things stand now, all of it.
	Take func(context.Context) (citywatch.HandoverPicture, error)
	// Now is the time that signatures bear.
	Now func() time.Time
	Log *slog.Logger
}

// A Book holds the handovers. It is safe for concurrent use, but only one may
// be open for a folder.
type Book struct {
	deps Deps
	root *os.Root

	mu    sync.Mutex
	heads map[string]citywatch.HandoverHead // by id
	// last is the hash of the one that was signed last.
	last string
	// kept are the promises that were, by their ids; promised those of the last
	// that was signed.
	kept     map[string]kept
	promised promised
}

func headOf(h *citywatch.Handover) citywatch.HandoverHead {
	head := citywatch.HandoverHead{
		ID: h.ID, Version: h.Version, By: h.By, Created: h.Created, Leaving: h.Leaving, Arriving: h.Arriving, Hash: h.Hash,
		Open: map[citywatch.Level]int{}, Cameras: len(h.Cameras), Sensors: len(h.Sensors), Fault: h.Fault,
	}
	for i := range h.Open {
		head.Open[h.Open[i].Standing.Level]++
	}
	return head
}

// List returns the heads of all handovers, the newest first.
func (b *Book) List() []citywatch.HandoverHead {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.heads), func(x, y citywatch.HandoverHead) int { return strings.Compare(y.ID, x.ID) })
}

// Get returns a handover.
func (b *Book) Get(id string) (citywatch.Handover, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.get(id)
}

func (b *Book) get(id string) (citywatch.Handover, error) {
	if _, known := b.heads[id]; !known {
		return citywatch.Handover{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	h, err := b.read(id)
	if h.Fault == "" {
		h.Fault = b.heads[id].Fault
	}
	return h, err
}

// Begin begins the handover of whoever leaves, with how things stand and with
// the promises of the last that are not kept. One who has begun already goes on
// with that: the error is ErrConflict, and names it.
func (b *Book) Begin(ctx context.Context, by string) (citywatch.Handover, error) {
	stands, err := b.deps.Take(ctx)
	if err != nil {
		return citywatch.Handover{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, head := range b.heads {
		if head.By == by && head.Arriving == nil {
			return citywatch.Handover{}, fmt.Errorf("%w: %s has begun %s already", ErrConflict, by, id)
		}
	}
	now := b.deps.Now()
	h := citywatch.Handover{
		ID: b.newID(now), Version: 1, By: by, Created: now, HandoverPicture: stands,
		Notes: map[string]string{}, Promises: []citywatch.HandoverPromise{},
	}
	if last, ok := b.lastSigned(); ok {
		before, err := b.read(last)
		if err != nil {
			return citywatch.Handover{}, err
		}
		for _, p := range before.Promises {
			if _, done := b.kept[promiseID("", p.Promise)]; !p.Done && !done {
				h.Promises = append(h.Promises, p)
			}
		}
	}
	return h, b.keep(&h)
}

// newID names a handover after its time, so that the names' order is that of
// time.
func (b *Book) newID(now time.Time) string {
	id := now.UTC().Format("20060102T150405Z")
	for n := 2; ; n++ {
		if _, taken := b.heads[id]; !taken {
			return id
		}
		id = fmt.Sprintf("%s-%d", now.UTC().Format("20060102T150405Z"), n)
	}
}

func (b *Book) lastSigned() (id string, ok bool) {
	for id, head := range b.heads {
		if head.Hash != "" && head.Hash == b.last {
			return id, true
		}
	}
	return "", false
}

// The bounds of what one handover may hold, in bytes and in number.
const (
	maxRemarks  = 64 << 10
	maxNote     = 8 << 10
	maxNotes    = 1000
	maxPromises = 200
)

// Edit writes what the one who leaves adds, and takes back a signature that
// stood beneath something else.
func (b *Book) Edit(id, by string, version int, e citywatch.HandoverEdit) (citywatch.Handover, error) {
	if err := tooLong(&e); err != nil {
		return citywatch.Handover{}, err
	}
	return b.write(id, by, version, func(h *citywatch.Handover) {
		h.Remarks, h.Notes, h.Promises = e.Remarks, e.Notes, e.Promises
		if h.Notes == nil {
			h.Notes = map[string]string{}
		}
		if h.Promises == nil {
			h.Promises = []citywatch.HandoverPromise{}
		}
	})
}

func tooLong(e *citywatch.HandoverEdit) error {
	if len(e.Remarks) > maxRemarks || len(e.Notes) > maxNotes || len(e.Promises) > maxPromises {
		return fmt.Errorf("%w: %d bytes of remarks, %d notes, %d promises; at most %d, %d and %d are kept",
			ErrTooLong, len(e.Remarks), len(e.Notes), len(e.Promises), maxRemarks, maxNotes, maxPromises)
	}
	for id, note := range e.Notes {
		if len(id)+len(note) > maxNote {
			return fmt.Errorf("%w: the note about %.40s", ErrTooLong, id)
		}
	}
	for _, p := range e.Promises {
		if len(p.Note)+len(p.By) > maxNote {
			return fmt.Errorf("%w: the promise %.40s", ErrTooLong, p.Note)
		}
	}
	return nil
}

// Retake brings how things stand up to date, and leaves what was written.
func (b *Book) Retake(ctx context.Context, id, by string, version int) (citywatch.Handover, error) {
	stands, err := b.deps.Take(ctx)
	if err != nil {
		return citywatch.Handover{}, err
	}
	return b.write(id, by, version, func(h *citywatch.Handover) { h.HandoverPicture = stands })
}

// write has whoever leaves change a handover that is not signed by both.
func (b *Book) write(id, by string, version int, change func(*citywatch.Handover)) (citywatch.Handover, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, err := b.get(id)
	switch {
	case err != nil:
		return h, err
	case h.Signed() || h.Fault != "":
		return h, fmt.Errorf("%w by both", ErrSigned)
	case h.By != by:
		return h, fmt.Errorf("%w: it is %s who leaves", ErrNotYours, h.By)
	case h.Version != version:
		return h, fmt.Errorf("%w: it is at version %d", ErrConflict, h.Version)
	}
	change(&h)
	h.Leaving = nil
	h.Version++
	return h, b.keep(&h)
}

// Sign puts a name beneath a handover, as it was seen at version: first the one
// who leaves, then, as another, the one who arrives. With that it is closed.
// Whoever has signed it already may do so again, which changes nothing.
func (b *Book) Sign(id, by string, version int) (citywatch.Handover, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, err := b.get(id)
	switch {
	case err != nil:
		return h, err
	case h.Leaving != nil && h.Leaving.Name == by, h.Arriving != nil && h.Arriving.Name == by:
		return h, nil
	case h.Signed() || h.Fault != "":
		return h, fmt.Errorf("%w by both", ErrSigned)
	case h.Version != version:
		return h, fmt.Errorf("%w: it is at version %d", ErrConflict, h.Version)
	case h.Leaving == nil && h.By != by:
		return h, fmt.Errorf("%w: %s, who leaves, signs first", ErrNotYours, h.By)
	case h.Leaving != nil && strings.EqualFold(strings.TrimSpace(by), strings.TrimSpace(h.By)):
		return h, fmt.Errorf("%w: it takes another to arrive", ErrNotYours)
	}
	s := &citywatch.Signature{Name: by, At: b.deps.Now()}
	h.Version++
	if h.Leaving == nil {
		h.Leaving = s
		return h, b.keep(&h)
	}
	h.Arriving, h.Prev = s, b.last
	if h.Hash, err = hash(&h); err != nil {
		return h, err
	}
	return h, b.keep(&h)
}

// Discard drops a handover that nobody has signed.
func (b *Book) Discard(id, by string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, err := b.get(id)
	switch {
	case err != nil:
		return err
	case h.Leaving != nil || h.Fault != "":
		return fmt.Errorf("%w", ErrSigned)
	case h.By != by:
		return fmt.Errorf("%w: it is %s who leaves", ErrNotYours, h.By)
	}
	return b.remove(id)
}

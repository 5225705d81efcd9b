package notify

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"citywatch"
	"citywatch/internal/linefile"
)

// The errors of subscriptions.
var (
	// ErrSubscription means that it cannot be as it was given. The text says why.
	ErrSubscription = errors.New("not a subscription")
	// ErrFull means that no more are taken.
	ErrFull = errors.New("too many phones are subscribed")
	// ErrUnknown means that there is none with that id.
	ErrUnknown = errors.New("no such subscription")
	// ErrOff means that nothing is pushed from here.
	ErrOff = errors.New("Web Push is switched off here")
	// ErrNotSent means that the push service did not take it. The text says why.
	ErrNotSent = errors.New("the push service did not take it")
	// ErrTooOften means that it was tried a moment ago.
	ErrTooOften = errors.New("tried a moment ago")
)

// A Subscription is one phone that is to be told, and of what.
type Subscription struct {
	// ID is made of the endpoint, which only the phone and its push service know.
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"`
	Keys     Keys   `json:"keys"`
	// Person has the phone; what they do themselves they are not told.
	Person string `json:"person"`
	// Team is the team or the duty that they have: what is given to it is theirs,
	// and what is escalated to it.
	Team string `json:"team"`
	// Zones are those that they look after; none are all.
	Zones []string `json:"zones"`
	// Level is the lowest that they are told of.
	Level citywatch.Level `json:"level"`
	// Lang is vi or en.
	Lang string `json:"lang"`
	// Since is when they subscribed.
	Since time.Time `json:"since"`
}

// The bounds of what a phone may give.
const (
	maxName  = 100
	maxZones = 200
)

func (s *Subscription) check(g guard) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrSubscription, fmt.Sprintf(format, args...))
	}
	if _, err := g.check(s.Endpoint); err != nil {
		return fmt.Errorf("%w: endpoint: %w", ErrSubscription, err)
	}
	if _, err := s.Keys.decode(); err != nil {
		return fmt.Errorf("%w: keys: %w", ErrSubscription, err)
	}
	texts := append([]string{s.Person, s.Team}, s.Zones...)
	for _, text := range texts {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxName || slices.ContainsFunc([]rune(text), unicode.IsControl) {
			return bad("person, team and zones are texts of up to %d characters", maxName)
		}
	}
	switch {
	case s.Person == "":
		return bad("person is missing: who has the phone?")
	case len(s.Zones) > maxZones:
		return bad("more than %d zones: leave them out for all", maxZones)
	case !s.Level.Valid():
		return bad("there is no level %d", s.Level)
	case s.Lang != "vi" && s.Lang != "en":
		return bad("lang is vi or en")
	}
	return nil
}

// idOf makes an id from an endpoint: the same phone that subscribes again is the
// same subscription.
func idOf(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// A book keeps the subscriptions on the disk. It is safe for concurrent use.
type book struct {
	mu   sync.Mutex
	file *linefile.File
	all  map[string]Subscription
}

// A bookLine is one change of the book.
type bookLine struct {
	Subscription *Subscription `json:"subscription,omitempty"`
	Removed      string        `json:"removed,omitempty"`
}

func openBook(root *os.Root, log *slog.Logger) (*book, error) {
	b := &book{all: map[string]Subscription{}}
	file, damaged, err := linefile.Open(root, "subscriptions.jsonl", b.recall)
	if err != nil {
		return nil, err
	}
	if damaged != nil {
		log.Error("some phones are no longer subscribed, until they open the page", "err", damaged)
	}
	b.file = file
	return b, nil
}

func (b *book) recall(line []byte) error {
	var l bookLine
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	if s := l.Subscription; s != nil {
		b.all[s.ID] = *s
	}
	delete(b.all, l.Removed)
	return nil
}

// put keeps a subscription.
func (b *book) put(s *Subscription, most int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.all[s.ID]; !known && len(b.all) >= most {
		return ErrFull
	}
	if err := b.tidy(); err != nil {
		return err
	}
	if err := b.file.Append(bookLine{Subscription: s}); err != nil {
		return err
	}
	b.all[s.ID] = *s
	return nil
}

// remove forgets one.
func (b *book) remove(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.all[id]; !known {
		return ErrUnknown
	}
	if err := b.file.Append(bookLine{Removed: id}); err != nil {
		return err
	}
	delete(b.all, id)
	return nil
}

func (b *book) get(id string) (Subscription, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.all[id]
	return s, ok
}

// list returns all of them in the order of their ids.
func (b *book) list() []Subscription {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Subscription, 0, len(b.all))
	for _, id := range slices.Sorted(maps.Keys(b.all)) {
		out = append(out, b.all[id])
	}
	return out
}

// tidy writes the file anew when most of it is of what is gone. Lock should be
// held.
func (b *book) tidy() error {
	const spare = 100
	if b.file.Lines() < 2*len(b.all)+spare && !b.file.Broken() {
		return nil
	}
	return b.file.Replace(b.lines())
}

func (b *book) lines() iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, s := range b.all {
			if !yield(bookLine{Subscription: &s}) {
				return
			}
		}
	}
}

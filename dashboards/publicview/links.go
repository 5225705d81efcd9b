package publicview

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// A Kind says what a link shows.
type Kind string

// The kinds of links. Both show masked pictures.
const (
	// Snapshot is one picture for each request.
	Snapshot Kind = "snapshot"
	// Stream is one picture after the other.
	Stream Kind = "stream"
)

// A Link lets the public see a camera.
type Link struct {
	// ID names the link among those who look after it; it opens nothing.
	ID string `json:"id"`
	// Token is what opens it.
	Token  string `json:"token"`
	Camera string `json:"camera"`
	Kind   Kind   `json:"kind"`
	Mask   Mask   `json:"mask"`
	// Version counts the changes of the mask, from 1.
	Version   int       `json:"version"`
	CreatedBy string    `json:"created_by"`
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires"`
	RevokedBy string    `json:"revoked_by,omitempty"`
	Revoked   time.Time `json:"revoked,omitzero"`
}

// Open reports whether the link shows anything at now.
func (l *Link) Open(now time.Time) bool { return l.Revoked.IsZero() && now.Before(l.Expires) }

// The errors that callers tell apart, besides ErrMask and ErrNoPicture.
var (
	// ErrNoLink is in the error where there is no such link.
	ErrNoLink = errors.New("no such link")
	// ErrClosed is in the error where a link was revoked, or has expired.
	ErrClosed = errors.New("the link was taken back or has expired")
	// ErrRequest is in the error where what was asked for cannot be.
	ErrRequest = errors.New("cannot be made so")
	// ErrConflict is in the error where somebody else changed the mask first.
	ErrConflict = errors.New("the mask was changed by somebody else meanwhile")
)

// linksFile is the name of the file in the folder.
const linksFile = "links.json"

// A book keeps the links, those that are closed too: who follows one of them is
// told that it is gone.
type book struct {
	root *os.Root

	mu      sync.Mutex
	links   []*Link // none is changed once it is in here
	byToken map[string]*Link
}

func openBook(root *os.Root) (*book, error) {
	b := &book{root: root}
	data, err := root.ReadFile(linksFile)
	if errors.Is(err, fs.ErrNotExist) {
		b.index()
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &b.links); err != nil {
		return nil, fmt.Errorf("%s: %w", linksFile, err)
	}
	b.index()
	return b, nil
}

func (b *book) index() {
	b.byToken = make(map[string]*Link, len(b.links))
	for _, l := range b.links {
		b.byToken[l.Token] = l
	}
}

// follow returns the link that a token opens, or opened.
func (b *book) follow(token string) (*Link, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, is := b.byToken[token]
	return l, is
}

// list returns the links of a camera, or all, the newest first.
func (b *book) list(camera string) []*Link {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*Link
	for _, l := range slices.Backward(b.links) {
		if camera == "" || l.Camera == camera {
			out = append(out, l)
		}
	}
	return out
}

// put adds a link.
func (b *book) put(l *Link) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.save(append(slices.Clone(b.links), l))
}

// change replaces the link with that id by what do makes of a copy.
func (b *book) change(id string, do func(*Link) error) (*Link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.links, func(l *Link) bool { return l.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("%w: %q", ErrNoLink, id)
	}
	l := *b.links[i]
	if err := do(&l); err != nil {
		return nil, err
	}
	links := slices.Clone(b.links)
	links[i] = &l
	return &l, b.save(links)
}

// drop removes the links that have been closed since before a time.
func (b *book) drop(before time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(b.links), func(l *Link) bool {
		return closedAt(l).Before(before)
	})
	if len(kept) == len(b.links) {
		return nil
	}
	return b.save(kept)
}

func closedAt(l *Link) time.Time {
	if !l.Revoked.IsZero() && l.Revoked.Before(l.Expires) {
		return l.Revoked
	}
	return l.Expires
}

// save makes the links those of the file, durably, and then those that are
// followed: one that was taken back must not open again after a power cut.
func (b *book) save(links []*Link) error {
	data, err := json.MarshalIndent(links, "", " ")
	if err != nil {
		return err
	}
	if err := b.write(data); err != nil {
		return fmt.Errorf("keeping the links: %w", err)
	}
	b.links = links
	b.index()
	return nil
}

func (b *book) write(data []byte) error {
	const unfinished = linksFile + ".part"
	f, err := b.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = cmp.Or(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := b.root.Rename(unfinished, linksFile); err != nil {
		return err
	}
	dir, err := b.root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

// secret returns n random bytes as letters that stand in an address.
func secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // which never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

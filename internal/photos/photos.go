// Package photos keeps the pictures that people in the field take of what an
// alert is about.
//
// What a phone sends is not what is kept: it is decoded and drawn anew, so that
// nothing but a picture lies on the disk, and nothing of what the phone wrote
// into it. Where and when it was taken is kept beside it, because the sender
// said so.
package photos

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/linefile"
)

// Folder is where the photos lie in the data folder.
const Folder = "photos"

// The errors of a store.
var (
	// ErrPicture means that it is no picture that is taken. The text says why.
	ErrPicture = errors.New("not a picture")
	// ErrFull means that an alert has as many as it may have.
	ErrFull = errors.New("the alert has too many photos")
	// ErrNotFound means that there is no such photo.
	ErrNotFound = errors.New("no such photo")
)

// Options configure a store. A zero field takes its default.
type Options struct {
	// Keep is for how long a photo is kept, MaxTotal how many bytes all of them
	// may take: the oldest go first.
	Keep     time.Duration `yaml:"keep"`
	MaxTotal int64         `yaml:"max_total"`
	// MaxBytes bounds one upload.
	MaxBytes int64 `yaml:"max_bytes"`
}

// The defaults.
const (
	defaultKeep     = 90 * 24 * time.Hour
	defaultMaxTotal = 8 << 30
	defaultMaxBytes = 12 << 20
)

// WithDefaults returns the options with what is left out filled in.
func (o Options) WithDefaults() Options {
	if o.Keep == 0 {
		o.Keep = defaultKeep
	}
	if o.MaxTotal == 0 {
		o.MaxTotal = defaultMaxTotal
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	return o
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	for path, n := range map[string]int64{"$.keep": int64(o.Keep), "$.max_total": o.MaxTotal, "$.max_bytes": o.MaxBytes} {
		if n < 0 {
			ps = append(ps, citywatch.Problem{Path: path, Message: "is negative", Hint: "leave it out for the default"})
		}
	}
	return ps
}

// A Photo is what is known of a photo besides what it shows.
type Photo struct {
	// ID is made of the alert's and of what it shows: no other picture has it.
	ID    string `json:"id"`
	Alert string `json:"alert"`
	// By is who took it, Note what they wrote.
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
	// Taken is when they took it, Received when it came here.
	Taken    time.Time `json:"taken"`
	Received time.Time `json:"received"`
	// Position is where it was taken, nil if the phone did not know; Accuracy is
	// the radius in metres within which that is true, Located when it was.
	Position *orb.Point `json:"position,omitempty"`
	Accuracy float64    `json:"accuracy,omitempty"`
	Located  time.Time  `json:"located,omitzero"`
	// Width and Height are in pixels, Bytes is the size of the JPEG.
	Width  int   `json:"width"`
	Height int   `json:"height"`
	Bytes  int64 `json:"bytes"`
}

// perAlert is how many photos an alert may have.
const perAlert = 200

// A Store keeps photos. It is safe for concurrent use, but only one may be open
// for a folder.
type Store struct {
	options Options
	root    *os.Root
	now     func() time.Time
	log     *slog.Logger
	// drawing bounds how many are decoded at the same time: each takes much
	// memory.
	drawing chan struct{}

	mu    sync.Mutex
	file  *linefile.File
	all   map[string]Photo // by id
	total int64
}

// A line is one change of what is known.
type line struct {
	Photo   *Photo `json:"photo,omitempty"`
	Removed string `json:"removed,omitempty"`
}

// Open opens the store in dir, which is made if it is not there.
func Open(dir string, o Options, now func() time.Time, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{options: o.WithDefaults(), root: root, now: now, log: log, drawing: make(chan struct{}, 2), all: map[string]Photo{}}
	file, damaged, err := linefile.Open(root, "photos.jsonl", s.recall)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	s.file = file
	if damaged != nil {
		log.Error("of some photos it is not known any more what they are of", "dir", dir, "err", damaged)
	}
	for _, p := range s.all {
		s.total += p.Bytes
	}
	if err := s.sweep(damaged != nil); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) recall(text []byte) error {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	if l.Photo != nil {
		s.all[l.Photo.ID] = *l.Photo
	}
	delete(s.all, l.Removed)
	return nil
}

const suffix = ".jpg"

// sweep removes the files that a kill left behind: those of which nothing is
// known. Where something was forgotten by damage they stay.
func (s *Store) sweep(damaged bool) error {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil || damaged {
		return err
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), suffix)
		if _, known := s.all[id]; ok && !known {
			if err := s.root.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close closes the store.
func (s *Store) Close() error { return errors.Join(s.file.Close(), s.root.Close()) }

// MaxBytes bounds one upload.
func (s *Store) MaxBytes() int64 { return s.options.MaxBytes }

// Add keeps a photo of which p says what is known but for the picture itself,
// and returns it with the rest, once the disk has it. The same picture of the
// same alert once more is the same photo.
func (s *Store) Add(ctx context.Context, p Photo, picture []byte) (Photo, error) {
	if int64(len(picture)) > s.options.MaxBytes {
		return Photo{}, fmt.Errorf("%w: larger than %d bytes", ErrPicture, s.options.MaxBytes)
	}
	select {
	case s.drawing <- struct{}{}:
	case <-ctx.Done():
		return Photo{}, ctx.Err()
	}
	jpeg, width, height, err := redraw(picture)
	<-s.drawing
	if err != nil {
		return Photo{}, err
	}
	sum := sha256.Sum256(append([]byte(p.Alert+"\x00"), jpeg...))
	p.ID = base64.RawURLEncoding.EncodeToString(sum[:16])
	p.Received, p.Width, p.Height, p.Bytes = s.now(), width, height, int64(len(jpeg))
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.all[p.ID]; ok {
		return known, nil
	}
	if len(s.of(p.Alert)) >= perAlert {
		return Photo{}, fmt.Errorf("%w: %d", ErrFull, perAlert)
	}
	if err := s.write(p.ID+suffix, jpeg); err != nil {
		return Photo{}, fmt.Errorf("keeping a photo: %w", err)
	}
	if err := s.file.Append(line{Photo: &p}); err != nil {
		return Photo{}, fmt.Errorf("keeping a photo: %w", err)
	}
	s.all[p.ID] = p
	s.total += p.Bytes
	return p, nil
}

// write writes a file whole or not at all.
func (s *Store) write(name string, data []byte) error {
	const unfinished = "unfinished"
	f, err := s.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return s.root.Rename(unfinished, name)
}

// Of returns the photos of an alert in the order in which they were taken.
func (s *Store) Of(alert string) []Photo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(alert)
}

func (s *Store) of(alert string) []Photo {
	found := []Photo{}
	for _, p := range s.all {
		if p.Alert == alert {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b Photo) int {
		if c := a.Taken.Compare(b.Taken); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return found
}

// Picture returns the JPEG of a photo of an alert, to be closed.
func (s *Store) Picture(alert, id string) (Photo, io.ReadSeekCloser, error) {
	s.mu.Lock()
	p, ok := s.all[id]
	s.mu.Unlock()
	if !ok || p.Alert != alert {
		return Photo{}, nil, ErrNotFound
	}
	f, err := s.root.Open(id + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return Photo{}, nil, ErrNotFound // it went in this moment
	}
	return p, f, err
}

// tidyEvery is how often what is too old or too much goes.
const tidyEvery = 10 * time.Minute

// Run removes what is kept too long, or is too much, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := s.tidy(); err != nil {
			s.log.Error("old photos could not be removed", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) tidy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := slices.SortedFunc(maps.Values(s.all), func(a, b Photo) int { return a.Received.Compare(b.Received) })
	for _, p := range oldest {
		if s.total <= s.options.MaxTotal && s.now().Sub(p.Received) < s.options.Keep {
			break
		}
		if err := s.root.Remove(p.ID + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.file.Append(line{Removed: p.ID}); err != nil {
			return err
		}
		delete(s.all, p.ID)
		s.total -= p.Bytes
	}
	const spare = 200
	if s.file.Lines() < 2*len(s.all)+spare && !s.file.Broken() {
		return nil
	}
	return s.file.Replace(func(yield func(any) bool) {
		for _, p := range s.all {
			if !yield(line{Photo: &p}) {
				return
			}
		}
	})
}

package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// An album is the folder of the thumbnails: a folder for each camera, in which
// each picture's name is the time at which its frame arrived. It knows only
// what lies there. What is not named so is left alone.
type album struct{ root *os.Root }

const (
	nameLayout = "20060102T150405.000Z" // UTC
	extension  = ".jpg"
	unfinished = ".part"
)

func openAlbum(dir string) (*album, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &album{root}, nil
}

func (a *album) close() { _ = a.root.Close() }

// folder returns the name of a camera's folder, whatever its id is: one that
// holds no separator and does not begin with a dot.
func folder(id string) string { return "c-" + url.PathEscape(id) }

func fileName(at time.Time) string { return at.UTC().Format(nameLayout) + extension }

func timeOf(name string) (time.Time, bool) {
	text, ok := strings.CutSuffix(name, extension)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(nameLayout, text)
	return at, err == nil
}

// put keeps a picture. Whoever reads sees all of it or nothing.
func (a *album) put(id string, p Picture) error {
	dir := folder(id)
	if err := a.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	name := dir + "/" + fileName(p.At)
	if err := a.root.WriteFile(name+unfinished, p.JPEG, 0o600); err != nil {
		_ = a.root.Remove(name + unfinished)
		return err
	}
	return a.root.Rename(name+unfinished, name)
}

// get returns a kept picture.
func (a *album) get(id string, at time.Time) (Picture, error) {
	f, err := a.root.Open(folder(id) + "/" + fileName(at))
	if errors.Is(err, fs.ErrNotExist) {
		return Picture{}, fmt.Errorf("%w: %s", ErrNoThumbnail, at.Format(time.RFC3339Nano))
	}
	if err != nil {
		return Picture{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostJPEG))
	if err != nil {
		return Picture{}, err
	}
	p, err := describe(data)
	if err != nil {
		// A power cut can leave a file without its content.
		return Picture{}, fmt.Errorf("%w: %w", ErrNoThumbnail, err)
	}
	p.At = at.UTC().Truncate(time.Millisecond)
	return p, nil
}

// times returns of when pictures of a camera are kept.
func (a *album) times(id string, from, to time.Time) ([]time.Time, error) {
	names, err := a.names(folder(id))
	if err != nil {
		return nil, err
	}
	var times []time.Time
	for _, name := range names {
		if at, ok := timeOf(name); ok && !at.Before(from) && at.Before(to) {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times, nil
}

// names returns what lies in a folder of the album; nothing if it is missing.
func (a *album) names(dir string) ([]string, error) {
	f, err := a.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// each calls do for each file of every camera's folder, of those too that are
// no longer configured, and returns the first error.
func (a *album) each(do func(name string) error) error {
	dirs, err := a.names(".")
	for _, dir := range dirs {
		if !strings.HasPrefix(dir, "c-") {
			continue
		}
		names, failed := a.names(dir)
		if failed != nil {
			err = cmp.Or(err, failed)
			continue
		}
		for _, name := range names {
			err = cmp.Or(err, do(dir+"/"+name))
		}
		_ = a.root.Remove(dir) // which fails unless it is empty
	}
	return err
}

// tidy removes what a crash left unfinished.
func (a *album) tidy() error {
	return a.each(func(name string) error {
		if !strings.HasSuffix(name, extension+unfinished) {
			return nil
		}
		return a.root.Remove(name)
	})
}

// expire removes the pictures of before the time.
func (a *album) expire(before time.Time) error {
	return a.each(func(name string) error {
		_, file, _ := strings.Cut(name, "/")
		if at, ok := timeOf(file); !ok || !at.Before(before) {
			return nil
		}
		return a.root.Remove(name)
	})
}

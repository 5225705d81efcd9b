package record

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"time"
)

// clipFor is how long a clip keeps what it reads from being deleted.
const clipFor = time.Hour

// A Clip is an interval of one camera's recordings as one plain MP4, its header
// first, made while it is read: nothing of it lies on the disk. Its methods
// belong to one goroutine, and it must be closed.
//
// Its time is the time on the clock: what is presented at t was at From + t.
// Where nothing was recorded the last picture before stands, and Holes says so:
// a page that plays a clip is to cover it there. Sound is left out of a clip
// with holes, for players would lose step with the pictures. (Where the clock
// was set back while recording, both stretches follow one another.)
//
// Decoding begins at the key frame before From, which an edit list hides.
type Clip struct {
	Camera string
	// Interval is what it holds of what was asked for: it begins and ends with
	// the recordings.
	Interval
	// Holes are when nothing was recorded within it, in order.
	Holes []Interval
	// Short says why the clip ends before what was asked for although there is
	// more; ask for the rest from To on. It is empty as a rule.
	Short string
	// Size is how many bytes it is.
	Size int64
	// ETag tells clips apart that differ in any byte: one up to now is another
	// a second later, and a browser that goes on reading must be told. It is
	// quoted, as in HTTP.
	ETag string

	library *library
	holds   []hold
	until   time.Time
	now     func() time.Time

	header  []byte
	extents []extent
	at      int64
	file    *os.File // of the segment at open
	open    int
	closed  bool
}

// An extent is where some bytes of a clip are.
type extent struct {
	at, size int64 // in the clip
	segment  int   // in holds
	offset   int64 // in its file
}

// Clip returns what is recorded of a camera between two times. Its errors are
// ErrNotReady, ErrInterval, ErrNoRecording, and those of the disk.
func (r *Recorder) Clip(id string, from, to time.Time) (*Clip, error) {
	c, err := r.clip(id, from, to)
	switch {
	case err == nil:
		r.metrics.clips.WithLabelValues("ok").Inc()
	case errors.Is(err, ErrNoRecording), errors.Is(err, ErrInterval):
		r.metrics.clips.WithLabelValues("none").Inc()
	default:
		r.metrics.clips.WithLabelValues("error").Inc()
	}
	return c, err
}

func (r *Recorder) clip(id string, from, to time.Time) (*Clip, error) {
	if !from.Before(to) {
		return nil, fmt.Errorf("%w: it ends before it begins", ErrInterval)
	}
	if to.Sub(from) > r.o.MaxClip {
		return nil, fmt.Errorf("%w: longer than %v (ask for several shorter ones, or raise max_clip)", ErrInterval, r.o.MaxClip)
	}
	l, err := r.ready(id)
	if err != nil {
		return nil, err
	}
	until := r.now().Add(clipFor)
	c := &Clip{
		Camera: id, library: l, holds: l.hold(id, from, to, until), until: until, now: r.now, open: -1,
	}
	if err := c.build(from, to); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Clip) build(from, to time.Time) error {
	b := clipBuilder{from: from, to: to}
	for i := range c.holds {
		f, err := c.segment(i)
		if err == nil {
			err = b.segment(i, f, c.holds[i].size)
		}
		if err != nil && !errors.Is(err, errEnough) {
			return fmt.Errorf("a recording cannot be read: %w", err)
		}
		if err != nil {
			break
		}
	}
	return b.finish(c)
}

// segment opens the file of a segment, and closes the one before.
func (c *Clip) segment(i int) (*os.File, error) {
	if c.open == i {
		return c.file, nil
	}
	if c.file != nil {
		c.file.Close()
		c.file, c.open = nil, -1
	}
	f, err := c.library.open(c.Camera, c.holds[i].segment)
	if err != nil {
		return nil, err
	}
	c.file, c.open = f, i
	return f, nil
}

// Read reads on from where Seek or Read left off. What the disk no longer has
// is ErrGone.
func (c *Clip) Read(p []byte) (int, error) {
	if c.closed {
		return 0, os.ErrClosed
	}
	if c.at >= c.Size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.at < int64(len(c.header)) {
		n := copy(p, c.header[c.at:])
		c.at += int64(n)
		return n, nil
	}
	if !c.now().Before(c.until) {
		return 0, fmt.Errorf("%w: a clip can be read for %v", ErrGone, clipFor)
	}
	i := sort.Search(len(c.extents), func(i int) bool { return c.extents[i].at > c.at }) - 1
	e := c.extents[i]
	f, err := c.segment(e.segment)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrGone, err)
	}
	if err != nil {
		return 0, err
	}
	n, err := f.ReadAt(p[:min(int64(len(p)), e.at+e.size-c.at)], e.offset+c.at-e.at)
	c.at += int64(n)
	switch {
	case n > 0:
		return n, nil
	case errors.Is(err, io.EOF): // the file was cut: the clip is not at its end
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// Seek sets where Read goes on.
func (c *Clip) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.Size
	default:
		return 0, fmt.Errorf("record: no such whence: %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("record: a place before the clip")
	}
	c.at = offset
	return offset, nil
}

// Close lets the recordings that the clip reads be deleted.
func (c *Clip) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.library.release(c.holds)
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

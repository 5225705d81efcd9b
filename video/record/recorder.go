package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"citywatch"
	"citywatch/video"
)

var (
	// ErrNotReady says that what is on the disk is not known yet: the
	// recorder has only just begun to run, or cannot open its folder.
	ErrNotReady = errors.New("the recordings are not read in yet (try again in a moment)")
	// ErrNoRecording says that nothing is recorded in an interval.
	ErrNoRecording = errors.New("nothing is recorded there")
	// ErrInterval says that an interval ends before it begins, or is longer
	// than Options.MaxClip.
	ErrInterval = errors.New("no interval for a clip")
	// ErrGone says that what a clip reads is not kept any longer.
	ErrGone = errors.New("the recording is no longer kept")
)

// A Stream is what a camera sends: a *video.Subscription.
type Stream interface {
	Next(ctx context.Context) (video.Item, error)
	Close()
}

// Deps are what a Recorder works with. Metrics, Log, Now and Deliver may be nil.
type Deps struct {
	// Cameras says which are recorded and how, by their ids.
	Cameras map[string]Policy
	// Subscribe begins to receive a camera's stream. It is asked again when it
	// fails, or the stream ends.
	Subscribe func(id string) (Stream, error)
	// Deliver takes the readings about the recorder itself.
	Deliver func(ctx context.Context, rs []citywatch.Reading) error
	Metrics prometheus.Registerer
	Log     *slog.Logger
	Now     func() time.Time
}

// An Interval is a time without its end.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// A Recorder records cameras. Its methods may be called by any goroutine.
type Recorder struct {
	o       Options
	d       Deps
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	buffers sync.Pool

	cameras map[string]*camera
	opened  atomic.Pointer[library] // nil until the folder is read
	library *library                // the same, for what runs after that
	keeper  *keeper
	health  *health
}

// New returns a Recorder; Run does its work. A policy that keeps for less than
// MinKeep keeps for that.
func New(o Options, d Deps) *Recorder {
	r := &Recorder{
		o: o.withDefaults(), d: d, metrics: newMetrics(d.Metrics), cameras: map[string]*camera{},
		log: cmp.Or(d.Log, slog.New(slog.DiscardHandler)), now: d.Now,
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.buffers.New = func() any { return new([]byte) }
	for id, p := range d.Cameras {
		keep := max(p.Keep, MinKeep)
		r.cameras[id] = &camera{id: id, rec: r, keep: keep, length: r.o.segmentOf(keep)}
	}
	r.health = newHealth(r)
	r.keeper = &keeper{rec: r, kick: make(chan struct{}, 1)}
	return r
}

// Run records until ctx ends, then closes what is open. It outlasts whatever
// the disk does; its error is always nil.
func (r *Recorder) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { r.health.run(ctx); return nil })
	if close := r.open(ctx); close != nil {
		for _, c := range r.cameras {
			g.Go(func() error { c.run(ctx); return nil })
		}
		g.Go(func() error { r.keeper.run(ctx); return nil })
		defer close()
	}
	return g.Wait()
}

// reopenEvery is how often a folder that cannot be opened is tried.
const reopenEvery = 10 * time.Second

// open opens the folder, however long that takes. It returns nil when ctx ended
// first.
func (r *Recorder) open(ctx context.Context) (close func()) {
	for {
		l, close, err := r.openOnce()
		if err == nil {
			r.library = l
			r.opened.Store(l)
			r.health.folder(nil)
			return close
		}
		r.health.folder(err)
		select {
		case <-time.After(reopenEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *Recorder) openOnce() (*library, func(), error) {
	if r.o.Dir == "" {
		return nil, nil, errors.New("no folder is set for recordings")
	}
	if err := os.MkdirAll(r.o.Dir, 0o750); err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(r.o.Dir)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := lock(root)
	if err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	l, err := openLibrary(root, func(what string, err error) {
		r.log.Error("a recording cannot be read and is left alone", "file", what, "err", err)
	})
	if err == nil {
		err = r.keeper.load(root)
	}
	if err != nil {
		return nil, nil, errors.Join(err, unlock(), root.Close())
	}
	r.metrics.rescued.Add(float64(l.rescued))
	return l, func() {
		r.opened.Store(nil)
		_ = unlock()
		_ = root.Close()
	}, nil
}

// ready returns the library, if it can have anything of a camera.
func (r *Recorder) ready(id string) (*library, error) {
	l := r.opened.Load()
	if l == nil {
		return nil, ErrNotReady
	}
	if _, recorded := r.cameras[id]; !recorded && !l.has(id) {
		return nil, fmt.Errorf("%w: %s is not recorded", ErrNoRecording, id)
	}
	return l, nil
}

// Intervals returns when something is recorded of a camera between two times,
// in order. Of what is being recorded the last second or two may be missing.
// Its errors are ErrNotReady and, for a camera that never was recorded,
// ErrNoRecording.
func (r *Recorder) Intervals(id string, from, to time.Time) ([]Interval, error) {
	l, err := r.ready(id)
	if err != nil {
		return nil, err
	}
	return l.intervals(id, from, to), nil
}

// recent is within what time something must have been recorded of a camera for
// it to be called recorded: the camera may send a frame only now and then.
const recent = 15 * time.Second

// Values tells whether a camera is being recorded now: the value "recording", 1
// or 0. Of a camera that is not to be recorded it returns nothing.
func (r *Recorder) Values(id string, now time.Time) []citywatch.Value {
	c, ok := r.cameras[id]
	if !ok {
		return nil
	}
	v := citywatch.Value{Name: "recording"}
	if c.recording(now) {
		v.Number = 1
	}
	return []citywatch.Value{v}
}

func (c *camera) recording(now time.Time) bool {
	at := c.written.Load()
	return at != 0 && now.Sub(time.Unix(0, at)) < recent
}

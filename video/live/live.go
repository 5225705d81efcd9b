// Package live turns what cameras send into what browsers play: fragmented MP4
// for Media Source Extensions, one fragment a frame, or JPEGs.
//
// Whoever watches the same stream shares one muxer: a fragment is made once,
// and all viewers read it from one log, each from its own place. A new viewer
// begins at the newest key frame; one that is too slow goes on at the newest
// key frame, and never slows the camera or anybody else.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"citywatch"
	"citywatch/video"

	"github.com/prometheus/client_golang/prometheus"
)

// What viewing ends in.
var (
	// ErrNotRunning: nothing can be viewed before Run and after it.
	ErrNotRunning = errors.New("live pictures are starting or stopping")
	// ErrEnded: the stream has ended under its viewers; they may open it
	// again.
	ErrEnded = errors.New("the stream has ended")
)

// Options configure Live. A zero field takes its default.
type Options struct {
	// MaxBehind is how long a viewer may be behind the camera before it goes
	// on at the newest key frame. Default 1s.
	MaxBehind time.Duration `yaml:"max_behind"`
	// GroupBytes is how much of a stream is kept for viewers who come later,
	// from its newest key frame on. Of one that sends more between two key
	// frames they see the first of these, and the next. Default 16 MiB.
	GroupBytes int `yaml:"group_bytes"`
}

func (o Options) withDefaults() Options {
	if o.MaxBehind == 0 {
		o.MaxBehind = time.Second
	}
	if o.GroupBytes == 0 {
		o.GroupBytes = 16 << 20
	}
	return o
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	if o.MaxBehind < 0 {
		ps = append(ps, citywatch.Problem{Path: "$.max_behind", Message: "is negative", Hint: "leave it out for the default"})
	}
	if o.GroupBytes < 0 {
		ps = append(ps, citywatch.Problem{Path: "$.group_bytes", Message: "is negative", Hint: "leave it out for the default"})
	}
	return ps
}

// A Subscription is a stream's place in package video.
type Subscription interface {
	Next(ctx context.Context) (video.Item, error)
	Close()
}

// Deps is what Live works with.
type Deps struct {
	// Subscribe has a stream pulled until the subscription is closed.
	Subscribe func(camera string, q video.Quality) (Subscription, error)
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
	// Log takes what somebody has to act on; nil discards it.
	Log *slog.Logger
}

// Live is where streams can be viewed, while Run runs.
type Live struct {
	options Options
	deps    Deps
	metrics *metrics
	log     *slog.Logger

	mu      sync.Mutex
	ctx     context.Context // of Run; nil unless it runs
	streams map[source]*stream
	running sync.WaitGroup // of the streams
}

// A source names one stream of a camera.
type source struct {
	camera  string
	quality video.Quality
}

// New returns a Live; nothing can be viewed until Run is called.
func New(options Options, deps Deps) *Live {
	l := &Live{
		options: options.withDefaults(), deps: deps, log: deps.Log,
		metrics: newMetrics(deps.Registerer), streams: map[source]*stream{},
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	return l
}

// Run lets streams be viewed until ctx ends. Then every viewer's Next returns
// ErrEnded, and Run returns when all that was started for them has ended.
func (l *Live) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.mu.Lock()
	l.ctx = ctx
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	l.ctx = nil
	l.mu.Unlock()
	l.running.Wait()
	return nil
}

// Open begins to view a stream, and has it pulled if nobody else views it. The
// viewer is to be closed.
func (l *Live) Open(camera string, q video.Quality) (*Viewer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil || l.ctx.Err() != nil {
		return nil, ErrNotRunning
	}
	key := source{camera, q}
	s := l.streams[key]
	if s == nil || s.over() {
		sub, err := l.deps.Subscribe(camera, q)
		if err != nil {
			return nil, fmt.Errorf("view %s: %w", camera, err)
		}
		ctx, cancel := context.WithCancel(l.ctx)
		s = &stream{options: l.options, metrics: l.metrics, cancel: cancel}
		l.streams[key] = s
		l.running.Go(func() {
			defer cancel()
			defer sub.Close()
			l.pull(ctx, s, sub, key)
		})
	}
	s.viewers++
	l.metrics.viewers.Inc()
	l.metrics.streams.Set(float64(len(l.streams)))
	return &Viewer{stream: s, leave: func() { l.leave(key, s) }, fresh: true}, nil
}

// leave ends the stream with its last viewer.
func (l *Live) leave(key source, s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.metrics.viewers.Dec()
	if s.viewers--; s.viewers > 0 {
		return
	}
	s.cancel()
	if l.streams[key] == s {
		delete(l.streams, key)
	}
	l.metrics.streams.Set(float64(len(l.streams)))
}

// pull moves what the camera sends into the stream until either ends.
func (l *Live) pull(ctx context.Context, s *stream, sub Subscription, key source) {
	err := l.feed(ctx, s, sub, key)
	s.end()
	if ctx.Err() == nil && !errors.Is(err, video.ErrClosed) {
		l.log.Error("live pictures ended", "camera", key.camera, "stream", key.quality, "err", err)
	}
}

// feed returns when there is no more. Whatever a camera can make the muxer do,
// it does to its own viewers only.
func (l *Live) feed(ctx context.Context, s *stream, sub Subscription, key source) (err error) {
	defer func() {
		if p := recover(); p != nil {
			l.metrics.panics.Inc()
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	var f feeder
	for {
		item, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		if item.Tracks != nil {
			start, err := f.begin(item.Tracks)
			if err != nil {
				l.log.Error("a camera's stream cannot be shown live", "camera", key.camera, "stream", key.quality, "err", err)
			}
			s.begin(start)
			continue
		}
		if p, ok := f.piece(&item); ok {
			l.metrics.fragments.Inc()
			s.add(p)
		}
	}
}

package scene

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"citywatch/video"
	"citywatch/video/ffmpeg"
)

// A camera is one judged camera. What was learned of it outlasts its children.
type camera struct {
	id      string
	d       *Deps
	metrics *metrics

	mu    sync.Mutex
	judge *Judge // nil before the first child
	size  size
	told  time.Time // when the log was last told of a failure
}

const (
	firstPause = 2 * time.Second
	mostPause  = time.Minute
	// wellAfter is how long a child works before its failure counts as the
	// first again.
	wellAfter = time.Minute
	// lookAgain is how often it is looked whether ffmpeg has been installed.
	lookAgain = time.Minute
	// failuresEvery is how often the log is told of one camera's failures.
	failuresEvery = 10 * time.Minute
)

func newCamera(id string, d *Deps, m *metrics) *camera {
	return &camera{id: id, d: d, metrics: m}
}

// run judges until ctx ends. Without ffmpeg it does not subscribe: nobody else
// may want the camera's stream.
func (c *camera) run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		if _, err := c.d.FFmpeg.Find(); err != nil {
			sleep(ctx, lookAgain)
			continue
		}
		start := c.d.Now()
		err := c.watch(ctx)
		if ctx.Err() != nil {
			return
		}
		now := c.d.Now()
		if now.Sub(start) >= wellAfter {
			pause = firstPause
		}
		c.failed(err, now)
		sleep(ctx, pause/2+rand.N(pause))
		pause = min(2*pause, mostPause)
	}
}

func (c *camera) failed(err error, now time.Time) {
	if errors.Is(err, ffmpeg.ErrNotFound) || errors.Is(err, video.ErrClosed) {
		return
	}
	c.metrics.failures.Inc()
	if c.told.IsZero() || now.Sub(c.told) >= failuresEvery {
		c.told = now
		c.d.Log.Warn("a camera's picture is not judged; tried again", "camera", c.id, "error", err)
	}
}

// watch judges one subscription, with a child for each stream in it. It
// returns why it ended.
func (c *camera) watch(ctx context.Context) error {
	stream, err := c.d.Subscribe(c.id)
	if err != nil {
		return err
	}
	defer stream.Close()
	var w *watcher
	defer func() { w.close() }()
	for {
		it, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		if it.Tracks == nil {
			if err := w.take(&it.Unit, it.Gap); err != nil {
				return err
			}
			continue
		}
		w.close()
		if w, err = c.begin(ctx, it.Tracks); err != nil {
			return err
		}
	}
}

// begin starts a child for a stream; none, and no error, if the stream has no
// pictures.
func (c *camera) begin(ctx context.Context, tracks []video.Track) (*watcher, error) {
	for i := range tracks {
		t := &tracks[i]
		if !t.Codec.IsVideo() {
			continue
		}
		if t.Width*t.Height > ffmpeg.MaxPixels {
			return nil, errTooLarge
		}
		c.prepare(sizeFor(t.Width, t.Height))
		return startWatcher(ctx, c, i, t)
	}
	return nil, nil
}

// prepare makes the judge, anew if the pictures have another shape.
func (c *camera) prepare(s size) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.judge == nil || c.size != s {
		c.judge, c.size = NewJudge(s), s
	}
}

// add judges a picture.
func (c *camera) add(pix []byte, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judge.Add(pix, at)
	c.metrics.pictures.Inc()
}

func (c *camera) verdict() Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.judge == nil {
		return Verdict{}
	}
	return c.judge.Verdict()
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// The errors that callers tell apart.
var (
	// ErrNotFound: there is no ffmpeg, or it is switched off. What needs it is
	// left out; it is no fault.
	ErrNotFound = errors.New("ffmpeg is not installed")
	// ErrBusy: so many pictures wait to be made already that this one was
	// refused.
	ErrBusy = errors.New("too many pictures are waiting to be made")
	// ErrTooLarge: the child wrote more than the job allows.
	ErrTooLarge = errors.New("the result is larger than allowed")
	// ErrCodec: frames of this codec cannot be fed to ffmpeg.
	ErrCodec = errors.New("not a codec of pictures")
)

// An FFmpeg starts children. It may be used by several goroutines.
type FFmpeg struct {
	o       Options
	workers *semaphore.Weighted
	// places are for all who work or wait.
	places  *semaphore.Weighted
	metrics *metrics
}

// New returns an FFmpeg; it starts nothing and looks for nothing yet. The
// registerer may be nil.
func New(o Options, reg prometheus.Registerer) *FFmpeg {
	o = o.withDefaults()
	return &FFmpeg{
		o:       o,
		workers: semaphore.NewWeighted(int64(o.Workers)),
		places:  semaphore.NewWeighted(int64(o.Workers + o.Waiting)),
		metrics: newMetrics(reg),
	}
}

// Find returns where ffmpeg is, or ErrNotFound. It looks each time: what is
// installed while citywatch runs is used.
func (f *FFmpeg) Find() (string, error) {
	if f.o.Path == Off {
		return "", ErrNotFound
	}
	path, err := exec.LookPath(f.o.Path)
	if err != nil {
		// The error names the path, which people know.
		return "", fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return path, nil
}

// Convert feeds input to a child of its own and returns all that it writes, of
// which there may be limit bytes. It waits for one of the workers first.
func (f *FFmpeg) Convert(ctx context.Context, j Job, input []byte, limit int) ([]byte, error) {
	if !f.places.TryAcquire(1) {
		f.metrics.result("busy")
		return nil, ErrBusy
	}
	defer f.places.Release(1)
	if err := f.workers.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer f.workers.Release(1)

	ctx, cancel := context.WithTimeout(ctx, f.o.Timeout)
	defer cancel()
	start := time.Now()
	out, err := f.convert(ctx, j, input, limit)
	f.metrics.seconds.Observe(time.Since(start).Seconds())
	f.metrics.result(outcome(err))
	return out, err
}

func (f *FFmpeg) convert(ctx context.Context, j Job, input []byte, limit int) ([]byte, error) {
	c, err := f.start(ctx, j, f.o.Timeout)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		// A child that does not want all of it closes the pipe; whether that
		// is right, its exit status says.
		_, _ = c.Write(input)
		_ = c.CloseInput()
	}()
	out, err := io.ReadAll(io.LimitReader(c, int64(limit)+1))
	if err == nil && len(out) > limit {
		err = ErrTooLarge
	}
	if err != nil {
		c.Kill()
	}
	ended := c.Wait()
	<-fed
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, fmt.Errorf("ffmpeg: %w: over %d bytes", err, limit)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("ffmpeg: %w", context.Cause(ctx))
	case ended != nil:
		return nil, ended
	case err != nil:
		return nil, fmt.Errorf("ffmpeg: read its output: %w", err)
	}
	return out, nil
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, ErrNotFound):
		return "missing"
	}
	return "failed"
}

package snapshot_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// cameras have the key frames that a test gives them.
type cameras struct {
	mu     sync.Mutex
	frames map[string]video.KeyFrame
}

func (c *cameras) set(id string, k video.KeyFrame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frames == nil {
		c.frames = map[string]video.KeyFrame{}
	}
	c.frames[id] = k
}

func (c *cameras) KeyFrame(id string) (video.KeyFrame, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.frames[id]
	switch {
	case id == "unknown":
		return k, video.ErrNoCamera
	case !ok:
		return k, video.ErrNoFrame
	}
	return k, nil
}

// keyFrame codes a key frame of a test picture.
func keyFrame(t *testing.T, codec video.Codec, width, height int) video.KeyFrame {
	t.Helper()
	clip := ffmpegtest.Make(t, ffmpegtest.Recipe{
		Codec: codec, Filter: "testsrc2=size=" + sizeText(width, height) + ":rate=2", Width: width, Height: height, FPS: 2, Seconds: 0.5,
	})
	return video.KeyFrame{Track: clip.Track, Unit: clip.Units[0]}
}

func at(k video.KeyFrame, t time.Time) video.KeyFrame {
	k.Unit.Arrived = t
	return k
}

// counted counts the children that are started, and can hold them back.
type counted struct {
	*ffmpeg.FFmpeg
	n     atomic.Int32
	begun chan struct{} // may be nil
	hold  chan struct{} // may be nil
}

var errHeld = errors.New("given up")

func (c *counted) Convert(ctx context.Context, j ffmpeg.Job, input []byte, limit int) ([]byte, error) {
	c.n.Add(1)
	if c.hold != nil {
		c.begun <- struct{}{}
		select {
		case <-c.hold:
		case <-ctx.Done():
			return nil, errors.Join(errHeld, ctx.Err())
		}
	}
	return c.FFmpeg.Convert(ctx, j, input, limit)
}

func abs(n int) int { return max(n, -n) }

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

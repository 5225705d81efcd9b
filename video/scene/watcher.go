package scene

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"citywatch/video"
	"citywatch/video/ffmpeg"
)

var (
	errTooLarge = errors.New("its pictures are too large to be decoded")
	errEnded    = errors.New("the decoder ended")
	errStuck    = errors.New("the decoder does not keep up with the stream")
)

const (
	// between is the least from one judged picture to the next: a little less
	// than half a second, for frames do not come at its multiples.
	between = 450 * time.Millisecond
	// stuckAfter is how long a child that is fed may show no picture. What is
	// shown is therefore never much older than its time says.
	stuckAfter = 10 * time.Second
	// mostUnit bounds what is kept for writing the next unit.
	mostUnit = 1 << 20
)

// A watcher is one child with what goes in and comes out of it. A nil one takes
// everything and does nothing.
type watcher struct {
	camera *camera
	track  video.Track
	index  int
	child  *ffmpeg.Child
	gone   sync.WaitGroup
	sieve  sieve
	buf    []byte

	mu sync.Mutex
	// fed is when the newest unit arrived that was fed.
	fed time.Time
	// hungry is since when units were fed without a picture coming out;
	// zero while none was. writing is since when a unit has been being
	// written; zero while none is.
	hungry, writing time.Time
	wrote           time.Time // when the last unit had been written
	stuck           bool
}

// decoding returns what a child does: it passes on a picture every half a
// second by the clock, shrunk and grey.
//
// Frames that no other needs are not decoded. The clock is that at which a
// frame comes out of the pipe, for Annex B has none; so what comes in a burst
// when a stream begins counts as what it is, one moment.
func decoding(t *video.Track, s size) ffmpeg.Job {
	filter := fmt.Sprintf("scale=%d:%d:flags=area,format=gray", s.w, s.h)
	decode := []string{"-probesize", "4096", "-fpsprobesize", "0", "-use_wallclock_as_timestamps", "1"}
	if t.Codec == video.MJPEG {
		// Each is fed on its own, when it is due, and decoded no larger than
		// it needs to be.
		shift := 0
		for shift < 3 && t.Width>>(shift+1) >= 2*s.w {
			shift++
		}
		decode = append(decode, "-lowres", strconv.Itoa(shift))
	} else {
		decode = append(decode, "-skip_frame", "noref")
		filter = fmt.Sprintf("select='isnan(prev_selected_t)+gte(t-prev_selected_t,%.2f)',", between.Seconds()) + filter
	}
	return ffmpeg.Job{
		Codec: t.Codec, Decode: decode,
		Encode: []string{"-vf", filter, "-fps_mode", "passthrough", "-f", "rawvideo"},
	}
}

func startWatcher(ctx context.Context, c *camera, index int, t *video.Track) (*watcher, error) {
	child, err := c.d.FFmpeg.Start(ctx, decoding(t, c.size))
	if err != nil {
		return nil, err
	}
	w := &watcher{camera: c, track: *t, index: index, child: child, sieve: sieve{pictures: t.Codec == video.MJPEG}}
	c.metrics.judging.Inc()
	ended := make(chan struct{})
	w.gone.Go(func() { w.read(); close(ended) })
	w.gone.Go(func() { w.guard(ended) })
	return w, nil
}

// read judges what comes out of the child.
func (w *watcher) read() {
	pix := make([]byte, w.camera.size.pixels())
	for {
		if _, err := io.ReadFull(w.child, pix); err != nil {
			return
		}
		w.mu.Lock()
		at := w.fed
		w.hungry = time.Time{}
		w.mu.Unlock()
		w.camera.add(pix, at)
	}
}

// guard ends the child when it is stuck.
func (w *watcher) guard(ended <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		w.mu.Lock()
		now := w.camera.d.Now()
		if !w.writing.IsZero() && now.Sub(w.writing) > stuckAfter {
			w.stuck = true
		}
		stuck := w.stuck
		w.mu.Unlock()
		if stuck {
			w.child.Kill()
			return
		}
	}
}

// take feeds a unit to the child. It waits for the child; what comes meanwhile
// the subscription drops. The error says why the child ended.
func (w *watcher) take(u *video.Unit, gap bool) error {
	if w == nil || u.Track != w.index || !w.sieve.passes(u, gap) {
		return nil
	}
	w.buf = ffmpeg.Append(w.buf[:0], &w.track, u)
	w.begin(u.Arrived)
	_, err := w.child.Write(w.buf)
	stuck := w.finish()
	if cap(w.buf) > mostUnit {
		w.buf = nil
	}
	switch {
	case stuck:
		return errStuck
	case err != nil:
		w.child.Kill()
		return errors.Join(errEnded, w.child.Wait())
	}
	return nil
}

func (w *watcher) begin(arrived time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fed = arrived
	w.writing = w.camera.d.Now()
	if w.hungry.IsZero() || w.writing.Sub(w.wrote) > stuckAfter/2 {
		w.hungry = w.writing // the camera paused, not the child
	}
}

// finish reports whether the child is stuck: it takes long for one unit, or
// takes them for long and shows nothing.
func (w *watcher) finish() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing, w.wrote = time.Time{}, w.camera.d.Now()
	if !w.hungry.IsZero() && w.wrote.Sub(w.hungry) > stuckAfter {
		w.stuck = true
	}
	return w.stuck
}

// close ends the child and returns when nothing of it is left.
func (w *watcher) close() {
	if w == nil {
		return
	}
	w.child.Close()
	w.gone.Wait()
	w.camera.metrics.judging.Dec()
}

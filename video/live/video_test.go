package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/video"
	"citywatch/video/live"
)

// A reel is a source that plays a clip at its own pace, over and over.
type reel clip

func (r *reel) Play(ctx context.Context, to video.Sink) error {
	to.Tracks([]video.Track{r.track})
	began := time.Now()
	var length time.Duration
	for round := 0; ; round++ {
		for i := range r.units {
			u := r.units[i]
			u.DTS += time.Duration(round) * length
			u.PTS += time.Duration(round) * length
			select {
			case <-time.After(time.Until(began.Add(u.DTS))):
			case <-ctx.Done():
				return ctx.Err()
			}
			u.Arrived = time.Now()
			to.Unit(u)
		}
		length = r.units[len(r.units)-1].DTS + r.units[1].DTS
	}
}

// TestOverVideo: with the camera being pulled, a viewer has everything since
// the newest key frame at once, and then each frame as it comes.
func TestOverVideo(t *testing.T) {
	c := record(t, "testsrc2=size=320x180:rate=25:duration=2", x264("-g", "50", "-bf", "2")...)
	v := video.New([]video.Spec{{Camera: citywatch.Camera{ID: "one"}, Main: (*reel)(&c)}}, video.Options{}, video.Deps{})
	l := live.New(live.Options{}, live.Deps{
		Subscribe: func(id string, q video.Quality) (live.Subscription, error) { return v.Subscribe(id, q) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = v.Run(ctx) })
	running.Go(func() { _ = l.Run(ctx) })
	defer running.Wait()
	defer cancel()

	time.Sleep(time.Second) // half of a group has come
	for range 2 {           // the first viewer has the cache of video, the second that of live
		opened := time.Now()
		viewer, err := l.Open("one", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		defer viewer.Close()
		b := &bench{t: t}
		if m := b.next(viewer); m.Codec != "H264" || m.Width != 320 {
			t.Fatalf("begins with %+v", m)
		}
		cached := 0
		for m := b.next(viewer); m.Arrived.Before(opened); m = b.next(viewer) {
			cached++
			if m.Skipped {
				t.Error("told that it skipped")
			}
		}
		if took := time.Since(opened); cached < 15 || took > 500*time.Millisecond {
			t.Errorf("%d cached frames, and the first new one after %v", cached, took)
		}
		if m := b.next(viewer); time.Since(m.Arrived) > 200*time.Millisecond {
			t.Errorf("a frame comes %v late", time.Since(m.Arrived))
		}
	}
	if _, err := l.Open("none", video.Main); !errors.Is(err, video.ErrNoCamera) {
		t.Errorf("a camera that there is not: %v", err)
	}
}

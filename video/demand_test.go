package video_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/video"
)

func onDemand(main, sub video.Source) []video.Spec {
	c := camera("a")
	c.OnDemand = true
	return []video.Spec{{Camera: c, Main: main, Sub: sub}}
}

func TestOnDemandCameraIsCheckedBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := playing(stream{}.play)
		b := start(t, onDemand(src, nil), video.Options{CheckEvery: 5 * time.Minute}, video.Deps{})
		b.expect(0, "a", citywatch.CameraConnecting)
		st := b.expect(5*time.Second, "a", citywatch.CameraIdle)
		if src.running.Load() != 0 {
			t.Error("still pulled after 5 s, though nobody watches")
		}
		if st.FPS != nil || st.LastFrame.IsZero() || st.Codec != "H264" {
			t.Errorf("%+v", st)
		}
		if k, err := b.KeyFrame("a"); err != nil || !k.Unit.Key || k.Track.Width != 640 {
			t.Errorf("key frame: %+v, %v", k, err)
		}
		time.Sleep(time.Hour)
		if n := src.plays.Load(); n < 13 || n > 14 {
			t.Errorf("%d checks in an hour, one each 5 minutes", n)
		}
		for _, r := range b.of("a") {
			if state, _ := r.Text("state"); state != "idle" && state != "connecting" {
				t.Fatalf("%s at %v", state, r.Time)
			}
		}
		b.stop()
	})
}

func TestOnDemandCameraKeepsItsFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		src := playing(func(ctx context.Context, to video.Sink) error {
			if down.Load() {
				return errReset
			}
			return stream{}.play(ctx, to)
		})
		b := start(t, onDemand(src, nil), video.Options{}, video.Deps{})
		b.expect(time.Minute, "a", citywatch.CameraIdle)
		down.Store(true)
		b.expect(5*time.Minute, "a", citywatch.CameraUnreachable)
		down.Store(false)
		b.expect(2*time.Minute, "a", citywatch.CameraUnreachable)
		b.expect(4*time.Minute, "a", citywatch.CameraIdle)
		if src.plays.Load() > 5 {
			t.Errorf("%d sessions", src.plays.Load())
		}
		b.stop()
	})
}

func TestCheckFindsAFrozenPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := playing(stream{still: true}.play)
		b := start(t, onDemand(src, nil), video.Options{}, video.Deps{})
		b.expect(30*time.Second, "a", citywatch.CameraFrozen)
		if src.running.Load() != 0 {
			t.Error("still pulled")
		}
		b.expect(time.Minute, "a", citywatch.CameraFrozen)
		b.stop()
	})
}

func TestOnDemandCameraIsPulledWhileWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := playing(stream{}.play)
		b := start(t, onDemand(src, nil), video.Options{Linger: 10 * time.Second}, video.Deps{})
		b.expect(time.Minute, "a", citywatch.CameraIdle)
		began := time.Now()
		one, err := b.Subscribe("a", video.Sub)
		if err != nil {
			t.Fatal(err)
		}
		two, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range []*video.Subscription{one, two} {
			if it, err := sub.Next(t.Context()); err != nil || it.Tracks == nil || time.Since(began) > time.Second {
				t.Errorf("%+v, %v after %v", it, err, time.Since(began))
			}
		}
		if st := b.expect(20*time.Minute, "a", citywatch.CameraOnline); st.FPS == nil {
			t.Error("nothing measured")
		}
		if src.plays.Load() != 2 {
			t.Errorf("%d sessions, want one for a check and one for both subscribers", src.plays.Load())
		}
		one.Close()
		b.expect(time.Minute, "a", citywatch.CameraOnline)
		two.Close()
		b.expect(8*time.Second, "a", citywatch.CameraIdle)
		if src.running.Load() != 1 {
			t.Error("it did not linger")
		}
		b.expect(4*time.Second, "a", citywatch.CameraIdle)
		if src.running.Load() != 0 {
			t.Error("still pulled")
		}
		if st := b.after(2*time.Minute, "a"); st.Reconnects != 0 {
			t.Errorf("%d reconnects", st.Reconnects)
		}
		if src.plays.Load() != 2 {
			t.Error("checked, though it was watched a moment ago")
		}
		b.stop()
	})
}

// Somebody who comes back while the stream lingers has it at once, and the
// camera sees one session.
func TestLingeringStreamIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := playing(stream{}.play)
		b := start(t, onDemand(src, nil), video.Options{}, video.Deps{})
		time.Sleep(time.Minute)
		for range 20 {
			sub, err := b.Subscribe("a", video.Main)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			sub.Close()
			time.Sleep(5 * time.Second)
		}
		if src.plays.Load() != 2 {
			t.Errorf("%d sessions", src.plays.Load())
		}
		b.stop()
	})
}

// A password that was refused while nobody wanted the stream any more was
// refused all the same.
func TestRefusalCountsThoughReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{play: func(ctx context.Context, to video.Sink, session int) error {
			if session == 1 {
				return stream{}.play(ctx, to)
			}
			<-ctx.Done()
			return fault(citywatch.CameraBadCredentials)
		}}
		b := start(t, onDemand(src, nil), video.Options{Linger: time.Second}, video.Deps{})
		time.Sleep(30 * time.Second)
		for range 10 {
			sub, err := b.Subscribe("a", video.Main)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			sub.Close()
			time.Sleep(4 * time.Second)
		}
		b.expect(0, "a", citywatch.CameraBadCredentials)
		if src.plays.Load() != 2 {
			t.Errorf("%d tries within a minute", src.plays.Load()-1)
		}
		b.stop()
	})
}

func TestFaultWhileWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{play: func(ctx context.Context, to video.Sink, session int) error {
			if session == 1 {
				return stream{}.play(ctx, to)
			}
			return fault(citywatch.CameraUnsupported)
		}}
		b := start(t, onDemand(src, nil), video.Options{}, video.Deps{})
		b.expect(time.Minute, "a", citywatch.CameraIdle)
		sub, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		b.expect(time.Second, "a", citywatch.CameraUnsupported)
		sub.Close()
		b.expect(2*time.Minute, "a", citywatch.CameraUnsupported)
		b.stop()
	})
}

func TestSubIsPulledAndMainOnlyWhileWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		main, sub := playing(stream{}.play), playing(stream{every: 100 * time.Millisecond}.play)
		b := start(t, []video.Spec{{Camera: camera("a"), Main: main, Sub: sub}}, video.Options{}, video.Deps{})
		st := b.expect(time.Minute, "a", citywatch.CameraOnline)
		if main.plays.Load() != 0 || sub.plays.Load() != 1 || *st.FPS > 10.1 {
			t.Errorf("main %d, sub %d, %v frames a second", main.plays.Load(), sub.plays.Load(), *st.FPS)
		}
		s, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if main.running.Load() != 1 {
			t.Error("the main stream is not pulled")
		}
		s.Close()
		time.Sleep(15 * time.Second)
		if main.running.Load() != 0 || sub.plays.Load() != 1 {
			t.Errorf("main is still pulled, or sub anew (%d)", sub.plays.Load())
		}
		b.stop()
	})
}

func TestPreferMain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		main, sub := playing(stream{}.play), playing(stream{every: 100 * time.Millisecond}.play)
		b := start(t, []video.Spec{{Camera: camera("a"), Main: main, Sub: sub, PreferMain: true}}, video.Options{}, video.Deps{})
		if st := b.expect(time.Minute, "a", citywatch.CameraOnline); *st.FPS < 24.9 || sub.plays.Load() != 0 {
			t.Errorf("%v frames a second, sub pulled %d times", *st.FPS, sub.plays.Load())
		}
		b.stop()
	})
}

// The stream that is always pulled says how the camera is; of another that
// somebody watches in vain the detail tells.
func TestFaultOfTheOtherStreamIsADetail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		main := playing(fails(&video.Fault{State: citywatch.CameraUnsupported, Err: errors.New("it sends MPEG-4 Visual")}))
		b := start(t, []video.Spec{{Camera: camera("a"), Main: main, Sub: playing(stream{}.play)}}, video.Options{}, video.Deps{})
		s, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		if st := b.expect(time.Minute, "a", citywatch.CameraOnline); st.Detail != "main stream: it sends MPEG-4 Visual" {
			t.Errorf("%q", st.Detail)
		}
		s.Close()
		if st := b.expect(time.Minute, "a", citywatch.CameraOnline); st.Detail != "" {
			t.Errorf("%q, though nobody watches it", st.Detail)
		}
		b.stop()
	})
}

// Where the main stream of a camera is watched that is otherwise pulled on
// demand, its frames are newer word than the last check of the sub stream.
func TestWatchedMainStreamOfAnIdleCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		main, sub := playing(stream{}.play), playing(stream{}.play)
		b := start(t, onDemand(main, sub), video.Options{}, video.Deps{})
		b.expect(time.Minute, "a", citywatch.CameraIdle)
		s, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		if st := b.expect(time.Minute, "a", citywatch.CameraOnline); time.Since(st.LastFrame) > time.Second {
			t.Errorf("last frame at %v", st.LastFrame)
		}
		s.Close()
		b.expect(15*time.Second, "a", citywatch.CameraIdle)
		b.stop()
	})
}

// A stream that fails for somebody who watches it is reason to doubt the check.
func TestIdleCameraInDoubtIsChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		play := func(ctx context.Context, to video.Sink) error {
			if down.Load() {
				return errReset
			}
			return stream{}.play(ctx, to)
		}
		b := start(t, onDemand(playing(play), playing(play)), video.Options{CheckEvery: time.Hour}, video.Deps{})
		b.expect(time.Minute, "a", citywatch.CameraIdle)
		down.Store(true)
		s, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		b.expect(5*time.Second, "a", citywatch.CameraUnreachable)
		s.Close()
		b.stop()
	})
}

package video_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/video"
)

// silent agrees, and sends so many frames, and then nothing.
func silent(frames int) func(context.Context, video.Sink) error {
	return func(ctx context.Context, to video.Sink) error {
		_ = stream{frames: frames}.play(ctx, to)
		<-ctx.Done()
		return ctx.Err()
	}
}

func fails(err error) func(context.Context, video.Sink) error {
	return func(context.Context, video.Sink) error { return err }
}

// badCameras are the ways in which a session goes wrong, as a Source tells of
// them, and the state that is right after 20 s.
func badCameras() map[string]struct {
	play func(context.Context, video.Sink) error
	want citywatch.CameraState
} {
	type bad = struct {
		play func(context.Context, video.Sink) error
		want citywatch.CameraState
	}
	return map[string]bad{
		"no connection":       {fails(errReset), citywatch.CameraUnreachable},
		"wrong password":      {fails(fault(citywatch.CameraBadCredentials)), citywatch.CameraBadCredentials},
		"strange codec":       {fails(fault(citywatch.CameraUnsupported)), citywatch.CameraUnsupported},
		"no frames, it says":  {fails(fault(citywatch.CameraNoVideo)), citywatch.CameraNoVideo},
		"ends without a word": {fails(nil), citywatch.CameraNoVideo},
		"never answers": {func(ctx context.Context, _ video.Sink) error {
			<-ctx.Done()
			return ctx.Err()
		}, citywatch.CameraUnreachable},
		"silent after agreeing": {func(ctx context.Context, to video.Sink) error {
			to.Tracks(tracks())
			<-ctx.Done()
			return ctx.Err()
		}, citywatch.CameraNoVideo},
		"silent after a while":    {silent(200), citywatch.CameraNoVideo},
		"frozen":                  {stream{still: true}.play, citywatch.CameraFrozen},
		"panics":                  {func(context.Context, video.Sink) error { panic("index out of range") }, citywatch.CameraUnreachable},
		"panics after some units": {func(ctx context.Context, to video.Sink) error { _ = stream{frames: 10}.play(ctx, to); panic("nil") }, citywatch.CameraUnreachable},
		"ends after each frame":   {stream{frames: 1}.play, citywatch.CameraUnreachable},
		"units of no track": {func(ctx context.Context, to video.Sink) error {
			to.Unit(video.Unit{Track: 1})
			to.Tracks(nil)
			to.Lost(-1)
			for ctx.Err() == nil {
				to.Unit(video.Unit{Track: -1})
				to.Unit(video.Unit{Track: 7, Key: true})
				time.Sleep(time.Second)
			}
			return ctx.Err()
		}, citywatch.CameraNoVideo},
		"sound without pictures": {func(ctx context.Context, to video.Sink) error {
			to.Tracks([]video.Track{{Codec: video.PCMA}})
			for ctx.Err() == nil {
				to.Unit(video.Unit{Data: [][]byte{{1, 2, 3}}, Key: true})
				time.Sleep(100 * time.Millisecond)
			}
			return ctx.Err()
		}, citywatch.CameraNoVideo},
	}
}

// Each bad camera is told apart within 20 s, and hurts no other.
func TestBadCameras(t *testing.T) {
	for name, bad := range badCameras() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, []video.Spec{
					{Camera: camera("bad"), Main: playing(bad.play)},
					{Camera: camera("good"), Main: playing(stream{}.play)},
				}, video.Options{}, video.Deps{})
				st := b.expect(20*time.Second, "bad", bad.want)
				if since := st.Since; since.After(time.Now()) || time.Since(since) > 20*time.Second {
					t.Errorf("since %v", since)
				}
				if bad.want != citywatch.CameraFrozen && (st.FPS != nil || st.Bitrate != nil || st.KeyInterval != nil) {
					t.Errorf("measured, though no frames come: %+v", st)
				}
				b.expect(5*time.Minute, "bad", bad.want)
				st = b.expect(0, "good", citywatch.CameraOnline)
				if st.Reconnects != 0 || *st.FPS < 24.9 {
					t.Errorf("the good one: %d reconnects, %v frames a second", st.Reconnects, *st.FPS)
				}
				b.stop()
			})
		})
	}
}

// However often sessions fail, and however: nothing is left of them.
func TestNothingIsLeftOfFailedSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var specs []video.Spec
		var sources []*source
		for name, bad := range badCameras() {
			src := playing(func(ctx context.Context, to video.Sink) error {
				limited, cancel := context.WithTimeout(ctx, 3*time.Second)
				defer cancel()
				return bad.play(limited, to)
			})
			sources = append(sources, src)
			specs = append(specs, video.Spec{Camera: camera(name), Main: src})
		}
		goroutines := func() int {
			synctest.Wait()
			return runtime.NumGoroutine()
		}
		b := start(t, specs, video.Options{}, video.Deps{})
		time.Sleep(time.Minute)
		before := goroutines()
		sessions := func() (n int32) {
			for _, src := range sources {
				n += src.plays.Load()
			}
			return n
		}
		for sessions() < 300*int32(len(sources)) {
			time.Sleep(time.Minute)
		}
		// How many sessions run at a moment varies by a few for each camera; one
		// left behind by each session of a single camera would be 300.
		if after := goroutines(); after > before+5*len(sources) {
			t.Errorf("%d goroutines after %d sessions, %d before", after, sessions(), before)
		}
		b.stop()
		for _, src := range sources {
			if src.running.Load() != 0 {
				t.Error("Run returned before a session had")
			}
		}
	})
}

func TestTriesAreSpread(t *testing.T) {
	for state, least := range map[citywatch.CameraState][]time.Duration{
		citywatch.CameraUnreachable:    {750 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second, 6 * time.Second, 12 * time.Second, 24 * time.Second, 45 * time.Second, 45 * time.Second},
		citywatch.CameraBadCredentials: {time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			var tries []time.Time
			b := start(t, one(playing(func(context.Context, video.Sink) error {
				tries = append(tries, time.Now())
				return fault(state)
			})), video.Options{}, video.Deps{})
			time.Sleep(time.Hour)
			b.stop()
			for i, want := range least {
				if d := tries[i+1].Sub(tries[i]); d < want || d > want*4/3 {
					t.Errorf("%s: try %d came %v after the one before, want %v or a little more", state, i+2, d, want)
				}
			}
		})
	}
}

// A session that ends while frames come and is followed by another at once is
// no fault: it is counted, and nobody is woken for it.
func TestQuickReconnectIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(stream{frames: 25 * 60}.play)), video.Options{}, video.Deps{})
		st := b.expect(time.Hour, "a", citywatch.CameraOnline)
		if st.Reconnects < 50 {
			t.Errorf("%d reconnects", st.Reconnects)
		}
		for _, r := range b.of("a") {
			if state, _ := r.Text("state"); state != "online" && state != "connecting" {
				t.Fatalf("%s at %v", state, r.Time)
			}
		}
		if time.Since(st.Since) < 59*time.Minute {
			t.Errorf("online since %v", st.Since)
		}
		b.stop()
	})
}

func TestSlowStreamsDoNotFlap(t *testing.T) {
	for _, every := range []time.Duration{2 * time.Second, 10 * time.Second, 40 * time.Second} {
		t.Run(fmt.Sprint(every), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, one(playing(stream{every: every, group: 2}.play)), video.Options{}, video.Deps{})
				// Until two distances are known, the slowest may be missed.
				b.after(3*every, "a")
				b.mu.Lock()
				b.readings = nil
				b.mu.Unlock()
				b.expect(time.Hour, "a", citywatch.CameraOnline)
				for _, r := range b.of("a") {
					if state, _ := r.Text("state"); state != "online" {
						t.Fatalf("%s at %v", state, r.Time)
					}
				}
				b.stop()
			})
		})
	}
}

func TestFrozenCameraThaws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		frozen, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		b := start(t, one(playing(func(ctx context.Context, to video.Sink) error {
			if frozen.Err() == nil {
				_ = stream{still: true, frames: 25 * 60}.play(ctx, to)
			}
			return stream{}.play(ctx, to)
		})), video.Options{}, video.Deps{})
		st := b.expect(30*time.Second, "a", citywatch.CameraFrozen)
		if st.FPS == nil || st.State.Up() {
			t.Errorf("%+v", st)
		}
		b.expect(35*time.Second, "a", citywatch.CameraOnline)
		b.stop()
	})
}

// A camera that plays a file begins it anew with each session; that is no frozen
// picture.
func TestSameBeginningIsNotFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(stream{still: true, frames: 25 * 8}.play)), video.Options{}, video.Deps{})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for _, r := range b.of("a") {
			if state, _ := r.Text("state"); state == "frozen" {
				t.Fatalf("frozen at %v", r.Time)
			}
		}
		b.stop()
	})
}

// A session that brings nothing any more, and does not end by itself either, is
// given up for a new one.
func TestHangingSessionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{play: func(ctx context.Context, to video.Sink, session int) error {
			if session == 1 {
				return silent(50)(ctx, to)
			}
			return stream{}.play(ctx, to)
		}}
		b := start(t, one(src), video.Options{}, video.Deps{})
		b.expect(15*time.Second, "a", citywatch.CameraNoVideo)
		b.expect(90*time.Second, "a", citywatch.CameraOnline)
		b.stop()
	})
}

// Units that a source sends when its session is over are ignored.
func TestLateUnitsAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late video.Sink
		src := &source{play: func(ctx context.Context, to video.Sink, session int) error {
			if session == 1 {
				late = to
				return errReset
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		b := start(t, one(src), video.Options{}, video.Deps{})
		b.expect(500*time.Millisecond, "a", citywatch.CameraUnreachable)
		late.Tracks(tracks())
		late.Unit(stream{group: 1}.unit(0))
		late.Lost(3)
		b.expect(time.Second, "a", citywatch.CameraUnreachable)
		if _, err := b.KeyFrame("a"); !errors.Is(err, video.ErrNoFrame) {
			t.Errorf("%v", err)
		}
		b.stop()
	})
}

func TestSubscriberSeesReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(stream{frames: 60}.play)), video.Options{}, video.Deps{})
		sub, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		var streams, units int
		fresh := false
		for streams < 5 {
			it, err := sub.Next(t.Context())
			switch {
			case err != nil:
				t.Fatal(err)
			case it.Tracks != nil:
				streams++
				fresh = true
				continue
			case fresh && (!it.Unit.Key || numberOf(it.Unit) != 0):
				t.Fatalf("a stream begins with frame %d", numberOf(it.Unit))
			}
			fresh = false
			units++
		}
		if units != 4*60 {
			t.Errorf("%d units", units)
		}
		b.stop()
		for err == nil {
			_, err = sub.Next(t.Context())
		}
		if !errors.Is(err, video.ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := b.Subscribe("a", video.Main); !errors.Is(err, video.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestUnknownCamera(t *testing.T) {
	v := video.New(one(playing(stream{}.play)), video.Options{}, video.Deps{})
	for name, err := range map[string]error{
		"Status":    second(v.Status("b")),
		"Subscribe": second(v.Subscribe("b", video.Main)),
		"KeyFrame":  second(v.KeyFrame("b")),
	} {
		if !errors.Is(err, video.ErrNoCamera) || !strings.Contains(err.Error(), `"b"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestCameraWithoutAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []video.Spec{{Camera: camera("a")}}, video.Options{}, video.Deps{})
		b.expect(20*time.Second, "a", citywatch.CameraUnreachable)
		b.stop()
	})
}

func TestManyFailAndManyWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var specs []video.Spec
		for i := range 40 {
			play := stream{frames: 40 + i}.play
			if i%2 == 0 {
				play = stream{}.play
			}
			specs = append(specs, video.Spec{Camera: camera(fmt.Sprintf("c%02d", i)), Main: playing(play), Account: "one"})
		}
		b := start(t, specs, video.Options{}, video.Deps{})
		var all sync.WaitGroup
		for i := range 40 {
			sub, err := b.Subscribe(fmt.Sprintf("c%02d", i), video.Main)
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				for n := 0; ; n++ {
					if _, err := sub.Next(t.Context()); err != nil {
						break
					}
				}
				sub.Close()
			})
		}
		time.Sleep(time.Minute)
		for i, c := range b.Cameras() {
			want := citywatch.CameraOnline
			if st := b.after(0, c.ID); i%2 == 0 && (st.State != want || st.Reconnects != 0) {
				t.Errorf("%s: %s, %d reconnects", c.ID, st.State, st.Reconnects)
			}
		}
		b.stop()
		all.Wait()
	})
}

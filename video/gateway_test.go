package video_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/video"
)

// A switched source plays while it is on, and cannot be reached while it is
// off.
type switched struct{ off atomic.Bool }

func (s *switched) Play(ctx context.Context, to video.Sink) error {
	inner, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() {
		for inner.Err() == nil && !s.off.Load() {
			time.Sleep(100 * time.Millisecond)
		}
		cancel()
	})
	if !s.off.Load() {
		_ = stream{}.play(inner, to)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errReset
}

func behind(gateway string, onDemand bool, sources ...*switched) []video.Spec {
	var specs []video.Spec
	for i, s := range sources {
		c := camera(fmt.Sprintf("%s-%d", gateway, i))
		c.Gateway, c.OnDemand = gateway, onDemand
		specs = append(specs, video.Spec{Camera: c, Main: s})
	}
	return specs
}

// lastText returns a text value of a device's last reading.
func (b *bench) lastText(device, name string) string {
	b.t.Helper()
	rs := b.of(device)
	if len(rs) == 0 {
		return ""
	}
	s, _ := rs[len(rs)-1].Text(name)
	return s
}

func TestGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one, two, three switched
		b := start(t, behind("nvr", false, &one, &two, &three), video.Options{}, video.Deps{})
		expect := func(after time.Duration, gateway string, faults ...string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := b.lastText("nvr", "state"); got != gateway {
				t.Errorf("gateway is %q, want %q", got, gateway)
			}
			for i, want := range faults {
				if got := b.lastText(fmt.Sprintf("nvr-%d", i), "fault"); got != want {
					t.Errorf("fault of camera %d is %q, want %q", i, got, want)
				}
			}
		}
		expect(5*time.Second, "ok", "none", "none", "none")
		one.off.Store(true)
		expect(30*time.Second, "part", "unreachable", "none", "none")
		two.off.Store(true)
		three.off.Store(true)
		// All is told at once, when the last is missed.
		expect(4*time.Second, "down", "gateway", "gateway", "gateway")
		if state := b.lastText("nvr-1", "state"); state != "unreachable" {
			t.Errorf("the camera's own state is %q", state)
		}
		one.off.Store(false)
		two.off.Store(false)
		expect(70*time.Second, "part", "none", "none", "unreachable")
		three.off.Store(false)
		expect(70*time.Second, "ok", "none", "none", "none")

		rs := b.of("nvr")
		for i := range rs {
			checkComplete(t, &rs[i])
			if r := &rs[i]; r.Class != citywatch.CameraGatewayClass || r.Zone != "phuong-lao-cai" || r.Sector != "traffic" {
				t.Errorf("%+v", r)
			}
		}
		last := rs[len(rs)-1]
		if n, _ := last.Number("cameras"); n != 3 {
			t.Errorf("%v cameras", n)
		}
		if n, _ := last.Number("up"); n != 3 {
			t.Errorf("%v up", n)
		}
		b.stop()
	})
}

// When one camera is back, those behind the same gateway are not left waiting
// for their own next try, which may be a minute away.
func TestAGatewayComesBackWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sources := make([]*switched, 8)
		for i := range sources {
			sources[i] = new(switched)
			sources[i].off.Store(true)
		}
		b := start(t, behind("nvr", false, sources...), video.Options{}, video.Deps{})
		time.Sleep(10 * time.Minute)
		for _, s := range sources {
			s.off.Store(false)
		}
		var first, last time.Duration
		begun := time.Now()
		for passed := time.Duration(0); last == 0 && passed < 2*time.Minute; passed = time.Since(begun) {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			up := 0
			for i := range sources {
				if b.lastText(fmt.Sprintf("nvr-%d", i), "state") == string(citywatch.CameraOnline) {
					up++
				}
			}
			if up > 0 && first == 0 {
				first = passed
			}
			if up == len(sources) {
				last = passed
			}
		}
		if last == 0 || last-first > 10*time.Second {
			t.Errorf("the first camera is back after %v, the last after %v", first, last)
		}
		b.stop()
	})
}

// While some of its cameras are not known yet, nobody can say how a gateway is.
func TestGatewayIsNotJudgedTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off switched
		off.off.Store(true)
		specs := behind("nvr", false, &off)
		slow := camera("slow")
		slow.Gateway = "nvr"
		specs = append(specs, video.Spec{Camera: slow, Main: playing(func(ctx context.Context, to video.Sink) error {
			time.Sleep(12 * time.Second)
			return stream{}.play(ctx, to)
		})})
		b := start(t, specs, video.Options{}, video.Deps{})
		time.Sleep(10500 * time.Millisecond)
		synctest.Wait()
		if f := b.lastText("nvr-0", "fault"); f != "unreachable" {
			t.Errorf("%q", f)
		}
		for _, r := range b.of("nvr") {
			if state, ok := r.Text("state"); ok {
				t.Errorf("%q, though one camera is only connecting", state)
			}
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if s := b.lastText("nvr", "state"); s != "part" {
			t.Errorf("%q", s)
		}
		b.stop()
	})
}

// When one camera is gone, the idle ones behind the same gateway are checked at
// once: their last check may be hours old.
func TestGatewayInDoubtIsChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var watched, idle switched
		specs := append(behind("nvr", false, &watched), behind("nvr", true, &idle)...)
		specs[1].Camera.ID = "idle"
		b := start(t, specs, video.Options{CheckEvery: time.Hour}, video.Deps{})
		b.expect(time.Minute, "idle", citywatch.CameraIdle)
		watched.off.Store(true)
		idle.off.Store(true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s := b.lastText("nvr", "state"); s != "down" {
			t.Errorf("%q", s)
		}
		if f := b.lastText("idle", "fault"); f != "gateway" {
			t.Errorf("%q", f)
		}
		b.stop()
	})
}

func TestGatewaysAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		specs := append(behind("nvr", false, &switched{}, &switched{}), behind("alone", false, &switched{})...)
		specs[1].Camera.Zone, specs[1].Camera.Sector = "xa-bat-xat", citywatch.SectorTourism
		b := start(t, specs, video.Options{}, video.Deps{})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		b.stop()
		if rs := b.of("nvr"); len(rs) == 0 || rs[0].Zone != "" || rs[0].Sector != "" {
			t.Errorf("a gateway of two zones and sectors: %+v", rs)
		}
		if rs := b.of("alone"); len(rs) != 0 {
			t.Errorf("a gateway of one camera has readings: %+v", rs)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, behind("nvr", false, &switched{}, &switched{}), video.Options{}, video.Deps{
			Gateways: []citywatch.Device{{ID: "nvr", Zone: "xa-y-ty", Sector: citywatch.SectorDisaster}, {ID: "other"}},
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		b.stop()
		if rs := b.of("nvr"); len(rs) == 0 || rs[0].Zone != "xa-y-ty" || rs[0].Sector != "disaster" {
			t.Errorf("a gateway that is known: %+v", rs)
		}
	})
}

package video_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
	"citywatch/video"
)

// checkComplete checks what every reading promises.
func checkComplete(t *testing.T, r *citywatch.Reading) {
	t.Helper()
	sorted := slices.IsSortedFunc(r.Values, func(a, b citywatch.Value) int { return strings.Compare(a.Name, b.Name) })
	if r.Device == "" || r.Class == "" || r.Time.IsZero() || r.Arrived.IsZero() || len(r.Values) == 0 || !sorted {
		t.Errorf("incomplete: %+v", r)
	}
	for i, v := range r.Values {
		if v.Name == "" || i > 0 && r.Values[i-1].Name == v.Name || v.IsText() && v.Number != 0 {
			t.Errorf("%+v in %+v", v, r)
		}
	}
}

func names(r *citywatch.Reading) []string {
	var all []string
	for _, v := range r.Values {
		all = append(all, v.Name)
	}
	return all
}

func TestReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(stream{size: 10_000}.play)), video.Options{}, video.Deps{})
		time.Sleep(65 * time.Second)
		synctest.Wait()
		rs := b.of("a")
		if len(rs) != 7 { // one as it became online, and each 10 s
			t.Errorf("%d readings", len(rs))
		}
		for i := range rs {
			checkComplete(t, &rs[i])
			if rs[i].Class != citywatch.CameraHealthClass || rs[i].Zone != "phuong-lao-cai" || rs[i].Sector != "traffic" {
				t.Errorf("%+v", rs[i])
			}
		}
		r := rs[len(rs)-1]
		want := []string{"bitrate", "fault", "fps", "frame_age", "key_interval", "lost", "reconnects", "state", "up"}
		if !slices.Equal(names(&r), want) {
			t.Errorf("%v", names(&r))
		}
		for name, want := range map[string][2]float64{
			"up": {1, 1}, "fps": {24.9, 25.1}, "bitrate": {1.99e6, 2.01e6}, "key_interval": {1, 1}, "frame_age": {0, .05},
			"lost": {0, 0}, "reconnects": {0, 0},
		} {
			if n, ok := r.Number(name); !ok || n < want[0] || n > want[1] {
				t.Errorf("%s: %v", name, n)
			}
		}
		if state, _ := r.Text("state"); state != "online" {
			t.Error(state)
		}
		if fault, _ := r.Text("fault"); fault != "none" {
			t.Error(fault)
		}
		b.stop()
	})
}

// What is not known is absent, never invented.
func TestReadingsOfAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(fails(fault(citywatch.CameraBadCredentials)))), video.Options{}, video.Deps{})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		rs := b.of("a")
		if len(rs) != 1 {
			t.Fatalf("%d readings, want one at once", len(rs))
		}
		if want := []string{"fault", "lost", "reconnects", "state", "up"}; !slices.Equal(names(&rs[0]), want) {
			t.Errorf("%v", names(&rs[0]))
		}
		if f, _ := rs[0].Text("fault"); f != "bad_credentials" {
			t.Error(f)
		}
		if up, ok := rs[0].Number("up"); !ok || up != 0 {
			t.Error("up")
		}
		b.stop()
	})
}

func TestFrameAgeGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(silent(25))), video.Options{}, video.Deps{})
		time.Sleep(61 * time.Second)
		synctest.Wait()
		rs := b.of("a")
		r := rs[len(rs)-1]
		if age, ok := r.Number("frame_age"); !ok || age < 58 || age > 60 {
			t.Errorf("%v", age)
		}
		if _, ok := r.Number("fps"); ok {
			t.Error("fps, though no frames come")
		}
		b.stop()
	})
}

func TestLostIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(func(ctx context.Context, to video.Sink) error {
			to.Tracks(tracks())
			to.Lost(5)
			to.Lost(2)
			<-ctx.Done()
			return ctx.Err()
		})), video.Options{}, video.Deps{})
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if rs := b.of("a"); len(rs) == 0 {
			t.Error("no readings")
		} else if n, _ := rs[len(rs)-1].Number("lost"); n != 7 {
			t.Errorf("%v", n)
		}
		b.stop()
	})
}

func TestAnnotations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(stream{}.play)), video.Options{}, video.Deps{
			Annotate: []func(string, time.Time) []citywatch.Value{
				func(id string, _ time.Time) []citywatch.Value {
					return []citywatch.Value{{Name: "usable", Number: 1}, {Name: "camera", Text: id}, {Name: "up", Number: 7}}
				},
				func(string, time.Time) []citywatch.Value { return nil },
				func(string, time.Time) []citywatch.Value {
					return []citywatch.Value{{Name: "recording", Number: 1}, {Name: "usable", Number: 0}}
				},
			},
		})
		time.Sleep(11 * time.Second)
		synctest.Wait()
		rs := b.of("a")
		r := rs[len(rs)-1]
		checkComplete(t, &r)
		for name, want := range map[string]float64{"usable": 1, "recording": 1, "up": 1} {
			if n, ok := r.Number(name); !ok || n != want {
				t.Errorf("%s: %v", name, n)
			}
		}
		if id, _ := r.Text("camera"); id != "a" {
			t.Error(id)
		}
		b.stop()
	})
}

// A journal that does not answer keeps no camera from being pulled, and once it
// answers it gets the newest.
func TestStuckDeliveryHoldsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		stuck := make(chan struct{})
		var last atomic.Pointer[citywatch.Reading]
		b := start(t, one(playing(stream{}.play)), video.Options{}, video.Deps{
			Metrics: reg,
			Deliver: func(ctx context.Context, rs []citywatch.Reading) error {
				select {
				case <-stuck:
				case <-ctx.Done():
					return ctx.Err()
				}
				last.Store(&rs[len(rs)-1])
				return nil
			},
		})
		b.expect(time.Hour, "a", citywatch.CameraOnline)
		close(stuck)
		b.expect(time.Second, "a", citywatch.CameraOnline)
		if r := last.Load(); r == nil || time.Since(r.Time) > 15*time.Second {
			t.Errorf("the newest that was delivered: %+v", r)
		}
		if n := counterOf(t, reg, "citywatch_video_dropped_readings_total"); n < 300 {
			t.Errorf("%v readings dropped", n)
		}
		b.stop()
	})
}

func TestFailingDeliveryGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		var log strings.Builder
		var well atomic.Bool
		var delivered atomic.Int32
		b := start(t, one(playing(stream{}.play)), video.Options{}, video.Deps{
			Metrics: reg, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Deliver: func(_ context.Context, rs []citywatch.Reading) error {
				if !well.Load() {
					return errors.New("no space left on device")
				}
				delivered.Add(int32(len(rs)))
				return nil
			},
		})
		time.Sleep(10*time.Minute - time.Second)
		synctest.Wait()
		well.Store(true)
		time.Sleep(10 * time.Minute)
		b.stop()
		if n := counterOf(t, reg, "citywatch_video_failed_deliveries_total"); n != 60 {
			t.Errorf("%v failed", n)
		}
		if n := delivered.Load(); n != 60 {
			t.Errorf("%d delivered", n)
		}
		if n := strings.Count(log.String(), "no space left"); n < 5 || n > 10 {
			t.Errorf("logged %d times in 10 minutes", n)
		}
	})
}

// metricOf returns the sum of a metric, and how it is by label.
func metricOf(t *testing.T, reg prometheus.Gatherer, name string) (sum float64, by map[string]float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		by = map[string]float64{}
		for _, m := range f.GetMetric() {
			n := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			sum += n
			for _, l := range m.GetLabel() {
				by[l.GetValue()] = n
			}
		}
		return sum, by
	}
	t.Fatalf("no metric %s", name)
	return 0, nil
}

func counterOf(t *testing.T, reg prometheus.Gatherer, name string) float64 {
	t.Helper()
	n, _ := metricOf(t, reg, name)
	return n
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		specs := []video.Spec{
			{Camera: camera("a"), Main: playing(stream{}.play)},
			{Camera: camera("b"), Main: playing(stream{}.play)},
			{Camera: camera("c"), Main: playing(fails(fault(citywatch.CameraBadCredentials)))},
			{Camera: camera("d"), Main: playing(func(context.Context, video.Sink) error { panic("d") })},
		}
		b := start(t, specs, video.Options{}, video.Deps{Metrics: reg})
		sub, err := b.Subscribe("a", video.Main)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		_, states := metricOf(t, reg, "citywatch_video_cameras")
		want := map[string]float64{
			"online": 2, "bad_credentials": 1, "unreachable": 1,
			"idle": 0, "connecting": 0, "frozen": 0, "no_video": 0, "unsupported_codec": 0,
		}
		if !maps.Equal(states, want) {
			t.Errorf("%v", states)
		}
		if n, _ := metricOf(t, reg, "citywatch_video_subscribers"); n != 1 {
			t.Errorf("%v subscribers", n)
		}
		if n := counterOf(t, reg, "citywatch_video_units_total"); n < 1500 || n > 1502 {
			t.Errorf("%v units", n)
		}
		if n := counterOf(t, reg, "citywatch_video_panics_total"); n < 4 {
			t.Errorf("%v panics", n)
		}
		if n, _ := metricOf(t, reg, "citywatch_video_cached_bytes"); n < 2000 || n > 60_000 {
			t.Errorf("%v bytes cached", n)
		}
		sub.Close()
		b.stop()
	})
}

func TestClasses(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range video.Classes() {
		if seen[c.ID] || c.Name.VI == "" || c.Name.EN == "" || c.Period <= 0 || !slices.Contains(citywatch.Sectors(), c.Sector) {
			t.Errorf("%+v", c)
		}
		seen[c.ID] = true
		values := map[string]bool{}
		for _, q := range c.Quantities {
			if values[q.Value] || q.Name.VI == "" || q.Name.EN == "" || q.Unit == "" {
				t.Errorf("%s: %+v", c.ID, q)
			}
			values[q.Value] = true
		}
	}
	if !seen[citywatch.CameraHealthClass] || !seen[citywatch.CameraGatewayClass] || !seen["camera_recorder"] {
		t.Errorf("%v", seen)
	}
}

func TestOptions(t *testing.T) {
	if p := (video.Options{}).Problems(); len(p) > 0 {
		t.Errorf("the defaults: %v", p)
	}
	bad := video.Options{HealthEvery: time.Millisecond, CheckEvery: time.Second, Linger: time.Hour, Cache: -1, Queue: 100}
	var paths []string
	for _, p := range bad.Problems() {
		if p.Message == "" || p.Hint == "" {
			t.Errorf("%+v", p)
		}
		paths = append(paths, p.Path)
	}
	if want := []string{"$.health_every", "$.check_every", "$.linger", "$.cache", "$.queue"}; !slices.Equal(paths, want) {
		t.Errorf("%v", paths)
	}
}

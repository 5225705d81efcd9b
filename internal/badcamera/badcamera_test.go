package badcamera_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
	"citywatch/internal/badcamera"
	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/rtsp"
)

const (
	// known is how soon a camera's state must be right.
	known = 20 * time.Second
	// watched is how long all of them are watched.
	watched = known + 5*time.Second
	// sound is the id of the camera that does not misbehave.
	sound = "sound"
)

// TestBadCameras has one Video pull every bad camera at once, and a sound one
// of another make beside them.
func TestBadCameras(t *testing.T) {
	films := badcamera.Shoot(t)
	server := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: map[string]string{"live": servertest.GstH264}})
	h := newHouse(t)
	h.add(sound, rtsp.New(rtsp.Options{Address: parse(t, server.URL+"live"), Networks: loopback(t)}))
	for _, c := range badcamera.Cases() {
		camera := badcamera.Start(t, c, badcamera.Options{Films: films})
		h.cameras[c.Name] = camera
		h.add(c.Name, rtsp.New(options(t, camera)))
	}
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	h.run(watched)

	// All that was started for them ends with them, on both sides.
	if !eventually(func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= files }) {
		t.Errorf("%d goroutines and %d descriptors, of %d and %d before", runtime.NumGoroutine(), descriptors(t), goroutines, files)
	}
	left := labelled(t)
	rows := []string{"| camera | what it does | state | after | others live | goroutines, connections left |", "|---|---|---|---|---|---|"}
	for _, c := range badcamera.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			h.judge(t, c)
			camera := h.cameras[c.Name]
			if n, open := left[c.Name], camera.Stats().Open; n != 0 || open != 0 {
				t.Errorf("%d goroutines and %d connections are left", n, open)
			}
		})
		last := h.last(c.Name)
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %.1f s | %v | %d, %d |", c.Name, c.About,
			h.states(c.Name), last.after.Seconds(), h.others(), left[c.Name], h.cameras[c.Name].Stats().Open))
	}
	t.Run(sound, h.judgeSound)
	t.Run("secrets", h.judgeSecrets)
	t.Log("\n" + strings.Join(rows, "\n"))
}

func parse(t testing.TB, text string) address.Address {
	t.Helper()
	a, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A house is a Video and what is seen of it.
type house struct {
	t         *testing.T
	specs     []video.Spec
	witnesses map[string]*witness
	cameras   map[string]*badcamera.Camera
	log       safeBuffer
	metrics   *prometheus.Registry

	seen     map[string][]sight // changes of state
	shown    safeBuffer         // statuses and readings
	received int                // frames of the sound camera
	gaps     []gap              // in these
	lost     int                // how many came with something missing before them
	streams  int                // how often they began anew
	stalled  time.Duration      // for how long this very process was not run
}

// A gap is a time without a frame.
type gap struct{ at, length time.Duration }

// A sight is a state that a camera came into.
type sight struct {
	state  citywatch.CameraState
	detail string
	after  time.Duration
}

func newHouse(t *testing.T) *house {
	h := &house{
		t: t, witnesses: map[string]*witness{}, cameras: map[string]*badcamera.Camera{},
		seen: map[string][]sight{}, metrics: prometheus.NewRegistry(),
	}
	// A library that writes to the standard logger is heard as well.
	old := log.Writer()
	log.SetOutput(&h.log)
	t.Cleanup(func() { log.SetOutput(old) })
	return h
}

func (h *house) add(id string, source video.Source) {
	w := &witness{name: id, source: source}
	h.witnesses[id] = w
	h.specs = append(h.specs, video.Spec{Camera: citywatch.Camera{ID: id, Name: id}, Main: w, Account: id})
}

// run pulls the cameras for so long.
func (h *house) run(d time.Duration) {
	v := video.New(h.specs, video.Options{HealthEvery: time.Second}, video.Deps{
		Metrics: h.metrics, Log: slog.New(slog.NewJSONHandler(&h.log, nil)),
		Deliver: func(_ context.Context, readings []citywatch.Reading) error {
			fmt.Fprintf(&h.shown, "%+v\n", readings)
			return nil
		},
	})
	viewer, err := v.Subscribe(sound, video.Main)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { _ = v.Run(ctx) })
	all.Go(func() { h.view(ctx, viewer) })
	h.watch(v, d)
	cancel()
	ended := time.Now()
	all.Wait()
	viewer.Close()
	if took := time.Since(ended); took > 5*time.Second {
		h.t.Errorf("it took %v to end", took)
	}
}

// view receives the sound camera's frames.
func (h *house) view(ctx context.Context, s *video.Subscription) {
	began := time.Now()
	var last time.Time
	for {
		item, err := s.Next(ctx)
		if err != nil {
			return
		}
		if item.Tracks != nil {
			h.streams++
			continue
		}
		h.received++
		if item.Gap {
			h.lost++
		}
		if !last.IsZero() && item.Unit.Arrived.Sub(last) > 2*time.Second {
			h.gaps = append(h.gaps, gap{last.Sub(began), item.Unit.Arrived.Sub(last)})
		}
		last = item.Unit.Arrived
	}
}

// look is how often the cameras are looked at.
const look = 50 * time.Millisecond

// watch looks at every camera again and again, for so long. Time in which the
// machine did not run this process counts for nobody.
func (h *house) watch(v *video.Video, d time.Duration) {
	began := time.Now()
	for last := began; time.Since(began) < d+h.stalled; {
		time.Sleep(look)
		if late := time.Since(last) - 10*look; late > 0 {
			h.stalled += late
		}
		last = time.Now()
		for _, spec := range h.specs {
			h.see(v, spec.Camera.ID, last.Sub(began))
		}
	}
}

func (h *house) see(v *video.Video, id string, after time.Duration) {
	status, err := v.Status(id)
	if err != nil {
		h.t.Errorf("%s: %v", id, err)
		return
	}
	if last := h.last(id); last.state == status.State && last.detail == status.Detail {
		return
	}
	h.seen[id] = append(h.seen[id], sight{status.State, status.Detail, after})
	if text, err := json.Marshal(status); err == nil {
		fmt.Fprintf(&h.shown, "%s\n", text)
	}
}

// last returns the state that the camera came into at last, and when.
func (h *house) last(id string) (last sight) {
	for _, s := range h.seen[id] {
		if s.state != last.state {
			last = s
		}
		last.detail = s.detail
	}
	return last
}

// states returns the states that the camera went through.
func (h *house) states(id string) string {
	var names []string
	for _, s := range h.seen[id] {
		if name := string(s.state); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, " → ")
}

// others reports whether the sound camera was live throughout.
func (h *house) others() bool {
	return h.states(sound) == "connecting → online" && h.streams == 1 && h.lost == 0 && len(h.gaps) == 0
}

// judge demands of a bad camera what its case says.
func (h *house) judge(t *testing.T, c badcamera.Case) {
	last := h.last(c.Name)
	if last.state != c.Want || last.after > known+h.stalled {
		t.Errorf("it is %s after %v (%s), want %s within %v: %s", last.state, last.after, last.detail, c.Want, known, h.states(c.Name))
	}
	if !c.Shows && strings.Contains(h.states(c.Name), string(citywatch.CameraOnline)) {
		t.Errorf("it was called online: %s", h.states(c.Name))
	}
	w := h.witnesses[c.Name]
	if w.units > 0 != c.Shows {
		t.Errorf("%d units came of it", w.units)
	}
	if len(w.wrongs) > 0 {
		t.Errorf("the sink was promised otherwise: %s", w.wrongs[0])
	}
	stats := h.cameras[c.Name].Stats()
	if c.Want == citywatch.CameraBadCredentials && stats.Logins > 1 {
		t.Errorf("%d tries with a wrong password in %v", stats.Logins, watched)
	}
	if most := 36; stats.Connections > most { // six tries of six, where it redirects
		t.Errorf("%d connections in %v", stats.Connections, watched)
	}
	t.Logf("%s after %.1f s: %s (%d connections, %d units)", h.states(c.Name), last.after.Seconds(), last.detail, stats.Connections, w.units)
}

// judgeSound demands that the sound camera was not disturbed.
func (h *house) judgeSound(t *testing.T) {
	if states := h.states(sound); states != "connecting → online" {
		t.Errorf("it was %s", states)
	}
	if h.streams != 1 || h.lost > 0 || h.received < int(watched.Seconds())*15/2 {
		t.Errorf("%d frames, %d with something missing before them, and %d streams", h.received, h.lost, h.streams)
	}
	for _, g := range h.gaps {
		if g.length > 4*time.Second+h.stalled {
			t.Errorf("after %v, no frame came for %v", g.at, g.length)
		}
	}
	t.Logf("%d frames; gaps: %v; stalled for %v", h.received, h.gaps, h.stalled)
	if len(h.witnesses[sound].wrongs) > 0 {
		t.Errorf("the sink was promised otherwise: %s", h.witnesses[sound].wrongs[0])
	}
}

// judgeSecrets demands that the password is nowhere.
func (h *house) judgeSecrets(t *testing.T) {
	clean(t, "the log", h.log.String())
	clean(t, "what is shown", h.shown.String())
	for name, w := range h.witnesses {
		clean(t, name+"'s errors and tracks", strings.Join(w.texts, "\n"))
	}
	families, err := h.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	clean(t, "a metric", fmt.Sprint(families))
	if h.log.String() != "" {
		t.Errorf("there is nothing in this that anybody can act on:\n%s", h.log.String())
	}
}

// A safeBuffer is a buffer of several goroutines'.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

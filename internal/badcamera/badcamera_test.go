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
	gaps     []string           // in these
}

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
	ctx, cancel := context.WithTimeout(h.t.Context(), d)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { _ = v.Run(ctx) })
	all.Go(func() { h.view(ctx, viewer) })
	all.Go(func() { h.watch(ctx, v) })
	all.Wait()
	viewer.Close()
	if took := time.Since(h.ended(ctx)); took > 5*time.Second {
		h.t.Errorf("it took %v to end", took)
	}
}

func (h *house) ended(ctx context.Context) time.Time {
	deadline, _ := ctx.Deadline()
	return deadline
}

// view receives the sound camera's frames.
func (h *house) view(ctx context.Context, s *video.Subscription) {
	var last time.Time
	streams := 0
	for {
		item, err := s.Next(ctx)
		if err != nil {
			return
		}
		if item.Tracks != nil {
			streams++
			if streams > 1 {
				h.gaps = append(h.gaps, "the stream began anew")
			}
			continue
		}
		h.received++
		at := item.Unit.Arrived
		if gap := at.Sub(last); !last.IsZero() && gap > 2*time.Second || item.Gap {
			h.gaps = append(h.gaps, fmt.Sprintf("%v without a frame (missing: %v)", gap, item.Gap))
		}
		last = at
	}
}

// watch looks at every camera again and again.
func (h *house) watch(ctx context.Context, v *video.Video) {
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
		for _, spec := range h.specs {
			id := spec.Camera.ID
			status, err := v.Status(id)
			if err != nil {
				h.t.Errorf("%s: %v", id, err)
				return
			}
			if last := h.last(id); last.state == status.State && last.detail == status.Detail {
				continue
			}
			h.seen[id] = append(h.seen[id], sight{status.State, status.Detail, time.Since(began)})
			if text, err := json.Marshal(status); err == nil {
				fmt.Fprintf(&h.shown, "%s\n", text)
			}
		}
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
func (h *house) others() bool { return len(h.gaps) == 0 && h.received > 0 }

// judge demands of a bad camera what its case says.
func (h *house) judge(t *testing.T, c badcamera.Case) {
	last := h.last(c.Name)
	if last.state != c.Want || last.after > known {
		t.Errorf("it is %s after %v (%s), want %s within %v: %s", last.state, last.after, last.detail, c.Want, known, h.states(c.Name))
	}
	was := strings.Contains(h.states(c.Name), string(citywatch.CameraOnline))
	if was != c.Shows {
		t.Errorf("it was called online: %v, want %v: %s", was, c.Shows, h.states(c.Name))
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
	if len(h.gaps) > 0 || h.received < int(watched.Seconds())*15/2 {
		t.Errorf("%d frames, gaps: %s", h.received, h.gaps)
	}
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

package dashboards_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"

	"github.com/paulmach/orb"
)

// An eye is everything that the site is given about cameras: three of them,
// one well, one gone, one that nobody has heard of yet.
type eye struct {
	now      time.Time
	broken   error // what pictures and recordings answer with
	recorded []byte

	mu     sync.Mutex
	asked  []string
	closed int // clips
}

func newEye() *eye {
	return &eye{now: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), recorded: bytes.Repeat([]byte("0123456789"), 1000)}
}

// ask notes what the site has asked for.
func (e *eye) ask(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, fmt.Sprintf(format, args...))
}

func (e *eye) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed++
}

// was returns what was asked for, and how many clips were closed.
func (e *eye) was() (asked []string, closed int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked), e.closed
}

func (e *eye) Cameras() []citywatch.Camera {
	bearing := 120.0
	return []citywatch.Camera{
		{ID: "cau-coc-leu", Name: "Cầu Cốc Lếu", Sector: "traffic", Zone: "lao-cai", Position: orb.Point{103.9655, 22.5010}, Bearing: &bearing, Gateway: "nvr"},
		{ID: "ho-kieu", Name: "Cửa khẩu Hồ Kiều", Sector: "traffic", Position: orb.Point{103.9641, 22.5069}},
		{ID: "sa-pa", Name: "Quảng trường Sa Pa", Sector: "tourism", Zone: "sa-pa", Position: orb.Point{103.8438, 22.3364}, OnDemand: true},
	}
}

func (e *eye) Status(id string) (citywatch.CameraStatus, error) {
	fps, bitrate := 25.0, 512_000.0
	switch id {
	case "cau-coc-leu":
		return citywatch.CameraStatus{
			State: citywatch.CameraOnline, Since: e.now.Add(-time.Hour), LastFrame: e.now.Add(-40 * time.Millisecond),
			Codec: "H264", Width: 640, Height: 360, FPS: &fps, Bitrate: &bitrate, Reconnects: 2,
		}, nil
	case "ho-kieu":
		return citywatch.CameraStatus{
			State: citywatch.CameraUnreachable, Since: e.now.Add(-time.Minute), LastFrame: e.now.Add(-2 * time.Minute), Detail: "no answer",
		}, nil
	case "sa-pa":
		return citywatch.CameraStatus{State: citywatch.CameraConnecting, Since: e.now}, nil
	}
	return citywatch.CameraStatus{}, errors.New("asked of a camera that is not registered")
}

func (e *eye) Snapshot(_ context.Context, id string, width int) (dashboards.Picture, error) {
	e.ask("%s %d", id, width)
	return dashboards.Picture{JPEG: []byte("\xff\xd8 jpeg"), At: e.now.Add(-1500 * time.Millisecond), Width: width, Height: 360}, e.broken
}

func (e *eye) Thumbnails(_ string, from, to time.Time) ([]time.Time, error) {
	return []time.Time{from, to.Add(-time.Minute)}, e.broken
}

func (e *eye) Thumbnail(id string, at time.Time) (dashboards.Picture, error) {
	e.ask("%s %v", id, at.UTC())
	return dashboards.Picture{JPEG: []byte("\xff\xd8 small"), At: at, Width: 160, Height: 90}, e.broken
}

func (e *eye) Intervals(_ string, from, to time.Time) ([]dashboards.Interval, error) {
	if e.broken != nil {
		return nil, e.broken
	}
	return []dashboards.Interval{{From: from, To: from.Add(time.Minute)}, {From: to.Add(-time.Minute), To: to}}, nil
}

type clipFile struct {
	io.ReadSeeker
	close func()
}

func (c clipFile) Close() error {
	c.close()
	return nil
}

func (e *eye) Clip(id string, from, to time.Time) (dashboards.Clip, error) {
	e.ask("%s %v", id, to.Sub(from))
	file := clipFile{bytes.NewReader(e.recorded), e.close}
	return dashboards.Clip{
		ReadSeekCloser: file, Interval: dashboards.Interval{From: from.Add(-time.Second), To: to}, ETag: `"clip-1"`,
		Holes: []dashboards.Interval{{From: from.Add(time.Second), To: from.Add(3 * time.Second)}}, Short: "the codec changes",
	}, e.broken
}

func (e *eye) KeyFrame(string) (dashboards.KeyFrame, error) {
	return dashboards.KeyFrame{Data: []byte("mp4"), MIME: `video/mp4; codecs="avc1.42C01E"`, At: e.now}, e.broken
}

// see puts the cameras into what the site is given.
func (e *eye) see(d *dashboards.Deps) {
	d.Cameras, d.Snapshots, d.Recordings, d.KeyFrame = e, e, e, e.KeyFrame
	d.CameraValues = []func(string, time.Time) []citywatch.Value{
		func(camera string, _ time.Time) []citywatch.Value {
			if camera != "cau-coc-leu" {
				return nil
			}
			return []citywatch.Value{{Name: "activity", Number: 0.25}, {Name: "picture", Text: "ok"}, {Name: "usable", Number: 1}, {Name: "other", Number: 3}}
		},
		func(camera string, _ time.Time) []citywatch.Value {
			return []citywatch.Value{{Name: "recording", Number: 0}}
		},
	}
	d.Live = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "live of %s", r.PathValue("id")) })
	d.Now = func() time.Time { return e.now }
}

func TestCameras(t *testing.T) {
	e := newEye()
	s := serve(t, newProvince(t).site(t, e.see))
	_, body := s.get(t, "/api/v1/cameras")
	list := decode[collection](t, body)
	if got := list.ids(); !slices.Equal(got, []string{"cau-coc-leu", "ho-kieu", "sa-pa"}) || !list.Time.Equal(e.now) {
		t.Errorf("listed %v at %v", got, list.Time)
	}
	well, gone, unknown := list.Features[0].Properties, list.Features[1].Properties, list.Features[2].Properties
	for name, want := range map[string]any{
		"state": "online", "up": true, "age": 0.04, "fps": 25.0, "bearing": 120.0, "recording": false,
		"usable": true, "picture": "ok", "activity": 0.25, "gateway": "nvr", "on_demand": false, "reconnects": 2.0, "other": nil,
	} {
		if well[name] != want {
			t.Errorf("%s of a camera that is well is %v, want %v", name, well[name], want)
		}
	}
	for name, want := range map[string]any{"state": "unreachable", "up": false, "age": 120.0, "detail": "no answer", "usable": nil, "fps": nil} {
		if gone[name] != want {
			t.Errorf("%s of a camera that is gone is %v, want %v", name, gone[name], want)
		}
	}
	for _, absent := range []string{"last_frame", "age", "codec", "width", "usable", "picture", "activity"} {
		if v, there := unknown[absent]; there {
			t.Errorf("%s of a camera that was never seen is %v", absent, v)
		}
	}
	if unknown["on_demand"] != true {
		t.Errorf("that a camera is pulled on demand is told as %v", unknown["on_demand"])
	}
	for query, want := range map[string]int{"sector=tourism": 1, "zone=lao-cai": 1, "bbox=103.9,22.4,104,22.6": 2, "zone=none": 0} {
		_, body := s.get(t, "/api/v1/cameras?"+query)
		if got := decode[collection](t, body); len(got.Features) != want {
			t.Errorf("%s lists %v", query, got.ids())
		}
	}
	_, body = s.get(t, "/api/v1/cameras/ho-kieu")
	if f := decode[struct{ ID string }](t, body); f.ID != "ho-kieu" {
		t.Errorf("asked for one, got %s", body)
	}
	if _, body = s.get(t, "/api/v1/cameras/ho-kieu/live"); string(body) != "live of ho-kieu" {
		t.Errorf("the websocket is answered with %s", body)
	}
}

// TestCamerasByIDOnly: nothing behind the site ever sees an id that is not a
// camera's.
func TestCamerasByIDOnly(t *testing.T) {
	e := newEye()
	s := serve(t, newProvince(t).site(t, e.see))
	for _, id := range []string{"none", "..%2f..%2fetc", "cau-coc-le", "cau-coc-leu%00", "%2e%2e"} {
		for _, what := range []string{
			"", "/live", "/snapshot.jpg", "/keyframe.mp4", "/thumbnails", "/thumbnails/2026-11-22T00:00:00Z.jpg",
			"/recordings", "/clip.mp4?from=-5m&to=-1m",
		} {
			resp, body := s.get(t, "/api/v1/cameras/"+id+what)
			if p := decode[problemDetails](t, body); resp.StatusCode != http.StatusNotFound || p.Status != http.StatusNotFound {
				t.Errorf("%s%s is answered with %s %s", id, what, resp.Status, body)
			}
		}
	}
	if asked, _ := e.was(); len(asked) > 0 {
		t.Errorf("asked for %v", asked)
	}
}

func TestSnapshot(t *testing.T) {
	e := newEye()
	s := serve(t, newProvince(t).site(t, e.see))
	const path = "/api/v1/cameras/cau-coc-leu/snapshot.jpg"
	resp, body := s.get(t, path+"?width=320")
	if resp.StatusCode != 200 || string(body) != "\xff\xd8 jpeg" || resp.Header.Get("Content-Type") != "image/jpeg" ||
		resp.Header.Get("Last-Modified") != "Sun, 22 Nov 2026 06:59:58 GMT" || resp.Header.Get("X-Captured-At") != "2026-11-22T06:59:58.5Z" {
		t.Errorf("answered with %s %v %q", resp.Status, resp.Header, body)
	}
	if again, body := s.get(t, path+"?width=320", "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != http.StatusNotModified || len(body) > 0 {
		t.Errorf("the same picture is sent again: %s", again.Status)
	}
	if other, _ := s.get(t, path+"?width=640", "If-None-Match", resp.Header.Get("ETag")); other.StatusCode != 200 {
		t.Errorf("a picture of another size is answered with %s", other.Status)
	}
	if asked, _ := e.was(); !slices.Equal(asked, []string{"cau-coc-leu 320", "cau-coc-leu 320", "cau-coc-leu 640"}) {
		t.Errorf("asked for %v", asked)
	}
	for _, query := range []string{"width=-1", "width=x", "width=63", "width=3841", "width=1e3"} {
		if resp, body := s.get(t, path+"?"+query); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is answered with %s %s", query, resp.Status, body)
		}
	}
	resp, body = s.get(t, "/api/v1/cameras/cau-coc-leu/keyframe.mp4")
	if string(body) != "mp4" || resp.Header.Get("Content-Type") != `video/mp4; codecs="avc1.42C01E"` || resp.Header.Get("X-Captured-At") == "" {
		t.Errorf("the key frame is answered with %v %q", resp.Header, body)
	}
}

func TestThumbnails(t *testing.T) {
	e := newEye()
	s := serve(t, newProvince(t).site(t, e.see))
	_, body := s.get(t, "/api/v1/cameras/sa-pa/thumbnails?from=2026-11-22T06:00:00%2B07:00&to=-1h")
	list := decode[struct {
		Camera     string
		Thumbnails []struct {
			Time time.Time
			Href string
		}
	}](t, body)
	if len(list.Thumbnails) != 2 || list.Thumbnails[0].Href != "/api/v1/cameras/sa-pa/thumbnails/2026-11-21T23:00:00Z.jpg" {
		t.Fatalf("listed %s", body)
	}
	for _, one := range list.Thumbnails {
		resp, body := s.get(t, one.Href)
		if resp.StatusCode != 200 || resp.Header.Get("X-Captured-At") != one.Time.UTC().Format(time.RFC3339Nano) {
			t.Errorf("%s is answered with %s %s", one.Href, resp.Status, body)
		}
	}
	for _, name := range []string{"2026-11-22T00:00:00Z", "x.jpg", "..%2f..%2fpasswd.jpg", "2026-11-22T00:00:00.jpg"} {
		if resp, body := s.get(t, "/api/v1/cameras/sa-pa/thumbnails/"+name); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is answered with %s %s", name, resp.Status, body)
		}
	}
}

func TestClip(t *testing.T) {
	e := newEye()
	var log bytes.Buffer
	s := serve(t, newProvince(t).site(t, e.see, func(d *dashboards.Deps) { d.Log = slog.New(slog.NewTextHandler(&log, nil)) }))
	const path = "/api/v1/cameras/cau-coc-leu/clip.mp4?from=2026-11-22T13:00:00%2B07:00&to=2026-11-22T13:05:00%2B07:00"
	resp, body := s.get(t, path)
	if resp.StatusCode != 200 || !bytes.Equal(body, e.recorded) || resp.Header.Get("Accept-Ranges") != "bytes" ||
		resp.Header.Get("X-Clip-From") != "2026-11-22T05:59:59Z" || resp.Header.Get("X-Clip-To") != "2026-11-22T06:05:00Z" ||
		resp.Header.Get("ETag") != `"clip-1"` || resp.Header.Get("X-Clip-Short") != "the codec changes" ||
		resp.Header.Get("X-Clip-Hole") != "2026-11-22T06:00:01Z/2026-11-22T06:00:03Z" ||
		resp.Header.Get("Content-Disposition") != `inline; filename="cau-coc-leu_20261122-125959.mp4"` {
		t.Errorf("answered with %s %v, %d bytes", resp.Status, resp.Header, len(body))
	}
	resp, body = s.get(t, path, "Range", "bytes=5003-5006", "If-Range", resp.Header.Get("ETag"))
	if resp.StatusCode != http.StatusPartialContent || string(body) != "3456" {
		t.Errorf("a range is answered with %s %q", resp.Status, body)
	}
	if resp, _ := s.get(t, path+"&download"); !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("a download comes as %v", resp.Header)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		asked, closed := e.was()
		if len(asked) == 3 && closed == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("closed %d clips of %v", closed, asked)
		}
		time.Sleep(time.Millisecond)
	}
	if n := strings.Count(log.String(), "clip taken"); n != 2 {
		t.Errorf("%d times it is noted that the clip was taken:\n%s", n, &log)
	}
}

// TestWrongTimes: what is wrong about a time is said, with how to write it.
func TestWrongTimes(t *testing.T) {
	e := newEye()
	s := serve(t, newProvince(t).site(t, e.see))
	for query, says := range map[string]string{
		"":                                         "from and to",
		"?from=-5m":                                "from and to",
		"?from=2026-11-22T07:00:00&to=-1m":         "%2B07:00", // without a zone
		"?from=2026-11-22T07:00:00+07:00&to=-1m":   "%2B07:00", // a + is a space
		"?from=-1m&to=-5m":                         "before",
		"?from=1732233600&to=-1h":                  "%2B07:00",
		"?from=-5m&to=yesterday":                   "to:",
		"?from=0001-01-01T00:00:00Z&to=-0s":        "ten years",
		"?from=2026-11-22T07:00:00Z'&to=2026-11-2": "%2B07:00",
	} {
		resp, body := s.get(t, "/api/v1/cameras/cau-coc-leu/clip.mp4"+query)
		if p := decode[problemDetails](t, body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(p.Detail, says) {
			t.Errorf("%q is answered with %s %q", query, resp.Status, p.Detail)
		}
	}
	if asked, _ := e.was(); len(asked) > 0 {
		t.Errorf("asked for %v", asked)
	}
}

// TestNoPictures: a picture that is not there is told apart from one that
// cannot be made, and neither fills the log.
func TestNoPictures(t *testing.T) {
	e := newEye()
	var log bytes.Buffer
	s := serve(t, newProvince(t).site(t, e.see, func(d *dashboards.Deps) { d.Log = slog.New(slog.NewTextHandler(&log, nil)) }))
	what := []string{"/snapshot.jpg", "/keyframe.mp4", "/thumbnails", "/thumbnails/2026-11-22T00:00:00Z.jpg", "/recordings", "/clip.mp4?from=-5m&to=-1m"}
	for err, status := range map[error]int{
		fmt.Errorf("%w: no frame has come", dashboards.ErrNotFound):              http.StatusNotFound,
		fmt.Errorf("%w: ffmpeg is not installed", dashboards.ErrUnavailable):     http.StatusServiceUnavailable,
		fmt.Errorf("decoding took too long: %w", context.DeadlineExceeded):       http.StatusGatewayTimeout,
		errors.New("open rtsp://viewer:secret@10.0.0.1/: an error of its inner"): http.StatusInternalServerError,
	} {
		e.broken = err
		log.Reset()
		for _, path := range what {
			resp, body := s.get(t, "/api/v1/cameras/cau-coc-leu"+path)
			if p := decode[problemDetails](t, body); resp.StatusCode != status || p.Detail == "" || strings.Contains(p.Detail, "secret") {
				t.Errorf("%s with %q is answered with %s %s", path, err, resp.Status, body)
			}
		}
		if quiet := status < http.StatusInternalServerError || status == http.StatusServiceUnavailable; quiet == (log.Len() > 0) {
			t.Errorf("%q logs %q", err, &log)
		}
	}
}

// TestWithoutCameras: a citywatch without cameras, or without a part of them,
// says so.
func TestWithoutCameras(t *testing.T) {
	p := newProvince(t)
	none := serve(t, p.site(t))
	part := serve(t, p.site(t, newEye().see, func(d *dashboards.Deps) {
		d.Snapshots, d.Recordings, d.KeyFrame, d.Live = nil, nil, nil, nil
	}))
	for _, path := range []string{"/live", "/snapshot.jpg", "/keyframe.mp4", "/thumbnails", "/thumbnails/2026-11-22T00:00:00Z.jpg", "/recordings", "/clip.mp4?from=-5m&to=-1m"} {
		for _, s := range []*server{none, part} {
			if resp, body := s.get(t, "/api/v1/cameras/cau-coc-leu"+path); resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s is answered with %s %s", path, resp.Status, body)
			}
		}
	}
	if resp, _ := none.get(t, "/api/v1/cameras"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the list is answered with %s", resp.Status)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/badcamera"
	"citywatch/internal/servertest"
)

// badCameras are those that the process pulls, by what they do.
func badCameras() []string {
	return []string{
		"refused", "black-hole", "silent-after-tcp", "slow-loris", "garbage", "401-no-header", "401-digest", "401-basic",
		"length-negative", "redirect", "redirect-outside", "control-no-url", "codec-unknown", "echo-type", "echo-codec",
		"silent-after-play", "freezes", "still", "killed", "restarted", "fu-a-one-byte", "aac-lies", "time-wraps",
		"size-changes", "bits-flip", "sps-huge", "udp-only", "cra-only",
	}
}

const (
	cameraUser     = "viewer"
	cameraPassword = "c4n4ry-pass"
	soundCamera    = "sound"
)

// TestBadCameras has a whole citywatch with cameras that misbehave and one that
// does not: it goes on, says of each how it is, and their password to nobody.
func TestBadCameras(t *testing.T) {
	s := newBadSite(t)
	p := start(t, "serve", "--config", s.config)
	began := time.Now()
	for right := false; !right; time.Sleep(200 * time.Millisecond) {
		right = s.wrong(p) == ""
		if !right && time.Since(began) > 20*time.Second {
			t.Fatalf("after 20 s:\n%s", s.wrong(p))
		}
	}
	t.Logf("every state is right after %v", time.Since(began).Round(100*time.Millisecond))
	if rest := 15*time.Second - time.Since(began); rest > 0 {
		time.Sleep(rest) // what fails does so again and again meanwhile
	}
	if wrong := s.wrong(p); wrong != "" {
		t.Errorf("after a while:\n%s", wrong)
	}
	if n := p.metric("citywatch_video_panics_total"); n != 0 {
		t.Errorf("%v panics", n)
	}
	s.ask(p)
	p.stop()
	s.clean("the log", p.out.String())
}

// A badSite is a configuration of bad cameras.
type badSite struct {
	t      *testing.T
	config string
	want   map[string]citywatch.CameraState
}

func newBadSite(t *testing.T) *badSite {
	s := &badSite{t: t, want: map[string]citywatch.CameraState{soundCamera: citywatch.CameraOnline}}
	films := badcamera.Shoot(t)
	sound := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: map[string]string{"live": servertest.GstH264}})
	dir := t.TempDir()
	write(t, dir, "login", cameraPassword+"\n")
	cameras := fmt.Sprintf("cameras:\n  - {id: %s, name: Tốt, sector: traffic, at: [104, 22.5], main: %q, record: 1d}\n", soundCamera, sound.URL+"live")
	for i, name := range badCameras() {
		c, ok := badcamera.Find(name)
		if !ok {
			t.Fatalf("there is no bad camera %s", name)
		}
		s.want[name] = c.Want
		camera := badcamera.Start(t, c, badcamera.Options{Films: films})
		// Some have their password in the address, others in a file.
		main, more := camera.URL(cameraUser, cameraPassword), ""
		if i%2 == 0 {
			main, more = camera.URL("", ""), fmt.Sprintf(", username: %s, password_file: login", cameraUser)
		}
		if i%4 == 0 {
			more += ", record: 1d"
		}
		cameras += fmt.Sprintf("  - {id: %s, name: %s, sector: traffic, at: [104.1, 22.5], main: %q%s}\n", name, name, main, more)
	}
	write(t, dir, "cameras.yaml", cameras)
	write(t, dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, dir, "devices.yaml", "classes: []\ndevices: []\n")
	write(t, dir, "rules.yaml", "rules: []\n")
	broker := servertest.FreeAddr(t)
	s.config = write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
edge: {listen: %q}
sources:
  - {name: edge, url: %q, topics: [{filter: city/+/+}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
cameras: {file: cameras.yaml, networks: [127.0.0.0/8], health_every: 1s}
rules: {file: rules.yaml}
`, broker, "tcp://"+broker))
	return s
}

// wrong returns the cameras that are not said to be as they are.
func (s *badSite) wrong(p *process) string {
	s.t.Helper()
	var list struct {
		Features []struct {
			ID         string
			Properties struct{ State, Detail string }
		}
	}
	if err := json.Unmarshal([]byte(s.get(p, "/api/v1/cameras")), &list); err != nil {
		s.t.Fatal(err)
	}
	if len(list.Features) != len(s.want) {
		return fmt.Sprintf("%d cameras, want %d", len(list.Features), len(s.want))
	}
	var wrong strings.Builder
	for _, f := range list.Features {
		if want := s.want[f.ID]; f.Properties.State != string(want) {
			fmt.Fprintf(&wrong, "%s is %s (%s), want %s\n", f.ID, f.Properties.State, f.Properties.Detail, want)
		}
	}
	return wrong.String()
}

// ask asks for everything that there is to ask.
func (s *badSite) ask(p *process) {
	s.t.Helper()
	paths := []string{"/metrics", "/api/v1/health", "/api/v1/devices", "/api/v1/alerts", "/api/v1/deadletters"}
	for id := range s.want {
		camera := "/api/v1/cameras/" + id
		paths = append(paths, camera, camera+"/snapshot.jpg", camera+"/keyframe.mp4", camera+"/thumbnails",
			camera+"/recordings?from=-1h", "/api/v1/devices/"+id, "/api/v1/devices/"+id+"/readings?value=up&from=-1h")
	}
	for _, path := range paths {
		s.get(p, path)
	}
}

// get returns what is answered, in which no password may be.
func (s *badSite) get(p *process, path string) string {
	s.t.Helper()
	response, err := http.Get("http://" + p.http + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode >= 500 && response.StatusCode != http.StatusServiceUnavailable {
		s.t.Errorf("%s answers %s: %s", path, response.Status, tail(body, 1<<10))
	}
	s.clean(path, fmt.Sprint(response.Header)+string(body))
	return string(body)
}

func (s *badSite) clean(where, text string) {
	s.t.Helper()
	// Within base64 it looks otherwise, depending on what stands before it.
	for _, form := range []string{"c4n4ry", "YzRuNHJ5", "M0bjRye", "zRuNHJ5", "dmlld2Vy"} {
		if i := strings.Index(text, form); i >= 0 {
			s.t.Errorf("%s holds the password: …%s…", where, text[max(0, i-100):min(len(text), i+100)])
			return
		}
	}
}

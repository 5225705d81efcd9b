package badcamera_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch/internal/badcamera"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/rtsp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The login that every camera is given. No more of it than the cameras
// themselves may ever come to light.
const (
	user   = "viewer"
	canary = "c4n4ry/p@ss"
)

// canaries are the forms in which the password could be met.
func canaries() []string {
	return []string{
		"c4n4ry", canary, url.QueryEscape(canary), url.PathEscape(canary),
		base64.StdEncoding.EncodeToString([]byte(user + ":" + canary)), "dmlld2Vy",
	}
}

// clean demands that nothing of the password is in a text.
func clean(t testing.TB, where, text string) {
	t.Helper()
	for _, c := range canaries() {
		if i := strings.Index(text, c); i >= 0 {
			t.Errorf("%s holds the password: …%s…", where, text[max(0, i-60):min(len(text), i+60)])
			return
		}
	}
}

func options(t testing.TB, camera *badcamera.Camera) rtsp.Options {
	t.Helper()
	a, err := address.Parse(camera.URL(user, canary))
	if err != nil {
		t.Fatal(err)
	}
	return rtsp.Options{Address: a, Networks: loopback(t)}
}

func loopback(t testing.TB) address.Ranges {
	t.Helper()
	r, err := address.ParseRanges([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// descriptors returns how many files the process has open; where there is no
// Linux to tell, 0.
func descriptors(t testing.TB) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if runtime.GOOS != "linux" {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(files) - 1 // that of the folder itself
}

// A witness is a source that watches another, and what comes of it.
type witness struct {
	name   string
	source video.Source

	mu     sync.Mutex
	wrongs []string // what should never be
	texts  []string // what could be shown to people
	units  int
}

// label marks the goroutines that a camera's session starts, and all that these
// start.
const label = "bad-camera"

// Play implements video.Source.
func (w *witness) Play(ctx context.Context, to video.Sink) (err error) {
	pprof.Do(ctx, pprof.Labels(label, w.name), func(ctx context.Context) {
		err = w.source.Play(ctx, &checked{witness: w, sink: to})
	})
	if err != nil {
		w.note(&w.texts, "%v %+v %#v", err, err, err)
	}
	return err
}

func (w *witness) note(to *[]string, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*to) < 100 {
		*to = append(*to, fmt.Sprintf(format, args...))
	}
}

// A checked is a sink that holds a session to what a sink is promised.
type checked struct {
	*witness
	sink   video.Sink
	tracks []video.Track
	dts    [2]time.Duration
	began  bool
}

// Tracks implements video.Sink.
func (c *checked) Tracks(tracks []video.Track) {
	if len(tracks) == 0 || len(tracks) > 2 || !tracks[0].Codec.IsVideo() {
		c.note(&c.wrongs, "tracks %+v", tracks)
	}
	c.tracks = tracks
	c.note(&c.texts, "%+v", tracks)
	c.sink.Tracks(tracks)
}

// Lost implements video.Sink.
func (c *checked) Lost(n int) {
	if n <= 0 {
		c.note(&c.wrongs, "Lost(%d)", n)
	}
	c.sink.Lost(n)
}

// Unit implements video.Sink.
func (c *checked) Unit(u video.Unit) {
	defer c.sink.Unit(u)
	if u.Track < 0 || u.Track >= len(c.tracks) {
		c.note(&c.wrongs, "a unit of track %d of %d", u.Track, len(c.tracks))
		return
	}
	track := c.tracks[u.Track]
	switch {
	case !c.began && (!u.Key || !track.Codec.IsVideo()):
		c.note(&c.wrongs, "it begins with no key frame")
	case u.DTS < c.dts[u.Track], u.DTS > u.PTS, u.PTS-u.DTS > 5*time.Second, u.DTS < 0:
		c.note(&c.wrongs, "DTS %v after %v, PTS %v", u.DTS, c.dts[u.Track], u.PTS)
	case u.DTS-c.dts[u.Track] > 30*time.Second:
		c.note(&c.wrongs, "DTS jumps from %v to %v", c.dts[u.Track], u.DTS)
	case u.Size() == 0, u.Arrived.IsZero():
		c.note(&c.wrongs, "an empty unit")
	case u.Key && (track.Codec == video.H264 || track.Codec == video.H265) && (track.Width == 0 || len(track.SPS) == 0 || len(track.PPS) == 0):
		c.note(&c.wrongs, "a key frame without parameter sets: %+v", track)
	}
	c.began = true
	c.dts[u.Track] = u.DTS
	c.mu.Lock()
	c.units++
	c.mu.Unlock()
}

// labelled returns how many goroutines each camera's sessions have left.
func labelled(t testing.TB) map[string]int {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	left := map[string]int{}
	n := 0
	for line := range strings.Lines(profile.String()) {
		if _, err := fmt.Sscanf(line, "%d @", &n); err == nil {
			continue
		}
		if _, rest, ok := strings.Cut(line, `"`+label+`":"`); ok {
			name, _, _ := strings.Cut(rest, `"`)
			left[name] += n
		}
	}
	return left
}

// eventually waits until good, for a while.
func eventually(good func() bool) bool {
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if good() {
			return true
		}
	}
	return good()
}

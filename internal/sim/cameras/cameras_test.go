package cameras

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/rtsp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs the cameras until the test ends and returns their address.
func serve(t *testing.T, speed float64) string {
	t.Helper()
	s := New(Options{Listen: "127.0.0.1:0", Speed: speed})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	addr, err := s.Addr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// url returns where a camera's stream is.
func url(addr, id string) string {
	if Guarded(id) {
		return "rtsp://" + User + ":" + Password + "@" + addr + "/" + id
	}
	return "rtsp://" + addr + "/" + id
}

// source returns a camera as citywatch pulls it.
func source(t *testing.T, text string) *rtsp.Source {
	t.Helper()
	a, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	loopback, err := address.ParseRanges([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	return rtsp.New(rtsp.Options{Address: a, Networks: loopback})
}

// A tape keeps what a session receives.
type tape struct {
	full func() // called after so many units
	want int

	mu     sync.Mutex
	tracks []video.Track
	units  []video.Unit
	lost   int
}

func (s *tape) Tracks(tracks []video.Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracks = tracks
}

func (s *tape) Unit(u video.Unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.units = append(s.units, u); len(s.units) == s.want {
		s.full()
	}
}

func (s *tape) Lost(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += n
}

// record plays a camera until so many units have come, and returns them.
func record(t *testing.T, text string, units int) *tape {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s := &tape{full: cancel, want: units}
	if err := source(t, text).Play(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("%d of %d units, then: %v", len(s.units), units, err)
	}
	return s
}

// TestEveryCameraIsPulled has citywatch's own client pull all cameras at once,
// one of them many times.
func TestEveryCameraIsPulled(t *testing.T) {
	addr := serve(t, 1)
	ids := append(IDs(), slices.Repeat([]string{"cau-coc-leu"}, 16)...)
	var all sync.WaitGroup
	defer all.Wait()
	for _, id := range ids {
		all.Go(func() {
			s := record(t, url(addr, id), 40)
			if s.lost > 0 {
				t.Errorf("%s: %d lost", id, s.lost)
			}
			want := []video.Track{{Codec: video.H264, Width: 640, Height: 360}}
			for i := range s.tracks {
				s.tracks[i].SPS, s.tracks[i].PPS = nil, nil
			}
			if d := cmp.Diff(want, s.tracks); d != "" {
				t.Errorf("%s: tracks %s", id, d)
			}
			for i, u := range s.units {
				// 15 a second, to the tick; what comes after is the camera's own.
				if due := time.Duration(i) * time.Second / 15; (u.DTS-due).Abs() > 12*time.Microsecond || u.PTS != u.DTS {
					t.Errorf("%s: unit %d at %v, shown at %v, want %v", id, i, u.DTS, u.PTS, due)
				}
			}
		})
	}
}

// TestEveryCameraIsProbed has a client that is not ours say what they send.
func TestEveryCameraIsProbed(t *testing.T) {
	ffprobe := servertest.Program(t, ffmpegHint, "ffprobe")
	addr := serve(t, 1)
	type stream struct {
		Codec   string `json:"codec_name"`
		Profile string `json:"profile"`
		Width   int    `json:"width"`
		Height  int    `json:"height"`
		Rate    string `json:"r_frame_rate"`
		BFrames int    `json:"has_b_frames"`
	}
	var all sync.WaitGroup
	defer all.Wait()
	for _, id := range IDs() {
		all.Go(func() {
			out, err := exec.CommandContext(t.Context(), ffprobe, "-v", "error", "-rtsp_transport", "tcp",
				"-analyzeduration", "1000000", "-show_streams", "-of", "json", url(addr, id)).Output()
			if err != nil {
				t.Errorf("%s: ffprobe: %v", id, err)
				return
			}
			var got struct{ Streams []stream }
			if err := json.Unmarshal(out, &got); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			want := []stream{{"h264", "Main", 640, 360, "15/1", 0}}
			if d := cmp.Diff(want, got.Streams); d != "" {
				t.Errorf("%s: %s", id, d)
			}
		})
	}
}

// TestAFrozenCameraGoesOnSending has the story run 20 times as fast: the camera
// on Quốc lộ 70 is frozen from 2 s to 7 s.
func TestAFrozenCameraGoesOnSending(t *testing.T) {
	t.Parallel()
	s := record(t, url(serve(t, 20), "quoc-lo-70-bao-yen"), 10*15)
	same, others := 0, 0
	var last []byte
	for i, u := range s.units {
		if !u.Key {
			continue
		}
		key := bytes.Join(u.Data, nil)
		if last != nil && bytes.Equal(key, last) {
			same++
		} else {
			others++
		}
		last = key
		if i > 0 && u.DTS-s.units[i-1].DTS > 70*time.Millisecond {
			t.Errorf("%v passed before key frame %v", u.DTS-s.units[i-1].DTS, u.DTS)
		}
	}
	if same < 1 || others < 3 {
		t.Errorf("%d key frames are the same as the one before, %d are not", same, others)
	}
}

// TestAnAwayCameraComesBack has the story run 20 times as fast: the camera at
// the market is away from 3.5 s to 7.5 s.
func TestAnAwayCameraComesBack(t *testing.T) {
	t.Parallel()
	addr := serve(t, 20)
	camera := source(t, url(addr, "cho-bac-ha"))
	var before tape
	err := camera.Play(t.Context(), &before)
	if len(before.units) == 0 || err == nil {
		t.Errorf("%d units before it went away: %v", len(before.units), err)
	}
	var nothing tape
	var fault *video.Fault
	if err := camera.Play(t.Context(), &nothing); !errors.As(err, &fault) || fault.State != citywatch.CameraUnreachable || len(nothing.units) > 0 {
		t.Errorf("while it is away: %v, %d units", err, len(nothing.units))
	}
	record(t, url(addr, "cau-coc-leu"), 3) // the others are not
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithCancel(t.Context())
		again := &tape{want: 20, full: cancel}
		err := camera.Play(ctx, again)
		cancel()
		if len(again.units) >= 20 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is not back: %v", err)
		}
	}
}

func TestPasswords(t *testing.T) {
	addr := serve(t, 1)
	for _, login := range []string{"", User + ":wrong@", "other:" + Password + "@"} {
		err := source(t, "rtsp://"+login+addr+"/cua-khau-kim-thanh").Play(t.Context(), &tape{})
		var fault *video.Fault
		if !errors.As(err, &fault) || fault.State != citywatch.CameraBadCredentials {
			t.Errorf("with the login %q: %v", login, err)
		}
	}
	err := source(t, "rtsp://"+addr+"/no-such-camera").Play(t.Context(), &tape{})
	var fault *video.Fault
	if !errors.As(err, &fault) || fault.State != citywatch.CameraUnreachable {
		t.Errorf("a camera that does not exist: %v", err)
	}
}

// TestRunEnds has it end with a viewer watching; that nothing is left running is
// checked after all tests.
func TestRunEnds(t *testing.T) {
	s := New(Options{Listen: "127.0.0.1:0"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	addr, err := s.Addr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	watching := make(chan struct{})
	viewer := &tape{want: 1, full: func() { close(watching) }}
	ended := make(chan error, 1)
	go func() { ended <- source(t, url(addr, "deo-o-quy-ho")).Play(t.Context(), viewer) }()
	<-watching
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on")
	}
	if err := <-ended; err == nil {
		t.Error("the viewer was not sent away")
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		t.Error("it still listens", conn.Close())
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := New(Options{Listen: taken.Addr().String()})
	run := s.Run(t.Context())
	if run == nil {
		t.Fatal("it runs")
	}
	if _, err := s.Addr(t.Context()); !errors.Is(err, run) {
		t.Errorf("Addr: %v, Run: %v", err, run)
	}
}

func TestAddrWaitsNoLongerThanItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Options{}).Addr(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

package scene_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
	"citywatch/video/scene"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// playing sends a clip over and over, at its own speed, as a subscription does:
// what nobody fetches in time is dropped up to the next key frame.
type playing struct {
	clip  ffmpegtest.Clip
	start time.Time
	next  int
	told  bool
	gap   bool
	gaps  *atomic.Int32 // times that units were dropped; may be nil
	ended chan struct{}
	once  sync.Once
}

func (p *playing) Next(ctx context.Context) (video.Item, error) {
	if !p.told {
		p.told, p.start = true, time.Now()
		return video.Item{Tracks: []video.Track{{Codec: video.AAC}, p.clip.Track}}, nil
	}
	n := len(p.clip.Units)
	length := p.clip.Units[n-1].PTS + p.clip.Units[1].PTS
	due := func(i int) time.Time { return p.start.Add(time.Duration(i/n)*length + p.clip.Units[i%n].PTS) }
	for behind := time.Since(due(p.next)); behind > 2*time.Second || p.gap && !p.clip.Units[p.next%n].Key; p.next++ {
		if !p.gap && p.gaps != nil {
			p.gaps.Add(1)
		}
		p.gap = true
		behind = time.Since(due(p.next + 1))
	}
	select {
	case <-time.After(time.Until(due(p.next))):
	case <-ctx.Done():
		return video.Item{}, ctx.Err()
	case <-p.ended:
		return video.Item{}, video.ErrClosed
	}
	it := video.Item{Unit: p.clip.Units[p.next%n], Gap: p.gap}
	it.Unit.Track, it.Unit.Arrived = 1, time.Now()
	p.next++
	p.gap = false
	return it, nil
}

func (p *playing) Close() { p.once.Do(func() { close(p.ended) }) }

func play(c ffmpegtest.Clip) *playing { return &playing{clip: c, ended: make(chan struct{})} }

// run runs a Scene until the test ends.
func run(t *testing.T, s *scene.Scene) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
}

// eventually waits until the camera's values are as wanted.
func eventually(t *testing.T, s *scene.Scene, id, what string, within time.Duration, ok func(v map[string]citywatch.Value) bool) {
	t.Helper()
	var values []citywatch.Value
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		values = s.Values(id, time.Now())
		byName := map[string]citywatch.Value{}
		for _, v := range values {
			byName[v.Name] = v
		}
		if ok(byName) {
			if !slices.IsSortedFunc(values, func(a, b citywatch.Value) int { return strings.Compare(a.Name, b.Name) }) {
				t.Errorf("%s: values %v are not sorted", id, values)
			}
			return
		}
	}
	t.Fatalf("%s: not %s within %v: %v", id, what, within, values)
}

func judged(v map[string]citywatch.Value) bool { return v["picture"].Text != "" }
func lively(v map[string]citywatch.Value) bool {
	_, known := v["activity"]
	return known && v["picture"].Text == "ok" && v["usable"].Number == 1
}

// clip is a moving scene of a few seconds.
func clip(t *testing.T, codec video.Codec) ffmpegtest.Clip {
	t.Helper()
	return ffmpegtest.Make(t, ffmpegtest.Recipe{
		Codec: codec, Filter: "testsrc2=size=320x180:rate=8", Width: 320, Height: 180, FPS: 8, Seconds: 4, GOP: 8,
	})
}

// TestCamerasAreJudgedApart shows eight cameras at once: one of each codec, and
// those that fail in ways of their own, none of which may hurt the others.
func TestCamerasAreJudgedApart(t *testing.T) {
	t.Parallel()
	path := ffmpegtest.FFmpeg(t)
	h264 := clip(t, video.H264)
	broken := h264
	broken.Units = slices.Clone(h264.Units)
	for i := range broken.Units {
		broken.Units[i].Data = [][]byte{bytes.Repeat([]byte{0x65, 0x88}, 300)}
	}
	huge := h264
	huge.Track.Width, huge.Track.Height = 20000, 5000
	clips := map[string]ffmpegtest.Clip{
		"h264": h264, "h265": clip(t, video.H265), "mjpeg": clip(t, video.MJPEG),
		"broken": broken, "huge": huge,
		"bframes": ffmpegtest.Make(t, ffmpegtest.Recipe{
			Filter: "testsrc2=size=320x180:rate=8", Width: 320, Height: 180, FPS: 8, Seconds: 4, GOP: 16, BFrames: 2,
		}),
	}
	var said bytes.Buffer
	ids := []string{"h264", "h265", "mjpeg", "bframes", "broken", "huge", "absent", "h264", "one too many"}
	s := scene.New(ids, scene.Options{Cameras: 7}, scene.Deps{
		FFmpeg: ffmpeg.New(ffmpeg.Options{Path: path}, nil),
		Log:    slog.New(slog.NewTextHandler(&said, nil)),
		Subscribe: func(id string) (scene.Stream, error) {
			c, ok := clips[id]
			if !ok {
				return nil, video.ErrNoCamera
			}
			return play(c), nil
		},
	})
	t.Run("run", func(t *testing.T) {
		run(t, s)
		for _, id := range []string{"h264", "h265", "mjpeg", "bframes"} {
			eventually(t, s, id, "judged", 40*time.Second, lively)
		}
		for _, id := range []string{"broken", "huge", "absent", "one too many", "unknown"} {
			if v := s.Values(id, time.Now()); len(v) > 0 {
				t.Errorf("%s: %v of a camera that cannot be judged", id, v)
			}
		}
		for _, age := range []time.Duration{16 * time.Second, time.Hour} {
			if v := s.Values("h264", time.Now().Add(age)); len(v) > 0 {
				t.Errorf("%v of %v ago", v, age)
			}
		}
	})
	if text := said.String(); !strings.Contains(text, `left="[one too many]"`) || strings.Count(text, "camera=huge") != 1 {
		t.Errorf("said:\n%s", text)
	}
}

func TestAKilledChildIsStartedAgain(t *testing.T) {
	t.Parallel()
	installed := ffmpegtest.FFmpeg(t)
	dir := t.TempDir()
	// The first child ends when told to; it may write no file.
	path := filepath.Join(dir, "ffmpeg")
	script := "#!/bin/sh\nmkdir " + dir + "/pid-$$\nexec " + installed + ` "$@"` + "\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := clip(t, video.H264)
	s := scene.New([]string{"a"}, scene.Options{}, scene.Deps{
		FFmpeg:    ffmpeg.New(ffmpeg.Options{Path: path}, nil),
		Subscribe: func(string) (scene.Stream, error) { return play(c), nil },
	})
	run(t, s)
	eventually(t, s, "a", "judged", 30*time.Second, judged)
	pids, _ := filepath.Glob(dir + "/pid-*")
	if len(pids) != 1 {
		t.Fatalf("%d children, want 1", len(pids))
	}
	kill(t, strings.TrimPrefix(filepath.Base(pids[0]), "pid-"))
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if pids, _ = filepath.Glob(dir + "/pid-*"); len(pids) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no other child was started")
		}
	}
	eventually(t, s, "a", "judged again", 30*time.Second, lively)
}

// TestASlowChildHoldsNothingUp has a child that takes nothing after its start:
// the camera drops, the child is ended, and the end of the test does not wait.
func TestASlowChildHoldsNothingUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nmkdir "+dir+"/pid-$$\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := clip(t, video.H264)
	for i := range c.Units {
		c.Units[i].Data = [][]byte{append(slices.Clone(c.Units[i].Data[0]), make([]byte, 30_000)...)}
	}
	var closed atomic.Int32
	s := scene.New([]string{"a"}, scene.Options{}, scene.Deps{
		FFmpeg: ffmpeg.New(ffmpeg.Options{Path: path}, nil),
		Subscribe: func(string) (scene.Stream, error) {
			p := play(c)
			return closing{p, func() { closed.Add(1) }}, nil
		},
	})
	run(t, s)
	for deadline := time.Now().Add(40 * time.Second); closed.Load() == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a child that takes nothing is left alone")
		}
	}
	if v := s.Values("a", time.Now()); len(v) > 0 {
		t.Errorf("%v though nothing was decoded", v)
	}
}

type closing struct {
	scene.Stream
	closed func()
}

func (c closing) Close() { c.closed(); c.Stream.Close() }

func TestWithoutFFmpegNothingIsPulledOrSaid(t *testing.T) {
	var pulled atomic.Int32
	s := scene.New([]string{"a"}, scene.Options{}, scene.Deps{
		FFmpeg: ffmpeg.New(ffmpeg.Options{Path: ffmpeg.Off}, nil),
		Subscribe: func(string) (scene.Stream, error) {
			pulled.Add(1)
			return nil, video.ErrNoCamera
		},
	})
	run(t, s)
	time.Sleep(300 * time.Millisecond)
	if v := s.Values("a", time.Now()); len(v) > 0 || pulled.Load() > 0 {
		t.Errorf("values %v, pulled %d times", v, pulled.Load())
	}
}

func TestProblems(t *testing.T) {
	if p := (scene.Options{}).Problems(); len(p) > 0 {
		t.Errorf("the defaults have problems: %v", p)
	}
	for _, n := range []int{-1, 5000} {
		if p := (scene.Options{Cameras: n}).Problems(); len(p) != 1 || p[0].Path != "$.cameras" || p[0].Hint == "" {
			t.Errorf("%d cameras: %v", n, p)
		}
	}
}

func kill(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

package ffmpeg_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
)

func TestMain(m *testing.M) {
	if role := os.Getenv("CITYWATCH_TEST_ROLE"); role != "" {
		play(role)
		return
	}
	goleak.VerifyTestMain(m)
}

// still makes a JPEG of one frame.
func still(c video.Codec) ffmpeg.Job {
	return ffmpeg.Job{Codec: c, Encode: []string{"-frames:v", "1", "-c:v", "mjpeg", "-f", "image2pipe"}}
}

// tool returns an FFmpeg that runs the script given instead of ffmpeg.
func tool(t *testing.T, script string, o ffmpeg.Options) *ffmpeg.FFmpeg {
	t.Helper()
	o.Path = filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(o.Path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return ffmpeg.New(o, nil)
}

func TestConvertDecodesEachCodec(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	f := ffmpeg.New(ffmpeg.Options{}, reg)
	for _, codec := range []video.Codec{video.H264, video.H265, video.MJPEG} {
		clip := ffmpegtest.Make(t, ffmpegtest.Recipe{
			Codec: codec, Filter: "testsrc2=size=320x240:rate=10", Width: 320, Height: 240, FPS: 10, Seconds: 1,
		})
		data, err := f.Convert(t.Context(), still(codec), ffmpeg.Append(nil, &clip.Track, &clip.Units[0]), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", codec, err)
			continue
		}
		c, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || c.Width != 320 || c.Height != 240 {
			t.Errorf("%s: a picture of %dx%d, %v, want 320x240", codec, c.Width, c.Height, err)
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			got[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	want := map[string]float64{
		"citywatch_ffmpeg_children": 0, "citywatch_ffmpeg_conversions_total": 3, "citywatch_ffmpeg_conversion_seconds": 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoPictureIsAnErrorInOneLine(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	f := ffmpeg.New(ffmpeg.Options{}, nil)
	_, err := f.Convert(t.Context(), still(video.H264), bytes.Repeat([]byte("\x00\x00\x00\x01\x65garbage"), 50), 1<<20)
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); strings.Contains(text, "\n") || len(text) > 400 || strings.Contains(text, "0x") {
		t.Errorf("error %q is not one short line that is the same each time", text)
	}
	if _, err := f.Convert(t.Context(), still(video.AAC), nil, 1); !errors.Is(err, ffmpeg.ErrCodec) {
		t.Errorf("sound: %v, want ErrCodec", err)
	}
}

func TestHugePicturesAreRefused(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	clip := ffmpegtest.Make(t, ffmpegtest.Recipe{
		Codec: video.MJPEG, Filter: "color=size=6400x4000:rate=1", Width: 6400, Height: 4000, FPS: 1, Seconds: 1,
	})
	f := ffmpeg.New(ffmpeg.Options{}, nil)
	_, err := f.Convert(t.Context(), still(video.MJPEG), clip.Units[0].Data[0], 16<<20)
	if err == nil {
		t.Error("a picture of 25.6 megapixels was decoded")
	}
}

func TestComplaintsAreRedactedAndShort(t *testing.T) {
	f := tool(t, `i=0; while [ $i -lt 2000 ]; do echo "[h264 @ 0x55$i] noise" >&2; i=$((i+1)); done
echo "[tcp @ 0x5643] Connection to rtsp://admin:canary7@10.0.0.1/x?password=canary7 failed $(head -c 3000 /dev/zero | tr '\0' x)" >&2; exit 3`, ffmpeg.Options{})
	_, err := f.Convert(t.Context(), still(video.H264), nil, 100)
	if err == nil {
		t.Fatal("no error")
	}
	text := err.Error()
	if strings.Contains(text, "canary7") || strings.Contains(text, "0x5643") || len(text) > 400 {
		t.Errorf("error %q", text)
	}
	if !strings.Contains(text, "exit status 3") || !strings.Contains(text, "xxx") {
		t.Errorf("error %q does not say what happened", text)
	}
}

func TestOutputIsBounded(t *testing.T) {
	f := tool(t, `cat >/dev/null & while :; do echo more; done`, ffmpeg.Options{})
	start := time.Now()
	if _, err := f.Convert(t.Context(), still(video.H264), []byte("x"), 1000); !errors.Is(err, ffmpeg.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAHungChildIsEnded(t *testing.T) {
	f := tool(t, `exec sleep 60`, ffmpeg.Options{Timeout: time.Second})
	start := time.Now()
	// More than a pipe holds, so that writing hangs too.
	_, err := f.Convert(t.Context(), still(video.H264), make([]byte, 1<<20), 1000)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWorkersAndWaitersAreBounded(t *testing.T) {
	dir := t.TempDir()
	f := tool(t, `mkdir `+dir+`/$$; cat >/dev/null; exec sleep 60`, ffmpeg.Options{Workers: 2, Waiting: 3})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	errs := make(chan error, 9)
	for range 9 {
		all.Go(func() {
			_, err := f.Convert(ctx, still(video.H264), nil, 10)
			errs <- err
		})
	}
	for range 4 { // 2 work, 3 wait
		if err := <-errs; !errors.Is(err, ffmpeg.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	started := func() int {
		made, _ := os.ReadDir(dir) // a child may write no file
		return len(made)
	}
	for started() < 2 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	if n := started(); n != 2 {
		t.Errorf("%d children at once, want 2", n)
	}
	cancel()
	all.Wait()
	close(errs)
	for err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was canceled", err)
		}
	}
}

func TestWithoutFFmpeg(t *testing.T) {
	for _, path := range []string{ffmpeg.Off, "no-such-ffmpeg", filepath.Join(t.TempDir(), "none")} {
		f := ffmpeg.New(ffmpeg.Options{Path: path}, nil)
		if _, err := f.Find(); !errors.Is(err, ffmpeg.ErrNotFound) {
			t.Errorf("%s: Find: %v, want ErrNotFound", path, err)
		}
		if _, err := f.Convert(t.Context(), still(video.H264), nil, 1); !errors.Is(err, ffmpeg.ErrNotFound) {
			t.Errorf("%s: Convert: %v, want ErrNotFound", path, err)
		}
		if _, err := f.Start(t.Context(), still(video.H264)); !errors.Is(err, ffmpeg.ErrNotFound) {
			t.Errorf("%s: Start: %v, want ErrNotFound", path, err)
		}
	}
}

func TestChildEndsWithItsContextAndWithClose(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	f := ffmpeg.New(ffmpeg.Options{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	c, err := f.Start(ctx, still(video.H264))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.Wait(); err == nil {
		t.Error("a killed child ended well")
	}
	c.Close()
	c.Close() // again does nothing

	c, err = f.Start(t.Context(), still(video.H264))
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		read <- err
	}()
	c.Close()
	if err := <-read; err == nil {
		t.Error("something was read from a closed child")
	}
}

func TestAppend(t *testing.T) {
	track := video.Track{Codec: video.H265, VPS: []byte("v"), SPS: []byte("s"), PPS: []byte("p")}
	unit := video.Unit{Data: [][]byte{[]byte("one"), []byte("two")}}
	const code = "\x00\x00\x00\x01"
	for _, test := range []struct {
		name  string
		codec video.Codec
		key   bool
		want  string
	}{
		{"H.265 key frame", video.H265, true, code + "v" + code + "s" + code + "p" + code + "one" + code + "two" + code + "\x46\x01\x50"},
		{"H.264 key frame", video.H264, true, code + "s" + code + "p" + code + "one" + code + "two" + code + "\x09\xf0"},
		{"H.264", video.H264, false, code + "one" + code + "two" + code + "\x09\xf0"},
		{"MJPEG", video.MJPEG, true, "onetwo"},
	} {
		track.Codec, unit.Key = test.codec, test.key
		if got := string(ffmpeg.Append([]byte("-"), &track, &unit)); got != "-"+test.want {
			t.Errorf("%s: %q, want %q", test.name, got, "-"+test.want)
		}
	}
}

func TestProblems(t *testing.T) {
	if p := (ffmpeg.Options{}).Problems(); len(p) > 0 {
		t.Errorf("the defaults have problems: %v", p)
	}
	twenty := 20
	bad := ffmpeg.Options{Workers: -1, Waiting: 5000, Timeout: time.Millisecond, Memory: 100, Nice: &twenty}
	var paths []string
	for _, p := range bad.Problems() {
		paths = append(paths, p.Path)
		if p.Hint == "" || p.Message == "" {
			t.Errorf("%s: %q says not how to mend it", p.Path, p.Message)
		}
	}
	if got := strings.Join(paths, " "); got != "$.workers $.waiting $.timeout $.memory $.nice" {
		t.Errorf("problems of %s", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	track := video.Track{Codec: video.H264, SPS: make([]byte, 30), PPS: make([]byte, 6)}
	unit := video.Unit{Data: [][]byte{make([]byte, 40_000)}, Key: true}
	var buf []byte
	b.ReportAllocs()
	b.SetBytes(40_000)
	for b.Loop() {
		buf = ffmpeg.Append(buf[:0], &track, &unit)
	}
}

// TestTheLargestPicturesFitIntoTheMemory decodes what the largest cameras send,
// with frames that need others.
func TestTheLargestPicturesFitIntoTheMemory(t *testing.T) {
	f := ffmpeg.New(ffmpeg.Options{Timeout: time.Minute}, nil)
	for _, codec := range []video.Codec{video.H264, video.H265} {
		clip := ffmpegtest.Make(t, ffmpegtest.Recipe{
			Codec: codec, Filter: "testsrc2=size=5120x3840:rate=2", Width: 5120, Height: 3840, FPS: 2, Seconds: 2, Bitrate: 20000,
		})
		var input []byte
		for i := range clip.Units {
			input = ffmpeg.Append(input, &clip.Track, &clip.Units[i])
		}
		job := ffmpeg.Job{Codec: codec, Encode: []string{"-vf", "scale=16:16,format=gray", "-f", "rawvideo"}}
		out, err := f.Convert(t.Context(), job, input, 1<<20)
		if err != nil || len(out) < 4*256 {
			t.Errorf("%s of 20 megapixels: %d bytes, %v, want 4 pictures", codec, len(out), err)
		}
	}
}

package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
	"citywatch/video/snapshot"
)

func sizeText(width, height int) string { return fmt.Sprintf("%dx%d", width, height) }

func TestSnapshotIsTheKeyFrameAtTheWidthAsked(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	for _, codec := range []video.Codec{video.H264, video.H265, video.MJPEG} {
		t.Run(string(codec), func(t *testing.T) {
			c := new(cameras)
			c.set("a", at(keyFrame(t, codec, 800, 450), noon))
			s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame, FFmpeg: ffmpeg.New(ffmpeg.Options{}, nil)})
			for _, test := range []struct{ ask, width, height int }{
				{0, 800, 450}, {100, 160, 90}, {320, 320, 180}, {321, 640, 360}, {700, 800, 450}, {4000, 800, 450}, {-1, 800, 450},
			} {
				p, err := s.Snapshot(t.Context(), "a", test.ask)
				if err != nil {
					t.Fatal(err)
				}
				got, err := jpeg.Decode(bytes.NewReader(p.JPEG))
				if err != nil {
					t.Fatalf("width %d: %v", test.ask, err)
				}
				b := got.Bounds()
				if b.Dx() != test.width || b.Dx() != p.Width || b.Dy() != p.Height || abs(b.Dy()-test.height) > 1 {
					t.Errorf("width %d: %v, said to be %dx%d, want %dx%d", test.ask, b, p.Width, p.Height, test.width, test.height)
				}
				if !p.At.Equal(noon) {
					t.Errorf("width %d: of %v, want when the frame arrived", test.ask, p.At)
				}
			}
		})
	}
}

func TestOneChildForAllWhoAskForAKeyFrame(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	c := new(cameras)
	k := keyFrame(t, video.H264, 320, 180)
	c.set("a", at(k, noon))
	f := &counted{FFmpeg: ffmpeg.New(ffmpeg.Options{}, nil)}
	s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame, FFmpeg: f})
	ask := func(n int) {
		t.Helper()
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if _, err := s.Snapshot(t.Context(), "a", 0); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	ask(20)
	ask(3)
	if n := f.n.Load(); n != 1 {
		t.Errorf("%d children for one key frame, want 1", n)
	}
	c.set("a", at(k, noon.Add(time.Second)))
	ask(5)
	if n := f.n.Load(); n != 2 {
		t.Errorf("%d children for two key frames, want 2", n)
	}
}

func TestWhoLeavesTakesNobodysPicture(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	c := new(cameras)
	c.set("a", at(keyFrame(t, video.H264, 320, 180), noon))
	f := &counted{FFmpeg: ffmpeg.New(ffmpeg.Options{}, nil), begun: make(chan struct{}, 2), hold: make(chan struct{})}
	s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame, FFmpeg: f})

	first, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := s.Snapshot(first, "a", 0); left <- err }()
	<-f.begun
	stays := make(chan error)
	go func() { _, err := s.Snapshot(t.Context(), "a", 0); stays <- err }()
	time.Sleep(50 * time.Millisecond) // until it waits too
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(f.hold)
	if err := <-stays; err != nil {
		t.Errorf("who stayed got %v", err)
	}
	if n := f.n.Load(); n != 1 {
		t.Errorf("%d children, want 1", n)
	}
}

func TestWhenAllLeaveTheChildIsEnded(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	c := new(cameras)
	c.set("a", at(keyFrame(t, video.H264, 320, 180), noon))
	f := &counted{FFmpeg: ffmpeg.New(ffmpeg.Options{}, nil), begun: make(chan struct{}, 2), hold: make(chan struct{})}
	s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame, FFmpeg: f})
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := s.Snapshot(ctx, "a", 0); left <- err }()
	<-f.begun
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	// goleak sees that the conversion was given up; the next who asks is not
	// given the error of those before.
	close(f.hold)
	if _, err := s.Snapshot(t.Context(), "a", 0); err != nil {
		t.Errorf("who came later got %v", err)
	}
}

func TestErrorsOfSnapshots(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	good := at(keyFrame(t, video.H264, 320, 180), noon)
	broken := good
	broken.Unit.Data = [][]byte{[]byte("\x65 is no slice of any picture at all")}
	huge := good
	huge.Track.Width, huge.Track.Height = 12000, 9000
	for _, test := range []struct {
		name, id string
		frame    video.KeyFrame
		path     string
		want     error
	}{
		{"unknown camera", "unknown", good, "", video.ErrNoCamera},
		{"no frame yet", "b", good, "", video.ErrNoFrame},
		{"no ffmpeg", "a", good, ffmpeg.Off, snapshot.ErrNoFFmpeg},
		{"broken", "a", broken, "", snapshot.ErrUndecodable},
		{"108 megapixels", "a", huge, "", snapshot.ErrUndecodable},
		{"MJPEG that is none", "a", mjpeg([]byte("\xff\xd8 no picture")), "", snapshot.ErrUndecodable},
		{"MJPEG of 100 megapixels", "a", mjpeg(announcing(t, 10000, 10000)), "", snapshot.ErrUndecodable},
	} {
		c := new(cameras)
		c.set("a", test.frame)
		f := &counted{FFmpeg: ffmpeg.New(ffmpeg.Options{Path: test.path}, nil)}
		s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame, FFmpeg: f})
		for range 3 {
			if p, err := s.Snapshot(t.Context(), test.id, 160); !errors.Is(err, test.want) || len(p.JPEG) > 0 {
				t.Errorf("%s: %d bytes and %v, want %v", test.name, len(p.JPEG), err, test.want)
			}
		}
		if n := f.n.Load(); errors.Is(test.want, snapshot.ErrUndecodable) && n > 1 {
			t.Errorf("%s: decoding was tried %d times, want once for each key frame", test.name, n)
		}
	}
}

func mjpeg(data []byte) video.KeyFrame {
	return video.KeyFrame{
		Track: video.Track{Codec: video.MJPEG},
		Unit:  video.Unit{Data: [][]byte{data}, Key: true, Arrived: noon},
	}
}

// announcing returns a JPEG that claims another size than it has.
func announcing(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	data := out.Bytes()
	i := bytes.Index(data, []byte{0xff, 0xc0})
	data[i+5], data[i+6], data[i+7], data[i+8] = byte(height>>8), byte(height), byte(width>>8), byte(width)
	return data
}

func TestMJPEGNeedsNoFFmpeg(t *testing.T) {
	k := mjpeg(photo(t, image.YCbCrSubsampleRatio422, 640, 480))
	c := new(cameras)
	c.set("a", k)
	s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame, FFmpeg: ffmpeg.New(ffmpeg.Options{Path: ffmpeg.Off}, nil)})
	p, err := s.Snapshot(t.Context(), "a", 0)
	if err != nil || !bytes.Equal(p.JPEG, k.Unit.Data[0]) {
		t.Errorf("the camera's own picture is not passed on as it is: %d bytes, %v", len(p.JPEG), err)
	}
	p, err = s.Snapshot(t.Context(), "a", 320)
	if err != nil || p.Width != 320 || p.Height != 240 {
		t.Fatalf("%dx%d, %v, want 320x240", p.Width, p.Height, err)
	}
	small, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	// The left is dark, the right light.
	left, right := gray(small.At(20, 120)), gray(small.At(300, 120))
	if left > 60 || right < 190 {
		t.Errorf("left %d, right %d, want dark and light", left, right)
	}
}

func gray(c color.Color) uint8 { return color.GrayModel.Convert(c).(color.Gray).Y }

// photo is a JPEG that grows lighter from left to right.
func photo(t testing.TB, ratio image.YCbCrSubsampleRatio, w, h int) []byte {
	t.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	for y := range h {
		for x := range w {
			img.Y[y*img.YStride+x] = byte(x * 255 / w)
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 128, 128
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPicturesInMemoryAreBounded(t *testing.T) {
	data := photo(t, image.YCbCrSubsampleRatio420, 640, 480)
	c := new(cameras)
	for i := range 20 {
		c.set(fmt.Sprint(i), mjpeg(data))
	}
	// Room for three: the others are made again, and all are right.
	s := snapshot.New(snapshot.Options{Cache: int64(3*len(data) + 100)}, snapshot.Deps{KeyFrame: c.KeyFrame})
	for range 3 {
		for i := range 20 {
			if p, err := s.Snapshot(t.Context(), fmt.Sprint(i), 0); err != nil || !bytes.Equal(p.JPEG, data) {
				t.Fatalf("camera %d: %d bytes, %v", i, len(p.JPEG), err)
			}
		}
	}
	if n := s.Cached(); n > int64(3*len(data)+100) || n == 0 {
		t.Errorf("%d bytes are kept, of pictures of %d", n, len(data))
	}
}

func TestProblems(t *testing.T) {
	if p := (snapshot.Options{}).Problems(); len(p) > 0 {
		t.Errorf("the defaults have problems: %v", p)
	}
	var paths []string
	bad := snapshot.Options{Every: time.Second, Keep: -1, Width: -1, Cache: -1}
	for _, p := range append(bad.Problems(), (snapshot.Options{Keep: time.Second}).Problems()...) {
		paths = append(paths, p.Path)
		if p.Hint == "" || p.Message == "" {
			t.Errorf("%s: %q says not how to mend it", p.Path, p.Message)
		}
	}
	if got := strings.Join(paths, " "); got != "$.every $.keep $.width $.cache $.keep" {
		t.Errorf("problems of %s", got)
	}
}

// BenchmarkCached asks for a picture that was made before.
func BenchmarkCached(b *testing.B) {
	c := new(cameras)
	c.set("a", mjpeg(photo(b, image.YCbCrSubsampleRatio420, 640, 480)))
	s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Snapshot(b.Context(), "a", 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkShrinkMJPEG makes the thumbnail of a 1080p camera.
func BenchmarkShrinkMJPEG(b *testing.B) {
	c := new(cameras)
	k := mjpeg(photo(b, image.YCbCrSubsampleRatio420, 1920, 1080))
	s := snapshot.New(snapshot.Options{}, snapshot.Deps{KeyFrame: c.KeyFrame})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.set("a", at(k, noon.Add(time.Duration(i))))
		if _, err := s.Snapshot(b.Context(), "a", 320); err != nil {
			b.Fatal(err)
		}
	}
}

//go:build unix

package scene

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
)

// BenchmarkDecoding tells how much of a core decoding a camera's stream for
// judging takes, against decoding all of it, in the same run. The clips are fed
// as fast as they are taken, pictures as often as in service.
func BenchmarkDecoding(b *testing.B) {
	const noisy = ",noise=alls=7:allf=t"
	for _, c := range []struct {
		name string
		ffmpegtest.Recipe
	}{
		{"360p15", ffmpegtest.Recipe{Filter: "testsrc2=size=640x360:rate=15" + noisy, Width: 640, Height: 360, FPS: 15, Bitrate: 768}},
		{"1080p25", ffmpegtest.Recipe{Filter: "testsrc2=size=1920x1080:rate=25" + noisy, Width: 1920, Height: 1080, FPS: 25, Bitrate: 4000}},
		{"1080p25-B", ffmpegtest.Recipe{Filter: "testsrc2=size=1920x1080:rate=25" + noisy, Width: 1920, Height: 1080, FPS: 25, Bitrate: 4000, BFrames: 2}},
		{"1080p25-H265", ffmpegtest.Recipe{Codec: video.H265, Filter: "testsrc2=size=1920x1080:rate=25" + noisy, Width: 1920, Height: 1080, FPS: 25, Bitrate: 3000}},
	} {
		c.Seconds = 8
		b.Run(c.name, func(b *testing.B) {
			clip := ffmpegtest.Make(b, c.Recipe)
			job := decoding(&clip.Track, sizeFor(c.Width, c.Height))
			// By their number, for the clock runs faster here.
			job.Encode[1] = "select='not(mod(n," + map[int]string{15: "7", 25: "12"}[c.FPS] + "))'," + job.Encode[1][strings.Index(job.Encode[1], "scale"):]
			plain := ffmpeg.Job{Codec: clip.Track.Codec, Encode: []string{"-f", "null"}}
			for b.Loop() {
				all := cpuOf(b, plain, clip)
				ours := cpuOf(b, job, clip)
				b.ReportMetric(100*ours.Seconds()/c.Seconds, "%core")
				b.ReportMetric(ours.Seconds()/all.Seconds(), "of-plain")
			}
		})
	}
}

// cpuOf returns the processor time of a child that is fed a clip.
func cpuOf(b *testing.B, j ffmpeg.Job, clip ffmpegtest.Clip) time.Duration {
	b.Helper()
	before := childrenTime(b)
	c, err := ffmpeg.New(ffmpeg.Options{}, nil).Start(b.Context(), j)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, c)
	}()
	var buf []byte
	for i := range clip.Units {
		buf = ffmpeg.Append(buf[:0], &clip.Track, &clip.Units[i])
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
	}
	_ = c.CloseInput()
	if err := c.Wait(); err != nil {
		b.Fatal(err)
	}
	<-done
	return childrenTime(b) - before
}

func childrenTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package record_test

import (
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/record"
)

const (
	picture = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=12 "
	tone    = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=12 "
	fast    = "-preset ultrafast -pix_fmt yuv420p "
)

func TestClipOfEachCodec(t *testing.T) {
	t.Parallel()
	g711 := make([]byte, 160)
	for i := range g711 {
		g711[i] = byte(i)
	}
	for _, c := range []struct {
		name, args string
		codecs     []string
		track      *video.Track
	}{
		{"H.264", picture + "-c:v libx264 -g 50 -bf 0 " + fast, []string{"h264"}, nil},
		{"H.264 with B-frames and AAC", picture + tone + "-c:v libx264 -g 50 -preset fast -pix_fmt yuv420p -bf 3 -c:a aac", []string{"h264", "aac"}, nil},
		{"H.265", picture + "-c:v libx265 -x265-params log-level=none:keyint=50:bframes=3 " + fast, []string{"hevc"}, nil},
		{"MJPEG", picture + "-c:v mjpeg -pix_fmt yuvj420p", []string{"mjpeg"}, nil},
		{"G.711 A", picture + "-c:v libx264 -g 50 " + fast, []string{"h264", "pcm_alaw"}, &video.Track{Codec: video.PCMA, SampleRate: 8000, Channels: 1}},
		{"G.711 µ", picture + "-c:v libx264 -g 50 " + fast, []string{"h264", "pcm_mulaw"}, &video.Track{Codec: video.PCMU, SampleRate: 8000, Channels: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := film(t, c.args)
			if c.track != nil {
				f = f.with(*c.track, 20*time.Millisecond, g711)
			}
			s := open(t, set{Options: record.Options{Segment: 10 * time.Second}, now: epoch})
			s.begin("cam", f)
			s.shoot("cam", f, 0, epoch)
			s.shoot("cam", f, f.length, epoch.Add(f.length))
			s.settle("cam", f)

			clip, data := s.clip("cam", epoch, epoch.Add(time.Hour))
			l := probe(t, data)
			if want := 2 * f.pictures(); l.Frames["video"] != want {
				t.Errorf("%d pictures in the clip, %d were recorded", l.Frames["video"], want)
			}
			if want := 2 * f.length; clip.To.Sub(clip.From) != want || !clip.From.Equal(epoch) || len(clip.Holes) > 0 {
				t.Errorf("the clip holds %v–%v with holes %v, want %v from %v", clip.From, clip.To, clip.Holes, want, epoch)
			}
			t.Logf("%+v", l)
		})
	}
}

package rtsp_test

import (
	"testing"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/rtsp"
)

// TestGStreamer pulls what GStreamer's server sends, over both transports, and
// has ffmpeg decode it.
func TestGStreamer(t *testing.T) {
	server := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: map[string]string{
		"h264":  servertest.GstH264 + servertest.GstPCMA,
		"h264b": servertest.GstH264B,
		"h265":  servertest.GstH265,
		"mjpeg": servertest.GstMJPEG + servertest.GstAAC,
	}})
	for _, c := range []struct {
		path  string
		codec video.Codec
		sound video.Codec
		order bool // has frames sent in another order than they are shown
	}{
		{path: "h264", codec: video.H264, sound: video.PCMA},
		{path: "h264b", codec: video.H264, order: true},
		{path: "h265", codec: video.H265, order: true},
		{path: "mjpeg", codec: video.MJPEG, sound: video.AAC},
	} {
		for _, transport := range []rtsp.Transport{rtsp.TCP, rtsp.UDP} {
			t.Run(c.path+" "+string(transport), func(t *testing.T) {
				t.Parallel()
				const pictures = 40
				p := mustPlay(t, rtsp.Options{Address: parse(t, server.URL+c.path), Transport: transport}, pictures)
				checkPlayed(t, p, pictures)
				if p.tracks[0].Codec != c.codec || p.tracks[0].Width != 320 || p.tracks[0].Height != 240 {
					t.Errorf("track %+v", p.tracks[0])
				}
				if reordered(p) != c.order {
					t.Errorf("reordered %v, want %v", !c.order, c.order)
				}
				if c.sound != "" && (p.sounds == 0 || p.tracks[1].Codec != c.sound) {
					t.Errorf("%d units of sound, want %s: %+v", p.sounds, c.sound, p.tracks)
				}
			})
		}
	}
}

// checkPlayed demands that every picture decodes, that none was lost, and that
// the time between them is what it should be.
func checkPlayed(t *testing.T, p *tape, pictures int) {
	t.Helper()
	defer logTimes(t, p)
	if n := p.decodes(); n < pictures {
		t.Errorf("%d of %d pictures decode", n, pictures)
	}
	if n := p.lost(); n != 0 {
		t.Errorf("%d packets lost", n)
	}
	if keys, all := p.keys(); keys < 2 || all > keys*16 && p.tracks[0].Codec != video.MJPEG {
		t.Errorf("%d key frames among %d", keys, all)
	}
	var last video.Unit
	for _, e := range p.events {
		if e.unit.Data != nil && e.unit.Track == 0 {
			last = e.unit
		}
	}
	if want := float64(pictures) / 15; last.DTS.Seconds() < want*0.7 || last.DTS.Seconds() > want*1.5 {
		t.Errorf("%d pictures at 15 fps took %v of the stream's time", pictures, last.DTS)
	}
}

func reordered(p *tape) bool {
	var shown int64
	for _, e := range p.events {
		if e.unit.Data == nil || e.unit.Track != 0 {
			continue
		}
		if int64(e.unit.PTS) < shown {
			return true
		}
		shown = int64(e.unit.PTS)
	}
	return false
}

// logTimes shows the units of a test that failed.
func logTimes(t *testing.T, p *tape) {
	t.Helper()
	if !t.Failed() {
		return
	}
	var first time.Time
	for i, e := range p.events {
		switch {
		case e.lost > 0:
			t.Logf("%3d lost %d", i, e.lost)
		case e.tracks != nil:
			t.Logf("%3d tracks", i)
		case e.unit.Track == 0:
			if first.IsZero() {
				first = e.unit.Arrived
			}
			t.Logf("%3d pts %7.3f dts %7.3f arrived %7.3f key %v, %d bytes", i, e.unit.PTS.Seconds(), e.unit.DTS.Seconds(),
				e.unit.Arrived.Sub(first).Seconds(), e.unit.Key, e.unit.Size())
		}
	}
}

package live_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/live"
)

// TestKeyFrameMP4: a key frame by itself is a file of one picture, whatever its
// place in the stream was.
func TestKeyFrameMP4(t *testing.T) {
	for name, coding := range map[string][]string{"H.264": x264("-bf", "2"), "H.265": x265()} {
		t.Run(name, func(t *testing.T) {
			c := record(t, "testsrc2=size=320x180:rate=25:duration=2", coding...)
			u := c.units[25]
			if !u.Key {
				t.Fatal("frame 25 is no key frame")
			}
			before := bytes.Clone(u.Data[0])
			data, mime, err := live.KeyFrameMP4(video.KeyFrame{Track: c.track, Unit: u})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "key.mp4")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			p := probe(t, file)
			if len(p.Packets) != 1 || p.Packets[0].PTS != 0 || p.Packets[0].Flags[0] != 'K' || p.Streams[0].Width != 320 {
				t.Errorf("%s holds %+v", mime, p)
			}
			// It shows what the stream shows at that time.
			stream := filepath.Join(t.TempDir(), "stream.mp4")
			all := func() []byte {
				start, messages := play(t, &c)
				data := bytes.Clone(start.Data)
				for _, m := range messages {
					data = append(data, m.Data...)
				}
				return data
			}
			if err := os.WriteFile(stream, all(), 0o600); err != nil {
				t.Fatal(err)
			}
			alone := ffmpeg(t, "-i", file, "-f", "rawvideo", "-")
			within := ffmpeg(t, "-i", stream, "-vf", "select=eq(n\\,25)", "-vframes", "1", "-f", "rawvideo", "-")
			if len(alone) != 320*180*3/2 || !bytes.Equal(alone, within) {
				t.Errorf("alone it is another picture: %d and %d bytes", len(alone), len(within))
			}
			if !bytes.Equal(before, u.Data[0]) {
				t.Error("the unit was changed")
			}
		})
	}
}

func TestKeyFrameThatIsNone(t *testing.T) {
	jpeg := video.Unit{Data: [][]byte{{0xff, 0xd8}}, PTS: time.Second}
	data, mime, err := live.KeyFrameMP4(video.KeyFrame{Track: video.Track{Codec: video.MJPEG}, Unit: jpeg})
	if err != nil || mime != "image/jpeg" || !bytes.Equal(data, jpeg.Data[0]) {
		t.Errorf("a JPEG comes as %s %x, %v", mime, data, err)
	}
	for name, k := range map[string]video.KeyFrame{
		"empty":       {Track: h264Track()},
		"no SPS":      {Track: video.Track{Codec: video.H264, PPS: []byte{1}}, Unit: jpeg},
		"short SPS":   {Track: video.Track{Codec: video.H265, VPS: []byte{1}, SPS: []byte{0x42, 1}, PPS: []byte{1}}, Unit: jpeg},
		"sound":       {Track: video.Track{Codec: video.AAC}, Unit: jpeg},
		"no codec":    {Unit: jpeg},
		"empty slice": {Track: video.Track{Codec: video.H264, SPS: []byte{}, PPS: []byte{}}, Unit: jpeg},
	} {
		if data, mime, err := live.KeyFrameMP4(k); err == nil || data != nil {
			t.Errorf("%s comes as %s, %d bytes", name, mime, len(data))
		}
	}
}

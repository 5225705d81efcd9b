package live_test

import (
	"testing"

	"citywatch/video"
	"citywatch/video/live"
)

// FuzzKeyFrame: whatever a camera's parameter sets hold, describing them ends
// in a description or in an error.
func FuzzKeyFrame(f *testing.F) {
	h264 := h264Track()
	f.Add(false, []byte{}, h264.SPS, h264.PPS, []byte{0x65, 1})
	f.Add(true, []byte{0x40, 1}, []byte{0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3c, 0xa0, 0x0a, 8}, []byte{0x44, 1}, []byte{0x26, 1})
	f.Fuzz(func(t *testing.T, isH265 bool, vps, sps, pps, nal []byte) {
		k := video.KeyFrame{Track: video.Track{Codec: video.H264, VPS: vps, SPS: sps, PPS: pps, Width: 1, Height: 1}}
		if isH265 {
			k.Track.Codec = video.H265
		}
		k.Unit.Data = [][]byte{nal}
		data, mime, err := live.KeyFrameMP4(k)
		if (err == nil) != (len(data) > 0 && mime != "") {
			t.Errorf("%d bytes of %q, %v", len(data), mime, err)
		}
	})
}

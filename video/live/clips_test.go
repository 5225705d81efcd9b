package live_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
)

// A clip is what a camera sends, as video hands it on.
type clip struct {
	track video.Track
	units []video.Unit
}

func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	path := servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffmpeg")
	return run(t, path, append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
}

func run(t testing.TB, path string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, &complaints)
	}
	return out.Bytes()
}

// record codes a moving picture and takes it apart again: the times as an MP4
// has them, the units out of Annex B, in the order of decoding.
func record(t testing.TB, source string, coding ...string) clip {
	t.Helper()
	file, plain := filepath.Join(t.TempDir(), "clip.mp4"), filepath.Join(t.TempDir(), "clip")
	c, format := clip{track: video.Track{Codec: video.H264}}, "h264"
	if slices.Contains(coding, "libx265") {
		c.track.Codec, format = video.H265, "hevc"
	}
	args := append([]string{"-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p"}, coding...)
	ffmpeg(t, append(args, "-video_track_timescale", "90000", file)...)
	ffmpeg(t, "-i", file, "-c", "copy", "-bsf:v", format+"_mp4toannexb,"+format+"_metadata=aud=insert", "-f", format, plain)
	data, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	for nal := range bytes.SplitSeq(data, []byte{0, 0, 1}) {
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) > 0 {
			c.add(nal)
		}
	}
	c.finish(t, probe(t, file))
	return c
}

// add takes the next NAL unit.
func (c *clip) add(nal []byte) {
	if set, delimiter := c.set(nal); set != nil {
		*set = nal
	} else if delimiter {
		c.units = append(c.units, video.Unit{})
	} else {
		u := &c.units[len(c.units)-1]
		u.Key = u.Key || c.isKey(nal)
		u.Data = append(u.Data, nal)
	}
}

// set returns the parameter set that the NAL unit is, if it is one, or that it
// begins a unit.
func (c *clip) set(nal []byte) (set *[]byte, delimiter bool) {
	if c.track.Codec == video.H265 {
		switch h265.NALUType(nal[0] >> 1 & 0x3f) {
		case h265.NALUType_VPS_NUT:
			return &c.track.VPS, false
		case h265.NALUType_SPS_NUT:
			return &c.track.SPS, false
		case h265.NALUType_PPS_NUT:
			return &c.track.PPS, false
		case h265.NALUType_AUD_NUT:
			return nil, true
		}
		return nil, false
	}
	switch h264.NALUType(nal[0] & 0x1f) {
	case h264.NALUTypeSPS:
		return &c.track.SPS, false
	case h264.NALUTypePPS:
		return &c.track.PPS, false
	case h264.NALUTypeAccessUnitDelimiter:
		return nil, true
	}
	return nil, false
}

func (c *clip) isKey(nal []byte) bool {
	if c.track.Codec == video.H265 {
		n := nal[0] >> 1 & 0x3f
		return n >= 16 && n <= 21
	}
	return nal[0]&0x1f == 5
}

// finish gives the units their times, which begin at 0; frames arrive as they
// are decoded.
func (c *clip) finish(t testing.TB, p probed) {
	t.Helper()
	if len(c.units) != len(p.Packets) || !c.units[0].Key {
		t.Fatalf("the clip has %d units of %d packets", len(c.units), len(p.Packets))
	}
	c.track.Width, c.track.Height = p.Streams[0].Width, p.Streams[0].Height
	at := func(n int64) time.Duration { return time.Duration(n-p.Packets[0].DTS) * 100_000 / 9 }
	began := time.Now()
	for i := range c.units {
		u := &c.units[i]
		u.PTS, u.DTS = at(p.Packets[i].PTS), at(p.Packets[i].DTS)
		u.Arrived = began.Add(u.DTS)
	}
}

// x264 are the arguments of an encoder as cameras have one: no looking ahead.
func x264(more ...string) []string {
	return append([]string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-x264-params", "scenecut=0"}, more...)
}

func x265(more ...string) []string {
	return append([]string{"-c:v", "libx265", "-preset", "ultrafast", "-g", "25", "-x265-params", "log-level=none:scenecut=0:open-gop=0"}, more...)
}

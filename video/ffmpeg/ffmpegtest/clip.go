// Package ffmpegtest makes real coded video for tests: what the encoders of
// cameras make of a moving scene.
package ffmpegtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"
)

// A Recipe says what a clip shows and how it is coded.
type Recipe struct {
	// Filter is a graph of ffmpeg's that has no input: testsrc2=size=640x360.
	Filter string
	Codec  video.Codec // H264 by default
	// Width and Height are those of the graph's output.
	Width, Height int
	FPS           int
	Seconds       float64
	// GOP is the number of frames from one key frame to the next; two seconds
	// by default.
	GOP int
	// Bitrate in kbit/s is kept, as a camera keeps it; 1000 by default.
	Bitrate int
	// BFrames is how many there may be in a row.
	BFrames int
}

// A Clip is coded video as video's readers receive it.
type Clip struct {
	Track video.Track
	// Units begin with a key frame. They arrive as they are shown: Arrived is
	// the zero time and the unit's PTS.
	Units []video.Unit
}

// FFmpeg returns the path of ffmpeg, or ends the test.
func FFmpeg(t servertest.T) string {
	t.Helper()
	return servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffmpeg")
}

// Make codes a clip.
func Make(t servertest.T, r Recipe) Clip {
	t.Helper()
	path := FFmpeg(t)
	if r.Codec == "" {
		r.Codec = video.H264
	}
	if r.GOP == 0 {
		r.GOP = 2 * r.FPS
	}
	if r.Bitrate == 0 {
		r.Bitrate = 1000
	}
	file := filepath.Join(t.TempDir(), "clip")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(r.args(), file)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make a clip: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("make a clip: %v", err)
	}
	clip := Clip{Track: video.Track{Codec: r.Codec, Width: r.Width, Height: r.Height}}
	if r.Codec == video.MJPEG {
		clip.pictures(data)
	} else {
		clip.accessUnits(data)
	}
	if len(clip.Units) == 0 || !clip.Units[0].Key {
		t.Fatalf("make a clip: it has %d units and does not begin with a key frame", len(clip.Units))
	}
	for i := range clip.Units {
		u := &clip.Units[i]
		u.PTS = time.Duration(i) * time.Second / time.Duration(r.FPS)
		u.DTS = u.PTS
		u.Arrived = time.Time{}.Add(u.PTS)
	}
	return clip
}

func (r Recipe) args() []string {
	args := []string{
		"-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", r.Filter,
		"-t", fmt.Sprint(r.Seconds), "-r", fmt.Sprint(r.FPS), "-threads", "2",
	}
	rate := fmt.Sprintf("%dk", r.Bitrate)
	common := []string{
		"-pix_fmt", "yuv420p", "-b:v", rate, "-maxrate", rate, "-bufsize", rate,
		"-g", fmt.Sprint(r.GOP), "-bf", fmt.Sprint(r.BFrames), "-preset", "veryfast",
	}
	switch r.Codec {
	case video.H265:
		params := fmt.Sprintf("log-level=none:aud=1:repeat-headers=1:open-gop=0:scenecut=0:keyint=%d:bframes=%d", r.GOP, r.BFrames)
		return append(append(append(args, "-c:v", "libx265"), common...), "-x265-params", params, "-f", "hevc")
	case video.MJPEG:
		return append(args, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "5", "-f", "mjpeg")
	default:
		return append(append(append(args, "-c:v", "libx264"), common...),
			"-x264-params", "aud=1:scenecut=0:repeat-headers=1", "-f", "h264")
	}
}

// pictures cuts a sequence of JPEGs.
func (c *Clip) pictures(data []byte) {
	for {
		end := bytes.Index(data, []byte{0xff, 0xd9})
		if end < 0 {
			return
		}
		c.Units = append(c.Units, video.Unit{Data: [][]byte{data[:end+2]}, Key: true})
		data = data[end+2:]
	}
}

// accessUnits cuts Annex B with delimiters into units, and takes the parameter
// sets out.
func (c *Clip) accessUnits(data []byte) {
	for nal := range bytes.SplitSeq(data, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00") // a longer start code's, or padding
		if len(nal) == 0 {
			continue
		}
		kind := c.kind(nal)
		if kind == delimiter {
			c.Units = append(c.Units, video.Unit{})
			continue
		}
		if len(c.Units) == 0 {
			continue
		}
		u := &c.Units[len(c.Units)-1]
		switch kind {
		case vps:
			c.Track.VPS = nal
		case sps:
			c.Track.SPS = nal
		case pps:
			c.Track.PPS = nal
		case key:
			u.Key = true
			u.Data = append(u.Data, nal)
		case picture:
			u.Data = append(u.Data, nal)
		}
	}
}

// A nalKind is what a NAL unit is to whoever cuts.
type nalKind int

const (
	other nalKind = iota
	delimiter
	vps
	sps
	pps
	key
	picture
)

func (c *Clip) kind(nal []byte) nalKind {
	if c.Track.Codec == video.H265 {
		switch n := nal[0] >> 1 & 0x3f; {
		case n == 35:
			return delimiter
		case n == 32:
			return vps
		case n == 33:
			return sps
		case n == 34:
			return pps
		case n >= 16 && n <= 21:
			return key
		case n < 16:
			return picture
		}
		return other
	}
	switch nal[0] & 0x1f {
	case 9:
		return delimiter
	case 7:
		return sps
	case 8:
		return pps
	case 5:
		return key
	case 1:
		return picture
	}
	return other
}

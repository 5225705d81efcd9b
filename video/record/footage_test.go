package record_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"citywatch/internal/servertest"
	"citywatch/video"
)

const ffmpegHint = "run `make test` or `apt-get install ffmpeg`"

// footage is a stream as a camera would send it: its tracks, and its units in
// the order of their DTS.
type footage struct {
	tracks []video.Track
	units  []video.Unit
	length time.Duration
}

// film has ffmpeg make footage: args choose codecs and lengths.
func film(t testing.TB, args string) footage {
	t.Helper()
	films.Lock()
	defer films.Unlock()
	if f, ok := films.made[args]; ok {
		return f
	}
	ffmpeg := servertest.Program(t, ffmpegHint, "ffmpeg")
	file := filepath.Join(t.TempDir(), "film.mp4")
	all := append([]string{"-v", "error", "-y"}, strings.Fields(args)...)
	if out, err := exec.Command(ffmpeg, append(all, file)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", args, err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var p pmp4.Presentation
	if err := p.Unmarshal(f); err != nil {
		t.Fatal(err)
	}
	var film footage
	for i, track := range p.Tracks {
		film.tracks = append(film.tracks, describe(t, track.Codec))
		film.add(t, i, track)
	}
	film.sort()
	films.made[args] = film
	return film
}

// films holds what was made before, for the next test.
var films = struct {
	sync.Mutex
	made map[string]footage
}{made: map[string]footage{}}

func describe(t testing.TB, codec codecs.Codec) video.Track {
	t.Helper()
	switch c := codec.(type) {
	case *codecs.H264:
		return video.Track{Codec: video.H264, SPS: c.SPS, PPS: c.PPS, Width: 320, Height: 180}
	case *codecs.H265:
		return video.Track{Codec: video.H265, VPS: c.VPS, SPS: c.SPS, PPS: c.PPS, Width: 320, Height: 180}
	case *codecs.MJPEG:
		return video.Track{Codec: video.MJPEG}
	case *codecs.MPEG4Audio:
		config, err := c.Config.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return video.Track{Codec: video.AAC, Config: config, SampleRate: c.Config.SampleRate, Channels: int(c.Config.ChannelConfig)}
	}
	t.Fatalf("no camera sends %T", codec)
	return video.Track{}
}

func (f *footage) add(t testing.TB, track int, from *pmp4.Track) {
	t.Helper()
	ticks := int64(0)
	in := func(ticks int64) time.Duration {
		return time.Duration(ticks) * time.Second / time.Duration(from.TimeScale)
	}
	for _, s := range from.Samples {
		data, err := s.GetPayload()
		if err != nil {
			t.Fatal(err)
		}
		u := video.Unit{
			Track: track, Data: [][]byte{data}, Key: !s.IsNonSyncSample,
			DTS: in(ticks), PTS: in(ticks + int64(s.PTSOffset)),
		}
		if c := f.tracks[track].Codec; c == video.H264 || c == video.H265 {
			u.Data = units(c, data)
		}
		f.units = append(f.units, u)
		ticks += int64(s.Duration)
	}
	if f.tracks[track].Codec.IsVideo() {
		f.length = in(ticks)
	}
}

// units splits an access unit, and leaves out what a camera session does.
func units(codec video.Codec, data []byte) [][]byte {
	var list [][]byte
	for len(data) >= 4 {
		n := binary.BigEndian.Uint32(data)
		unit := data[4 : 4+n]
		data = data[4+n:]
		kind := unit[0] & 31
		if codec == video.H265 {
			kind = unit[0] >> 1 & 63
		}
		set := codec == video.H264 && kind >= 7 && kind <= 9 || codec == video.H265 && kind >= 32 && kind <= 35
		if !set {
			list = append(list, unit)
		}
	}
	return list
}

func (f *footage) sort() {
	// Stable, so that the order within a track is kept.
	for i := 1; i < len(f.units); i++ {
		for j := i; j > 0 && f.units[j].DTS < f.units[j-1].DTS; j-- {
			f.units[j], f.units[j-1] = f.units[j-1], f.units[j]
		}
	}
}

// pictures counts the units of pictures.
func (f *footage) pictures() int {
	n := 0
	for i := range f.units {
		if f.tracks[f.units[i].Track].Codec.IsVideo() {
			n++
		}
	}
	return n
}

// with returns the footage with other sound.
func (f footage) with(track video.Track, every time.Duration, unit []byte) footage {
	f.tracks = append(append([]video.Track{}, f.tracks...), track)
	f.units = append([]video.Unit{}, f.units...)
	for at := time.Duration(0); at < f.length; at += every {
		f.units = append(f.units, video.Unit{
			Track: len(f.tracks) - 1, Data: [][]byte{unit}, DTS: at, PTS: at, Key: true,
		})
	}
	f.sort()
	return f
}

// A look is what ffprobe sees in a file.
type look struct {
	Frames      map[string]int // that are presented, by kind
	First, Last float64        // presentation of the first and the last picture
	Length      float64
	Codecs      []string
}

// probe has ffprobe decode a whole file, which it must find no fault in.
func probe(t testing.TB, data []byte) look {
	t.Helper()
	file := filepath.Join(t.TempDir(), "probed.mp4")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return probeFile(t, file)
}

func probeFile(t testing.TB, file string) look {
	t.Helper()
	var faults bytes.Buffer
	cmd := exec.Command(servertest.Program(t, ffmpegHint, "ffprobe"), "-v", "error", "-of", "json", "-show_frames",
		"-show_entries", "format=duration:stream=codec_name:frame=media_type,pts_time", file)
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil || faults.Len() > 0 {
		t.Errorf("ffprobe finds fault with the file: %v\n%s", err, faults.String())
	}
	var report struct {
		Frames []struct {
			MediaType string `json:"media_type"`
			PTS       string `json:"pts_time"`
		}
		Streams []struct {
			CodecName string `json:"codec_name"`
		}
		Format struct{ Duration string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	l := look{Frames: map[string]int{}, First: -1}
	l.Length, _ = strconv.ParseFloat(report.Format.Duration, 64)
	for _, s := range report.Streams {
		l.Codecs = append(l.Codecs, s.CodecName)
	}
	for _, f := range report.Frames {
		l.Frames[f.MediaType]++
		if at, err := strconv.ParseFloat(f.PTS, 64); err == nil && f.MediaType == "video" {
			if l.First < 0 {
				l.First = at
			}
			l.Last = at
		}
	}
	return l
}

package live_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/live"
)

// kinds are the ways of coding that cameras have.
func kinds() map[string]struct {
	source string
	coding []string
} {
	type kind = struct {
		source string
		coding []string
	}
	return map[string]kind{
		"baseline":    {"testsrc2=size=320x180:rate=25:duration=3", x264("-profile:v", "baseline")},
		"B-frames":    {"testsrc2=size=320x180:rate=25:duration=3", x264("-bf", "3", "-b_strategy", "0")},
		"four slices": {"testsrc2=size=320x192:rate=25:duration=2", x264("-slices", "4")},
		"30/1.001":    {"testsrc2=size=320x180:rate=30000/1001:duration=3", x264()},
		"odd size":    {"testsrc2=size=322x182:rate=10:duration=3", x264("-profile:v", "high")},
		"H.265":       {"testsrc2=size=320x180:rate=25:duration=3", x265("-bf", "0")},
		"H.265 B":     {"testsrc2=size=320x180:rate=25:duration=3", x265("-bf", "3")},
		"H.265 10":    {"testsrc2=size=320x180:rate=25:duration=1", x265("-pix_fmt", "yuv420p10le")},
	}
}

// TestFragments holds what is made against ffmpeg: every frame is there, with
// its size, its time, and whether decoding can begin there; and all decode.
func TestFragments(t *testing.T) {
	for name, kind := range kinds() {
		t.Run(name, func(t *testing.T) {
			c := record(t, kind.source, kind.coding...)
			start, messages := play(t, &c)
			file := filepath.Join(t.TempDir(), "live.mp4")
			data := slices.Clone(start.Data)
			for _, m := range messages {
				data = append(data, m.Data...)
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			found := probe(t, file)
			checkStream(t, &c, start, found)
			checkDescription(t, &c, start, file)
			checkPackets(t, &c, messages, found.Packets)
			frames := bytes.Count(ffmpeg(t, "-i", file, "-f", "framecrc", "-"), []byte("\n0,"))
			if frames != len(c.units) {
				t.Errorf("%d of %d frames decode", frames, len(c.units))
			}
		})
	}
}

// play sends a clip through Live, and returns the start and the fragments.
func play(t *testing.T, c *clip) (start live.Message, messages []live.Message) {
	t.Helper()
	b := begin(t, live.Options{GroupBytes: 1 << 30, MaxBehind: time.Hour})
	v := b.open("one", video.Sub)
	p := b.pipe("one", video.Sub)
	p.tracks(c.track)
	start = b.next(v)
	for _, u := range c.units {
		p.unit(u)
		messages = append(messages, b.next(v))
	}
	return start, messages
}

// probed is what ffprobe says of a file.
type probed struct {
	Streams []struct {
		CodecTag string `json:"codec_tag_string"`
		Profile  string
		Level    int
		Width    int
		Height   int
		TimeBase string `json:"time_base"`
	}
	Packets []packet
}

type packet struct {
	PTS, DTS    int64
	Size, Flags string
}

func probe(t testing.TB, file string) probed {
	t.Helper()
	path := servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffprobe")
	out := run(t, path, "-v", "error", "-of", "json", "-show_streams", "-show_packets", file)
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Streams) != 1 {
		t.Fatalf("the file has %d streams", len(p.Streams))
	}
	return p
}

func checkStream(t *testing.T, c *clip, start live.Message, found probed) {
	t.Helper()
	s := found.Streams[0]
	if s.Width != c.track.Width || s.Height != c.track.Height || s.TimeBase != "1/90000" ||
		start.Width != c.track.Width || start.Height != c.track.Height || start.Codec != string(c.track.Codec) {
		t.Errorf("the stream is %+v, told as %dx%d %s", s, start.Width, start.Height, start.Codec)
	}
	if c.track.Codec == video.H264 {
		m := regexp.MustCompile(`^video/mp4; codecs="avc1\.[0-9A-F]{4}([0-9A-F]{2})"$`).FindStringSubmatch(start.MIME)
		if s.CodecTag != "avc1" || m == nil || m[1] != fmt.Sprintf("%02X", s.Level) {
			t.Errorf("%s is told as %s, at level %d", s.CodecTag, start.MIME, s.Level)
		}
		return
	}
	profile, compatible := "1", "6"
	if s.Profile == "Main 10" {
		profile, compatible = "2", "4"
	}
	want := `video/mp4; codecs="hvc1.` + profile + "." + compatible + ".L" + strconv.Itoa(s.Level) + `.90"`
	if s.CodecTag != "hvc1" || start.MIME != want {
		t.Errorf("%s of profile %s is told as %s, want %s", s.CodecTag, s.Profile, start.MIME, want)
	}
}

func checkPackets(t *testing.T, c *clip, messages []live.Message, packets []packet) {
	t.Helper()
	if len(packets) != len(c.units) {
		t.Fatalf("%d packets of %d units", len(packets), len(c.units))
	}
	ticks := func(d time.Duration) int64 { return int64(math.Round(float64(d) * 9 / 100_000)) }
	var end, first int64
	for i, p := range packets {
		u := &c.units[i]
		if key := p.Flags[0] == 'K'; key != u.Key {
			t.Errorf("frame %d is told as key frame: %v, it is: %v", i, key, u.Key)
		}
		if size := u.Size() + 4*len(u.Data); p.Size != strconv.Itoa(size) {
			t.Errorf("frame %d has %s bytes, want %d", i, p.Size, size)
		}
		if p.PTS-p.DTS != ticks(u.PTS)-ticks(u.DTS) {
			t.Errorf("frame %d is shown %d ticks after it is decoded, want %d", i, p.PTS-p.DTS, ticks(u.PTS)-ticks(u.DTS))
		}
		if media := ticks(messages[i].Media); media != p.PTS {
			t.Errorf("frame %d lies at %d and is told to be at %d", i, p.PTS, media)
		}
		// No hole and no overlap, and the camera's own pace: one frame late.
		// ffprobe guesses how long the last frame of a fragment lasts.
		at, lasts := times(t, messages[i].Data)
		if at != p.DTS || at != end {
			t.Errorf("frame %d is at %d, ffprobe says %d, the one before it ends at %d", i, at, p.DTS, end)
		}
		end = at + lasts
		switch {
		case i == 1:
			first = at
		case i > 1 && at-first != ticks(c.units[i-1].DTS):
			t.Errorf("frame %d is at %d, the one before it came at %d", i, at-first, ticks(c.units[i-1].DTS))
		}
	}
}

// times returns when a fragment is decoded, and how long its frame lasts.
func times(t *testing.T, fragment []byte) (at, lasts int64) {
	t.Helper()
	return int64(binary.BigEndian.Uint64(payload(t, fragment, "tfdt")[4:])), int64(binary.BigEndian.Uint32(payload(t, fragment, "trun")[16:]))
}

// checkDescription holds the description of the codec against the one that
// ffmpeg makes of the same stream.
func checkDescription(t *testing.T, c *clip, start live.Message, file string) {
	t.Helper()
	theirs := filepath.Join(t.TempDir(), "theirs.mp4")
	tag, box := "avc1", "avcC"
	if c.track.Codec == video.H265 {
		tag, box = "hvc1", "hvcC"
	}
	ffmpeg(t, "-i", file, "-c", "copy", "-tag:v", tag, "-bsf:v", annexB(c.track.Codec), theirs)
	data, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	got, want := payload(t, start.Data, box), payload(t, data, box)
	if box == "avcC" {
		want = want[:min(len(want), len(got))] // ffmpeg repeats chroma and depth of the SPS
	} else {
		got, want = got[:23], want[:23] // ffmpeg may order, and add, the arrays that follow
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%x, ffmpeg's\n%x", box, got, want)
	}
}

// annexB has ffmpeg make the description anew: out of Annex B it has none.
func annexB(c video.Codec) string {
	if c == video.H265 {
		return "hevc_mp4toannexb"
	}
	return "h264_mp4toannexb"
}

// payload returns what is in the first box of that name.
func payload(t *testing.T, data []byte, name string) []byte {
	t.Helper()
	at := bytes.Index(data, []byte(name))
	if at < 4 {
		t.Fatalf("there is no %s", name)
	}
	size := int(data[at-4])<<24 | int(data[at-3])<<16 | int(data[at-2])<<8 | int(data[at-1])
	return data[at+4 : at-4+size]
}

package rtsp

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/rtptime"
	"github.com/pion/rtp"

	"citywatch/internal/servertest"
	"citywatch/video"
)

// A reel is what an encoder made: access units in the order of decoding, each
// begun by a delimiter.
type reel struct {
	codec video.Codec
	units [][][]byte
	shown []int // as the how many-th each is shown
}

// encode has ffmpeg make a reel of so many frames.
func encode(t testing.TB, codec video.Codec, frames int, args ...string) reel {
	t.Helper()
	encoder, delimit, raw := "libx264", "h264_mp4toannexb,h264_metadata=aud=insert", "h264"
	if codec == video.H265 {
		encoder, delimit, raw = "libx265", "hevc_mp4toannexb,hevc_metadata=aud=insert", "hevc"
		args = append(args, "-preset", "ultrafast")
	}
	movie := servertest.Media(t, "reel.mp4", append([]string{
		"-f", "lavfi", "-i", "testsrc2=size=192x144:rate=25", "-frames:v", strconv.Itoa(frames), "-pix_fmt", "yuv420p", "-c:v", encoder,
	}, args...)...)
	stream := servertest.Media(t, "reel."+raw, "-i", movie, "-c", "copy", "-bsf:v", delimit, "-f", raw)
	data, err := os.ReadFile(stream)
	if err != nil {
		t.Fatal(err)
	}
	r := reel{codec: codec, shown: order(t, movie)}
	for _, nal := range splitAnnexB(data) {
		if codec == video.H264 && nal[0]&0x1f == 9 || codec == video.H265 && nal[0]>>1&0x3f == 35 {
			r.units = append(r.units, nil)
		}
		last := len(r.units) - 1
		r.units[last] = append(r.units[last], nal)
	}
	if len(r.units) != frames || len(r.shown) != frames {
		t.Fatalf("%d access units and %d times of %d frames", len(r.units), len(r.shown), frames)
	}
	return r
}

// order returns as the how many-th each frame of a movie is shown.
func order(t testing.TB, movie string) []int {
	t.Helper()
	ffprobe := servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffprobe")
	out, err := exec.Command(ffprobe, "-v", "error", "-show_entries", "packet=pts", "-of", "csv=p=0", movie).Output()
	if err != nil {
		t.Fatal(err)
	}
	var times []int
	for _, field := range strings.Fields(string(out)) {
		pts, err := strconv.Atoi(strings.TrimSuffix(field, ","))
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, pts)
	}
	sorted := slices.Sorted(slices.Values(times))
	for i, pts := range times {
		times[i] = slices.Index(sorted, pts)
	}
	return times
}

func splitAnnexB(data []byte) (nals [][]byte) {
	for _, part := range bytes.Split(data, []byte{0, 0, 1}) {
		if part = bytes.TrimRight(part, "\x00"); len(part) > 0 {
			nals = append(nals, part)
		}
	}
	return nals
}

// without returns the reel without the NAL units that drop names.
func (r reel) without(drop func(nal []byte) bool) reel {
	units := make([][][]byte, len(r.units))
	for i, unit := range r.units {
		units[i] = slices.DeleteFunc(slices.Clone(unit), drop)
	}
	r.units = units
	return r
}

// A camera sends reels as RTP packets, in a time of its own: that of the test.
type camera struct {
	t      testing.TB
	format format.Format
	encode func([][]byte) ([]*rtp.Packet, error)
	base   uint32 // timestamp of its first frame
	frames int    // sent so far
	at     time.Time
}

const frameTicks = 90000 / 25

func newCamera(t testing.TB, codec video.Codec) *camera {
	t.Helper()
	c := &camera{t: t, at: time.Unix(1_800_000_000, 0)}
	if codec == video.H265 {
		f := &format.H265{PayloadTyp: 96}
		e, err := f.CreateEncoder()
		if err != nil {
			t.Fatal(err)
		}
		c.format, c.encode = f, e.Encode
		return c
	}
	f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	e, err := f.CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	c.format, c.encode = f, e.Encode
	return c
}

// film returns the packets of a reel, each with when it arrives. What is shown
// out of order is sent so much earlier.
func (c *camera) film(r reel) []packet {
	c.t.Helper()
	var packets []packet
	for i, unit := range r.units {
		pkts, err := c.encode(unit)
		if err != nil {
			c.t.Fatal(err)
		}
		c.at = c.at.Add(40 * time.Millisecond)
		for _, p := range pkts {
			p.Timestamp = c.base + uint32((c.frames+r.shown[i])*frameTicks)
			packets = append(packets, packet{Packet: p, at: c.at})
		}
	}
	c.frames += len(r.units)
	return packets
}

// A reader is a stream with a tape at its end, and the decoder of times that
// gortsplib's client has before it.
type reader struct {
	*stream
	format format.Format
	times  rtptime.GlobalDecoder
	tape   *tape
}

func newReader(t testing.TB, c *camera) *reader {
	t.Helper()
	track, ok := trackOf(c.format)
	if !ok {
		t.Fatalf("%T is not carried", c.format)
	}
	r := &reader{format: c.format, tape: &tape{t: t}}
	r.times.Initialize()
	var err error
	r.stream, err = newStream([]offer{{format: c.format, track: track}}, r.tape, c.at)
	if err != nil {
		t.Fatal(err)
	}
	r.announce()
	return r
}

func (r *reader) read(packets []packet) {
	for _, p := range packets {
		p.pts, p.timed = r.times.Decode(r.format, p.Packet)
		r.receive(0, p)
	}
}

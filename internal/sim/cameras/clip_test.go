package cameras

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp"

	"citywatch/internal/servertest"
)

const ffmpegHint = "run `make test` or `apt-get install ffmpeg`"

// TestClips holds every clip to what the cameras promise.
func TestClips(t *testing.T) {
	if len(IDs()) != 8 {
		t.Errorf("%d cameras, want 8: %v", len(IDs()), IDs())
	}
	for _, id := range IDs() {
		c, err := newCamera(id, 1)
		if err != nil {
			t.Error(err)
			continue
		}
		var sps h264.SPS
		if err := sps.Unmarshal(c.clip.sps); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if sps.Width() != 640 || sps.Height() != 360 || sps.FPS() != 15 {
			t.Errorf("%s: %dx%d at %v a second", id, sps.Width(), sps.Height(), sps.FPS())
		}
		var ticks uint32
		for i, g := range c.clip.gops {
			if len(g) != 30 {
				t.Errorf("%s: gop %d has %d frames, want 30", id, i, len(g))
			}
			for _, f := range g {
				ticks += f.duration
			}
		}
		if long := ticks / clockRate; long < 20 || long > 30 {
			t.Errorf("%s: %d s", id, long)
		}
		if c.still != nil && len(c.still) != 30 {
			t.Errorf("%s: the still has %d frames, want 30", id, len(c.still))
		}
	}
}

// TestStillFitsItsClip has both decode with the same parameter sets: the camera
// does not say new ones when it freezes.
func TestStillFitsItsClip(t *testing.T) {
	clip, err := load("quoc-lo-70-bao-yen")
	if err != nil {
		t.Fatal(err)
	}
	still, err := load("quoc-lo-70-bao-yen.still")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(clip.sps, still.sps) || !bytes.Equal(clip.pps, still.pps) {
		t.Error("the still has other parameter sets than the clip")
	}
	if len(still.gops) != 1 {
		t.Errorf("the still has %d key frames, want one", len(still.gops))
	}
}

// TestNoSeam sends a camera's packets over the end of its clip twice, through a
// freeze, and over the wrap of the sequence numbers and of the timestamps; has
// them put together again; and has ffmpeg decode what comes out.
func TestNoSeam(t *testing.T) {
	ffmpeg := servertest.Program(t, ffmpegHint, "ffmpeg")
	c, err := newCamera("quoc-lo-70-bao-yen", 1)
	if err != nil {
		t.Fatal(err)
	}
	decoder := &rtph264.Decoder{PacketizationMode: 1}
	if err := decoder.Init(); err != nil {
		t.Fatal(err)
	}
	const gops = 30
	p := pace{ticks: 1<<32 - 5*clockRate, sequence: 1<<16 - 400}
	var last *rtp.Packet
	var stream bytes.Buffer
	frames := 0
	for n := range gops {
		now := noEffect
		if n > 6 && n < 10 {
			now = frozen
		}
		for _, f := range c.scene(n, now) {
			packets := p.stamp(f)
			for i := range packets {
				packet := packets[i]
				if last != nil {
					if packet.SequenceNumber != last.SequenceNumber+1 {
						t.Fatalf("sequence number %d after %d", packet.SequenceNumber, last.SequenceNumber)
					}
					if step := packet.Timestamp - last.Timestamp; last.Marker != (step == clockRate/15) || !last.Marker && step != 0 {
						t.Fatalf("frame %d: the timestamp steps by %d, marker %v", frames, step, last.Marker)
					}
				}
				last = &packet
				unit, err := decoder.Decode(&packet)
				if packet.Marker != (err == nil) {
					t.Fatalf("frame %d: %v", frames, err)
				}
				for _, n := range unit {
					stream.Write([]byte{0, 0, 0, 1})
					stream.Write(n)
				}
			}
			frames++
		}
	}
	if frames != gops*30 {
		t.Errorf("%d frames, want %d", frames, gops*30)
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg, "-v", "warning", "-f", "h264", "-i", "-", "-f", "framemd5", "-")
	cmd.Stdin = &stream
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || strings.Contains(complaints.String(), "[h264") {
		t.Errorf("ffmpeg: %v\n%s", err, &complaints)
	}
	if got := strings.Count(string(out), "\n0, "); got != frames {
		t.Errorf("ffmpeg decodes %d frames of %d", got, frames)
	}
}

func TestPaceLeavesOutWhatIsLongPast(t *testing.T) {
	start := time.Now()
	p := pace{start: start, ticks: 10 * clockRate}
	p.skip(start.Add(10*time.Second + stalled))
	if p.elapsed() != 10*time.Second {
		t.Errorf("what is late by %v is left out", stalled)
	}
	p.skip(start.Add(time.Hour))
	if d := time.Hour - p.elapsed(); d < 0 || d > time.Millisecond {
		t.Errorf("after an hour's sleep the next frame is due %v ago", d)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, src := range map[string][]byte{"nothing": nil, "garbage": []byte("not a film"), "half": half(t)} {
		if _, err := parse(src); err == nil {
			t.Errorf("%s is a clip", name)
		}
	}
}

func half(t *testing.T) []byte {
	src, err := clips.ReadFile("clips/cau-coc-leu.mp4")
	if err != nil {
		t.Fatal(err)
	}
	return src[:len(src)/2]
}

func BenchmarkStamp(b *testing.B) {
	c, err := load("cau-coc-leu")
	if err != nil {
		b.Fatal(err)
	}
	var p pace
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		g := c.gops[i%len(c.gops)]
		p.stamp(g[i%len(g)])
	}
}

package rtsp

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/address"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback are the networks that the tests' servers are in.
func loopback(t testing.TB) address.Ranges {
	t.Helper()
	r, err := address.ParseRanges([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parse(t testing.TB, text string) address.Address {
	t.Helper()
	a, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// An event is one call of a sink.
type event struct {
	tracks []video.Track
	unit   video.Unit
	lost   int
}

// A tape is a sink that keeps everything, and checks what a sink is promised.
type tape struct {
	t      testing.TB
	want   int // units of video, after which done is called
	done   context.CancelFunc
	mu     sync.Mutex
	busy   bool
	events []event
	tracks []video.Track
	dts    []time.Duration
	pictures,
	sounds int
}

func (p *tape) enter() func() {
	p.mu.Lock()
	if p.busy {
		p.t.Error("the sink is called from two goroutines at a time")
	}
	p.busy = true
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		p.busy = false
		p.mu.Unlock()
	}
}

func (p *tape) Tracks(tracks []video.Track) {
	defer p.enter()()
	if n := slices.IndexFunc(tracks, func(t video.Track) bool { return t.Codec.IsVideo() }); n != 0 {
		p.t.Errorf("the first track is no video: %v", tracks)
	}
	p.tracks = tracks
	p.dts = append(p.dts, make([]time.Duration, max(0, len(tracks)-len(p.dts)))...)
	p.events = append(p.events, event{tracks: tracks})
}

func (p *tape) Lost(n int) {
	defer p.enter()()
	if n <= 0 {
		p.t.Errorf("Lost(%d)", n)
	}
	p.events = append(p.events, event{lost: n})
}

func (p *tape) Unit(u video.Unit) {
	defer p.enter()()
	if p.tracks == nil {
		p.t.Fatal("a unit came before the tracks")
	}
	track := p.tracks[u.Track]
	if p.pictures == 0 && (!u.Key || u.Track != 0) {
		p.t.Error("the first unit is no key frame")
	}
	if u.DTS < p.dts[u.Track] || u.DTS > u.PTS || u.DTS < 0 {
		p.t.Errorf("DTS %v after %v, PTS %v", u.DTS, p.dts[u.Track], u.PTS)
	}
	if u.Key && track.Codec.IsVideo() && (track.Width == 0 || track.Codec != video.MJPEG && (track.SPS == nil || track.PPS == nil)) {
		p.t.Errorf("a key frame without parameter sets: %+v", track)
	}
	if u.Size() == 0 || u.Arrived.IsZero() {
		p.t.Errorf("an empty unit: %+v", u)
	}
	p.dts[u.Track] = u.DTS
	p.events = append(p.events, event{unit: u})
	if track.Codec.IsVideo() {
		if p.pictures++; p.pictures == p.want && p.done != nil {
			p.done()
		}
	} else {
		p.sounds++
	}
}

func (p *tape) lost() (n int) {
	for _, e := range p.events {
		n += e.lost
	}
	return n
}

// keys returns the key frames, and the units of video in all.
func (p *tape) keys() (keys, all int) {
	for _, e := range p.events {
		if e.unit.Data != nil && e.unit.Track == 0 {
			all++
			if e.unit.Key {
				keys++
			}
		}
	}
	return keys, all
}

// elementary returns the video as ffmpeg reads it: Annex B, or JPEGs.
func (p *tape) elementary() []byte {
	var out bytes.Buffer
	put := func(nal []byte) {
		out.Write([]byte{0, 0, 0, 1})
		out.Write(nal)
	}
	var track video.Track
	for _, e := range p.events {
		switch {
		case e.tracks != nil:
			track = e.tracks[0]
		case e.unit.Data == nil || e.unit.Track != 0:
		case track.Codec == video.MJPEG:
			out.Write(e.unit.Data[0])
		default:
			if e.unit.Key {
				for _, set := range [][]byte{track.VPS, track.SPS, track.PPS} {
					if set != nil {
						put(set)
					}
				}
			}
			for _, nal := range e.unit.Data {
				put(nal)
			}
		}
	}
	return out.Bytes()
}

// decodes demands that ffmpeg decodes every picture without a complaint, and
// returns how many there were.
func (p *tape) decodes() int {
	p.t.Helper()
	ffmpeg := servertest.Program(p.t, "run `make test` or `apt-get install ffmpeg`", "ffmpeg")
	form := map[video.Codec]string{video.H264: "h264", video.H265: "hevc", video.MJPEG: "mjpeg"}[p.tracks[0].Codec]
	cmd := exec.Command(ffmpeg, "-hide_banner", "-v", "error", "-f", form, "-i", "-",
		"-f", "rawvideo", "-pix_fmt", "gray", "-s", "16x16", "-fps_mode", "passthrough", "-")
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(p.elementary()), &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		p.t.Errorf("ffmpeg: %v\n%s", err, complaints.Bytes())
	}
	return out.Len() / (16 * 16)
}

// play plays until so many pictures came, and returns what did.
func play(t testing.TB, o Options, pictures int) (*tape, error) {
	t.Helper()
	if o.Networks.String() == address.Private {
		o.Networks = loopback(t)
	}
	limit := 30 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	p := &tape{t: t, want: pictures, done: cancel}
	err := New(o).Play(ctx, p)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("only %d pictures in %v", p.pictures, limit)
	}
	return p, err
}

// A take is what playing one stream gave.
type take struct {
	tape *tape
	err  error
}

// playAll plays the streams at once, for the tests' time is spent waiting.
func playAll(t *testing.T, streams map[string]Options, pictures int) map[string]take {
	t.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		takes = map[string]take{}
	)
	for name, o := range streams {
		wg.Go(func() {
			p, err := play(t, o, pictures)
			mu.Lock()
			defer mu.Unlock()
			takes[name] = take{p, err}
		})
	}
	wg.Wait()
	return takes
}

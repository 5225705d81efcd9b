package rtsp

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"citywatch/video"
)

// Options of the encoders.
var (
	plain   = []string{"-preset", "ultrafast", "-g", "10", "-bf", "0", "-sc_threshold", "0"}
	bframe  = []string{"-preset", "veryfast", "-g", "10", "-bf", "3", "-b_strategy", "0", "-sc_threshold", "0", "-x264-params", "b-pyramid=normal"}
	slices4 = []string{"-preset", "veryfast", "-g", "10", "-bf", "2", "-sc_threshold", "0", "-x264-params", "slices=4"}
)

func x265(params string) []string {
	return []string{"-g", "10", "-x265-params", "log-level=error:pools=1:frame-threads=1:keyint=10:min-keyint=10:scenecut=0:" + params}
}

// TestReels films what encoders make and demands all of it back, in the order
// of decoding, with the times at which it is shown.
func TestReels(t *testing.T) {
	for name, c := range map[string]struct {
		codec video.Codec
		args  []string
	}{
		"H.264":                   {video.H264, plain},
		"H.264 B-frames":          {video.H264, bframe},
		"H.264 slices":            {video.H264, slices4},
		"H.264 interlaced":        {video.H264, append(slices.Clone(plain), "-flags", "+ilme+ildct")},
		"H.265":                   {video.H265, x265("bframes=0")},
		"H.265 B-frames":          {video.H265, x265("bframes=3:b-adapt=0:b-pyramid=1:open-gop=0")},
		"H.265 CRA":               {video.H265, x265("bframes=3:b-adapt=0:open-gop=1")},
		"H.265 slices":            {video.H265, x265("bframes=0:slices=3")},
		"H.265 temporal layers":   {video.H265, x265("bframes=3:b-adapt=0:b-pyramid=1:open-gop=0:temporal-layers=1")},
		"H.265 IDR_N_LP and RADL": {video.H265, x265("bframes=3:b-adapt=0:radl=2:open-gop=0")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const frames = 40
			cam := newCamera(t, c.codec)
			reel := encode(t, c.codec, frames, c.args...)
			r := newReader(t, cam)
			r.read(cam.film(reel))
			checkAll(t, r.tape, reel)
			if n := r.tape.decodes(); n != frames {
				t.Errorf("%d of %d frames decode", n, frames)
			}
		})
	}
}

// TestCountedOrder has a stream that does not say how far its frames are out of
// order: the pictures' own count tells.
func TestCountedOrder(t *testing.T) {
	cam := newCamera(t, video.H264)
	reel := encode(t, video.H264, 40, bframe...)
	r := newReader(t, cam)
	x := r.decoders[0].(*pictures).syntax.(*h264Syntax)
	for _, nal := range reel.units[0] {
		if nal[0]&0x1f == 7 {
			x.setSPS(nal)
		}
	}
	x.reorder, x.counts = nil, &h264.DTSExtractor{}
	x.counts.Initialize()
	r.read(cam.film(reel))
	checkAll(t, r.tape, reel)
}

// checkAll demands every frame, at the time it is shown.
func checkAll(t *testing.T, p *tape, r reel) {
	t.Helper()
	if p.pictures != len(r.units) || p.lost() != 0 {
		t.Fatalf("%d pictures of %d, %d lost", p.pictures, len(r.units), p.lost())
	}
	units := p.units()
	for i, u := range units {
		want := time.Duration(r.shown[i]-r.shown[0]) * 40 * time.Millisecond
		if got := u.PTS - units[0].PTS; (got - want).Abs() > time.Microsecond {
			t.Errorf("frame %d: PTS %v, want %v", i, got, want)
		}
	}
	if keys, _ := p.keys(); keys != len(r.units)/10 {
		t.Errorf("%d key frames among %d", keys, len(r.units))
	}
}

// units returns those of video.
func (p *tape) units() (units []video.Unit) {
	for _, e := range p.events {
		if e.unit.Data != nil && e.unit.Track == 0 {
			units = append(units, e.unit)
		}
	}
	return units
}

func TestLostPackets(t *testing.T) {
	cam := newCamera(t, video.H264)
	packets := cam.film(encode(t, video.H264, 30, append(slices.Clone(plain), "-b:v", "3M")...))
	r := newReader(t, cam)
	damaged := map[uint32]bool{}
	var sent []packet
	missing := 0
	for i, p := range packets {
		// Without the packet of its delimiter and sets, a picture is whole.
		if fragment := p.Payload[0]&0x1f == 28; fragment && i%17 == 0 {
			missing++
			damaged[p.Timestamp] = true
			continue
		}
		sent = append(sent, p)
	}
	r.read(sent)
	if r.tape.lost() != missing {
		t.Errorf("Lost %d, want %d", r.tape.lost(), missing)
	}
	// Of a frame whose last packet is missing it cannot be known that it was.
	if want := 30 - len(damaged); r.tape.pictures != want {
		t.Errorf("%d pictures, want %d", r.tape.pictures, want)
	}
}

func TestPacketsInWrongOrderAreOld(t *testing.T) {
	cam := newCamera(t, video.H264)
	packets := cam.film(encode(t, video.H264, 20, plain...))
	r := newReader(t, cam)
	for i := range packets {
		r.read([]packet{packets[i]})
		again := *packets[i].Packet
		r.read([]packet{{Packet: &again, at: packets[i].at}})
	}
	if r.tape.pictures != 20 || r.tape.lost() != 0 {
		t.Errorf("%d pictures of 20, %d lost", r.tape.pictures, r.tape.lost())
	}
}

// TestMarkers has cameras that mark no packet as the last of its frame, and
// that mark each slice.
func TestMarkers(t *testing.T) {
	const frames = 30
	for name, c := range map[string]struct {
		change func(packets []packet)
		least  int
	}{
		"none": {func(packets []packet) {
			for _, p := range packets {
				p.Marker = false
			}
		}, frames - 1}, // the last one's end is not seen
		"each slice": {func(packets []packet) {
			for _, p := range packets {
				whole := p.Payload[0]&0x1f != 28 // no fragment, or the last
				p.Marker = whole || p.Payload[1]&0x40 != 0
			}
		}, frames - 3}, // until it is known of this camera
	} {
		t.Run(name, func(t *testing.T) {
			cam := newCamera(t, video.H264)
			reel := encode(t, video.H264, frames, slices4...)
			packets := cam.film(reel)
			c.change(packets)
			r := newReader(t, cam)
			r.read(packets)
			if r.tape.pictures < c.least {
				t.Errorf("%d pictures of %d", r.tape.pictures, frames)
			}
		})
	}
}

// TestTime has a camera whose time jumps, wraps, and begins anew.
func TestTime(t *testing.T) {
	reels := map[string]reel{"plain": encode(t, video.H264, 30, plain...), "B-frames": encode(t, video.H264, 30, bframe...)}
	for name, jump := range map[string]uint32{
		"wrap":          0,
		"an hour on":    3600 * 90000,
		"an hour back":  1<<32 - 3600*90000,
		"a second back": 1<<32 - 90000,
		"a frame back":  1<<32 - frameTicks,
		"half a circle": 1 << 31,
	} {
		for kind, reel := range reels {
			t.Run(name+", "+kind, func(t *testing.T) {
				cam := newCamera(t, video.H264)
				cam.base = 1<<32 - 20*frameTicks
				r := newReader(t, cam)
				r.read(cam.film(reel))
				cam.base += jump
				r.read(cam.film(reel))
				units := r.tape.units()
				if len(units) != 60 {
					t.Fatalf("%d pictures of 60", len(units))
				}
				// The tape has checked each step; in all it is as long as it took.
				if got := units[59].DTS; (got - 59*40*time.Millisecond).Abs() > 200*time.Millisecond {
					t.Errorf("60 frames took %v", got)
				}
			})
		}
	}
}

// TestParameterSets has a camera that changes its picture's size, without
// having named its parameter sets before.
func TestParameterSets(t *testing.T) {
	for _, codec := range []video.Codec{video.H264, video.H265} {
		t.Run(string(codec), func(t *testing.T) {
			args := plain
			if codec == video.H265 {
				args = x265("bframes=0:repeat-headers=1")
			}
			cam := newCamera(t, codec)
			small, large := encode(t, codec, 20, args...), encode(t, codec, 20, append([]string{"-s", "320x240"}, args...)...)
			r := newReader(t, cam)
			r.read(cam.film(small))
			r.read(cam.film(large))
			r.read(cam.film(large.without(isSet(codec)))) // they hold on
			if r.tape.pictures != 60 {
				t.Fatalf("%d pictures of 60", r.tape.pictures)
			}
			var sizes []int
			for i, e := range r.tape.events {
				if e.tracks == nil {
					continue
				}
				sizes = append(sizes, e.tracks[0].Width)
				if i > 0 && !r.tape.events[i+1].unit.Key {
					t.Error("no key frame follows new parameter sets")
				}
			}
			if want := []int{0, 192, 320}; !slices.Equal(sizes, want) {
				t.Errorf("widths %v, want %v", sizes, want)
			}
			r.tape.decodes()
		})
	}
}

// isSet returns what reports whether a NAL unit is a parameter set.
func isSet(codec video.Codec) func([]byte) bool {
	return func(nal []byte) bool {
		if codec == video.H265 {
			return nal[0]>>1 >= 32 && nal[0]>>1 <= 34
		}
		return nal[0]&0x1f == 7 || nal[0]&0x1f == 8
	}
}

func TestOverdue(t *testing.T) {
	cam := newCamera(t, video.H264)
	reel := encode(t, video.H264, 20, plain...)
	const timeout = 10 * time.Second
	check := func(t *testing.T, r *reader, after time.Duration, want error) {
		t.Helper()
		if err := r.overdue(cam.at.Add(after-time.Millisecond), timeout); err != nil {
			t.Errorf("before %v: %v", after, err)
		}
		if err := r.overdue(cam.at.Add(after), timeout); !errors.Is(err, want) {
			t.Errorf("after %v: %v, want %v", after, err, want)
		}
	}
	t.Run("nothing", func(t *testing.T) { check(t, newReader(t, cam), timeout, errNothing) })
	t.Run("no frames", func(t *testing.T) {
		r := newReader(t, cam)
		packets := cam.film(reel)
		for _, p := range packets {
			p.Payload = p.Payload[:1]
		}
		cam.at = packets[0].at
		r.read(packets[:1])
		check(t, r, timeout-40*time.Millisecond, errNoFrames)
	})
	t.Run("stalled", func(t *testing.T) {
		r := newReader(t, cam)
		r.read(cam.film(reel))
		check(t, r, timeout, errStalled)
	})
	t.Run("no key frame", func(t *testing.T) {
		r := newReader(t, cam)
		began := cam.at
		isKey := func(nal []byte) bool { return nal[0]&0x1f == 5 }
		for cam.at.Sub(began) < keyFrameWait-time.Second {
			r.read(cam.film(reel.without(isKey)))
		}
		check(t, r, keyFrameWait-cam.at.Sub(began), errNoKeyFrame)
	})
}

// TestJoin begins in the middle of a group of pictures: what comes out begins
// with a key frame, and without the pictures before it that cannot be decoded.
func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		codec   video.Codec
		args    []string
		dropped bool // of pictures after the key frame
	}{
		"H.264": {video.H264, bframe, false},
		"H.265": {video.H265, x265("bframes=3:b-adapt=0:open-gop=0:repeat-headers=1"), false},
		"CRA":   {video.H265, x265("bframes=3:b-adapt=0:open-gop=1:repeat-headers=1"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reel := encode(t, c.codec, 40, c.args...)
			join := reel
			join.units, join.shown = reel.units[5:], reel.shown[5:]
			cam := newCamera(t, c.codec)
			r := newReader(t, cam)
			r.read(cam.film(join))
			if dropped := 30 - r.tape.pictures; (dropped > 0) != c.dropped || dropped > 6 {
				t.Errorf("%d pictures after the first key frame are missing", dropped)
			}
			if n := r.tape.decodes(); n != r.tape.pictures {
				t.Errorf("%d of %d decode", n, r.tape.pictures)
			}
		})
	}
}

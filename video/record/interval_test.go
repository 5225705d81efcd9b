package record_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"

	"citywatch/video"
	"citywatch/video/record"
)

// TestClipBeginsWhereItIsAsked holds that a clip presents exactly what was
// asked for, wherever that lies between key frames.
func TestClipBeginsWhereItIsAsked(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"H.264":               "-c:v libx264 -g 75 -bf 0 " + fast,
		"H.264 with B-frames": "-c:v libx264 -g 75 -preset fast -pix_fmt yuv420p -bf 3 -c:a aac",
		"H.265":               "-c:v libx265 -x265-params log-level=none:keyint=75:bframes=3 " + fast,
	} {
		t.Run(name, func(t *testing.T) {
			f := film(t, picture+args)
			s := open(t, set{Options: record.Options{Segment: 10 * time.Second}, now: epoch})
			s.begin("cam", f)
			s.shoot("cam", f, 0, epoch)
			s.shoot("cam", f, f.length, epoch.Add(f.length))
			s.settle("cam", f)
			for _, c := range []struct {
				from, to time.Duration
				pictures int
			}{
				{0, 24 * time.Second, 600},
				{0, 2 * time.Second, 50},
				{time.Second, 3 * time.Second, 50},                        // within a group
				{4 * time.Second, 4*time.Second + 40*time.Millisecond, 1}, // one picture
				{11 * time.Second, 13 * time.Second, 50},                  // over the end of a segment
				{-59 * time.Minute, 2 * time.Second, 50},
				{23 * time.Second, 50 * time.Minute, 25},
			} {
				clip, data := s.clip("cam", epoch.Add(c.from), epoch.Add(c.to))
				l := probe(t, data)
				// A picture that is there when the clip ends may be presented or
				// not. x265's groups are open: their first picture is decoded
				// earlier than others, compared with when it is presented.
				early := 0
				if name == "H.265" {
					early = 2
				}
				if extra := l.Frames["video"] - c.pictures; extra < -early || extra > 3 {
					t.Errorf("%v–%v: %d pictures are presented, want %d", c.from, c.to, l.Frames["video"], c.pictures)
				}
				if math.Abs(l.First) > 0.001 && c.pictures > early {
					t.Errorf("%v–%v: the first picture is presented at %v", c.from, c.to, l.First)
				}
				from, to := max(c.from, 0), min(c.to, 24*time.Second)
				if clip.From.Sub(epoch) != from || clip.To.Sub(epoch) != to {
					t.Errorf("%v–%v: it says %v–%v", c.from, c.to, clip.From.Sub(epoch), clip.To.Sub(epoch))
				}
				if got, want := l.Length, (to - from).Seconds(); math.Abs(got-want) > 0.15 {
					t.Errorf("%v–%v: it lasts %v s, want %v", c.from, c.to, got, want)
				}
			}
		})
	}
}

// TestHoles holds that a clip's time is the time on the clock, whatever is
// missing, and that the holes are told.
func TestHoles(t *testing.T) {
	t.Parallel()
	f := film(t, picture+tone+"-c:v libx264 -g 50 -bf 0 -c:a aac "+fast)
	s := open(t, set{now: epoch})
	for _, at := range []time.Duration{0, 30 * time.Second, 5 * time.Minute} {
		s.begin("cam", f)
		s.shoot("cam", f, 0, epoch.Add(at))
	}
	s.settle("cam", f)
	list, err := s.rec.Intervals("cam", epoch.Add(time.Second), epoch.Add(time.Hour))
	want := []record.Interval{
		{From: epoch.Add(time.Second), To: epoch.Add(12 * time.Second)},
		{From: epoch.Add(30 * time.Second), To: epoch.Add(42 * time.Second)},
		{From: epoch.Add(5 * time.Minute), To: epoch.Add(5*time.Minute + 12*time.Second)},
	}
	if err != nil || !equal(list, want) {
		t.Errorf("intervals %v, %v, want %v", list, err, want)
	}
	clip, data := s.clip("cam", epoch, epoch.Add(time.Hour))
	holes := []record.Interval{{From: want[0].To, To: want[1].From}, {From: want[1].To, To: want[2].From}}
	if !equal(clip.Holes, holes) {
		t.Errorf("holes %v, want %v", clip.Holes, holes)
	}
	l := probe(t, data)
	if l.Frames["video"] != 900 || len(l.Codecs) != 1 || math.Abs(l.Last-311.96) > 0.001 {
		t.Errorf("%+v: want 900 pictures, the last at 311.96 s, and no sound", l)
	}
	if _, err := s.rec.Clip("cam", epoch.Add(13*time.Second), epoch.Add(29*time.Second)); !errors.Is(err, record.ErrNoRecording) {
		t.Errorf("a clip of a hole: %v", err)
	}
	// Within a hole it begins with what comes after.
	clip, _ = s.clip("cam", epoch.Add(20*time.Second), epoch.Add(35*time.Second))
	if !clip.From.Equal(want[1].From) || len(clip.Holes) != 0 {
		t.Errorf("from a hole: %v, holes %v", clip.Interval, clip.Holes)
	}
}

func equal(a, b []record.Interval) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].From.Equal(b[i].From) || !a[i].To.Equal(b[i].To) {
			return false
		}
	}
	return true
}

// TestLosses holds what the loss of units makes of a recording.
func TestLosses(t *testing.T) {
	for _, c := range []struct {
		name           string
		without, until time.Duration // of the pictures
		gap            bool
		intervals      int
		lost           time.Duration // beside what is without
	}{
		{"a few pictures", 3100 * time.Millisecond, 3600 * time.Millisecond, true, 1, 0},
		{"many, up to a key frame", 3100 * time.Millisecond, 8 * time.Second, true, 2, 0},
		{"many, within a group", 3100 * time.Millisecond, 8500 * time.Millisecond, true, 2, 1500 * time.Millisecond},
		{"a slow camera", 3100 * time.Millisecond, 8 * time.Second, false, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := film(t, picture+"-c:v libx264 -g 50 -bf 0 "+fast)
			s := open(t, set{now: epoch})
			s.begin("cam", f)
			gap := false
			for _, u := range f.units {
				if u.DTS >= c.without && u.DTS < c.until {
					gap = c.gap
					continue
				}
				u.Arrived = epoch.Add(u.DTS)
				s.scripts["cam"].items <- video.Item{Unit: u, Gap: gap}
				gap = false
			}
			s.settle("cam", f)
			list, err := s.rec.Intervals("cam", epoch, epoch.Add(time.Hour))
			if err != nil || len(list) != c.intervals {
				t.Fatalf("intervals %v, %v, want %d", list, err, c.intervals)
			}
			if got := list[len(list)-1].To.Sub(epoch); got != 12*time.Second {
				t.Errorf("it ends after %v", got)
			}
			if c.intervals == 2 {
				if hole := list[1].From.Sub(list[0].To); hole != c.until-c.without.Truncate(40*time.Millisecond)-40*time.Millisecond+c.lost {
					t.Errorf("a hole of %v", hole)
				}
			}
			clip, data := s.clip("cam", epoch, epoch.Add(time.Hour))
			if len(clip.Holes) != c.intervals-1 || clip.To.Sub(clip.From) != 12*time.Second {
				t.Errorf("clip %v with holes %v", clip.Interval, clip.Holes)
			}
			if c.intervals == 2 { // else ffmpeg finds fault with what is missing
				if l := probe(t, data); math.Abs(l.Last-11.96) > 0.001 {
					t.Errorf("the last picture is at %v", l.Last)
				}
			}
		})
	}
}

// TestChanges holds that a clip goes through a change of the picture's size,
// and ends, saying so, before one of the codec.
func TestChanges(t *testing.T) {
	t.Parallel()
	large := film(t, picture+"-c:v libx264 -g 50 -bf 0 "+fast)
	small := film(t, "-f lavfi -i testsrc2=size=192x128:rate=25:duration=12 -c:v libx264 -g 50 -bf 0 "+fast)
	other := film(t, picture+"-c:v libx265 -x265-params log-level=none:keyint=50 "+fast)
	s := open(t, set{now: epoch})
	at := epoch
	for _, f := range []footage{large, small, large, other} {
		s.begin("cam", f)
		s.shoot("cam", f, 0, at)
		at = at.Add(f.length)
	}
	s.settle("cam", large)
	clip, data := s.clip("cam", epoch.Add(time.Second), epoch.Add(time.Hour))
	if l := probe(t, data); l.Frames["video"] != 875 {
		t.Errorf("%d pictures, want 875", l.Frames["video"])
	}
	if clip.Short == "" || !clip.To.Equal(epoch.Add(36*time.Second)) || len(clip.Holes) > 0 {
		t.Errorf("it ends %v because %q, with holes %v", clip.To, clip.Short, clip.Holes)
	}
	clip, data = s.clip("cam", clip.To, epoch.Add(time.Hour))
	if l := probe(t, data); l.Frames["video"] != 300 || l.Codecs[0] != "hevc" {
		t.Errorf("the rest: %+v", l)
	}
	if clip.Short != "" {
		t.Errorf("the rest ends because %q", clip.Short)
	}
}

// TestClockIsSet holds that recordings are found by the time on the clock
// although that is set, or the camera's runs away, while they are made.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	f := film(t, picture+"-c:v libx264 -g 25 -bf 0 "+fast)
	for _, c := range []struct {
		name string
		at   func(dts time.Duration) time.Duration // arrival
		want []int                                 // beginnings and ends in seconds, in pairs
	}{
		{"set forward an hour", func(dts time.Duration) time.Duration {
			if dts >= 24*time.Second {
				return dts + time.Hour
			}
			return dts
		}, []int{0, 40, 3640, 3660}},
		{"set back an hour", func(dts time.Duration) time.Duration {
			if dts >= 24*time.Second {
				return dts - time.Hour
			}
			return dts
		}, []int{-3570, -3540, 0, 30}},
		{"a stall of the network", func(dts time.Duration) time.Duration {
			if dts >= 24*time.Second && dts < 31*time.Second {
				return 31 * time.Second
			}
			return dts
		}, []int{0, 60}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, set{now: epoch})
			s.begin("cam", f)
			for round := range 5 {
				at := time.Duration(round) * f.length
				for _, u := range f.units {
					u.DTS, u.PTS = u.DTS+at, u.PTS+at
					u.Arrived = epoch.Add(c.at(u.DTS))
					s.scripts["cam"].items <- video.Item{Unit: u}
				}
			}
			s.settle("cam", f)
			list, err := s.rec.Intervals("cam", epoch.Add(-2*time.Hour), epoch.Add(2*time.Hour))
			if err != nil || len(list)*2 != len(c.want) {
				t.Fatalf("intervals %v, %v, want %v", list, err, c.want)
			}
			for i, got := range list {
				from, to := got.From.Sub(epoch), got.To.Sub(epoch)
				if math.Abs(from.Seconds()-float64(c.want[2*i])) > 2 || math.Abs(to.Seconds()-float64(c.want[2*i+1])) > 2 {
					t.Errorf("interval %d is %v–%v, want %v–%v s", i, from, to, c.want[2*i], c.want[2*i+1])
				}
			}
			total := 0
			for _, got := range list {
				_, data := s.clip("cam", got.From, got.To)
				total += probe(t, data).Frames["video"]
			}
			if total != 1500 {
				t.Errorf("%d pictures in all clips, want 1500", total)
			}
		})
	}
}

// TestClipIsServed holds that a clip can be read from any place, as a browser
// reads it.
func TestClipIsServed(t *testing.T) {
	f := film(t, picture+tone+"-c:v libx264 -g 50 -bf 0 -c:a aac "+fast)
	s := open(t, set{Options: record.Options{Segment: 10 * time.Second}, now: epoch})
	s.begin("cam", f)
	for at := time.Duration(0); at < 3*f.length; at += f.length {
		s.shoot("cam", f, at, epoch.Add(at))
	}
	s.settle("cam", f)
	clip, data := s.clip("cam", epoch.Add(5*time.Second), epoch.Add(11*time.Second))
	again, err := s.rec.Clip("cam", epoch.Add(5*time.Second), epoch.Add(11*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.ETag != clip.ETag || len(clip.ETag) < 10 {
		t.Errorf("the same clip is once %s and once %s", clip.ETag, again.ETag)
	}
	if other, _ := s.clip("cam", epoch.Add(5*time.Second), epoch.Add(10*time.Second)); other.ETag == clip.ETag {
		t.Errorf("another clip is %s, too", other.ETag)
	}
	if err := iotest.TestReader(again, data); err != nil {
		t.Error(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Range", "bytes=1000-70000")
	w := httptest.NewRecorder()
	http.ServeContent(w, r, "clip.mp4", time.Time{}, again)
	if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), data[1000:70001]) {
		t.Errorf("a range of it: %d with %d bytes", w.Code, w.Body.Len())
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := again.Read(make([]byte, 1)); err == nil {
		t.Error("a closed clip can be read")
	}
}

func TestRefusals(t *testing.T) {
	s := open(t, set{Options: record.Options{MaxClip: time.Minute}, now: epoch})
	for _, c := range []struct {
		name     string
		id       string
		from, to time.Duration
		want     error
	}{
		{"too long", "cam", 0, 2 * time.Minute, record.ErrInterval},
		{"no length", "cam", 0, 0, record.ErrInterval},
		{"backwards", "cam", time.Second, 0, record.ErrInterval},
		{"nothing there", "cam", 0, time.Minute, record.ErrNoRecording},
		{"no such camera", "other", 0, time.Minute, record.ErrNoRecording},
		{"another folder", "../cam", 0, time.Minute, record.ErrNoRecording},
		{"no name", "", 0, time.Minute, record.ErrNoRecording},
	} {
		t.Run(c.name, func(t *testing.T) {
			clip, err := s.rec.Clip(c.id, epoch.Add(c.from), epoch.Add(c.to))
			if clip != nil || !errors.Is(err, c.want) {
				t.Errorf("%v, %v, want %v", clip, err, c.want)
			}
		})
	}
	if list, err := s.rec.Intervals("cam", epoch, epoch.Add(time.Hour)); err != nil || len(list) != 0 {
		t.Errorf("intervals of a camera that was not recorded yet: %v, %v", list, err)
	}
	s.stop()
	if _, err := s.rec.Intervals("cam", epoch, epoch.Add(time.Hour)); !errors.Is(err, record.ErrNotReady) {
		t.Errorf("intervals when it does not run: %v", err)
	}
	if v := s.rec.Values("other", epoch); v != nil {
		t.Errorf("values of a camera that is not to be recorded: %v", v)
	}
	var _ io.ReadSeekCloser = (*record.Clip)(nil)
}

// TestSoundIsWhole holds that no sound is lost between segments, although it
// comes later than the pictures it belongs to.
func TestSoundIsWhole(t *testing.T) {
	t.Parallel()
	const late = 300 * time.Millisecond
	f := film(t, picture+"-c:v libx264 -g 50 -bf 0 "+fast).
		with(video.Track{Codec: video.PCMU, SampleRate: 8000, Channels: 1}, 20*time.Millisecond, make([]byte, 160))
	s := open(t, set{Options: record.Options{Segment: 10 * time.Second}, now: epoch})
	s.begin("cam", f)
	var sound []video.Unit
	send := func(u video.Unit) { s.scripts["cam"].items <- video.Item{Unit: u} }
	for at := time.Duration(0); at < 2*f.length; at += f.length {
		for _, u := range f.units {
			u.DTS, u.PTS = u.DTS+at, u.PTS+at
			u.Arrived = epoch.Add(u.DTS)
			if u.Track == 1 {
				sound = append(sound, u)
				continue
			}
			send(u)
			for len(sound) > 0 && sound[0].DTS+late <= u.DTS {
				send(sound[0])
				sound = sound[1:]
			}
		}
	}
	for _, u := range sound {
		send(u)
	}
	s.settle("cam", f)
	clip, data := s.clip("cam", epoch, epoch.Add(time.Hour))
	if l := probe(t, data); l.Frames["audio"] != 1200 || l.Frames["video"] != 600 || l.First != 0 {
		t.Errorf("%+v, want 600 pictures from 0 on, and 1200 units of sound", l)
	}
	if !clip.From.Equal(epoch) || clip.To.Sub(epoch) != 24*time.Second {
		t.Errorf("it holds %v", clip.Interval)
	}
}

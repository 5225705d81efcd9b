package scene

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"citywatch/video/ffmpeg/ffmpegtest"
)

func TestWindowNeedsManyToClaimAndFewToGiveUp(t *testing.T) {
	h := hold{enter: 80, of: 100, leave: 5, within: 20}
	var w window
	push := func(n int, faulty bool) (held bool) {
		for range n {
			held = w.push(faulty, h)
		}
		return held
	}
	if push(79, true) {
		t.Error("claimed after 79 of 100")
	}
	if push(20, false) {
		t.Error("claimed after 79 of 99")
	}
	if !push(80, true) {
		t.Error("not claimed after 80 of 100")
	}
	if !push(14, false) {
		t.Error("given up while 6 of 20 were faulty")
	}
	if push(1, false) {
		t.Error("held while 5 of 20 were faulty")
	}
}

// feed judges the pictures, over and over, for so long.
func feed(j *Judge, pictures [][]byte, at *time.Time, d time.Duration) (l timeline) {
	for i := range int(d.Seconds() * perSecond) {
		j.Add(pictures[i%len(pictures)], *at)
		l = append(l, j.Verdict())
		*at = at.Add(halves(1))
	}
	return l
}

func last(l timeline) Picture { return l[len(l)-1].Picture }

func TestClaimsAreGivenUpWhenTheFaultIsOver(t *testing.T) {
	good := views(day(51, 3), 60)
	for _, bad := range []struct {
		want Picture
		scenery
	}{
		{Black, day(51, 0).with(after(0, each(func(float32) float32 { return 6 })))},
		{Covered, day(51, 0).with(after(0, hand))},
		{WashedOut, day(51, 0).with(after(0, each(func(v float32) float32 { return v + 240 })))},
		{Moved, withLook(day(51, 3), sharpFrom(0, 90, 0))},
	} {
		t.Run(string(bad.want), func(t *testing.T) {
			t.Parallel()
			j, at := NewJudge(sizeFor(viewW, viewH)), start
			know(j, good, &at, 11*time.Minute)
			feed(j, good, &at, 15*time.Second)
			if got := last(feed(j, views(bad.scenery, 40), &at, 80*time.Second)); got != bad.want {
				t.Fatalf("%s, want %s", got, bad.want)
			}
			v := j.Verdict()
			if v.Activity != nil {
				t.Errorf("activity %v of a picture that is %s", *v.Activity, bad.want)
			}
			if got := last(feed(j, good, &at, 40*time.Second)); got != OK {
				t.Errorf("%s when all is well again", got)
			}
			if v := j.Verdict(); v.Activity == nil {
				t.Error("no activity when all is well again")
			}
		})
	}
}

func TestNothingIsSaidTooEarlyOrAfterAGap(t *testing.T) {
	good := views(day(52, 3), 60)
	j, at := NewJudge(sizeFor(viewW, viewH)), start
	if v := j.Verdict(); !v.At.IsZero() || v.Picture != "" || v.Brightness != nil || v.Activity != nil {
		t.Errorf("before the first picture: %+v", v)
	}
	l := feed(j, good, &at, 30*time.Second)
	if l[0].Picture != "" || l[0].Brightness == nil || l[judgeLeast-2].Picture != "" || l[judgeLeast-1].Picture != OK {
		t.Errorf("the first said: %q %q %q", l[0].Picture, l[judgeLeast-2].Picture, l[judgeLeast-1].Picture)
	}
	if l[judgeLeast-1].Activity != nil || l[judgeLeast].Activity == nil {
		t.Error("activity is to be known from the 20th comparison on")
	}
	at = at.Add(time.Minute)
	if l = feed(j, good, &at, 11*time.Second); l[0].Picture != "" || l[0].Activity != nil || last(l) != OK {
		t.Errorf("after a gap: %q, activity %v, then %q", l[0].Picture, l[0].Activity, last(l))
	}
	// The clock is set back.
	at = at.Add(-time.Hour)
	if l = feed(j, good, &at, 11*time.Second); l[0].Picture != "" || last(l) != OK {
		t.Errorf("after the clock was set back: %q, then %q", l[0].Picture, last(l))
	}
}

func TestTheNightIsLearnedAsASecondLook(t *testing.T) {
	j, at := NewJudge(sizeFor(viewW, viewH)), start
	lights := func(s scenery) scenery { s.night, s.dark, s.lamps, s.noise = true, 14, 7, 4; return s }
	light, dark := views(day(53, 3), 40), views(lights(day(53, 2)), 40)
	for round := range 3 {
		if know(j, light, &at, 15*time.Minute) {
			t.Errorf("round %d: moved by day", round)
		}
		if know(j, dark, &at, 15*time.Minute) {
			t.Errorf("round %d: moved by night", round)
		}
		at = at.Add(10 * time.Hour)
	}
	if n := j.place.ripe(); n != 2 {
		t.Errorf("%d looks are known, want that of the day and that of the night", n)
	}
}

// TestTurnedAwayIsBelievedOfAKnownCamera shows a view of other houses, which
// may be the first night for all that is known of a new camera.
func TestTurnedAwayIsBelievedOfAKnownCamera(t *testing.T) {
	usual, away := views(day(57, 3), 40), views(withLook(day(58, 3), sharpFrom(0, -100, -150)), 40)
	for _, known := range []bool{false, true} {
		j, at := NewJudge(sizeFor(viewW, viewH)), start
		know(j, usual, &at, 11*time.Minute)
		if known {
			at = at.Add(25 * time.Hour)
			know(j, usual, &at, time.Minute)
		}
		if know(j, away, &at, 4*time.Minute) {
			t.Errorf("known %v: moved after four minutes", known)
		}
		if moved := know(j, away, &at, 2*time.Minute); moved != known {
			t.Errorf("known %v: moved %v after six minutes", known, moved)
		}
	}
}

func TestWhereACameraStaysIsWhereItLooks(t *testing.T) {
	j, at := NewJudge(sizeFor(viewW, viewH)), start
	know(j, views(day(54, 3), 40), &at, 11*time.Minute)
	turned := views(withLook(day(54, 3), sharpFrom(0, 100, 20)), 40)
	if !know(j, turned, &at, 11*time.Minute) {
		t.Fatal("not moved")
	}
	at = at.Add(6 * time.Hour)
	if know(j, turned, &at, 2*time.Minute) {
		t.Error("moved after six hours, want that it is taken for where it looks")
	}
}

// TestFarLongerStillThanEver has a coder that lets no noise through, so that
// only time tells.
func TestFarLongerStillThanEver(t *testing.T) {
	silent := scenery{seed: 55, cars: 2, clock: true}
	live := views(silent, 60)
	still := views(withSeenAt(silent, frozenFrom(0)), 60)
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint(known), func(t *testing.T) {
			t.Parallel()
			k, at := newStill(sizeFor(viewW, viewH)), start
			watch := func(pictures [][]byte, d time.Duration) (frozen bool) {
				for i := range int(d.Seconds() * perSecond) {
					frozen = k.add(pictures[i%len(pictures)], 110, at)
					at = at.Add(halves(1))
				}
				return frozen
			}
			watch(live, 10*time.Second)
			if known {
				at = at.Add(25 * time.Hour)
			}
			watch(live, 20*time.Second) // too few to know its hiss
			if got := watch(still, 16*time.Minute); got != known {
				t.Errorf("frozen after 16 minutes: %v", got)
			}
			if watch(live, 20*time.Second) {
				t.Error("frozen when it lives again")
			}
		})
	}
}

// TestMovingPatternsAreOK shows what ffmpeg draws by itself.
func TestMovingPatternsAreOK(t *testing.T) {
	path := ffmpegtest.FFmpeg(t)
	s := sizeFor(viewW, viewH)
	for _, filter := range []string{
		"mandelbrot=size=640x360:rate=2:end_pts=400",
		"life=size=320x180:rate=2:mold=10:ratio=0.3:life_color=#e0e0e0:death_color=#303030,scale=640:360",
		"cellauto=size=320x180:rate=2:rule=110,scale=640:360",
		"gradients=size=640x360:rate=2:nb_colors=5:speed=0.05,drawgrid=w=80:h=60:c=black",
		"testsrc2=size=640x360:rate=2,noise=alls=12:allf=t",
	} {
		t.Run(filter[:4], func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(path, "-v", "error", "-nostdin", "-f", "lavfi", "-i", filter, "-t", "60",
				"-vf", fmt.Sprintf("scale=%d:%d:flags=area,format=gray", s.w, s.h), "-f", "rawvideo", "pipe:1").Output()
			if err != nil {
				t.Fatal(err)
			}
			j, at := NewJudge(s), start
			for ; len(out) >= s.pixels(); out = out[s.pixels():] {
				j.Add(out[:s.pixels()], at)
				at = at.Add(halves(1))
				if p := j.Verdict().Picture; p != "" && p != OK {
					t.Fatalf("%s after %v", p, at.Sub(start))
				}
			}
			v := j.Verdict()
			if v.Activity == nil || *v.Activity < 0.01 {
				t.Errorf("activity %v of what moves all over", v.Activity)
			} else {
				t.Logf("activity %.3f", *v.Activity)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		w, h int
		want size
	}{
		{1920, 1080, size{160, 88}}, {640, 480, size{160, 120}}, {1080, 1920, size{88, 160}}, {704, 576, size{160, 128}},
		{0, 0, size{160, 88}}, {10000, 10, size{160, 40}}, {10, 10000, size{40, 160}}, {1, 1, size{160, 160}},
	} {
		got := sizeFor(c.w, c.h)
		if got != c.want {
			t.Errorf("%dx%d: %v, want %v", c.w, c.h, got, c.want)
		}
		// Whatever the shape: a judge of it takes pictures.
		j := NewJudge(got)
		for i := range 30 {
			j.Add(make([]byte, got.pixels()), start.Add(halves(i)))
		}
	}
}

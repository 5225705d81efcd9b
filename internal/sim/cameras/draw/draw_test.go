package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestEverySceneLoops compares what moves in each scene at the end of the loop
// with its beginning. A frame's own grain differs anyway.
func TestEverySceneLoops(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.camera, func(t *testing.T) {
			// What the view does not show may be anywhere: who has left it on one
			// side comes in on the other.
			v := look(s.eye, s.target, s.degrees, 1)
			begin, end := seen(&v, s.actors(0)), seen(&v, s.actors(loop-1e-9))
			if len(begin) == 0 || len(begin) != len(end) {
				t.Fatalf("%d are seen at the beginning, %d at the end", len(begin), len(end))
			}
			for _, a := range begin {
				same := func(b actor) bool { return a.at.sub(b.at).length() < 0.01 && len(a.model) == len(b.model) }
				if !slices.ContainsFunc(end, same) {
					t.Errorf("what is at %v was not there just before", a.at)
				}
			}
			for y := range 20 {
				for x := range 20 {
					d := v.ray(float64(x*32)+0.5, float64(y*18)+0.5)
					if a, b := s.sky(d, 0), s.sky(d, loop-1e-9); differ(a, b) {
						t.Fatalf("the sky jumps towards %v", d)
					}
					if s.mist != nil && math.Abs(s.mist(s.eye, d, 900, 0)-s.mist(s.eye, d, 900, loop-1e-9)) > 1e-3 {
						t.Fatalf("the mist jumps towards %v", d)
					}
					if s.water != nil {
						p := vec{float64(x) * 7.3, -9, float64(y) * 5.1}
						if differ(s.water(0)[0].m(p, vec{}).albedo, s.water(loop - 1e-9)[0].m(p, vec{}).albedo) {
							t.Fatalf("the water jumps at %v", p)
						}
					}
				}
			}
		})
	}
}

func differ(a, b rgb) bool {
	return math.Abs(a.r-b.r)+math.Abs(a.g-b.g)+math.Abs(a.b-b.b) > 1e-3
}

// seen returns the actors that are in the picture.
func seen(v *view, all []actor) []actor {
	var in []actor
	for _, a := range all {
		l := v.local(a.at)
		x, y := v.onto(l)
		if l.z > 1 && l.z < 140 && x > 0 && y > 0 && x < width && y < height {
			in = append(in, a)
		}
	}
	return in
}

// TestEverySceneHasItsClip compares with what is committed.
func TestEverySceneHasItsClip(t *testing.T) {
	files, err := filepath.Glob("../clips/*.mp4")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{filepath.Join("../clips", freezes+".still.mp4"): true}
	for _, s := range scenes() {
		want[filepath.Join("../clips", s.camera+".mp4")] = true
	}
	for _, file := range files {
		if !want[file] {
			t.Errorf("nothing draws %s", file)
		}
		delete(want, file)
		if info, err := os.Stat(file); err != nil || info.Size() > 800_000 {
			t.Errorf("%s: %d bytes in every checkout and program (%v)", file, info.Size(), err)
		}
	}
	for file := range want {
		t.Errorf("%s is missing: run go generate in the folder above", file)
	}
}

// TestAPicture draws a red square before the sky and finds it where it is.
func TestAPicture(t *testing.T) {
	s := &scene{
		eye: vec{0, 0, -10}, target: vec{}, degrees: 60, exposure: 1,
		light: light{sky: rgb{1, 1, 1}, earth: rgb{1, 1, 1}},
		sky:   func(vec, float64) rgb { return rgb{0, 0, 1} },
	}
	s.build = func(m *mesh) {
		m.quad(vec{-1, -1, 0}, vec{1, -1, 0}, vec{1, 1, 0}, vec{-1, 1, 0}, plain(0xff0000))
	}
	picture := newStage(s, 1).frame(0, 0)
	at := func(x, y int) (r, b byte) { return picture[3*(y*width+x)], picture[3*(y*width+x)+2] }
	// A metre is 640/2/tan(30°)/10 = 55 pixels.
	for _, c := range []struct {
		x, y int
		red  bool
	}{{320, 180, true}, {320 + 53, 180 - 53, true}, {320 + 58, 180, false}, {320, 180 - 58, false}, {5, 5, false}} {
		if r, b := at(c.x, c.y); (r > b) != c.red {
			t.Errorf("at %d, %d there is red %d and blue %d", c.x, c.y, r, b)
		}
	}
}

// TestWhatIsBehindTheCameraIsCutOff draws a floor that goes on behind it.
func TestWhatIsBehindTheCameraIsCutOff(t *testing.T) {
	v := look(vec{0, 2, 0}, vec{0, 2, 10}, 60, 1)
	samples := map[int]int{}
	var m mesh
	m.quad(vec{-50, 0, -50}, vec{50, 0, -50}, vec{50, 0, 50}, vec{-50, 0, 50}, plain(0xffffff))
	for _, f := range m {
		eachVisible(&v, f.p, func(s span) {
			p := s.blend(f.p)
			if math.Abs(p.y) > 1e-6 || s.depth < near || math.Abs(v.local(p).z-s.depth) > 1e-6 {
				t.Fatalf("sample %d is %v, so deep: %v", s.index, p, s.depth)
			}
			samples[s.index]++
		})
	}
	if n := len(samples); n < width*height*4/10 || n > width*height/2 {
		t.Errorf("the floor covers %d of %d samples: not about the lower half", n, width*height)
	}
}

// TestNobodyRunsTheLight follows one who must wait and one who need not.
func TestNobodyRunsTheLight(t *testing.T) {
	last := math.Inf(-1)
	for at := -20.0; at < 30; at += 0.05 {
		s := drive(at, -4, 6, 9.5, 5)
		if s < last-1e-9 || s-last > 9.6*0.05 && !math.IsInf(last, -1) {
			t.Fatalf("at %.2f s it goes from %.2f to %.2f", at, last, s)
		}
		if at < 6 && s > -5+1e-9 {
			t.Fatalf("at %.2f s it is at %.2f, past the line, and the light is red", at, s)
		}
		last = s
	}
	if s := drive(7, 7, 0, 9.5, 5); s != 0 {
		t.Errorf("with green it is at %v when it is due at the line", s)
	}
	for at := 0.0; at < loop; at += 0.1 {
		if signalAt(at, false) != red && signalAt(at, true) != red {
			t.Fatalf("at %.1f s both roads may go", at)
		}
	}
}

func TestCurve(t *testing.T) {
	c := through(vec{0, 0, 0}, vec{10, 1, 30}, vec{0, 3, 60}, vec{-20, 3, 80})
	for s := 5.0; s < c.long()-5; s += 3.1 {
		for _, side := range []float64{-4, 0.5, 3} {
			p, _ := c.beside(s, side)
			along, _, right := c.near(p.x, p.z)
			if math.Abs(along-s) > 1.5 || math.Abs(right-side) > 0.3 {
				t.Errorf("%.1f m along and %.1f beside is %v, which is %.1f along and %.1f beside", s, side, p, along, right)
			}
		}
	}
}

func TestNoise(t *testing.T) {
	for i := range 200 {
		x, y := float64(i)*0.37-20, float64(i)*0.11
		if d := noiseOver(x, y, 6) - noiseOver(x+6, y, 6); math.Abs(d) > 1e-9 {
			t.Errorf("at %v, %v it does not repeat: %v", x, y, d)
		}
		if k := fractal(x, y, 5); k < 0 || k > 1 {
			t.Errorf("%v is not between 0 and 1", k)
		}
	}
}

package scene

import (
	"math"
	"slices"
	"testing"

	"citywatch/video/ffmpeg/ffmpegtest"
)

// truth returns, for each picture but the first, the share of the view that
// really differs from half a second before: without noise, captions, or changes
// of light. A picture is shown each step seconds.
func (c *scenario) truth(step float64) []float64 {
	bare := c.scenery
	bare.noise, bare.clock, bare.change = 0, false, nil
	bare.rng = nil
	var shares []float64
	now, before := make([]byte, viewW*viewH), make([]byte, viewW*viewH)
	for i := range int(c.seconds / step) {
		bare.render(now, float64(i)*step)
		if i > 0 {
			shares = append(shares, differing(now, before))
		}
		now, before = before, now
	}
	return shares
}

//go:norace
func differing(now, before []byte) float64 {
	n := 0
	for i, p := range now {
		if abs(int(p)-int(before[i])) > 8 {
			n++
		}
	}
	return float64(n) / float64(len(now))
}

// shares are what is measured of the same.
func shares(pictures [][]byte) []float64 {
	m := newMotion(sizeFor(viewW, viewH))
	var found []float64
	for i, pix := range pictures {
		m.add(pix, start.Add(halves(i)))
		if i > 0 {
			found = append(found, float64(m.shares[(m.n-1)%shareCount]))
		}
	}
	return found
}

// auc is the chance that a picture in which something moves is measured to
// move more than one in which nothing does.
func auc(truth, found []float64) (area float64, moving, still int) {
	wins, pairs := 0.0, 0
	for i, a := range truth {
		if a < 0.002 { // less than half a person nearby
			still++
			continue
		}
		moving++
		for j, b := range truth {
			if b > 0 {
				continue
			}
			pairs++
			switch {
			case found[i] > found[j]:
				wins++
			case found[i] == found[j]:
				wins += 0.5
			}
		}
	}
	return wins / float64(pairs), moving, still
}

// correlation is that of the ranks.
func correlation(a, b []float64) float64 {
	ranks := func(v []float64) []float64 {
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int {
			return int(math.Copysign(1, v[i]-v[j])) * b2i(v[i] != v[j])
		})
		r := make([]float64, len(v))
		for rank, i := range order {
			r[i] = float64(rank)
		}
		return r
	}
	ra, rb := ranks(a), ranks(b)
	n := float64(len(a))
	sum := 0.0
	for i := range ra {
		sum += (ra[i] - rb[i]) * (ra[i] - rb[i])
	}
	return 1 - 6*sum/(n*(n*n-1))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A street with traffic that comes and goes, and how well at least that is told
// from its empty stretches. Where the coder is overwhelmed by noise, each key
// frame differs from the frames before it.
type street struct {
	scenario
	seen, coded float64
}

func traffic() []street {
	light := exposure(func(t float64) float64 { return 1 + 0.25*math.Sin(t/3) + 0.15*math.Mod(math.Floor(t/11), 2) })
	one := func(s scenery) scenery { s.cars = 1; return s }
	return []street{
		{scenario{name: "by day", scenery: one(day(41, 1)), seconds: 80}, 0.98, 0.95},
		{scenario{name: "by day, the light changing", scenery: one(day(42, 1)).with(light), seconds: 80}, 0.98, 0.95},
		{scenario{name: "by night", scenery: night(43, 1, 4), seconds: 80}, 0.97, 0.97},
		{scenario{name: "much noise", scenery: scenery{seed: 44, cars: 1, noise: 12, clock: true}, seconds: 80}, 0.97, 0.7},
	}
}

func TestActivityFollowsWhatMoves(t *testing.T) {
	path := ffmpegtest.FFmpeg(t)
	for _, c := range traffic() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			every := math.Ceil(between.Seconds()*float64(*codedFPS)) / float64(*codedFPS)
			for _, by := range []struct {
				name     string
				pictures [][]byte
				step     float64
				least    float64
			}{{"seen", c.scenario.seen(), 1.0 / perSecond, c.seen}, {"coded", c.scenario.coded(t, path), every, c.coded}} {
				truth := c.truth(by.step)
				found := shares(by.pictures)
				n := min(len(found), len(truth))
				area, moving, still := auc(truth[:n], found[:n])
				t.Logf(c.name+", %s: AUC %.3f over %d moving and %d still pictures, rank correlation %.2f",
					by.name, area, moving, still, correlation(truth[:n], found[:n]))
				if moving < 30 || still < 30 {
					t.Fatalf("%d moving and %d still pictures prove nothing", moving, still)
				}
				if area < by.least {
					t.Errorf("%s: AUC %.3f, want %v", by.name, area, by.least)
				}
			}
		})
	}
}

func TestActivityOfNothingAndOfEverything(t *testing.T) {
	s := sizeFor(viewW, viewH)
	quiet := scenario{scenery: day(45, 0), seconds: 60}
	m := newMotion(s)
	for i, pix := range quiet.seen() {
		m.add(pix, start.Add(halves(i)))
	}
	if index, known := m.index(); !known || index > 0.005 {
		t.Errorf("an empty street moves %.3f, known %v", index, known)
	}
	var streets [3][]byte
	for i := range streets {
		other := scenery{seed: uint64(100 + i), noise: 2}
		full := make([]byte, viewW*viewH)
		other.render(full, 0)
		streets[i] = shrunk(full, s)
	}
	for i := range 60 { // another street each time
		m.add(streets[i%len(streets)], start.Add(halves(200+i)))
	}
	if index, known := m.index(); !known || index < 0.6 || index > 1 {
		t.Errorf("when everything moves it is %.3f, known %v", index, known)
	}
}

func TestAFlashIsNoActivity(t *testing.T) {
	c := scenario{scenery: day(46, 0).with(func(pix []float32, t float64) {
		if t == 20 {
			scale(pix, 0, 0)
			fill(pix, viewW, 100, 100, 300, 200, 250)
		}
	}), seconds: 40}
	m := newMotion(sizeFor(viewW, viewH))
	most := 0.0
	for i, pix := range c.seen() {
		m.add(pix, start.Add(halves(i)))
		index, _ := m.index()
		most = max(most, index)
	}
	if most > 0.12 {
		t.Errorf("one torn picture counts %.3f", most)
	}
}

func TestActivityNeedsPicturesHalfASecondApart(t *testing.T) {
	c := scenario{scenery: day(47, 4), seconds: 30}
	m := newMotion(sizeFor(viewW, viewH))
	for i, pix := range c.seen() {
		m.add(pix, start.Add(4*halves(i)))
	}
	if index, known := m.index(); known {
		t.Errorf("%.3f of pictures two seconds apart", index)
	}
}

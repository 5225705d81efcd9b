package scene

import (
	"testing"
	"time"
)

var start = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

const perSecond = 2

// halves is so many half seconds.
func halves(n int) time.Duration { return time.Duration(n) * time.Second / perSecond }

// A timeline is what was said of a scenario, picture by picture.
type timeline []Verdict

// said returns the judgements in their order, each with how long after the
// begin it was first made.
func (l timeline) said() (pictures []Picture, at []float64) {
	for i, v := range l {
		if v.Picture != "" && (len(pictures) == 0 || pictures[len(pictures)-1] != v.Picture) {
			pictures, at = append(pictures, v.Picture), append(at, float64(i)/perSecond)
		}
	}
	return pictures, at
}

// know has the judge look at the place for so long, as often as it does in
// service, and at nothing else. It returns whether it was last found elsewhere.
func know(j *Judge, pictures [][]byte, at *time.Time, d time.Duration) (moved bool) {
	j.calm.n = 0
	for i := range int(d / lookEvery) {
		j.calm.add(pictures[i%len(pictures)])
		f := measure(pictures[i%len(pictures)], j.calm)
		moved = j.place.add(j.calm, f.structure, *at)
		*at = at.Add(lookEvery)
	}
	return moved
}

// views are some pictures of a scenery.
func views(s scenery, n int) [][]byte {
	c := scenario{scenery: s, seconds: float64(n) / perSecond}
	return c.seen()
}

// watch judges a scenario's pictures; before, it lets the judge get to know the
// camera.
func watch(c *scenario, pictures [][]byte) timeline {
	s := sizeFor(viewW, viewH)
	j := NewJudge(s)
	at := start
	tick := func() { at = at.Add(time.Second / perSecond) }
	if c.known > 0 {
		know(j, views(c.scenery, 40), &at, c.known)
	}
	if c.knownLong {
		at = at.Add(25 * time.Hour)
	}
	var l timeline
	for _, pix := range pictures {
		j.Add(pix, at)
		l = append(l, j.Verdict())
		tick()
	}
	return l
}

// seen are the scenario's pictures as the sensor sees them.
func (c *scenario) seen() [][]byte {
	s := sizeFor(viewW, viewH)
	full := make([]byte, viewW*viewH)
	pictures := make([][]byte, int(c.seconds*perSecond))
	for i := range pictures {
		c.render(full, float64(i)/perSecond)
		pictures[i] = shrunk(full, s)
	}
	return pictures
}

// check holds a timeline against what is to be said, and returns after how
// many seconds of the fault it was claimed.
func check(t *testing.T, c *scenario, l timeline) (after float64) {
	t.Helper()
	pictures, at := l.said()
	want := []Picture{OK}
	if c.want != OK && c.want != "" {
		want = append(want, c.want)
	}
	if len(pictures) != len(want) {
		t.Errorf("%s: said %v at %v s, want %v", c.name, pictures, at, want)
		return 0
	}
	for i := range want {
		if pictures[i] != want[i] {
			t.Errorf("%s: said %v at %v s, want %v", c.name, pictures, at, want)
			return 0
		}
	}
	if len(want) == 1 {
		return 0
	}
	after = at[1] - c.from
	if after < 0 || after > c.within {
		t.Errorf("%s: said %s %v s after it began, want 0 to %v", c.name, c.want, after, c.within)
	}
	return after
}

func TestHealthyScenesAreOK(t *testing.T) {
	for _, c := range quick(healthy()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			check(t, &c, watch(&c, c.seen()))
		})
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, c := range quick(faulty()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			after := check(t, &c, watch(&c, c.seen()))
			t.Logf("claimed %s after %v s", c.want, after)
		})
	}
}

package scene

import (
	"math"
	"time"
)

// place knows how the camera's view looks, and tells when it looks elsewhere.
//
// It learns the edges of what does not move, as a slow median: apart by day
// and by night, for the same street has other edges then. Now and then it
// looks whether the edges still lie where they did. When they are found again
// beside their place, the camera was turned; when they are found nowhere, it
// was turned away, but that is believed only once the camera has been known for
// a day: before, it may be the first night.
type place struct {
	g     grid
	now   []float32 // the edges at present, less those around them
	sums  []float32 // scratch of now: of all edges above and to the left
	looks [looksKept]*look
	// strange is the look that is learned while none of the others fits.
	strange *look
	first   time.Time // when the first look was begun
	usual   float64   // the structure that pictures of this camera have
}

// A look is the edges of one view, as they were learned.
type look struct {
	edges []float32
	n     int // how often it was seen
	since time.Time
	seen  time.Time
}

// A grid is half as fine as the small picture, without its captions.
type grid struct{ w, h, top int }

const (
	looksKept = 3 // day, night, and dusk

	// lookEvery is how often the place is looked at.
	lookEvery = 5 * time.Second
	// looksRipe is how often a look is seen before it is relied on: ten
	// minutes.
	looksRipe = 120
	// knownAfter is how long a camera must be known, before a view that is
	// nowhere like it counts as turned away.
	knownAfter = 24 * time.Hour
	// strangeAfter is for how long a camera that is known must look so.
	strangeAfter = 5 * time.Minute
	// acceptAfter is how long a camera looks elsewhere before that is where
	// it looks.
	acceptAfter = 6 * time.Hour

	alike     = 0.4  // from here on it is the same view
	unlike    = 0.2  // up to here it is another
	shifted   = 0.4  // so alike must it be beside its place
	betterBy  = 0.2  // and by so much more than at its place
	around    = 4    // cells on each side, whose edges count as the place's own
	leastMove = 3    // cells: a twenty-seventh of the width
	edgeMost  = 48   // one strong edge, of a lamp, counts no more than this
	medianBy  = 0.25 // by how much the median follows each time
	averageOf = 20   // until then it is an average
	leastEdge = 0.01 // structure below which there is nothing to know again
)

func newPlace(s size) *place {
	top := s.margin() / 2
	p := &place{g: grid{w: s.w / 2, h: s.h/2 - 2*top, top: top}}
	p.now = make([]float32, p.g.w*p.g.h)
	p.sums = make([]float32, (p.g.w+1)*(p.g.h+1))
	for i := range p.looks {
		p.looks[i] = &look{edges: make([]float32, len(p.now))}
	}
	p.strange = &look{edges: make([]float32, len(p.now))}
	return p
}

// add looks at the picture and returns whether the camera looks elsewhere than
// it did.
func (p *place) add(c *calm, structure float64, at time.Time) (moved bool) {
	if structure < leastEdge || structure < p.usual/4 {
		return false // nothing to be seen: others judge that
	}
	p.take(c)
	best, fit := p.fitting()
	if fit >= alike {
		p.learn(best, at)
		p.usual += (structure - p.usual) / float64(min(best.n, looksRipe))
		p.strange.n = 0
		return false
	}
	p.learnStrange(at)
	strangeFor := at.Sub(p.strange.since)
	known := !p.first.IsZero() && at.Sub(p.first) >= knownAfter
	switch free := p.free(); {
	case p.ripe() == 0:
		if p.strange.n >= averageOf {
			p.accept(p.looks[0])
			p.first = at
		}
		return false
	case p.strange.n >= looksRipe && strangeFor >= acceptAfter:
		p.accept(p.oldest())
		return false
	case p.turned():
		return true
	case !known && free != nil:
		if p.strange.n >= looksRipe {
			p.accept(free)
		}
		return false
	}
	return known && fit < unlike && strangeFor >= strangeAfter
}

// fitting returns the look that the present edges fit best where they are, to
// within a cell.
func (p *place) fitting() (best *look, fit float64) {
	for _, l := range p.looks {
		if l.n == 0 {
			continue
		}
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if f := p.g.likeness(l.edges, p.now, dx, dy); best == nil || f > fit {
					best, fit = l, f
				}
			}
		}
	}
	return best, fit
}

// turned reports whether the edges of a look that is relied on are found
// beside their place.
func (p *place) turned() bool {
	for _, l := range p.looks {
		if l.n < looksRipe {
			continue
		}
		here := p.g.likeness(l.edges, p.now, 0, 0)
		fit, dx, dy := p.search(l)
		if fit >= shifted && fit >= here+betterBy && max(abs(dx), abs(dy)) >= leastMove {
			return true
		}
	}
	return false
}

// search returns where the edges of a look are found again, up to a third of
// the picture away.
func (p *place) search(l *look) (fit float64, dx, dy int) {
	const step = 2
	try := func(x, y int) {
		if f := p.g.likeness(l.edges, p.now, x, y); f > fit {
			fit, dx, dy = f, x, y
		}
	}
	for y := -p.g.h / 3; y <= p.g.h/3; y += step {
		for x := -p.g.w / 3; x <= p.g.w/3; x += step {
			try(x, y)
		}
	}
	cx, cy := dx, dy
	for y := cy - 1; y <= cy+1; y++ {
		for x := cx - 1; x <= cx+1; x++ {
			try(x, y)
		}
	}
	return fit, dx, dy
}

// likeness is the correlation of a with b moved back by dx, dy, from -1 to 1,
// where they overlap.
func (g grid) likeness(a, b []float32, dx, dy int) float64 {
	var n, sa, sb, saa, sbb, sab float64
	for y := max(0, -dy); y < min(g.h, g.h-dy); y++ {
		from, to := max(0, -dx), min(g.w, g.w-dx)
		ra, rb := a[y*g.w+from:y*g.w+to], b[(y+dy)*g.w+from+dx:]
		var ta, tb, taa, tbb, tab float32
		for i, va := range ra {
			vb := rb[i]
			ta, tb, taa, tbb, tab = ta+va, tb+vb, taa+va*va, tbb+vb*vb, tab+va*vb
		}
		n += float64(len(ra))
		sa, sb, saa, sbb, sab = sa+float64(ta), sb+float64(tb), saa+float64(taa), sbb+float64(tbb), sab+float64(tab)
	}
	va, vb := saa-sa*sa/n, sbb-sb*sb/n
	if va <= n || vb <= n { // too even to be like anything
		return 0
	}
	return (sab - sa*sb/n) / math.Sqrt(va*vb)
}

// take computes the present edges: where there are more and where fewer than
// around. That there are many below and none in the sky is so wherever a
// camera looks.
func (p *place) take(c *calm) {
	g, stride := p.g, p.g.w+1
	for y := range g.h {
		sum := float32(0)
		for x := range g.w {
			v := edgeAt(c, 2*x, 2*(y+g.top))
			p.now[y*g.w+x] = v
			sum += v
			p.sums[(y+1)*stride+x+1] = p.sums[y*stride+x+1] + sum
		}
	}
	for y := range g.h {
		y0, y1 := max(0, y-around), min(g.h, y+around+1)
		for x := range g.w {
			x0, x1 := max(0, x-around), min(g.w, x+around+1)
			sum := p.sums[y1*stride+x1] - p.sums[y0*stride+x1] - p.sums[y1*stride+x0] + p.sums[y0*stride+x0]
			p.now[y*g.w+x] -= sum / float32((y1-y0)*(x1-x0))
		}
	}
}

// edgeAt is the strongest edge of the four pixels from x, y on.
func edgeAt(c *calm, x, y int) float32 {
	strong := 0
	for j := max(y, 1); j < min(y+2, c.s.h-1); j++ {
		for i := max(x, 1); i < min(x+2, c.s.w-1); i++ {
			strong = max(strong, c.slope(j*c.s.w+i))
		}
	}
	return float32(min(strong, edgeMost))
}

// learn lets a look follow the present edges: first as their average, then as
// their median, that what passes does not change.
func (p *place) learn(l *look, at time.Time) {
	if l.n == 0 {
		l.since = at
	}
	l.n++
	l.seen = at
	if l.n <= averageOf {
		for i, v := range p.now {
			l.edges[i] += (v - l.edges[i]) / float32(l.n)
		}
		return
	}
	for i, v := range p.now {
		switch d := v - l.edges[i]; {
		case d > medianBy:
			l.edges[i] += medianBy
		case d < -medianBy:
			l.edges[i] -= medianBy
		}
	}
}

// learnStrange learns a view that is none of the known ones; from the
// beginning when it changes.
func (p *place) learnStrange(at time.Time) {
	if p.strange.n > 0 && p.g.likeness(p.strange.edges, p.now, 0, 0) < alike {
		p.strange.n = 0
	}
	p.learn(p.strange, at)
}

// accept makes the strange view that of l.
func (p *place) accept(l *look) {
	l.edges, p.strange.edges = p.strange.edges, l.edges
	l.n, l.since, l.seen = p.strange.n, p.strange.since, p.strange.seen
	p.strange.n = 0
}

// ripe returns how many looks are relied on.
func (p *place) ripe() int {
	n := 0
	for _, l := range p.looks {
		if l.n >= looksRipe {
			n++
		}
	}
	return n
}

// free returns a look that nothing is known of yet; nil if there is none.
func (p *place) free() *look {
	for _, l := range p.looks {
		if l.n == 0 {
			return l
		}
	}
	return nil
}

// oldest returns the look that was not seen for the longest time.
func (p *place) oldest() *look {
	old := p.looks[0]
	for _, l := range p.looks[1:] {
		if l.n > 0 && (old.n == 0 || l.seen.Before(old.seen)) {
			old = l
		}
	}
	return old
}

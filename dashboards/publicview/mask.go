package publicview

import (
	"errors"
	"fmt"
	"image"
	"math"
)

// A Polygon is the corners of an area, as parts of the picture's width and
// height: 0, 0 is the upper left, 1, 1 the lower right.
type Polygon [][2]float64

// A Mask is what is not shown.
type Mask []Polygon

// The bounds of a mask: each polygon costs time for each picture.
const (
	maxPolygons = 20
	maxCorners  = 40
)

// ErrMask is in the error for a mask that cannot be painted.
var ErrMask = errors.New("not a mask")

func (m Mask) check() error {
	if len(m) > maxPolygons {
		return fmt.Errorf("%w: %d areas, more than %d", ErrMask, len(m), maxPolygons)
	}
	for i, p := range m {
		if len(p) < 3 || len(p) > maxCorners {
			return fmt.Errorf("%w: area %d has %d corners; 3 to %d make one", ErrMask, i+1, len(p), maxCorners)
		}
		for _, c := range p {
			for _, v := range c {
				if !(v >= 0 && v <= 1) { // which NaN is not either
					return fmt.Errorf("%w: a corner of area %d lies at %v; parts of the picture go from 0 to 1", ErrMask, i+1, c)
				}
			}
		}
	}
	return nil
}

// around is by how many pixels a mask is painted wider than it is drawn: what
// lies at its edge has bled into its neighbours when the picture was shrunk.
const around = 2

// paint covers what the mask covers; the picture's pixels begin at 0, 0. What crosses itself is covered on either
// side: rather too much than too little.
func (m Mask) paint(img *image.RGBA) {
	if len(m) == 0 {
		return
	}
	size := img.Bounds().Size()
	covered := make([]bool, size.X*size.Y)
	for _, p := range m {
		p.fill(covered, size)
		p.outline(covered, size)
	}
	covered = widen(covered, size, 1, size.X)
	covered = widen(covered, size, size.X, size.Y)
	for i, is := range covered {
		if is {
			copy(img.Pix[4*i:4*i+4], []byte{0x26, 0x2b, 0x30, 0xff})
		}
	}
}

// widen covers what lies around covered pixels too, in one direction: step is
// from one pixel to the next there, and n how many there are.
func widen(covered []bool, size image.Point, step, n int) []bool {
	out := make([]bool, len(covered))
	for i, is := range covered {
		if !is {
			continue
		}
		at := i % size.X
		if step > 1 {
			at = i / size.X
		}
		for d := max(-around, -at); d <= min(around, n-1-at); d++ {
			out[i+d*step] = true
		}
	}
	return out
}

// fill marks the pixels whose middle lies within, by the nonzero rule.
func (p Polygon) fill(covered []bool, size image.Point) {
	wind := make([]int, size.X+1)
	for y := range size.Y {
		at := float64(y) + 0.5
		clear(wind)
		for i := range p {
			a, b := p.corner(i, size), p.corner(i+1, size)
			if (a[1] <= at) == (b[1] <= at) {
				continue
			}
			x := a[0] + (at-a[1])*(b[0]-a[0])/(b[1]-a[1])
			first := min(max(int(math.Ceil(x-0.5)), 0), size.X)
			if a[1] < b[1] {
				wind[first]++
			} else {
				wind[first]--
			}
		}
		n := 0
		for x := range size.X {
			n += wind[x]
			if n != 0 {
				covered[y*size.X+x] = true
			}
		}
	}
}

// outline marks the pixels that the edges run through: an area may be thinner
// than a pixel.
func (p Polygon) outline(covered []bool, size image.Point) {
	for i := range p {
		a, b := p.corner(i, size), p.corner(i+1, size)
		steps := int(2*math.Max(math.Abs(b[0]-a[0]), math.Abs(b[1]-a[1]))) + 1
		for s := range steps + 1 {
			t := float64(s) / float64(steps)
			x := min(int(a[0]+t*(b[0]-a[0])), size.X-1)
			y := min(int(a[1]+t*(b[1]-a[1])), size.Y-1)
			covered[y*size.X+x] = true
		}
	}
}

// corner returns the ith corner in pixels.
func (p Polygon) corner(i int, size image.Point) [2]float64 {
	c := p[i%len(p)]
	return [2]float64{c[0] * float64(size.X), c[1] * float64(size.Y)}
}

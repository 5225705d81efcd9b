package geo

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// A segment is one line of a ring, with its western end first.
type segment struct {
	west, east orb.Point
}

// crossing returns where two lines of the ring cross, if any do. Lines that
// only touch do not: rings simplified for a map often touch themselves.
//
// Lines are compared only with those that begin before they end, from west to
// east: for the borders of real places that is little more than their number.
func crossing(ring orb.Ring) (orb.Point, bool) {
	segments := make([]segment, 0, len(ring))
	for i := 1; i < len(ring); i++ {
		s := segment{west: ring[i-1], east: ring[i]}
		if s.east[0] < s.west[0] {
			s.west, s.east = s.east, s.west
		}
		segments = append(segments, s)
	}
	slices.SortFunc(segments, func(a, b segment) int { return cmp.Compare(a.west[0], b.west[0]) })
	for i, a := range segments {
		for _, b := range segments[i+1:] {
			if b.west[0] > a.east[0] {
				break
			}
			if a.crosses(b) {
				return a.meet(b), true
			}
		}
	}
	return orb.Point{}, false
}

// crosses reports whether each segment's ends lie on either side of the other.
func (a segment) crosses(b segment) bool {
	if max(a.west[1], a.east[1]) < min(b.west[1], b.east[1]) || max(b.west[1], b.east[1]) < min(a.west[1], a.east[1]) {
		return false
	}
	return side(a, b.west)*side(a, b.east) < 0 && side(b, a.west)*side(b, a.east) < 0
}

// side returns 1, -1 or 0 as the point lies left of the segment, right of it,
// or in its line.
func side(s segment, p orb.Point) int {
	return cmp.Compare((s.east[0]-s.west[0])*(p[1]-s.west[1]), (s.east[1]-s.west[1])*(p[0]-s.west[0]))
}

// meet returns where the segments, which cross, do so.
func (a segment) meet(b segment) orb.Point {
	ax, ay := a.east[0]-a.west[0], a.east[1]-a.west[1]
	bx, by := b.east[0]-b.west[0], b.east[1]-b.west[1]
	along := ((b.west[0]-a.west[0])*by - (b.west[1]-a.west[1])*bx) / (ax*by - ay*bx)
	return orb.Point{a.west[0] + along*ax, a.west[1] + along*ay}
}

package geo

import "github.com/paulmach/orb"

// holds reports whether the shape holds the point: whether a ray to the east
// meets its border an odd number of times. A line meets the ray if it begins
// at or below it and ends above it, and lies truly east of the point; so of
// two shapes on either side of a line, one and only one holds a point on it.
func holds(shape orb.MultiPolygon, p orb.Point) bool {
	inside := false
	for _, polygon := range shape {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				if eastOf(ring[i-1], ring[i], p) {
					inside = !inside
				}
			}
		}
	}
	return inside
}

// eastOf reports whether the line crosses the ray from p to the east. It does
// not depend on the line's direction, bit for bit.
func eastOf(a, b, p orb.Point) bool {
	if (a[1] > p[1]) == (b[1] > p[1]) {
		return false
	}
	if a[1] > b[1] {
		a, b = b, a
	}
	return (b[0]-a[0])*(p[1]-a[1]) > (p[0]-a[0])*(b[1]-a[1])
}

// onBorder reports whether the point lies on a line of the shape.
func onBorder(shape orb.MultiPolygon, p orb.Point) bool {
	for _, polygon := range shape {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if p[0] < min(a[0], b[0]) || p[0] > max(a[0], b[0]) || p[1] < min(a[1], b[1]) || p[1] > max(a[1], b[1]) {
					continue
				}
				if (b[0]-a[0])*(p[1]-a[1]) == (p[0]-a[0])*(b[1]-a[1]) {
					return true
				}
			}
		}
	}
	return false
}

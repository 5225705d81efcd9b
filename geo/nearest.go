package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// earthRadius is the mean radius in metres (IUGG).
const earthRadius = 6371008.8

// A Near is a place as seen from a point.
type Near struct {
	Place
	// Distance is in metres.
	Distance float64
	// Bearing is the direction in which to set out, in degrees clockwise from
	// north, from 0 up to but not including 360.
	Bearing float64
}

// Nearest returns the k places nearest to the point for which keep returns
// true, or all such if there are fewer, nearest first, and of those at the
// same distance the one with the smaller id. A nil keep keeps all.
func (x *Index) Nearest(p orb.Point, k int, keep func(Place) bool) []Near {
	if k <= 0 || len(x.tree.nodes) == 0 || math.IsNaN(p[0]+p[1]) {
		return nil
	}
	s := search{tree: &x.tree, from: unit(p), k: min(k, len(x.tree.nodes)), keep: keep}
	s.visit(0, len(x.tree.nodes), 0)
	near := make([]Near, 0, len(s.found))
	for _, f := range s.found {
		place := x.tree.nodes[f.node].place
		near = append(near, Near{
			Place: place,
			// The angle of a chord c on the unit sphere is 2 asin(c/2).
			Distance: 2 * earthRadius * math.Asin(min(math.Sqrt(f.chord2)/2, 1)),
			Bearing:  bearing(p, place.Position),
		})
	}
	return near
}

// bearing returns the bearing from one point to another, from 0 to 360.
func bearing(from, to orb.Point) float64 {
	b := math.Mod(geo.Bearing(from, to)+360, 360)
	if b == 360 { // of a bearing so little below 0 that adding 360 lost it
		return 0
	}
	return b
}

// A vector is a point of the unit sphere. Distances between such points grow
// and shrink with those along great circles, everywhere: at the poles and
// across the date line, and a degree of longitude is as short as it should be.
type vector [3]float64

func unit(p orb.Point) vector {
	lon, lat := p[0]*math.Pi/180, p[1]*math.Pi/180
	return vector{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

// chord2 returns the square of the straight distance between two points.
func chord2(a, b vector) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// A tree is a k-d tree: the node in the middle of a range of nodes divides
// those before it from those behind it, by one coordinate, which changes from
// level to level.
type tree struct {
	nodes []treeNode
}

type treeNode struct {
	at    vector
	place Place
}

func newTree(places []Place) tree {
	t := tree{nodes: make([]treeNode, 0, len(places))}
	for _, p := range places {
		t.nodes = append(t.nodes, treeNode{at: unit(p.Position), place: p})
	}
	divide(t.nodes, 0)
	return t
}

// divide orders the nodes as a tree.
func divide(nodes []treeNode, axis int) {
	if len(nodes) < 2 {
		return
	}
	slices.SortFunc(nodes, func(a, b treeNode) int { return cmp.Compare(a.at[axis], b.at[axis]) })
	middle := len(nodes) / 2
	divide(nodes[:middle], (axis+1)%3)
	divide(nodes[middle+1:], (axis+1)%3)
}

// A search is one query of a tree.
type search struct {
	tree  *tree
	from  vector
	k     int
	keep  func(Place) bool
	found []hit // the best so far, nearest first, at most k
}

type hit struct {
	node   int
	chord2 float64
}

// visit searches the nodes from one up to but not including the other.
func (s *search) visit(from, to, axis int) {
	if from == to {
		return
	}
	middle := from + (to-from)/2
	s.offer(middle)
	across := s.from[axis] - s.tree.nodes[middle].at[axis]
	near, far := [2]int{from, middle}, [2]int{middle + 1, to}
	if across > 0 {
		near, far = far, near
	}
	s.visit(near[0], near[1], (axis+1)%3)
	// Beyond the dividing plane nothing is nearer than the plane is. Rounding
	// may make a chord seem shorter than that by a part in 10^15.
	if len(s.found) < s.k || across*across <= s.found[len(s.found)-1].chord2*(1+1e-12) {
		s.visit(far[0], far[1], (axis+1)%3)
	}
}

// offer puts the node among the best, if it is one of them.
func (s *search) offer(node int) {
	h := hit{node: node, chord2: chord2(s.from, s.tree.nodes[node].at)}
	if len(s.found) == s.k && s.compare(h, s.found[s.k-1]) >= 0 {
		return
	}
	if s.keep != nil && !s.keep(s.tree.nodes[node].place) {
		return
	}
	at, _ := slices.BinarySearchFunc(s.found, h, s.compare)
	if len(s.found) < s.k {
		s.found = append(s.found, hit{})
	}
	copy(s.found[at+1:], s.found[at:])
	s.found[at] = h
}

func (s *search) compare(a, b hit) int {
	return cmp.Or(cmp.Compare(a.chord2, b.chord2), cmp.Compare(s.tree.nodes[a.node].place.ID, s.tree.nodes[b.node].place.ID))
}

package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"citywatch"
)

// A Kind tells places apart.
type Kind string

// The kinds of places.
const (
	Device Kind = "device"
	Camera Kind = "camera"
)

// A Place is something that stands somewhere.
type Place struct {
	ID       string
	Kind     Kind
	Position orb.Point
}

// An Index answers what lies where. It never changes, so it is safe for
// concurrent use: when a device moves, build another and swap the pointer.
type Index struct {
	zones  []citywatch.Zone
	byID   map[string]int
	grid   grid
	inZone map[string][]Place
	tree   tree
}

// NewIndex returns an index of the zones and places, which it does not copy.
// Places at 0, 0 have no position and are left out.
func NewIndex(zones []citywatch.Zone, places []Place) *Index {
	x := &Index{zones: zones, byID: make(map[string]int, len(zones)), grid: newGrid(zones), inZone: map[string][]Place{}}
	for i := range zones {
		x.byID[zones[i].ID] = i
	}
	var placed []Place
	for _, p := range places {
		if p.Position == (orb.Point{}) || math.IsNaN(p.Position[0]+p.Position[1]) {
			continue
		}
		placed = append(placed, p)
		for _, z := range x.ZonesAt(p.Position) {
			x.inZone[z.ID] = append(x.inZone[z.ID], p)
		}
	}
	for _, in := range x.inZone {
		slices.SortFunc(in, func(a, b Place) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	}
	x.tree = newTree(placed)
	return x
}

// Zones returns all zones in their order. They must not be changed.
func (x *Index) Zones() []citywatch.Zone { return x.zones }

// Zone returns the zone of that id, and whether there is one.
func (x *Index) Zone(id string) (citywatch.Zone, bool) {
	i, ok := x.byID[id]
	if !ok {
		return citywatch.Zone{}, false
	}
	return x.zones[i], true
}

// ZoneAt returns the zone that holds the point, and whether there is one.
// Where zones overlap it is the first of them.
//
// A zone holds the border in its west and south, not that in its east and
// north: of two zones that share a border (the same points, in either
// direction) exactly one holds each point of it. A point on a border that is
// no other zone's border belongs to the zone.
func (x *Index) ZoneAt(p orb.Point) (citywatch.Zone, bool) {
	candidates := x.grid.at(p)
	for _, i := range candidates {
		if holds(x.zones[i].Geometry, p) {
			return x.zones[i], true
		}
	}
	for _, i := range candidates {
		if onBorder(x.zones[i].Geometry, p) {
			return x.zones[i], true
		}
	}
	return citywatch.Zone{}, false
}

// ZonesAt returns every zone that holds the point, in their order. See
// [Index.ZoneAt] for points on a border.
func (x *Index) ZonesAt(p orb.Point) []citywatch.Zone {
	var zones []citywatch.Zone
	for _, i := range x.grid.at(p) {
		if holds(x.zones[i].Geometry, p) {
			zones = append(zones, x.zones[i])
		}
	}
	if zones == nil {
		if z, ok := x.ZoneAt(p); ok {
			zones = append(zones, z)
		}
	}
	return zones
}

// InZone returns the places in the zone, sorted by kind and id. They must not
// be changed.
func (x *Index) InZone(id string) []Place { return x.inZone[id] }

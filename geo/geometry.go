package geo

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// A geometry is a GeoJSON geometry before it is examined.
type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

// A degree is a coordinate. Unlike float64 it refuses null, which
// encoding/json would take for 0.
type degree float64

// UnmarshalJSON reads a number.
func (d *degree) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("the coordinate %s is not a finite number", b)
	}
	*d = degree(f)
	return nil
}

// zone returns the geometry as a zone has it, and all that is wrong with it.
func (g *geometry) zone(extent orb.Bound) (orb.MultiPolygon, []fault) {
	if g == nil {
		return nil, []fault{{"no geometry", "draw the zone, or remove the feature"}}
	}
	var polygons [][][][]degree
	var err error
	switch g.Type {
	case "Polygon":
		polygons = make([][][][]degree, 1)
		err = json.Unmarshal(g.Coordinates, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(g.Coordinates, &polygons)
	default:
		return nil, []fault{{fmt.Sprintf("the geometry is a %s", g.Type), "a zone is a Polygon or a MultiPolygon"}}
	}
	if err != nil {
		return nil, []fault{{fmt.Sprintf("the coordinates are not those of a %s: %v", g.Type, err), "export the feature again"}}
	}
	var shape orb.MultiPolygon
	var faults []fault
	for _, rings := range polygons {
		polygon, found := polygonOf(rings)
		faults = append(faults, found...)
		shape = append(shape, polygon)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if len(shape) == 0 {
		return nil, []fault{{"the geometry is empty", "draw the zone, or remove the feature"}}
	}
	if f := placed(shape, extent); f != nil {
		return nil, []fault{*f}
	}
	for _, polygon := range shape {
		faults = append(faults, simple(polygon)...)
	}
	return shape, faults
}

// polygonOf returns the rings as a polygon, in the right-hand rule, and what
// is wrong with them one by one.
func polygonOf(rings [][][]degree) (orb.Polygon, []fault) {
	if len(rings) == 0 {
		return nil, []fault{{"the geometry is empty", "draw the zone, or remove the feature"}}
	}
	var polygon orb.Polygon
	var faults []fault
	for i, positions := range rings {
		ring := make(orb.Ring, 0, len(positions))
		for _, position := range positions {
			if len(position) < 2 {
				return nil, []fault{{fmt.Sprintf("%s: a position has %d numbers", ringName(i), len(position)), "a position is longitude, latitude"}}
			}
			ring = append(ring, orb.Point{float64(position[0]), float64(position[1])})
		}
		switch {
		case len(ring) < 4:
			faults = append(faults, fault{fmt.Sprintf("%s has %d points, less than 4", ringName(i), len(ring)), "a ring has at least three corners, and ends with its first point"})
		case ring[0] != ring[len(ring)-1]:
			faults = append(faults, fault{fmt.Sprintf("%s is not closed: it begins at %v and ends at %v", ringName(i), ring[0], ring[len(ring)-1]), "repeat the first point at the end"})
		case ring.Orientation() == 0:
			faults = append(faults, fault{ringName(i) + " has no area", "remove it"})
		case (ring.Orientation() == orb.CCW) != (i == 0):
			ring.Reverse()
		}
		polygon = append(polygon, ring)
	}
	return polygon, faults
}

// ringName names the i-th ring of a polygon for people.
func ringName(i int) string {
	if i == 0 {
		return "the outer ring"
	}
	return fmt.Sprintf("hole %d", i)
}

// placed reports what is wrong with the place of the shape: that it is
// swapped, not in degrees, or not in the extent.
func placed(shape orb.MultiPolygon, extent orb.Bound) *fault {
	degrees := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	if extent == (orb.Bound{}) {
		extent = degrees
	}
	var outside, swapped, points int
	var first orb.Point
	for _, polygon := range shape {
		for _, ring := range polygon {
			for _, p := range ring {
				points++
				if extent.Contains(p) {
					continue
				}
				if outside == 0 {
					first = p
				}
				outside++
				if extent.Contains(orb.Point{p[1], p[0]}) {
					swapped++
				}
			}
		}
	}
	switch {
	case outside == 0:
		return nil
	case swapped == points:
		return &fault{fmt.Sprintf("looks swapped: latitude before longitude, as at %v", first), "GeoJSON has the longitude first: swap all pairs"}
	case math.Abs(first[0]) > 360 || math.Abs(first[1]) > 360:
		return &fault{fmt.Sprintf("not in degrees: a point is %v", first), "these look like metres of a projection such as VN-2000 or UTM: export in WGS 84 (EPSG:4326)"}
	case !degrees.Contains(first):
		return &fault{fmt.Sprintf("no place on Earth: a point is %v", first), "a position is longitude (-180 to 180), latitude (-90 to 90)"}
	}
	return &fault{fmt.Sprintf("outside the province: %d of %d points, such as %v, lie beyond its extent, %v to %v", outside, points, first, extent.Min, extent.Max),
		"mend the point, or the extent in the configuration"}
}

// simple reports rings that cross themselves, and holes that are not in their
// shell.
func simple(polygon orb.Polygon) []fault {
	var faults []fault
	for i, ring := range polygon {
		if at, ok := crossing(ring); ok {
			faults = append(faults, fault{fmt.Sprintf("%s crosses itself near [%.5f %.5f]", ringName(i), at[0], at[1]), "mend it, for instance with \"fix geometries\" of QGIS"})
		}
		if i == 0 {
			continue
		}
		for _, p := range ring {
			if !planar.RingContains(polygon[0], p) {
				faults = append(faults, fault{fmt.Sprintf("%s lies outside the outer ring, at %v", ringName(i), p), "a hole is within its polygon; a part of its own is one more polygon of a MultiPolygon"})
				break
			}
		}
	}
	return faults
}

package geo

import (
	"math"

	"github.com/paulmach/orb"

	"citywatch"
)

// A grid finds the zones that may hold a point: for each of its cells it has
// those whose bounds touch the cell.
type grid struct {
	bound orb.Bound
	side  int // cells in each direction
	cells [][]int32
}

// newGrid returns the grid of the zones, with some four cells for each: with
// the 99 communes of a real province a point then has 3.6 candidates on
// average.
func newGrid(zones []citywatch.Zone) grid {
	if len(zones) == 0 {
		return grid{}
	}
	g := grid{bound: zones[0].Geometry.Bound(), side: 2 * int(math.Ceil(math.Sqrt(float64(len(zones)))))}
	bounds := make([]orb.Bound, len(zones))
	for i := range zones {
		bounds[i] = zones[i].Geometry.Bound()
		g.bound = g.bound.Union(bounds[i])
	}
	g.cells = make([][]int32, g.side*g.side)
	for i, b := range bounds {
		west, south := g.cell(b.Min)
		east, north := g.cell(b.Max)
		for y := south; y <= north; y++ {
			for x := west; x <= east; x++ {
				g.cells[y*g.side+x] = append(g.cells[y*g.side+x], int32(i))
			}
		}
	}
	return g
}

// cell returns the column and row of a point within the bound.
func (g *grid) cell(p orb.Point) (x, y int) {
	column := func(axis int) int {
		width := g.bound.Max[axis] - g.bound.Min[axis]
		if width == 0 {
			return 0
		}
		return min(max(int((p[axis]-g.bound.Min[axis])/width*float64(g.side)), 0), g.side-1)
	}
	return column(0), column(1)
}

// at returns the zones that may hold the point, in their order.
func (g *grid) at(p orb.Point) []int32 {
	if len(g.cells) == 0 || !g.bound.Contains(p) {
		return nil
	}
	x, y := g.cell(p)
	return g.cells[y*g.side+x]
}

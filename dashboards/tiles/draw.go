package tiles

import (
	"math"

	"citywatch"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
)

const (
	// extent is how many units a tile is wide.
	extent = mvt.DefaultExtent
	// crowded is how many devices are drawn one by one. Where a tile has more,
	// only one of each cell is: the one that is worst. A cell is 8 of the 512
	// pixels of a tile, less than a symbol is wide.
	crowded = 1000
	cells   = 64
	// namedFrom is the zoom from which maps write names.
	namedFrom = 8
)

// draw returns a tile as Mapbox describes them, of at most cells² features.
func (p *picture) draw(tile maptile.Tile) ([]byte, error) {
	spots := p.within(tile)
	if len(spots) == 0 {
		return nil, nil
	}
	var features []*geojson.Feature
	if len(spots) <= crowded {
		for i := range spots {
			features = append(features, spots[i].feature(tile, 1))
		}
	} else {
		features = thin(spots, tile)
	}
	// Units of the tile already: the library need not project them.
	layer := &mvt.Layer{Name: Layer, Version: 2, Extent: extent, Features: features}
	return mvt.Marshal(mvt.Layers{layer})
}

// thin returns the worst device of each cell, with how many it stands for.
func thin(spots []spot, tile maptile.Tile) []*geojson.Feature {
	type cell struct {
		worst *spot
		count int
	}
	var grid [cells * cells]cell
	for i := range spots {
		at := spots[i].within(tile)
		c := &grid[int(at[1])*cells/extent*cells+int(at[0])*cells/extent]
		if c.worst == nil || spots[i].worse(c.worst) {
			c.worst = &spots[i]
		}
		c.count++
	}
	var features []*geojson.Feature
	for _, c := range grid {
		if c.worst != nil {
			features = append(features, c.worst.feature(tile, c.count))
		}
	}
	return features
}

// worse reports whether a device needs somebody more than another does. Of
// equals the first stays.
func (s *spot) worse(than *spot) bool {
	if s.level != than.level {
		return s.level > than.level
	}
	return gravity(s.look) > gravity(than.look)
}

// gravity orders how devices are by what they ask of somebody: one that fell
// silent is looked after before one that was never heard.
func gravity(f citywatch.Freshness) int {
	switch f {
	case citywatch.Silent:
		return 3
	case citywatch.Never:
		return 2
	case citywatch.Late:
		return 1
	default:
		return 0
	}
}

// within returns where the device is in a tile that holds it.
func (s *spot) within(tile maptile.Tile) orb.Point {
	x, y := fraction(s.device.Position)
	scale := float64(uint64(1) << tile.Z)
	unit := func(v float64, of uint32) float64 {
		return min(max(math.Floor((v*scale-float64(of))*extent), 0), extent-1)
	}
	return orb.Point{unit(x, tile.X), unit(y, tile.Y)}
}

// feature is what maps know of the device, or of those that it stands for.
func (s *spot) feature(tile maptile.Tile, count int) *geojson.Feature {
	f := geojson.NewFeature(s.within(tile))
	f.Properties["id"] = s.device.ID
	f.Properties["look"] = string(s.look)
	if s.level != citywatch.None {
		f.Properties["level"] = int(s.level)
	}
	if count > 1 {
		f.Properties["count"] = count
	} else if tile.Z >= namedFrom {
		f.Properties["name"] = s.device.Name
	}
	return f
}

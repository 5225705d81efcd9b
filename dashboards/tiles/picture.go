package tiles

import (
	"cmp"
	"math"
	"slices"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// A picture is every device that has a place, at one time. It is not changed
// once it is taken.
type picture struct {
	at time.Time
	// spots are in the order of their place, so that those of a tile of any
	// zoom lie beside each other.
	spots []spot
}

// A spot is a device on the map.
type spot struct {
	// place is the tile of zoom placeZoom, its bits of x and y taken in turn.
	place  uint64
	device *citywatch.Device
	look   citywatch.Freshness
	level  citywatch.Level
}

// placeZoom is near enough to tell places a few centimetres apart.
const placeZoom = 30

// take takes a picture of the present.
func take(source Source, now time.Time) *picture {
	open, _ := source.Alerts()
	levels := feature.Levels(open)
	states := source.Devices()
	p := &picture{at: now, spots: make([]spot, 0, len(states))}
	for i := range states {
		s := &states[i]
		if s.Device.Position == (orb.Point{}) || s.Device.Class == citywatch.CameraHealthClass {
			continue
		}
		p.spots = append(p.spots, spot{
			place: placeOf(s.Device.Position), device: s.Device, look: s.Freshness(now), level: levels[s.Device.ID],
		})
	}
	slices.SortFunc(p.spots, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.device.ID, b.device.ID))
	})
	return p
}

// placeOf returns where a position lies among all others.
func placeOf(at orb.Point) uint64 {
	x, y := fraction(at)
	const most = 1<<placeZoom - 1
	return spread(uint64(min(x*(1<<placeZoom), most))) | spread(uint64(min(y*(1<<placeZoom), most)))<<1
}

// fraction returns how far east and south of the map's corner a position is,
// from 0 to 1.
func fraction(at orb.Point) (x, y float64) {
	x = (at.Lon() + 180) / 360
	sin := math.Sin(at.Lat() * math.Pi / 180)
	y = 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
	return min(max(x, 0), 1), min(max(y, 0), 1)
}

// spread puts a zero before each of the 32 lowest bits.
func spread(v uint64) uint64 {
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// within returns the spots of a tile.
func (p *picture) within(tile maptile.Tile) []spot {
	bits := 2 * (placeZoom - uint(tile.Z))
	first := (spread(uint64(tile.X)) | spread(uint64(tile.Y))<<1) << bits
	from, _ := slices.BinarySearchFunc(p.spots, first, byPlace)
	to, _ := slices.BinarySearchFunc(p.spots, first+1<<bits, byPlace)
	return p.spots[from:to]
}

func byPlace(s spot, place uint64) int { return cmp.Compare(s.place, place) }

package decode

import (
	"github.com/paulmach/orb"

	"citywatch"
)

// position reads [longitude, latitude], or with an altitude after them.
func (c *core) position(id nodeID) (*orb.Point, *Error) {
	n := &c.tree.nodes[id]
	if n.kind == null {
		return nil, nil
	}
	if n.kind != array || n.count < 2 || n.count > 3 {
		return nil, refuse(citywatch.RefusedDecode, "%s: a position is [longitude, latitude]", c.tree.path(id))
	}
	return c.lonLat(n.first, c.tree.nodes[n.first].next)
}

// lonLat reads a position of its two numbers.
func (c *core) lonLat(lon, lat nodeID) (*orb.Point, *Error) {
	var degrees [2]float64
	for i, id := range [2]nodeID{lon, lat} {
		if k := c.tree.nodes[id].kind; k != number {
			return nil, refuse(citywatch.RefusedDecode, "%s is %s; a longitude or latitude is a number", c.tree.path(id), k)
		}
		f, err := c.number(id)
		if err != nil {
			return nil, err
		}
		degrees[i] = f
	}
	p, err := place(degrees[0], degrees[1])
	if err != nil {
		err.Detail = c.tree.path(lon) + ": " + err.Detail
	}
	return p, err
}

// place returns the position, nil for 0, 0: what a receiver without a fix
// reports.
func place(lon, lat float64) (*orb.Point, *Error) {
	if lon == 0 && lat == 0 {
		return nil, nil
	}
	if lon < -180 || lon > 180 || lat < -90 || lat > 90 {
		return nil, refuse(citywatch.RefusedDecode, "longitude %v, latitude %v is no place on Earth; the longitude comes first", lon, lat)
	}
	return &orb.Point{lon, lat}, nil
}

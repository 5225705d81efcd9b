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

// lonLat reads a position of its two numbers. The place 0, 0 is what a
// receiver without a fix reports: no position.
func (c *core) lonLat(lon, lat nodeID) (*orb.Point, *Error) {
	var p orb.Point
	for i, id := range [2]nodeID{lon, lat} {
		if k := c.tree.nodes[id].kind; k != number {
			return nil, refuse(citywatch.RefusedDecode, "%s is %s; a longitude or latitude is a number", c.tree.path(id), k)
		}
		f, err := c.number(id)
		if err != nil {
			return nil, err
		}
		p[i] = f
	}
	if p == (orb.Point{}) {
		return nil, nil
	}
	if p[0] < -180 || p[0] > 180 || p[1] < -90 || p[1] > 90 {
		return nil, refuse(citywatch.RefusedDecode, "%s: longitude %v, latitude %v is no place on Earth; the longitude comes first", c.tree.path(lon), p[0], p[1])
	}
	return &p, nil
}

package video

import (
	"cmp"
	"slices"

	"citywatch"
)

// gatewayState is how the cameras behind a gateway are as a whole.
type gatewayState string

const (
	gatewayUnknown gatewayState = "" // not all of its cameras are known
	gatewayOK      gatewayState = "ok"
	gatewayPart    gatewayState = "part"
	gatewayDown    gatewayState = "down"
)

// A gateway is what at least two cameras are reached through.
type gateway struct {
	id, zone string
	sector   citywatch.Sector
	cameras  []*camera
	tally    tally // the last
}

// A tally counts the cameras behind a gateway.
type tally struct {
	cameras, up int
	state       gatewayState
}

// look counts the cameras that are up, and reports whether the gateway's state
// changed.
func (g *gateway) look() (changed bool) {
	t := tally{cameras: len(g.cameras)}
	unknown := false
	for _, c := range g.cameras {
		switch s := c.latest.State; {
		case s.Up():
			t.up++
		case s == citywatch.CameraConnecting:
			unknown = true
		}
	}
	switch {
	case t.up == t.cameras:
		t.state = gatewayOK
	case t.up > 0 && !unknown:
		t.state = gatewayPart
	case t.up == 0 && !unknown:
		t.state = gatewayDown
	}
	changed = t.state != g.tally.state
	g.tally = t
	return changed
}

// gatewaysOf returns the gateways of cameras, sorted by id.
func gatewaysOf(cameras []*camera, known []citywatch.Device) []*gateway {
	byID := map[string]*gateway{}
	var all []*gateway
	for _, c := range cameras {
		g := byID[c.Gateway]
		switch {
		case c.Gateway == "":
			continue
		case g == nil:
			g = &gateway{id: c.Gateway, zone: c.Zone, sector: c.Sector}
			byID[g.id] = g
			all = append(all, g)
		}
		g.cameras = append(g.cameras, c)
		if g.zone != c.Zone {
			g.zone = ""
		}
		if g.sector != c.Sector {
			g.sector = ""
		}
	}
	for _, d := range known {
		if g := byID[d.ID]; g != nil {
			g.zone, g.sector = d.Zone, d.Sector
		}
	}
	all = slices.DeleteFunc(all, func(g *gateway) bool { return len(g.cameras) < 2 })
	slices.SortFunc(all, func(a, b *gateway) int { return cmp.Compare(a.id, b.id) })
	return all
}

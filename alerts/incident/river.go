package incident

import (
	"strings"

	"citywatch"
)

// Rivers knows where the water of every gauge goes. It does not change.
type Rivers struct{ gauges map[string]gauge }

type gauge struct {
	river, basin, downstream string
	// system is the same for all gauges whose waters meet, or that stand at
	// rivers that do; empty for a device that is at no river.
	system string
}

// NewRivers returns the rivers of the devices that name one.
func NewRivers(devices []citywatch.Device) *Rivers {
	r := &Rivers{gauges: map[string]gauge{}}
	s := systems{}
	for i := range devices {
		d := &devices[i]
		if d.River == "" && d.Basin == "" && d.Downstream == "" {
			continue
		}
		g := gauge{river: d.River, basin: d.Basin, downstream: d.Downstream}
		if g.basin == "" {
			g.basin = g.river
		}
		r.gauges[d.ID] = g
		if d.River != "" {
			s.join("gauge "+d.ID, "river "+d.River)
		}
		if d.Downstream != "" {
			s.join("gauge "+d.ID, "gauge "+d.Downstream)
		}
	}
	for name := range s {
		if id, isGauge := strings.CutPrefix(name, "gauge "); isGauge {
			g := r.gauges[id] // of one that is only named as downstream: empty
			g.system = s.root(name)
			r.gauges[id] = g
		}
	}
	return r
}

// systems joins names: each points to another of its set, the first to itself.
// The first is the least, so that the order of the devices does not matter.
type systems map[string]string

func (s systems) root(name string) string {
	up, known := s[name]
	if !known {
		s[name] = name
		return name
	}
	if up != name {
		up = s.root(up)
		s[name] = up
	}
	return up
}

func (s systems) join(a, b string) {
	a, b = s.root(a), s.root(b)
	s[max(a, b)] = min(a, b)
}

// basin returns the basin of a device, or "".
func (r *Rivers) basin(device string) string { return r.gauges[device].basin }

// linked reports whether two gauges are on one river, or the water of one comes
// past the other. It is only asked of gauges that have a system.
func (r *Rivers) linked(a, b string) bool {
	if a == b || r.gauges[a].river != "" && r.gauges[a].river == r.gauges[b].river {
		return true
	}
	return r.reaches(a, b) || r.reaches(b, a)
}

// reaches follows the water down; a circle, which the registry refuses, ends
// the search all the same.
func (r *Rivers) reaches(from, to string) bool {
	for range r.gauges {
		from = r.gauges[from].downstream
		switch from {
		case to:
			return true
		case "":
			return false
		}
	}
	return false
}

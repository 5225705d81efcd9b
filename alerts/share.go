package alerts

import (
	"cmp"
	"math"

	"github.com/paulmach/orb/geo"

	"citywatch"
)

// A Share says which devices an engine judges where the journal has several
// shards, each with an engine of its own. It does not change.
type Share interface {
	// Home returns the shard of a zone, or of a device that is in none.
	Home(zone, device string) int
	// Causes returns the devices of other shards that some of this one are
	// reached through. Their readings come in this shard as well.
	Causes(shard int) []*citywatch.Device
}

// Together calls tie for devices that the rules judge with one another although
// their zones may be different ones, so that they are given to one engine. What
// zones, and Device.Via, tie together is not among them.
//
// Of a group each is tied to another, not to all.
func (rs *Rules) Together(devices []citywatch.Device, tie func(a, b *citywatch.Device)) {
	for _, r := range rs.rules {
		if r.Corroborate != nil {
			r.neighbours(devices, tie)
		}
	}
	for i := range rs.inhibitions {
		rs.inhibitions[i].together(rs, devices, tie)
	}
}

// neighbours ties the devices that may confirm what another says.
func (r *rule) neighbours(devices []citywatch.Device, tie func(a, b *citywatch.Device)) {
	// Who stands near whom is looked for in cells as large as near is, for there
	// are thousands of fire detectors.
	var mine []*citywatch.Device
	farthest := 0.0 // from the equator, where a degree is narrowest
	for i := range devices {
		if d := &devices[i]; !d.Auto && r.Select.selects(d) && r.Corroborate.of(d) != nil {
			mine = append(mine, d)
			farthest = max(farthest, math.Abs(d.Position.Lat()))
		}
	}
	type cell struct{ x, y int }
	const metresPerDegree = 110_000 // at least, so that no neighbour is missed
	high := r.Corroborate.Metres / metresPerDegree
	wide := high / max(0.01, math.Cos(farthest*math.Pi/180))
	cells := map[cell][]*citywatch.Device{}
	for _, d := range mine {
		at := cell{int(math.Floor(d.Position.Lon() / wide)), int(math.Floor(d.Position.Lat() / high))}
		for x := at.x - 1; x <= at.x+1; x++ {
			for y := at.y - 1; y <= at.y+1; y++ {
				for _, other := range cells[cell{x, y}] {
					if geo.DistanceHaversine(d.Position, other.Position) <= r.Corroborate.Metres {
						tie(d, other)
					}
				}
			}
		}
		cells[at] = append(cells[at], d)
	}
}

// together ties the devices of which one's alert may explain another's, unless
// both are of one device or zone anyway.
func (in *inhibition) together(rs *Rules, devices []citywatch.Device, tie func(a, b *citywatch.Device)) {
	sectors := false
	for _, name := range in.same {
		if name == "device" || name == "zone" {
			return
		}
		sectors = sectors || name == "sector"
	}
	first := map[citywatch.Sector]*citywatch.Device{}
	for i := range devices {
		d := &devices[i]
		if !rs.concerns(in, d) {
			continue
		}
		var of citywatch.Sector // of hazards alone: all
		if sectors {
			of = d.Sector
		}
		if f := first[of]; f != nil {
			tie(f, d)
		} else {
			first[of] = d
		}
	}
}

// concerns reports whether the device can have an alert that the inhibition is
// about.
func (rs *Rules) concerns(in *inhibition, d *citywatch.Device) bool {
	for _, r := range rs.rules {
		if !r.Select.selects(d) {
			continue
		}
		if r.ID == in.source {
			return true
		}
		for _, target := range in.targets {
			if r.ID == target {
				return true
			}
		}
	}
	return false
}

// foreign reports whether another engine judges the device.
func (f *fold) foreign(d *citywatch.Device) bool {
	return f.share != nil && f.share.Home(d.Zone, d.ID) != f.shard
}

// elsewhere makes the target of a device that another engine judges. If some of
// this one's are reached through it, its silence is watched as their cause, and
// told by the other engine alone.
func (f *fold) elsewhere(d *citywatch.Device) *target {
	t := &target{device: d, maxLag: f.lag(d), foreign: true}
	f.targets[d.ID] = t
	if !f.isCause(d.ID) {
		return t
	}
	for _, r := range f.rules.rules {
		if r.Silence == nil || !r.Select.selects(d) {
			continue
		}
		if c := compile(r, d); c != nil {
			c.lanes(&f.options, d)
			k := f.key(f.shared(c), d)
			k.mute = true
			t.keys = append(t.keys, k)
		}
	}
	return t
}

func (f *fold) isCause(device string) bool {
	if f.causes == nil {
		f.causes = map[string]bool{}
		for _, d := range f.share.Causes(f.shard) {
			f.causes[d.ID] = true
		}
	}
	return f.causes[device]
}

// home returns the shard of what was kept, and whether it is known: what nobody
// knows any more stays where it is.
func (rs *Rules) home(s *saved, alert *citywatch.Alert, devices devices, share Share) (shard int, known bool) {
	r := rs.rule(s.Rule)
	switch {
	case r != nil && (r.Aggregate != nil || r.All != nil):
		return share.Home(s.Device, ""), true
	case r == nil && alert != nil && alert.Device == "" && alert.Zone != "":
		return share.Home(alert.Zone, ""), true
	case s.Unlisted != nil:
		return share.Home(s.Unlisted.Zone, s.Unlisted.ID), true
	}
	if d, ok := devices.Lookup(s.Device); ok && d.ID == s.Device {
		return share.Home(d.Zone, d.ID), true
	}
	return 0, false
}

// rule returns the rule with this id, or nil.
func (rs *Rules) rule(id string) *rule {
	for _, r := range rs.rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// astray reports whether what was kept belongs to another engine, to which it
// has been brought. What is known of the silence of a cause is kept without its
// alert.
func (f *fold) astray(s *saved, alert **citywatch.Alert) bool {
	if f.share == nil {
		return false
	}
	home, known := f.rules.home(s, *alert, f.devices, f.share)
	if !known || home == f.shard {
		return false
	}
	*alert = nil
	r := f.rules.rule(s.Rule)
	return r == nil || r.Silence == nil || !f.isCause(s.Device)
}

// newer orders two states of one key by which of them knows more.
func newer(a, b *saved) int {
	version := func(s *saved) int {
		if s.Alert == nil {
			return 0
		}
		return s.Alert.Version
	}
	updated := func(s *saved) int64 {
		if s.Alert == nil {
			return 0
		}
		return s.Alert.Updated.UnixNano()
	}
	return cmp.Or(cmp.Compare(updated(a), updated(b)), cmp.Compare(version(a), version(b)), a.Last.Compare(b.Last), cmp.Compare(a.Up, b.Up))
}

// Package partition says which shard of the journal the readings of each device
// lie in, so that one alert engine sees all that it must judge together.
//
// A zone lies in one shard, and so do zones of which somebody says that their
// devices are judged together. What devices are reached through (Device.Via) may
// lie elsewhere, for a broker or a gateway serves half a province: its readings
// are copied to every shard that has a device behind it.
package partition

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"citywatch"
	"citywatch/ingest"
)

// A Plan says where readings lie. It never changes, and is safe for concurrent
// use.
type Plan struct {
	shards int
	// homes are the shards of the places whose own is not the one that they
	// would have by themselves.
	homes map[string]int
	// copies are the further shards of a device's readings, in their order.
	copies map[string][]int
	causes [][]*citywatch.Device // by shard
	sizes  []int                 // how many devices each shard is home to
	sum    string
}

// New returns the plan for these devices, which must not change, and a number
// of shards. Together calls its argument for devices that are judged together;
// it may be nil.
func New(devices []citywatch.Device, shards int, together func(tie func(a, b *citywatch.Device))) *Plan {
	p := &Plan{
		shards: shards, homes: map[string]int{}, copies: map[string][]int{},
		causes: make([][]*citywatch.Device, shards), sizes: make([]int, shards),
	}
	if shards > 1 && together != nil {
		p.join(together)
	}
	for i := range devices {
		p.sizes[p.Home(devices[i].Zone, devices[i].ID)]++
	}
	if shards > 1 {
		p.copy(devices)
	}
	p.sum = p.digest(devices)
	return p
}

// place is what lies in one shard whatever is said: a zone, or a device that is
// in none.
func place(zone, device string) string { return cmp.Or(zone, device) }

// join gives places that are judged together one home: that of the first of
// them by name.
func (p *Plan) join(together func(tie func(a, b *citywatch.Device))) {
	first := map[string]string{}
	var find func(string) string
	find = func(at string) string {
		up, ok := first[at]
		if !ok || up == at {
			return at
		}
		root := find(up)
		first[at] = root
		return root
	}
	together(func(a, b *citywatch.Device) {
		x, y := find(place(a.Zone, a.ID)), find(place(b.Zone, b.ID))
		first[max(x, y)] = min(x, y)
		first[min(x, y)] = min(x, y)
	})
	for at := range first {
		p.homes[at] = ingest.ShardOf(find(at), p.shards)
	}
}

// copy notes where else the readings of what devices are reached through go.
func (p *Plan) copy(devices []citywatch.Device) {
	byID := make(map[string]*citywatch.Device, len(devices))
	for i := range devices {
		byID[devices[i].ID] = &devices[i]
	}
	for i := range devices {
		d := &devices[i]
		home := p.Home(d.Zone, d.ID)
		// The file of devices has no circles; so many steps end in any case.
		for via, n := byID[d.Via], 0; via != nil && n < len(devices); via, n = byID[via.Via], n+1 {
			if p.Home(via.Zone, via.ID) != home && !slices.Contains(p.copies[via.ID], home) {
				p.copies[via.ID] = append(p.copies[via.ID], home)
				p.causes[home] = append(p.causes[home], via)
			}
		}
	}
	for _, to := range p.copies {
		slices.Sort(to)
	}
	for _, causes := range p.causes {
		slices.SortFunc(causes, func(a, b *citywatch.Device) int { return cmp.Compare(a.ID, b.ID) })
	}
}

// digest tells one plan from another that is not the same for some device.
func (p *Plan) digest(devices []citywatch.Device) string {
	lines := make([]string, len(devices))
	for i := range devices {
		d := &devices[i]
		lines[i] = fmt.Sprintf("%s %d %v", d.ID, p.Home(d.Zone, d.ID), p.copies[d.ID])
	}
	slices.Sort(lines)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q", p.shards, lines))
	if p.shards == 1 {
		sum = sha256.Sum256([]byte("one")) // however many devices there are
	}
	return hex.EncodeToString(sum[:8])
}

// Home returns the shard of a zone, or of a device that is in none.
func (p *Plan) Home(zone, device string) int {
	if p.shards == 1 {
		return 0
	}
	at := place(zone, device)
	if home, ok := p.homes[at]; ok {
		return home
	}
	return ingest.ShardOf(at, p.shards)
}

// Route returns the shard of a reading, and the further ones that it is copied
// to, which must not be changed.
func (p *Plan) Route(r *citywatch.Reading) (home int, copies []int) {
	if p.shards == 1 {
		return 0, nil
	}
	return p.Home(r.Zone, r.Device), p.copies[r.Device]
}

// Causes returns the devices of other shards that some of this one are reached
// through, in the order of their ids. The slice must not be changed.
func (p *Plan) Causes(shard int) []*citywatch.Device { return p.causes[shard] }

// Sum is the same for two plans by which every device's readings lie in the
// same shards.
func (p *Plan) Sum() string { return p.sum }

// Sizes returns how many devices each shard is home to.
func (p *Plan) Sizes() []int { return slices.Clone(p.sizes) }

// Moved returns the first place, by name, whose home is another one by q, if
// there is one.
func (p *Plan) Moved(q *Plan) (at string, moved bool) {
	places := maps.Clone(p.homes)
	maps.Copy(places, q.homes)
	for _, at := range slices.Sorted(maps.Keys(places)) {
		if p.Home(at, "") != q.Home(at, "") {
			return at, true
		}
	}
	return "", false
}

package alerts

import (
	"log/slog"
	"slices"
	"strings"

	"citywatch"
)

// A Simulation runs rules over entries without a journal: to test rules, and
// to learn what they would have made of the past. It has the engine's own
// evaluation, and so makes what the engine would.
//
// It belongs to one goroutine, and keeps nothing.
type Simulation struct{ fold *fold }

// NewSimulation returns one of the rules for these devices, which must not
// change.
func NewSimulation(rules *Rules, o Options, devices []citywatch.Device) *Simulation {
	return NewShardSimulation(rules, o, devices, 0, nil)
}

// NewShardSimulation is NewSimulation for one of several shards; share is nil
// where all is judged there.
func NewShardSimulation(rules *Rules, o Options, devices []citywatch.Device, shard int, share Share) *Simulation {
	list := make(listed, len(devices))
	for i := range devices {
		list[devices[i].ID] = &devices[i]
	}
	s := &Simulation{newFold(o, Deps{Shard: shard, Share: share, Rules: rules, Devices: list, Log: slog.New(slog.DiscardHandler)})}
	s.fold.start()
	return s
}

// Apply takes in the next entry, whose Seq must be higher than that of the one
// before, and returns what it changed.
func (s *Simulation) Apply(e *citywatch.Entry) []citywatch.Transition {
	s.fold.apply(e)
	return s.taken()
}

// Do does what Engine's does.
func (s *Simulation) Do(a Action) ([]citywatch.Transition, error) {
	_, err := s.fold.do(a)
	return s.taken(), err
}

// Acknowledge does what Engine's does.
func (s *Simulation) Acknowledge(a Action) ([]citywatch.Transition, error) {
	a.Verb = Acknowledge
	return s.Do(a)
}

// Reset does what Engine's does.
func (s *Simulation) Reset(a Action) ([]citywatch.Transition, error) {
	a.Verb = Reset
	return s.Do(a)
}

// Open returns the id of the open alert of a rule for a device, or "".
func (s *Simulation) Open(rule, device string) string {
	for id, k := range s.fold.open {
		if k.id == (keyID{rule, device}) {
			return id
		}
	}
	return ""
}

func (s *Simulation) taken() []citywatch.Transition {
	if len(s.fold.out) == 0 {
		return nil
	}
	out := slices.Clone(s.fold.out)
	clear(s.fold.out)
	s.fold.out = s.fold.out[:0]
	return out
}

// listed are the devices of a simulation, by id.
type listed map[string]*citywatch.Device

func (l listed) Lookup(id string) (*citywatch.Device, bool) {
	d, ok := l[id]
	return d, ok
}

func (l listed) Devices() []*citywatch.Device {
	all := make([]*citywatch.Device, 0, len(l))
	for _, d := range l {
		all = append(all, d)
	}
	slices.SortFunc(all, byDeviceID)
	return all
}

func byDeviceID(a, b *citywatch.Device) int { return strings.Compare(a.ID, b.ID) }

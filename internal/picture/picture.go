// Package picture holds the current operational picture: the last that is
// known of each device, and every alert that still needs somebody. It is a
// reader of the journal like any other, and shows nothing that is not in it.
package picture

import (
	"slices"
	"strings"
	"sync"
	"time"

	"citywatch"
)

// Devices tells which devices there are.
type Devices interface {
	Lookup(id string) (*citywatch.Device, bool)
	Devices() []*citywatch.Device
}

// A Picture is the current picture. It is safe for concurrent use.
type Picture struct {
	options Options

	mu     sync.RWMutex
	heard  map[string]*deviceState
	alerts map[string]citywatch.Alert // open ones, by id
	cursor cursor
}

// A deviceState is what the picture remembers of one device.
type deviceState struct {
	Heard  time.Time             `json:"heard"`
	Values []citywatch.LastValue `json:"values"` // sorted by name
}

// A cursor is how far the journal has been read.
type cursor struct {
	Entries     map[int]uint64 `json:"entries"` // by shard
	Transitions uint64         `json:"transitions"`
}

// New returns an empty picture; Run fills it.
func New(o Options) *Picture {
	return &Picture{
		options: o,
		heard:   map[string]*deviceState{},
		alerts:  map[string]citywatch.Alert{},
		cursor:  cursor{Entries: map[int]uint64{}},
	}
}

// Alerts returns the open alerts, and the place among the journal's
// transitions up to which they are known.
func (p *Picture) Alerts() (alerts []citywatch.Alert, seq uint64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	alerts = make([]citywatch.Alert, 0, len(p.alerts))
	for _, a := range p.alerts {
		alerts = append(alerts, a)
	}
	slices.SortFunc(alerts, func(a, b citywatch.Alert) int { return strings.Compare(a.ID, b.ID) })
	return alerts, p.cursor.Transitions
}

// Epoch names the sequence in which Alerts counts: a place in another epoch
// means nothing.
func (p *Picture) Epoch() string { return p.options.Journal.Epoch() }

// Alert returns the open alert with this id.
func (p *Picture) Alert(id string) (citywatch.Alert, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	a, ok := p.alerts[id]
	return a, ok
}

// Devices returns the state of every device, also of those never heard.
func (p *Picture) Devices() []citywatch.DeviceState {
	devices := p.options.Devices.Devices()
	states := make([]citywatch.DeviceState, len(devices))
	p.mu.RLock()
	defer p.mu.RUnlock()
	for i, d := range devices {
		states[i] = p.state(d)
	}
	return states
}

// Device returns the state of the device with this id or alias.
func (p *Picture) Device(id string) (citywatch.DeviceState, bool) {
	d, ok := p.options.Devices.Lookup(id)
	if !ok {
		return citywatch.DeviceState{}, false
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.state(d), true
}

// state is called with the lock held.
func (p *Picture) state(d *citywatch.Device) citywatch.DeviceState {
	s := citywatch.DeviceState{Device: d}
	if known := p.heard[d.ID]; known != nil {
		s.Heard = known.Heard
		s.Values = slices.Clone(known.Values)
	}
	return s
}

// entry takes in an entry of a shard.
func (p *Picture) entry(shard int, e *citywatch.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cursor.Entries[shard] = e.Seq
	for i := range e.Readings {
		r := &e.Readings[i]
		s := p.heard[r.Device]
		if s == nil {
			s = &deviceState{}
			p.heard[strings.Clone(r.Device)] = s
		}
		s.take(r)
	}
}

// take keeps the newest of each value by the time it was measured: a gateway
// that sends its backlog does not turn the clock back. Strings are cloned, for
// those of a reading may share one large piece of memory with their whole batch.
func (s *deviceState) take(r *citywatch.Reading) {
	if r.Arrived.After(s.Heard) {
		s.Heard = r.Arrived
	}
	for _, v := range r.Values {
		at, known := slices.BinarySearchFunc(s.Values, v.Name, func(l citywatch.LastValue, name string) int {
			return strings.Compare(l.Name, name)
		})
		if !known {
			s.Values = slices.Insert(s.Values, at, citywatch.LastValue{Value: citywatch.Value{Name: strings.Clone(v.Name)}})
		}
		last := &s.Values[at]
		if r.Time.Before(last.Time) {
			continue
		}
		last.Number, last.Time = v.Number, r.Time
		if last.Text != v.Text {
			last.Text = strings.Clone(v.Text)
		}
	}
}

// transition takes in one transition.
func (p *Picture) transition(t *citywatch.Transition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cursor.Transitions = t.Seq
	if t.Alert.Open() {
		p.alerts[t.Alert.ID] = t.Alert
	} else {
		delete(p.alerts, t.Alert.ID)
	}
}

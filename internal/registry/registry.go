// Package registry knows every device: those that a person listed in a file,
// and those that registered themselves by publishing.
package registry

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"citywatch"
)

// ErrFull is returned for one self-registered device too many. Without the
// limit, anybody who may publish could fill memory and the store with names.
var ErrFull = errors.New("as many devices have registered themselves as are allowed")

// ErrName is returned for an id that no device may register itself under.
var ErrName = errors.New("not an id a device may register itself under: up to 64 of a-z A-Z 0-9 . _ : -")

// A Registry answers which device an id belongs to. It is safe for concurrent
// use; looking up takes no lock.
type Registry struct {
	known   atomic.Pointer[index]
	mu      sync.Mutex // held by writers
	auto    int
	maxAuto int
}

// An index is never changed once it is published.
type index struct {
	byID    map[string]*citywatch.Device // aliases too
	devices []*citywatch.Device          // sorted by id
	classes map[string]*citywatch.Class
}

// New returns a registry of the listed classes and devices, in which at most
// maxAuto others may register themselves.
func New(classes []citywatch.Class, devices []citywatch.Device, maxAuto int) *Registry {
	ix := &index{byID: map[string]*citywatch.Device{}, classes: map[string]*citywatch.Class{}}
	for i := range classes {
		ix.classes[classes[i].ID] = &classes[i]
	}
	for i := range devices {
		ix.add(&devices[i])
	}
	ix.sort()
	r := &Registry{maxAuto: maxAuto}
	r.known.Store(ix)
	return r
}

func (ix *index) add(d *citywatch.Device) {
	ix.devices = append(ix.devices, d)
	ix.byID[d.ID] = d
	for _, alias := range d.Aliases {
		ix.byID[alias] = d
	}
}

func (ix *index) sort() {
	slices.SortFunc(ix.devices, func(a, b *citywatch.Device) int { return strings.Compare(a.ID, b.ID) })
}

// Lookup returns the device with this id or alias. The device must not be
// changed.
func (r *Registry) Lookup(id string) (*citywatch.Device, bool) {
	d, ok := r.known.Load().byID[id]
	return d, ok
}

// Class returns the class with this id. The class must not be changed.
func (r *Registry) Class(id string) (*citywatch.Class, bool) {
	c, ok := r.known.Load().classes[id]
	return c, ok
}

// Classes returns every class, sorted by id.
func (r *Registry) Classes() []*citywatch.Class {
	return slices.SortedFunc(maps.Values(r.known.Load().classes), func(a, b *citywatch.Class) int {
		return strings.Compare(a.ID, b.ID)
	})
}

// Devices returns every device, sorted by id. The slice must not be changed.
func (r *Registry) Devices() []*citywatch.Device { return r.known.Load().devices }

var selfGivenID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Register adds a device that nobody listed, without a position or a zone, and
// returns it; a device that is known already is returned as it is. The errors
// are ErrFull, ErrName and an unknown class.
func (r *Registry) Register(id, class string, sector citywatch.Sector) (*citywatch.Device, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.known.Load()
	if d, ok := old.byID[id]; ok {
		return d, nil
	}
	c, ok := old.classes[class]
	switch {
	case !ok:
		return nil, fmt.Errorf("class %q is not in the device file", class)
	case !selfGivenID.MatchString(id):
		return nil, ErrName
	case r.auto >= r.maxAuto:
		return nil, ErrFull
	}
	if sector == "" {
		sector = c.Sector
	}
	d := &citywatch.Device{ID: id, Name: id, Class: class, Sector: sector, Period: c.Period, Auto: true}
	// Copied, so that readers need no lock; bounded by maxAuto.
	next := &index{byID: maps.Clone(old.byID), devices: slices.Clone(old.devices), classes: old.classes}
	next.add(d)
	next.sort()
	r.known.Store(next)
	r.auto++
	return d, nil
}

package sim

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"citywatch"
)

// A World tells what every device measures at any time. It is safe for
// concurrent use, and the same options make the same world.
type World struct {
	devices []citywatch.Device
	seed    uint64
	start   time.Time
	speed   float64
	rivers  []reach // upstream before downstream

	// The tables of the cycle that was asked for last: everybody asks for
	// the same one, for ten minutes.
	cycle atomic.Pointer[cycle]
}

// A cycle holds what is computed once for all of a cycle.
type cycle struct {
	n      int
	storms []cell
	// By device id; each device has those of its class.
	rain, soil, discharge map[string]series
	events                map[string][]event
}

// NewWorld returns the world of o's devices, beginning at o.Start. The error
// is a device of a class that nobody has taught it to simulate.
func NewWorld(o Options) (*World, error) {
	w := &World{devices: o.Devices, seed: o.Seed, start: o.Start, speed: o.Speed}
	if w.speed <= 0 {
		w.speed = 1
	}
	for i := range o.Devices {
		if d := &o.Devices[i]; instrumentOf(d.Class) == nil {
			return nil, fmt.Errorf("device %s: the class %s is not simulated", d.ID, d.Class)
		}
	}
	w.rivers = rivers(o.Seed, o.Devices)
	return w, nil
}

// rivers returns the reaches of the gauges among the devices. A known reach is
// kept even without its gauge: its water still comes down.
func rivers(seed uint64, devices []citywatch.Device) []reach {
	all := reaches()
	for i := range devices {
		d := &devices[i]
		isKnown := slices.ContainsFunc(all, func(r reach) bool { return r.gauge == d.ID })
		if d.Class == riverGauge && !isKnown {
			all = append(all, brook(seed, d))
		}
	}
	return all
}

// Devices returns the world's devices, which must not be changed.
func (w *World) Devices() []citywatch.Device { return w.devices }

// Observe returns what the i-th device measures now, sorted by name, and false
// while it is silent.
func (w *World) Observe(i int, now time.Time) ([]citywatch.Value, bool) {
	m := w.moment(i, now)
	if m.event.effect == silent {
		return nil, false
	}
	values := instrumentOf(m.device.Class)(m)
	slices.SortFunc(values, func(a, b citywatch.Value) int { return strings.Compare(a.Name, b.Name) })
	return values, len(values) > 0
}

// eventAt tells what is happening to the i-th device now. A device that
// reports an alarm does so at once, not when its period is over.
func (w *World) eventAt(i int, now time.Time) effect { return w.moment(i, now).event.effect }

// A moment is all that an instrument needs to know to make its measurement.
type moment struct {
	*cycle
	world  *World
	device *citywatch.Device
	event  event
	now    time.Time
	// story is the time since the start by the story's clock, and t the same
	// since the cycle began, in steps.
	story time.Duration
	t     float64
}

func (w *World) moment(i int, now time.Time) moment {
	m := moment{world: w, device: &w.devices[i], now: now}
	m.story = max(time.Duration(float64(now.Sub(w.start))*w.speed), 0)
	m.cycle = w.cycleAt(int(m.story / Cycle))
	since := m.story % Cycle
	m.t = since.Seconds() / step.Seconds()
	m.event, _ = during(m.events[m.device.ID], since)
	return m
}

func (w *World) cycleAt(n int) *cycle {
	if c := w.cycle.Load(); c != nil && c.n == n {
		return c
	}
	c := w.newCycle(n)
	w.cycle.Store(c)
	return c
}

func (w *World) newCycle(n int) *cycle {
	c := &cycle{
		n:      n,
		storms: cells(w.seed, n),
		rain:   map[string]series{}, soil: map[string]series{}, discharge: map[string]series{},
		events: map[string][]event{},
	}
	for i := range w.devices {
		d := &w.devices[i]
		switch d.Class {
		case rainGauge:
			c.rain[d.ID] = fallen(w.seed, n, d.Position)
		case soilMoisture:
			dry := 54 + 12*unit(w.seed, d.ID, 0)
			c.soil[d.ID] = soaked(fallen(w.seed, n, d.Position), dry)
		}
	}
	for _, r := range w.rivers {
		c.discharge[r.gauge] = r.flow(fallen(w.seed, n, r.rain...), c.discharge)
	}
	for _, e := range story(n) {
		c.events[e.device] = append(c.events[e.device], e)
	}
	return c
}

// rainfall returns the mm that fell during the last so many steps.
func (m moment) rainfall(steps float64) float64 {
	s := m.rain[m.device.ID]
	return s.at(m.t) - s.at(m.t-steps)
}

// raining returns the intensity at the device, in mm/h.
func (m moment) raining() float64 { return rainAt(m.storms, m.device.Position, m.t) }

// noise wanders between -1 and 1, for this device alone.
func (m moment) noise(what string, period time.Duration) float64 {
	return noise(m.world.seed, m.device.ID+"/"+what, m.story, period)
}

// own returns a number in [0, 1) that is this device's for ever.
func (m moment) own(what string) float64 { return unit(m.world.seed, m.device.ID+"/"+what, 0) }

// clock returns the hour of the day where the province is, from 0 to 24, and
// whether it is Saturday or Sunday there.
func (m moment) clock() (hour float64, weekend bool) {
	local := m.now.In(indochina())
	hour = float64(local.Hour()) + float64(local.Minute())/60 + float64(local.Second())/3600
	return hour, local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
}

// indochina is the province's time zone. It has no summer time, so no list of
// time zones is needed.
func indochina() *time.Location { return time.FixedZone("+07", 7*60*60) }

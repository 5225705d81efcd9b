package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A publisher delivers one message to the broker and returns when that has it.
type publisher interface {
	Publish(ctx context.Context, topic string, payload []byte) error
}

// A gateway is one connection to the broker and the devices behind it.
type gateway struct {
	id      string // also its MQTT client id
	world   *World
	devices []probe
}

// A probe is a device as its gateway sees it.
type probe struct {
	index int // in the world
	// every is the time between two messages by the wall's clock, and due
	// when the next one is.
	every time.Duration
	due   time.Time
	sent  uint32
	last  effect // at the last message
}

// lookEvery is how often a gateway looks for what is due, by the story's clock.
const lookEvery = 200 * time.Millisecond

// gateways divides the world's devices among their gateways: one for each
// zone, one for all that is LoRaWAN, one for all that is Zigbee.
func gateways(w *World) []*gateway {
	byID := map[string]*gateway{}
	for i := range w.devices {
		d := &w.devices[i]
		id := "sim-" + d.Zone
		if protocol, _ := protocolOf(d); protocol != plainJSON {
			id = "sim-" + string(protocol)
		}
		if byID[id] == nil {
			byID[id] = &gateway{id: id, world: w}
		}
		byID[id].devices = append(byID[id].devices, probe{index: i})
	}
	var all []*gateway
	for _, g := range byID {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *gateway) int { return strings.Compare(a.id, b.id) })
	return all
}

// run publishes what the devices measure until ctx ends.
func (g *gateway) run(ctx context.Context, to publisher) error {
	g.begin(time.Now())
	ticker := time.NewTicker(g.scaled(lookEvery))
	defer ticker.Stop()
	for {
		for i := range g.devices {
			// A time of its own: the one before may have waited for the broker.
			if err := g.turn(ctx, to, &g.devices[i], time.Now()); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// begin has every device report within the first two seconds, each at a moment
// of its own, as after a power cut.
func (g *gateway) begin(now time.Time) {
	for i := range g.devices {
		p := &g.devices[i]
		d := &g.world.devices[p.index]
		p.every = g.scaled(d.Period)
		first := time.Duration(unit(g.world.seed, d.ID+"/phase", 0) * float64(2*time.Second))
		p.due = now.Add(g.scaled(first))
	}
}

// scaled returns a time of the story as the wall's clock has it.
func (g *gateway) scaled(d time.Duration) time.Duration {
	return max(time.Duration(float64(d)/g.world.speed), time.Millisecond)
}

// turn publishes what a device measures if its time has come or something has
// happened to it. A device that is silent misses its turn.
func (g *gateway) turn(ctx context.Context, to publisher, p *probe, now time.Time) error {
	effect := g.world.eventAt(p.index, now)
	if now.Before(p.due) && effect == p.last {
		return nil
	}
	p.last = effect
	for !p.due.After(now) {
		p.due = p.due.Add(p.every)
	}
	values, heard := g.world.Observe(p.index, now)
	if !heard {
		return nil
	}
	device := &g.world.devices[p.index]
	topic, payload, err := message(measurement{device, p.sent, now, values})
	if err != nil {
		return fmt.Errorf("device %s: %w", device.ID, err)
	}
	p.sent++
	if err := to.Publish(ctx, topic, payload); err != nil && ctx.Err() == nil {
		return fmt.Errorf("gateway %s: %w", g.id, err)
	}
	return nil
}

package sim

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
	"citywatch/internal/sim/uplink"
)

// Options configure a simulated province.
type Options struct {
	// Broker is the address that the devices publish to: mqtt://host:1883.
	Broker string
	// Devices are those to simulate, as registered.
	Devices []citywatch.Device
	// Seed chooses the weather.
	Seed uint64
	// Start is when the story begins; the zero time is when Run is called.
	Start time.Time
	// Speed is how many times as fast as the clock the story runs and the
	// devices report; 0 is 1. The times they report stay the clock's.
	Speed float64
	// Log hears when the broker cannot be reached, once an outage. Nil is
	// silence.
	Log *slog.Logger
}

// A Sim is a simulated province at the other end of a broker.
type Sim struct{ options Options }

// New returns a simulation that connects when it is Run. The error is a
// device of a class that cannot be simulated, or an address that nothing can
// be published to.
func New(o Options) (*Sim, error) {
	if _, err := NewWorld(o); err != nil {
		return nil, err
	}
	if _, err := uplink.New(uplink.Options{Broker: o.Broker}); err != nil {
		return nil, err
	}
	return &Sim{options: o}, nil
}

// Run has the devices publish until ctx ends, and then returns nil. While the
// broker is away it waits for it; what the devices would have reported
// meanwhile is lost, as with devices that keep no memory. It returns an error
// for what waiting does not mend.
func (s *Sim) Run(ctx context.Context) error {
	o := s.options
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	world, err := NewWorld(o)
	if err != nil {
		return err
	}
	all := gateways(world)
	links := make([]*uplink.Link, len(all))
	for i, g := range all {
		link := uplink.Options{Broker: o.Broker, ClientID: g.id}
		if i == 0 {
			link.Log = o.Log // they all lose the same broker
		}
		if links[i], err = uplink.New(link); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, g := range all {
		group.Go(func() error { return links[i].Run(ctx) })
		group.Go(func() error { return g.run(ctx, links[i]) })
	}
	return group.Wait()
}

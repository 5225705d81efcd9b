package main

import (
	"context"
	"time"
)

// memory measures what citywatch occupies at the load of a normal day.
func (b *bench) memory(budget time.Duration) error {
	c, err := b.big()
	if err != nil {
		return err
	}
	idle, err := residentMiB(c.pid())
	if err != nil {
		return err
	}
	p, err := b.publisher("bench")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(b.ctx, budget)
	defer cancel()
	flow := make(chan error, 1)
	go func() { flow <- p.flow(ctx, normalRate) }()
	var highest float64
	for ctx.Err() == nil {
		now, err := residentMiB(c.pid())
		if err != nil {
			return err
		}
		highest = max(highest, now)
		time.Sleep(200 * time.Millisecond)
	}
	if err := <-flow; err != nil {
		return err
	}
	b.table.add(row{
		Part: "memory", What: "most, 5,000 devices, 170 readings/s", Unit: "MiB", Value: highest,
		Peer: "the same, idle after its start", PeerValue: idle,
	}, most(400))
	return nil
}

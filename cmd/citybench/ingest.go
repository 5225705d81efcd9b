package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ingestRounds is how often each consumer has its turn.
const ingestRounds = 3

// A consumer takes readings from the broker's queue, in a process of its own.
type consumer interface {
	pid() int
	alive() error
	// done tells how many of the readings so far are completely done with.
	done(ctx context.Context) (float64, error)
}

// A turn is what one consumer did in one round.
type turn struct {
	rate float64 // readings a second
	cpu  float64 // CPU seconds per 100,000 readings
}

// A contestant is a consumer that is measured.
type contestant struct {
	consumer
	name  string
	base  float64 // what it had done before its turn
	turns []turn
}

// ingest measures how fast readings are taken from the broker until they are
// done with: for citywatch on the disk in the journal, stored and the rules
// evaluated; for Telegraf and a bare loop written to a file of line protocol,
// without sync.
//
// Each has a persistent session. While all are stopped, readings are published,
// which the broker queues for each of them; then each in turn goes on until it
// has them all. So the publisher takes no part in what is measured.
func (b *bench) ingest(budget time.Duration) error {
	all, missing, err := b.contestants()
	if err != nil {
		return err
	}
	p, err := b.publisher("bench")
	if err != nil {
		return err
	}
	// About 9 s for 100,000 readings on two cores, in each round.
	readings := max(20000, int(budget.Seconds()/ingestRounds/9*100000))
	for round := range ingestRounds {
		if err := b.queue(all, p, readings); err != nil {
			return err
		}
		for i := range all {
			c := all[(i+round)%len(all)]
			if err := b.takeTurn(c, readings); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			t := c.turns[round]
			fmt.Fprintf(b.log, "  %s: %.0f readings/s, %.2f CPU-s per 100,000\n", c.name, t.rate, t.cpu)
		}
	}
	for _, c := range all {
		if err := resume(c.pid()); err != nil {
			return err
		}
	}
	b.ingestRows(all, missing)
	return nil
}

// contestants starts them all, citywatch first, and waits until they have
// subscribed. A Telegraf that is missing is named.
func (b *bench) contestants() (all []*contestant, missing string, err error) {
	c, err := b.big()
	if err != nil {
		return nil, "", err
	}
	loop, err := b.startBareLoop()
	if err != nil {
		return nil, "", err
	}
	all = []*contestant{{consumer: cityConsumer{c}, name: "citywatch"}, {consumer: loop, name: bareLoopName}}
	telegraf, err := b.startTelegraf()
	switch {
	case errors.Is(err, errNoTelegraf):
		missing = err.Error()
	case err != nil:
		return nil, "", err
	default:
		all = append(all, &contestant{consumer: telegraf, name: "Telegraf " + telegrafVersion})
	}
	return all, missing, b.warmUp(all)
}

// look asks each how many it has done, and returns how many have done more
// than when they were asked last.
func (b *bench) look(all []*contestant) (moved int, err error) {
	for _, c := range all {
		n, err := c.done(b.ctx)
		if err := errors.Join(err, c.alive()); err != nil {
			return 0, fmt.Errorf("%s: %w", c.name, err)
		}
		if n != c.base {
			moved++
		}
		c.base = n
	}
	return moved, nil
}

// warmUp publishes single readings until every contestant gets them: then it
// has subscribed. It returns when no more arrive.
func (b *bench) warmUp(all []*contestant) error {
	p, err := b.publisher("bench")
	if err != nil {
		return err
	}
	const step = 300 * time.Millisecond
	if _, err := b.look(all); err != nil {
		return err
	}
	arrived := false
	for deadline := time.Now().Add(patience); !arrived; {
		if time.Now().After(deadline) {
			return fmt.Errorf("not every consumer has subscribed within %v", patience)
		}
		if err := p.flood(b.ctx, 1); err != nil {
			return err
		}
		time.Sleep(step)
		moved, err := b.look(all)
		if err != nil {
			return err
		}
		arrived = moved == len(all)
	}
	for quiet := 0; quiet < 5; quiet++ {
		time.Sleep(step)
		moved, err := b.look(all)
		if err != nil {
			return err
		}
		if moved > 0 {
			quiet = 0
		}
	}
	return nil
}

// queue stops the contestants and has the broker queue readings for them.
func (b *bench) queue(all []*contestant, p *publisher, readings int) error {
	for _, c := range all {
		if err := pause(c.pid()); err != nil {
			return err
		}
	}
	return p.flood(b.ctx, readings)
}

// takeTurn lets a stopped contestant go on until it has done with the readings,
// and stops it again.
func (b *bench) takeTurn(c *contestant, readings int) error {
	cpuBefore, err := cpuTime(c.pid())
	if err != nil {
		return err
	}
	began := time.Now()
	if err := resume(c.pid()); err != nil {
		return err
	}
	var n float64
	for n < c.base+float64(readings) {
		time.Sleep(20 * time.Millisecond)
		if n, err = c.done(b.ctx); err != nil {
			return errors.Join(c.alive(), err)
		}
		if time.Since(began) > 2*time.Minute {
			return fmt.Errorf("%.0f of %d readings after 2 minutes", n-c.base, readings)
		}
	}
	took := time.Since(began)
	cpuAfter, err := cpuTime(c.pid())
	if err != nil {
		return err
	}
	c.base = n
	c.turns = append(c.turns, turn{
		rate: float64(readings) / took.Seconds(),
		cpu:  (cpuAfter - cpuBefore).Seconds() / float64(readings) * 100000,
	})
	return pause(c.pid())
}

// A cityConsumer is done with a reading when it is on the disk in the journal,
// stored, and its rules are evaluated.
type cityConsumer struct{ *city }

func (c cityConsumer) done(ctx context.Context) (float64, error) {
	m, err := c.metrics(ctx)
	return min(m["citywatch_journal_readings_total"], m["citywatch_store_readings_total"], m["citywatch_alerts_evaluated_total"]), err
}

// ingestRows compares the medians: with Telegraf the budget, with the bare loop
// for information.
func (b *bench) ingestRows(all []*contestant, missing string) {
	const throughput, effort = "MQTT to synced, stored, evaluated", "the same, CPU-s per 100,000 readings"
	rate, cpu := all[0].medians()
	for _, peer := range all[1:] {
		fast, cheap := leastRatio(1), mostRatio(1)
		if peer.name == bareLoopName {
			fast, cheap = nil, nil
		}
		peerRate, peerCPU := peer.medians()
		b.table.add(row{Part: "ingest", What: throughput, Unit: "/s", Value: rate, Peer: peer.name, PeerValue: peerRate}, fast)
		b.table.add(row{Part: "ingest", What: effort, Unit: "s", Value: cpu, Peer: peer.name, PeerValue: peerCPU}, cheap)
	}
	if missing != "" {
		b.table.add(row{Part: "ingest", What: throughput, Unit: "/s", Value: rate, Peer: missing}, leastRatio(1))
		b.table.add(row{Part: "ingest", What: effort, Unit: "s", Value: cpu, Peer: missing}, mostRatio(1))
	}
}

func (c *contestant) medians() (rate, cpu float64) {
	var rates, cpus []float64
	for _, t := range c.turns {
		rates, cpus = append(rates, t.rate), append(cpus, t.cpu)
	}
	return median(rates), median(cpus)
}

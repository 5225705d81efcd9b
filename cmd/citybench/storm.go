package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"citywatch"
)

// A storm is a condition at each of its devices, one after the other. In life
// it would take stormLasts.
const (
	stormConditions = 20_000
	stormLasts      = 10 * time.Minute
)

// stormSite has as many communes as the province.
func stormSite(devices int) site {
	return site{name: "storm", devices: devices, rules: 1, across: 11, down: 9}
}

// storm has 20,000 conditions come faster than in the worst ten minutes, and
// measures how long each takes from the sensor's publish to the wall, and into
// how many rows they are folded there.
func (b *bench) storm(budget time.Duration) error {
	c, err := b.startCity(stormSite(stormConditions))
	if err != nil {
		return err
	}
	defer c.kill()
	times, err := b.brave(c, min(max(budget, 20*time.Second), time.Minute))
	if err != nil {
		return err
	}
	folded, err := c.storm(b.ctx)
	if err != nil {
		return err
	}
	held := 0
	for _, r := range folded.Rows {
		held += r.Count
	}
	switch {
	case !folded.On:
		return errors.New("nobody noticed the storm")
	case held != stormConditions || folded.Open != stormConditions:
		return fmt.Errorf("of %d alerts %d are open and %d folded into rows", stormConditions, folded.Open, held)
	}
	what := fmt.Sprintf("20,000 conditions, %.0f × as fast as in 10 min", stormLasts.Seconds()/times.took.Seconds())
	b.table.add(row{Part: "storm", What: what + ": rows on the wall", Value: float64(len(folded.Rows)),
		Peer: "alerts", PeerValue: float64(held)}, most(200))
	b.table.add(row{Part: "storm", What: what + ", publish to frame, p50", Unit: "ms", Value: quantile(times.all, 0.5)}, nil)
	b.table.add(row{Part: "storm", What: what + ", publish to frame, p99", Unit: "ms", Value: quantile(times.all, 0.99)}, most(2000))
	return nil
}

// stormTimes are how long each alert took to the wall, and all of them together.
type stormTimes struct {
	all  []float64
	took time.Duration
}

// brave publishes the storm over a time, and waits for the alert of each device.
func (b *bench) brave(c *city, over time.Duration) (stormTimes, error) {
	sent := &departures{at: map[string]time.Time{}}
	conn, err := dialStream(b.ctx, c.http, 0)
	if err != nil {
		return stormTimes{}, err
	}
	defer conn.Close()
	if _, _, err := conn.ReadMessage(); err != nil { // the snapshot
		return stormTimes{}, err
	}
	sensor, err := b.publisher("storm")
	if err != nil {
		return stormTimes{}, err
	}
	published := make(chan error, 1)
	begun := time.Now()
	go func() { published <- sent.publish(b.ctx, sensor, over) }()
	var times stormTimes
	for len(times.all) < stormConditions {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return times, err
		}
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return times, fmt.Errorf("%d of %d alerts came to the wall: %w", len(times.all), stormConditions, err)
		}
		if now := time.Now(); isAlert(frame) {
			if passed, first := sent.arrived(deviceOf(frame), now); first {
				times.all = append(times.all, milliseconds(passed))
			}
		}
	}
	times.took = time.Since(begun)
	return times, <-published
}

// departures are when the readings were published whose alerts have not come.
type departures struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (d *departures) publish(ctx context.Context, sensor *publisher, over time.Duration) error {
	begun := time.Now()
	for i := range stormConditions {
		if wait := time.Until(begun.Add(over * time.Duration(i) / stormConditions)); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		now := time.Now()
		d.mu.Lock()
		d.at[device(i)] = now
		d.mu.Unlock()
		if err := sensor.send("storm/disaster/"+device(i), payload(now, 2*bound)); err != nil {
			return err
		}
	}
	return sensor.drain()
}

// arrived returns how long the alert of a device took, if it is the first.
func (d *departures) arrived(device string, now time.Time) (time.Duration, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, waits := d.at[device]
	delete(d.at, device)
	return now.Sub(at), waits
}

// storm asks how the storm is folded.
func (c *city) storm(ctx context.Context) (folded citywatch.Storm, err error) {
	response, err := get(ctx, "http://"+c.http+"/api/v1/storm")
	if err != nil {
		return folded, err
	}
	defer response.Body.Close()
	return folded, json.NewDecoder(response.Body).Decode(&folded)
}

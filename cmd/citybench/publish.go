package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// window is how many messages may be on their way to the broker, and from it
// to each subscriber.
const window = 20000

// patience is how long a broker on this machine may take to answer.
const patience = 30 * time.Second

// A publisher publishes readings as devices would, at QoS 1.
type publisher struct {
	client  paho.Client
	prefix  string // of topics
	pending chan paho.Token
	sent    int
}

func (b *bench) publisher(prefix string) (*publisher, error) {
	client, err := connect(paho.NewClientOptions().AddBroker(b.broker.URL).
		SetClientID("publisher-" + prefix + strconv.FormatInt(time.Now().UnixNano(), 36)))
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { client.Disconnect(100) })
	return &publisher{client: client, prefix: prefix, pending: make(chan paho.Token, window/2)}, nil
}

func connect(o *paho.ClientOptions) (paho.Client, error) {
	client := paho.NewClient(o.SetOrderMatters(false))
	return client, await(client.Connect())
}

func await(token paho.Token) error {
	if !token.WaitTimeout(patience) {
		return fmt.Errorf("the broker does not answer within %v", patience)
	}
	return token.Error()
}

// next publishes the next reading: the devices take turns, and each reading is
// measured a little after the one before. It waits only while the window is
// full.
func (p *publisher) next() error {
	topic := p.prefix + "/disaster/" + device(p.sent%normalDevices)
	p.sent++
	return p.send(topic, payload(time.Now(), bound/2+float64(p.sent%1000)/100))
}

func (p *publisher) send(topic string, payload []byte) error {
	token := p.client.Publish(topic, 1, false, payload)
	if len(p.pending) == cap(p.pending) {
		for range cap(p.pending) / 4 {
			if err := await(<-p.pending); err != nil {
				return err
			}
		}
	}
	p.pending <- token
	return nil
}

// calm is a value of the readings that the probe sends between two crossings.
const calm = "calm"

// cross has the probe cross its bound, and stay there for some readings: what
// crosses with more than every fifth flaps, and is held where it is. No two are
// of the same millisecond, for then the later one corrects the other.
func (p *publisher) cross(level float64) error {
	topic, now := p.prefix+"/disaster/"+probe, time.Now()
	if err := p.send(topic, payload(now, level)); err != nil {
		return err
	}
	for i := range 4 {
		next := payload(now.Add(time.Duration(i+1)*time.Millisecond), level)
		if err := p.send(topic, append(next[:len(next)-2], `,"`+calm+`":1}}`...)); err != nil {
			return err
		}
	}
	return nil
}

// drain waits until the broker has acknowledged everything.
func (p *publisher) drain() error {
	for {
		select {
		case token := <-p.pending:
			if err := await(token); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// flood publishes n readings as fast as the broker takes them.
func (p *publisher) flood(ctx context.Context, n int) error {
	for range n {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.next(); err != nil {
			return err
		}
	}
	return p.drain()
}

// flow publishes rate readings a second until ctx ends.
func (p *publisher) flow(ctx context.Context, rate float64) error {
	const step = 5 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	due, last := 0.0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return p.drain()
		case now := <-tick.C:
			due += rate * now.Sub(last).Seconds()
			last = now
		}
		for ; due >= 1; due-- {
			if err := p.next(); err != nil {
				return err
			}
		}
	}
}

// payload is a message of the default format, a new slice each time: paho keeps
// it until it is acknowledged.
func payload(at time.Time, level float64) []byte {
	b := make([]byte, 0, 96)
	b = append(b, `{"time":"`...)
	b = at.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","values":{"battery":3.6,"water_level":`...)
	b = strconv.AppendFloat(b, level, 'f', 2, 64)
	return append(b, "}}"...)
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/gorilla/websocket"
)

const latencyRate = 5000

// manyRules is a site with the rules of a whole province: 17 or 18 of the 200
// concern each device.
func manyRules() site {
	s := normalSite()
	s.name, s.rules = "rules", 200
	return s
}

// latency measures the time from a sensor's publish to the alert's frame at a
// wall's websocket while 5,000 readings a second flow, and beside it the part
// of that time that the broker takes: the same message at a plain subscriber.
func (b *bench) latency(budget time.Duration) error {
	c, err := b.big()
	if err != nil {
		return err
	}
	return b.latencyAt(c, "bench", row{Part: "latency", What: "publish to frame at 5,000/s"}, budget, most(8))
}

// alerts measures the same with many rules.
func (b *bench) alerts(budget time.Duration) error {
	s := manyRules()
	c, err := b.startCity(s)
	if err != nil {
		return err
	}
	defer c.kill()
	return b.latencyAt(c, s.name, row{Part: "alerts", What: "the same with 200 rules, 17 for each device"}, budget, nil)
}

func (b *bench) latencyAt(c *city, prefix string, of row, long time.Duration, median *budget) error {
	hops, err := b.subscribeProbe(prefix)
	if err != nil {
		return err
	}
	frames, err := b.watch(c)
	if err != nil {
		return err
	}
	load, err := b.publisher(prefix)
	if err != nil {
		return err
	}
	sensor, err := b.publisher(prefix)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(b.ctx, long)
	defer cancel()
	flow := make(chan error, 1)
	go func() { flow <- load.flow(ctx, latencyRate) }()
	wall, broker, err := probeUntilDone(ctx, sensor, frames, hops)
	cancel()
	if flowErr := <-flow; err == nil {
		err = flowErr
	}
	if err != nil {
		return err
	}
	for _, q := range []struct {
		name  string
		q     float64
		bound *budget
	}{{"p50", 0.5, median}, {"p99", 0.99, most(25)}} {
		b.table.add(row{
			Part: of.Part, What: fmt.Sprintf("%s, %s of %d", of.What, q.name, len(wall)),
			Unit: "ms", Value: quantile(wall, q.q),
			Peer: "broker alone", PeerValue: quantile(broker, q.q),
		}, q.bound)
	}
	return nil
}

// probeUntilDone has the probe cross its bound, up and down, and waits each
// time for the frame and for the subscriber, until ctx ends.
func probeUntilDone(ctx context.Context, sensor *publisher, frames, hops <-chan time.Time) (wall, broker []float64, err error) {
	for up := true; ; up = !up {
		// Not in step with anything else that has a period.
		pause := 17*time.Millisecond + time.Duration(len(wall)%13)*time.Millisecond
		select {
		case <-ctx.Done():
			if len(wall) == 0 {
				return nil, nil, fmt.Errorf("no frame came")
			}
			return wall, broker, nil
		case <-time.After(pause):
		}
		level := bound / 2
		if up {
			level = bound * 2
		}
		sent := time.Now()
		if err := sensor.cross(level); err != nil {
			return nil, nil, err
		}
		for _, arrivals := range []struct {
			at    <-chan time.Time
			times *[]float64
		}{{hops, &broker}, {frames, &wall}} {
			select {
			case at := <-arrivals.at:
				*arrivals.times = append(*arrivals.times, milliseconds(at.Sub(sent)))
			case <-time.After(10 * time.Second):
				return nil, nil, fmt.Errorf("the probe's reading %d did not arrive within 10 s", len(wall)+1)
			}
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// subscribeProbe tells when the probe's readings reach a plain subscriber.
func (b *bench) subscribeProbe(prefix string) (<-chan time.Time, error) {
	client, err := connect(paho.NewClientOptions().AddBroker(b.broker.URL).SetClientID("hop-" + prefix))
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { client.Disconnect(100) })
	at := make(chan time.Time, 100)
	return at, await(client.Subscribe(prefix+"/disaster/"+probe, 1, func(_ paho.Client, m paho.Message) {
		if now := time.Now(); !bytes.Contains(m.Payload(), []byte(calm)) {
			at <- now
		}
	}))
}

// watch is a wall: it takes every frame, and tells when an alert of the probe
// has come.
func (b *bench) watch(c *city) (<-chan time.Time, error) {
	conn, err := dialStream(b.ctx, c.http, 0)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { conn.Close() })
	at := make(chan time.Time, 100)
	ready := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			_, frame, err := conn.ReadMessage()
			if err != nil {
				return
			}
			now := time.Now()
			if first {
				close(ready)
			}
			if isAlert(frame) && isProbe(frame) {
				at <- now
			}
		}
	}()
	select {
	case <-ready:
		return at, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("no snapshot came within %v", patience)
	}
}

var alertFrame = []byte(`{"type":"alert"`)

// isAlert knows an alert by the frame's beginning.
func isAlert(frame []byte) bool { return bytes.HasPrefix(frame, alertFrame) }

func isProbe(frame []byte) bool { return deviceOf(frame) == probe }

// deviceOf returns the device whose alert a frame is about.
func deviceOf(frame []byte) string {
	var f struct {
		Feature struct {
			Properties struct {
				Device string `json:"device"`
			} `json:"properties"`
		} `json:"feature"`
	}
	if json.Unmarshal(frame, &f) != nil {
		return ""
	}
	return f.Feature.Properties.Device
}

// dialStream connects the i-th client of citywatch's websocket. The clients
// share out the addresses of the loopback network: from one alone the ports
// would run out.
func dialStream(ctx context.Context, addr string, i int) (*websocket.Conn, error) {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%8))}}
	dialer := websocket.Dialer{
		NetDialContext: from.DialContext, HandshakeTimeout: patience,
		ReadBufferSize: 1024, WriteBufferSize: 1024,
	}
	conn, response, err := dialer.DialContext(ctx, "ws://"+addr+"/api/v1/stream", nil)
	if response != nil {
		defer response.Body.Close()
	}
	if errors.Is(err, websocket.ErrBadHandshake) && response != nil {
		return nil, fmt.Errorf("the websocket answers %s", response.Status)
	}
	return conn, err
}

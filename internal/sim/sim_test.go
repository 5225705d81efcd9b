package sim

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"citywatch"
	"citywatch/internal/edge"
	"citywatch/internal/servertest"
)

// subscribe writes all that the broker hears into a notebook, reconnecting.
func subscribe(t *testing.T, broker string, n *notebook) {
	t.Helper()
	o := mqtt.NewClientOptions().AddBroker(broker).SetClientID("notebook").
		SetAutoReconnect(true).SetMaxReconnectInterval(100 * time.Millisecond).
		SetOnConnectHandler(func(c mqtt.Client) {
			c.SubscribeMultiple(map[string]byte{"city/+/+": 1, "application/+/device/+/event/up": 1, "zigbee2mqtt/+": 1},
				func(_ mqtt.Client, m mqtt.Message) { _ = n.Publish(context.Background(), m.Topic(), m.Payload()) })
		})
	client := mqtt.NewClient(o)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	t.Cleanup(func() { client.Disconnect(250) })
}

// silentSince returns the devices that have not reported since.
func (n *notebook) silentSince(devices []citywatch.Device, since time.Time) (silent []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range devices {
		got := n.readings[d.ID]
		if len(got) == 0 || got[len(got)-1].Time.Before(since) {
			silent = append(silent, d.ID)
		}
	}
	return silent
}

func eventually(t *testing.T, within time.Duration, what string, missing func() []string) {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		left := missing()
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s within %v: not %v", what, within, left)
		}
	}
}

// running runs the simulation, ten times as fast as the clock, until stop,
// which wants it to end soon.
func running(t *testing.T, broker string, devices []citywatch.Device) (stop func()) {
	t.Helper()
	s, err := New(Options{Broker: broker, Devices: devices, Seed: 1, Speed: 10})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		t.Helper()
		stopping := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if took := time.Since(stopping); took > 2*time.Second {
			t.Errorf("stopping took %v", took)
		}
	}
}

// TestTheProvinceSpeaks has all devices heard through a real broker, kills it
// with -9, and has them heard again.
func TestTheProvinceSpeaks(t *testing.T) {
	broker := servertest.Mosquitto(t)
	devices := province(t)
	n := newNotebook(t, devices)
	subscribe(t, broker.URL, n)
	begun := time.Now()
	stop := running(t, strings.Replace(broker.URL, "tcp", "mqtt", 1), devices)
	defer stop()
	eventually(t, 10*time.Second, "all devices are heard", func() []string { return n.silentSince(devices, begun) })
	t.Logf("all %d devices heard after %v, at speed 10", len(devices), time.Since(begun).Round(time.Millisecond))

	broker.Kill()
	broker.Start()
	back := time.Now()
	speaking := slices.DeleteFunc(slices.Clone(devices), func(d citywatch.Device) bool {
		return d.ID == "mua-ban-ho" // silent for a while anyway
	})
	eventually(t, 20*time.Second, "all devices are heard again", func() []string { return n.silentSince(speaking, back) })
}

// TestTheProvinceSpeaksToTheEdge has all devices heard through our own broker.
func TestTheProvinceSpeaksToTheEdge(t *testing.T) {
	broker, err := edge.Open(t.Context(), edge.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"}, edge.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	})
	devices := province(t)
	n := newNotebook(t, devices)
	subscribe(t, "tcp://"+broker.Addr(), n)
	begun := time.Now()
	stop := running(t, "mqtt://"+broker.Addr(), devices)
	defer stop()
	eventually(t, 20*time.Second, "all devices are heard", func() []string { return n.silentSince(devices, begun) })
	t.Logf("all %d devices heard after %v, at speed 10", len(devices), time.Since(begun).Round(time.Millisecond))
}

func TestNewRefusesWhatCannotRun(t *testing.T) {
	for _, o := range []Options{
		{Broker: "gopher://h"},
		{Broker: "mqtt://h", Devices: []citywatch.Device{{ID: "x", Class: "sundial"}}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestABrokerThatWantsNobodyEndsTheRun(t *testing.T) {
	broker := servertest.Mosquitto(t, "allow_anonymous false")
	s, err := New(Options{Broker: broker.URL, Devices: province(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("the run ends without an error")
	}
}

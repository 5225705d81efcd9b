package sim

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/ingest/decode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A notebook writes down what is published, decoded as ingest would.
type notebook struct {
	t        *testing.T
	byAlias  map[string]string
	decoders map[string]decode.Decoder // by the topic's first level

	mu       sync.Mutex
	readings map[string][]citywatch.Reading // by device id
	fail     error
}

func newNotebook(t *testing.T, devices []citywatch.Device) *notebook {
	n := &notebook{t: t, byAlias: map[string]string{}, decoders: map[string]decode.Decoder{}, readings: map[string][]citywatch.Reading{}}
	for _, d := range devices {
		n.byAlias[d.ID] = d.ID
		for _, alias := range d.Aliases {
			n.byAlias[alias] = d.ID
		}
	}
	for topic, format := range map[string]string{"city": decode.JSON, "application": decode.ChirpStack, "zigbee2mqtt": decode.Zigbee2MQTT} {
		decoder, err := decode.New(decode.Options{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		n.decoders[topic] = decoder
	}
	return n
}

func (n *notebook) Publish(_ context.Context, topic string, payload []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return n.fail
	}
	first, _, _ := strings.Cut(topic, "/")
	got, err := n.decoders[first].Decode(nil, decode.Message{Topic: topic, Payload: payload, Arrived: time.Now()})
	if err != nil || len(got) != 1 || got[0].TimeAssumed {
		n.t.Errorf("%s: %d readings, %v: %s", topic, len(got), err, payload)
		return nil
	}
	id, known := n.byAlias[got[0].Device]
	if !known {
		n.t.Errorf("%s: unknown device %s", topic, got[0].Device)
	}
	n.readings[id] = append(n.readings[id], got[0])
	return nil
}

// play runs every gateway of a world into a notebook for a while, in no time.
func play(t *testing.T, speed float64, during time.Duration) (*notebook, *World) {
	t.Helper()
	devices := province(t)
	n := newNotebook(t, devices)
	var w *World
	synctest.Test(t, func(t *testing.T) {
		var err error
		w, err = NewWorld(Options{Devices: devices, Seed: 1, Start: time.Now(), Speed: speed})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), during)
		defer cancel()
		var all sync.WaitGroup
		for _, g := range gateways(w) {
			all.Go(func() {
				if err := g.run(ctx, n); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	return n, w
}

func TestEveryDeviceReportsOnItsPeriod(t *testing.T) {
	n, w := play(t, 1, time.Minute)
	for i := range w.devices {
		d := &w.devices[i]
		got := n.readings[d.ID]
		if len(got) == 0 {
			t.Errorf("%s is never heard", d.ID)
			continue
		}
		if late := got[0].Time.Sub(w.start); late > 2500*time.Millisecond {
			t.Errorf("%s is first heard after %v", d.ID, late)
		}
		if d.ID == "mua-ban-ho" {
			if last := got[len(got)-1].Time.Sub(w.start); last > 22*time.Second {
				t.Errorf("%s is silent from 22 s on and heard at %v", d.ID, last)
			}
			continue
		}
		// One more each time something happens to it, and one for the first.
		if want := int(time.Minute / d.Period); len(got) < want || len(got) > want+3 {
			t.Errorf("%s: %d readings a minute, every %v", d.ID, len(got), d.Period)
		}
		for k := 1; k < len(got); k++ {
			if gap := got[k].Time.Sub(got[k-1].Time); gap > d.Period+lookEvery {
				t.Errorf("%s: %v without a reading", d.ID, gap)
			}
		}
	}
}

// TestAlarmsAreReportedAtOnce: a smoke detector whose turn comes every 20 s
// does not wait for it.
func TestAlarmsAreReportedAtOnce(t *testing.T) {
	n, w := play(t, 1, time.Minute)
	find := func(device string, is func(citywatch.Reading) bool) time.Duration {
		for _, r := range n.readings[device] {
			if is(r) {
				return r.Time.Sub(w.start)
			}
		}
		return 0
	}
	smoke := find("khoi-may-trang-301", func(r citywatch.Reading) bool { v, _ := r.Number("smoke"); return v == 1 })
	if smoke < 26*time.Second || smoke > 26500*time.Millisecond {
		t.Errorf("smoke from 26 s on is reported at %v", smoke)
	}
	fire := find("bao-chay-khach-san-may-trang", func(r citywatch.Reading) bool { v, _ := r.Text("state"); return v == "fire" })
	if fire < 35*time.Second || fire > 35500*time.Millisecond {
		t.Errorf("fire from 35 s on is reported at %v", fire)
	}
}

// TestSpeed: twelve times as fast, a minute's story takes five seconds, and
// the times are still those of the clock.
func TestSpeed(t *testing.T) {
	n, w := play(t, 12, 5*time.Second)
	var fire time.Time
	for _, r := range n.readings["bao-chay-khach-san-may-trang"] {
		if v, _ := r.Text("state"); v == "fire" && fire.IsZero() {
			fire = r.Time
		}
	}
	if at := fire.Sub(w.start); at < 35*time.Second/12 || at > 3*time.Second {
		t.Errorf("fire is reported at %v, want about %v", at, 35*time.Second/12)
	}
	if got := len(n.readings["lao-cai-thao"]); got < 12 || got > 15 {
		t.Errorf("%d readings of a gauge that makes 12 a minute", got)
	}
}

func TestAGatewaySaysWhyItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		devices := province(t)
		w, err := NewWorld(Options{Devices: devices, Start: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		n := newNotebook(t, devices)
		n.fail = errors.New("no such broker")
		g := gateways(w)[0]
		if err := g.run(t.Context(), n); !errors.Is(err, n.fail) || !strings.Contains(err.Error(), g.id) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestGateways(t *testing.T) {
	all := gateways(world(t, 1))
	if len(all) < 10 || len(all) > 20 {
		t.Errorf("%d connections", len(all))
	}
	devices := 0
	for i, g := range all {
		if i > 0 && g.id == all[i-1].id {
			t.Errorf("two gateways are called %s", g.id)
		}
		devices += len(g.devices)
	}
	if devices != 126 {
		t.Errorf("%d devices have a gateway", devices)
	}
}

func TestMessages(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 1, 500e6, time.UTC)
	const stamp = "2026-11-22T07:00:01.500+07:00"
	values := []citywatch.Value{{Name: "battery", Number: 91}, {Name: "smoke", Number: 1}}
	for _, c := range []struct {
		alias, topic string
		pointers     map[string]any
	}{
		{"", "city/fire/x", map[string]any{"time": stamp, "values": map[string]any{"battery": 91.0, "smoke": 1.0}}},
		{"0x00158d0007a31c45", "zigbee2mqtt/0x00158d0007a31c45", map[string]any{"smoke": true, "battery": 91.0, "last_seen": stamp}},
		{"24e124710b2a0031", "application/" + application + "/device/24e124710b2a0031/event/up",
			map[string]any{"time": stamp, "fCnt": 5.0, "object": map[string]any{"battery": 91.0, "smoke": 1.0}}},
		{"serial-17", "city/fire/x", map[string]any{"time": stamp}},
	} {
		d := citywatch.Device{ID: "x", Sector: citywatch.SectorFire, Aliases: []string{c.alias}}
		topic, payload, err := message(measurement{&d, 5, at, values})
		if err != nil || topic != c.topic {
			t.Errorf("%q: published on %s (%v), want %s", c.alias, topic, err, c.topic)
		}
		var got map[string]any
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatal(err)
		}
		for member, want := range c.pointers {
			if !jsonEqual(got[member], want) {
				t.Errorf("%q: %s is %v, want %v", c.alias, member, got[member], want)
			}
		}
	}
}

func jsonEqual(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/hub"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A picture is a present of which the tests decide what it is.
type picture struct {
	mu      sync.Mutex
	seq     uint64
	epoch   string
	open    map[string]citywatch.Alert
	devices []citywatch.DeviceState
	folded  citywatch.Storm
}

func newPicture() *picture {
	return &picture{epoch: "e1", open: map[string]citywatch.Alert{}}
}

func (p *picture) Alerts() ([]citywatch.Alert, uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []citywatch.Alert
	for _, a := range p.open {
		out = append(out, a)
	}
	return out, p.seq
}

func (p *picture) Devices() []citywatch.DeviceState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.devices)
}

func (p *picture) Epoch() string { return p.epoch }

func (p *picture) apply(t *citywatch.Transition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq = t.Seq
	if t.Alert.Open() {
		p.open[t.Alert.ID] = t.Alert
	} else {
		delete(p.open, t.Alert.ID)
	}
}

func (p *picture) addDevice(id, zone string, period time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices = append(p.devices, citywatch.DeviceState{Device: &citywatch.Device{
		ID: id, Name: id, Class: "river_gauge", Zone: zone, Sector: citywatch.SectorDisaster,
		Position: orb.Point{103.97, 22.48}, Period: period,
	}})
}

func (p *picture) hear(id string, level float64, at time.Time) citywatch.Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.devices {
		if p.devices[i].Device.ID == id {
			p.devices[i].Heard = at
			p.devices[i].Values = []citywatch.LastValue{{Value: citywatch.Value{Name: "water_level", Number: level}, Time: at}}
		}
	}
	return citywatch.Reading{Device: id, Time: at, Arrived: at}
}

// A bench is a running hub behind a real server.
type bench struct {
	due atomic.Int32
	*hub.Hub
	picture  *picture
	registry *prometheus.Registry
	url      string
	seq      uint64
	stop     func()
}

func start(t testing.TB, options hub.Options, prepare ...func(*picture)) *bench {
	t.Helper()
	b := &bench{picture: newPicture(), registry: prometheus.NewRegistry()}
	for _, p := range prepare {
		p(b.picture)
	}
	b.seq = b.picture.seq
	b.Hub = hub.New(options, hub.Deps{Source: b.picture, Storm: b.picture.storm, Due: func(time.Time) int { return int(b.due.Load()) }, Registerer: b.registry, Classes: []citywatch.Class{{
		ID: "river_gauge", Name: citywatch.Text{VI: "Trạm thủy văn", EN: "River gauge"},
		Quantities: []citywatch.Quantity{{Value: "water_level", Name: citywatch.Text{VI: "Mực nước"}, Unit: "m", Decimals: 2}},
	}}})
	server := httptest.NewServer(b.Hub)
	b.url = "ws" + strings.TrimPrefix(server.URL, "http")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run did not return within 10 s of the end of its context")
		}
		server.CloseClientConnections()
		server.Close()
	})
	t.Cleanup(b.stop)
	b.awaitServing(t)
	return b
}

func (b *bench) awaitServing(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		resp, err := http.Get(strings.Replace(b.url, "ws", "http", 1))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			return
		}
	}
	t.Fatal("the hub does not serve")
}

// alert returns an alert of the zone, new and active.
func alert(id, zone string, level citywatch.Level) citywatch.Alert {
	return citywatch.Alert{
		ID: id, Rule: "river-flood", Zone: zone, Sector: citywatch.SectorDisaster, Device: "d1",
		Position: orb.Point{103.97, 22.48}, Level: level, Condition: citywatch.Active, Handling: citywatch.New, Version: 1,
	}
}

// publish applies and tells the next transition.
func (b *bench) publish(a citywatch.Alert, reason citywatch.Reason) uint64 {
	b.seq++
	tr := citywatch.Transition{
		ID: fmt.Sprintf("%s/%d", a.ID, a.Version), Seq: b.seq, At: time.Now(), Reason: reason, Alert: a,
	}
	b.picture.apply(&tr)
	b.Transition(&tr)
	return b.seq
}

// A frame is any frame as a client reads it.
type frame struct {
	Type     string         `json:"type"`
	Epoch    string         `json:"epoch"`
	Seq      uint64         `json:"seq"`
	Time     time.Time      `json:"time"`
	Alerts   []alertFeature `json:"alerts"`
	Devices  []deviceObject `json:"devices"`
	Features []deviceObject `json:"features"`
	Feature  alertFeature   `json:"feature"`
	Removed  any            `json:"removed"`
	Due      int            `json:"due"`

	Transition struct{ ID, Reason, Actor string } `json:"transition"`
}

type alertFeature struct {
	ID         string `json:"id"`
	Properties struct {
		Level citywatch.Level `json:"level"`
		Open  bool            `json:"open"`
	} `json:"properties"`
}

type deviceObject struct {
	ID         string `json:"id"`
	Properties struct {
		State     string              `json:"state"`
		Freshness citywatch.Freshness `json:"freshness"`
		Level     citywatch.Level     `json:"level"`
		Values    []struct {
			Number float64
			Unit   string
			Label  citywatch.Text
		} `json:"values"`
	} `json:"properties"`
}

type client struct {
	t    testing.TB
	conn *websocket.Conn
}

func (b *bench) dial(t testing.TB, query string) *client {
	t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, EnableCompression: true}
	conn, resp, err := dialer.Dial(b.url+"/?"+query, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	// The default gives up after a second, which a thousand clients that share
	// two processors with their server may well take.
	conn.SetPingHandler(func(data string) error {
		_ = conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(30*time.Second))
		return nil
	})
	return &client{t: t, conn: conn}
}

func (c *client) read() (frame, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, data, err := c.conn.ReadMessage()
	if err != nil {
		return frame{}, err
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		return frame{}, fmt.Errorf("%w in %s", err, data)
	}
	return f, nil
}

// next returns the next frame of the type.
func (c *client) next(typ string) frame {
	c.t.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", typ, err)
		}
		if f.Type == typ {
			return f
		}
	}
}

// alertsUntil returns the alert frames up to a heartbeat that covers seq.
func (c *client) alertsUntil(seq uint64) []frame {
	c.t.Helper()
	var out []frame
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for everything up to %d: %v", seq, err)
		}
		switch {
		case f.Type == "alert":
			out = append(out, f)
		case f.Type == "heartbeat" && f.Seq >= seq:
			return out
		}
	}
}

func (b *bench) metric(t testing.TB, name, label string) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if label == "" || slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == label }) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("after 10 s still not: %s", what)
}

// fast has the periodic frames come often enough for tests.
var fast = hub.Options{DevicesEvery: 20 * time.Millisecond, HeartbeatEvery: 250 * time.Millisecond}

func TestSnapshotThenChanges(t *testing.T) {
	b := start(t, fast, func(p *picture) { p.addDevice("d1", "lao-cai", time.Minute) })
	b.publish(alert("a1", "lao-cai", 2), citywatch.ReasonFired)
	c := b.dial(t, "")
	first, err := c.read()
	if err != nil {
		t.Fatal(err)
	}
	if first.Type != "snapshot" || first.Epoch != "e1" || first.Seq != 1 || first.Time.IsZero() {
		t.Errorf("the first frame is %+v", first)
	}
	if len(first.Alerts) != 1 || first.Alerts[0].ID != "a1" || !first.Alerts[0].Properties.Open {
		t.Errorf("the snapshot's alerts are %+v", first.Alerts)
	}
	if len(first.Devices) != 1 || first.Devices[0].Properties.State != "alarm" || first.Devices[0].Properties.Freshness != citywatch.Never {
		t.Errorf("the snapshot's devices are %+v", first.Devices)
	}
	raised := alert("a1", "lao-cai", 4)
	raised.Version = 2
	b.publish(raised, citywatch.ReasonRaised)
	f := c.next("alert")
	if f.Seq != 2 || f.Feature.Properties.Level != 4 || f.Transition.ID != "a1/2" || f.Transition.Reason != "raised" {
		t.Errorf("the change is told as %+v", f)
	}
	if d := c.next("devices"); len(d.Features) != 1 || d.Features[0].Properties.Level != 4 {
		t.Errorf("the device's level is told as %+v", d.Features)
	}
}

func TestHeartbeatTellsTimeAndSeq(t *testing.T) {
	b := start(t, fast)
	c := b.dial(t, "level=5")
	b.publish(alert("a1", "z", 1), citywatch.ReasonFired)
	before := time.Now()
	if frames := c.alertsUntil(1); len(frames) != 0 {
		t.Errorf("a level 1 alert passed level=5: %+v", frames)
	}
	if f := c.next("heartbeat"); f.Seq != 1 || f.Time.Before(before.Add(-time.Second)) || f.Time.After(time.Now()) {
		t.Errorf("heartbeat %+v", f)
	}
}

// TestHeartbeatTellsWhatIsDue: a promise reminds until somebody keeps it.
func TestHeartbeatTellsWhatIsDue(t *testing.T) {
	b := start(t, fast)
	c := b.dial(t, "")
	for _, due := range []int{2, 0} {
		b.due.Store(int32(due))
		for deadline := time.Now().Add(20 * time.Second); c.next("heartbeat").Due != due; {
			if time.Now().After(deadline) {
				t.Fatalf("no heartbeat tells that %d are due", due)
			}
		}
	}
}

func TestDevicesAreConflated(t *testing.T) {
	options := fast
	options.DevicesEvery = 300 * time.Millisecond
	b := start(t, options, func(p *picture) {
		p.addDevice("d1", "lao-cai", time.Minute)
		p.addDevice("d2", "sa-pa", time.Minute)
	})
	c := b.dial(t, "")
	c.next("snapshot")
	began := time.Now()
	for i := range 100 {
		b.Readings([]citywatch.Reading{b.picture.hear("d1", float64(i), time.Now())})
	}
	f := c.next("devices")
	if len(f.Features) != 1 || f.Features[0].ID != "d1" {
		t.Fatalf("told of %+v, though only d1 was heard", f.Features)
	}
	v := f.Features[0].Properties.Values
	if len(v) != 1 || v[0].Number != 99 || v[0].Unit != "m" || v[0].Label.VI != "Mực nước" {
		t.Errorf("the last value is told as %+v", v)
	}
	b.Readings([]citywatch.Reading{b.picture.hear("d1", 100, time.Now())})
	c.next("devices")
	if took := time.Since(began); took < options.DevicesEvery {
		t.Errorf("two device frames within %v", took)
	}
}

func TestSilenceIsToldWithoutAReading(t *testing.T) {
	b := start(t, fast, func(p *picture) {
		p.addDevice("d1", "lao-cai", 100*time.Millisecond)
		p.hear("d1", 1, time.Now())
	})
	c := b.dial(t, "")
	var seen []citywatch.Freshness
	for _, d := range c.next("snapshot").Devices {
		seen = append(seen, d.Properties.Freshness)
	}
	for seen[len(seen)-1] != citywatch.Silent {
		seen = append(seen, c.next("devices").Features[0].Properties.Freshness)
	}
	if want := []citywatch.Freshness{citywatch.Fresh, citywatch.Late, citywatch.Silent}; !slices.Equal(seen, want) {
		t.Errorf("freshness was told as %v, want %v", seen, want)
	}
}

func TestDevicesComeAndGo(t *testing.T) {
	b := start(t, fast, func(p *picture) { p.addDevice("d1", "lao-cai", time.Minute) })
	c := b.dial(t, "")
	c.next("snapshot")
	b.picture.addDevice("d2", "sa-pa", time.Minute)
	if f := c.next("devices"); len(f.Features) != 1 || f.Features[0].ID != "d2" {
		t.Errorf("a new device is told as %+v", f)
	}
	b.picture.mu.Lock()
	b.picture.devices = b.picture.devices[1:]
	b.picture.mu.Unlock()
	if f := c.next("devices"); fmt.Sprint(f.Removed) != "[d1]" || len(f.Features) != 0 {
		t.Errorf("a removed device is told as %+v", f)
	}
}

// TestJoinWhilePublishing: whenever a client joins, snapshot and changes
// together are every alert once.
func TestJoinWhilePublishing(t *testing.T) {
	const total = 1000
	b := start(t, fast)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range total {
			b.publish(alert(fmt.Sprintf("a%d", i+1), "z", 1), citywatch.ReasonFired)
			if i%20 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	var joins sync.WaitGroup
	for i := range 20 {
		joins.Go(func() {
			time.Sleep(time.Duration(i) * 3 * time.Millisecond)
			c := b.dial(t, "")
			first := c.next("snapshot")
			if uint64(len(first.Alerts)) != first.Seq {
				t.Errorf("a snapshot of %d holds %d alerts", first.Seq, len(first.Alerts))
			}
			want := first.Seq
			for _, f := range c.alertsUntil(total) {
				if want++; f.Seq != want {
					t.Errorf("got %d, want %d", f.Seq, want)
					return
				}
			}
			if want != total {
				t.Errorf("everything is said to have been told, but the last was %d", want)
			}
		})
	}
	joins.Wait()
	<-done
}

package dashboards_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/dashboards/hub"
	"citywatch/internal/registry"
	"citywatch/provinces/laocai"
	"citywatch/video"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"
)

// A province is everything that the site is given, with the devices of Lào Cai
// and readings made up as they are asked for.
type province struct {
	ruleFault string // what is wrong in the files of rules
	hub       *hub.Hub
	classes   []citywatch.Class
	zones     []citywatch.Zone

	mu   sync.Mutex
	seq  uint64
	open map[string]citywatch.Alert
	done []dashboards.Action
	// happened are the transitions, in their order.
	happened []citywatch.Transition
	devices  []citywatch.DeviceState
	letters  []citywatch.DeadLetter
	broken   error // what History answers with
	burns    bool  // what Reset answers with
	system   dashboards.System
	ready    dashboards.ReadyReport
	now      func() time.Time
	version  string
	book     *bookOfProvince
	options  dashboards.Options
	watch    func(*dashboards.Deps) // puts cameras into what run serves
}

// newProvince returns Lào Cai, with every device just heard but three: one
// late, one silent, one never heard.
func newProvince(t testing.TB) *province {
	t.Helper()
	p := &province{open: map[string]citywatch.Alert{}, now: time.Now, book: newBookOfProvince()}
	p.watch = func(d *dashboards.Deps) { d.Cameras = noCameras{} }
	p.zones = readZones(t)
	source, err := laocai.Files.ReadFile(laocai.DevicesFile)
	if err != nil {
		t.Fatal(err)
	}
	classes, devices, _, problems := registry.Parse(source, p.zoneAt)
	if len(problems) > 0 {
		t.Fatalf("the province has problems: %v", problems)
	}
	p.classes = append(classes, video.Classes()...)
	for i := range devices {
		p.devices = append(p.devices, citywatch.DeviceState{Device: &devices[i]})
	}
	p.hub = hub.New(hub.Options{DevicesEvery: 100 * time.Millisecond, HeartbeatEvery: time.Second},
		hub.Deps{Source: p, Classes: p.classes, Storm: p.book.storm})
	for i := range p.devices {
		p.hear(i, time.Now())
	}
	p.devices[30].Heard = time.Now().Add(-3 * p.devices[30].Device.Period)
	p.devices[45].Heard = time.Now().Add(-47 * time.Minute)
	p.devices[60] = citywatch.DeviceState{Device: p.devices[60].Device}
	fine := dashboards.Part{Name: "journal", State: dashboards.OK}
	p.system = dashboards.System{
		Sources: []dashboards.Part{{Name: "mqtt", State: dashboards.OK, Since: time.Now().Add(-time.Hour)}},
		Journal: fine, Store: dashboards.Part{Name: "store", State: dashboards.OK},
	}
	p.ready = dashboards.ReadyReport{Ready: true, Parts: []dashboards.Part{fine}}
	return p
}

func readZones(t testing.TB) []citywatch.Zone {
	t.Helper()
	source, err := laocai.Files.ReadFile(laocai.ZonesFile)
	if err != nil {
		t.Fatal(err)
	}
	var collection struct {
		Features []struct {
			ID         string
			Properties struct{ Name string }
			Geometry   struct{ Coordinates orb.Polygon }
		}
	}
	if err := json.Unmarshal(source, &collection); err != nil {
		t.Fatal(err)
	}
	var zones []citywatch.Zone
	for _, f := range collection.Features {
		zones = append(zones, citywatch.Zone{ID: f.ID, Name: f.Properties.Name, Geometry: orb.MultiPolygon{f.Geometry.Coordinates}})
	}
	return zones
}

// zoneAt is near enough for made-up data: the zone whose box holds the point.
func (p *province) zoneAt(at orb.Point) string {
	for _, z := range p.zones {
		if z.Geometry.Bound().Contains(at) {
			return z.ID
		}
	}
	return p.zones[0].ID
}

func (p *province) Alerts() ([]citywatch.Alert, uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []citywatch.Alert
	for _, a := range p.open {
		out = append(out, a)
	}
	return out, p.seq
}

func (p *province) Alert(id string) (citywatch.Alert, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.open[id]
	return a, ok
}

func (p *province) Devices() []citywatch.DeviceState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.devices)
}

func (p *province) Epoch() string { return "test" }

// publish makes a the next transition.
func (p *province) publish(a citywatch.Alert, reason citywatch.Reason, actor string) citywatch.Alert {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	a.Version++
	a.Updated = p.now()
	a.Incident = p.book.apply(&citywatch.Transition{Seq: p.seq, At: a.Updated, Reason: reason, Actor: actor, Alert: a})
	if a.Open() {
		p.open[a.ID] = a
	} else {
		delete(p.open, a.ID)
	}
	t := citywatch.Transition{
		ID: fmt.Sprintf("%s/%d", a.ID, a.Version), Seq: p.seq, At: a.Updated, Reason: reason, Actor: actor, Alert: a,
	}
	p.happened = append(p.happened, t)
	p.hub.Transition(&t)
	return a
}

// Do is a small part of what the engine does.
func (p *province) Do(_ context.Context, do dashboards.Action) (citywatch.Alert, error) {
	p.mu.Lock()
	p.done = append(p.done, do)
	p.mu.Unlock()
	if do.Device != "" {
		return citywatch.Alert{ID: "out-of-service/" + do.Device, Device: do.Device}, nil
	}
	a, err := p.seen(do.Alert, do.Version)
	if err != nil {
		return a, err
	}
	switch do.Do {
	case "acknowledge":
		a.Handling, a.HandledBy = citywatch.Acknowledged, do.Actor
		return p.publish(a, citywatch.ReasonAcknowledged, do.Actor), nil
	case "reset":
		if p.burning() {
			return a, fmt.Errorf("%w: it is not over", dashboards.ErrConflict)
		}
		a.Condition, a.Handling, a.HandledBy = citywatch.Normal, citywatch.Acknowledged, do.Actor
		return p.publish(a, citywatch.ReasonRecovered, do.Actor), nil
	}
	return a, &dashboards.Conflict{By: "Lan", Alert: a, Err: errors.New("Lan was quicker")}
}

// seen returns the alert that somebody has seen at version.
func (p *province) seen(id string, version int) (citywatch.Alert, error) {
	a, ok := p.Alert(id)
	switch {
	case !ok:
		return a, fmt.Errorf("%w: no alert %q is open", dashboards.ErrNotFound, id)
	case a.Version != version:
		return a, fmt.Errorf("%w: it is at version %d", dashboards.ErrConflict, a.Version)
	}
	return a, nil
}

// raise makes a new alert about a device.
func (p *province) raise(device, rule string, level citywatch.Level, name citywatch.Text, e citywatch.Evidence) citywatch.Alert {
	now := p.now()
	e.Device, e.Time = device, now
	a := citywatch.Alert{
		ID: rule + "/" + device + "/1", Rule: rule, RuleHash: "5f1d", Name: name, Hazard: rule, Device: device,
		Level: level, Condition: citywatch.Active, Handling: citywatch.New, Since: now, Evidence: []citywatch.Evidence{e},
	}
	if rule == "fire-panel" {
		a.Hazard = "fire"
	}
	for _, s := range p.Devices() {
		if s.Device.ID == device {
			a.Zone, a.Sector, a.Position = s.Device.Zone, s.Device.Sector, s.Device.Position
		}
	}
	return p.publish(a, citywatch.ReasonFired, "")
}

// measure is what the quantity of a device is at a time: smooth, and the same
// whenever it is asked.
func measure(device, value string, at time.Time) (number float64, text string) {
	h := fnv.New32a()
	h.Write([]byte(device + value))
	phase := float64(h.Sum32()%1000) / 1000
	wave := math.Sin(2*math.Pi*(float64(at.Unix())/5400+phase)) + 0.2*math.Sin(float64(at.Unix())/173)
	switch value {
	case "water_level":
		return 80.9 + 1.4*wave + 2*phase, ""
	case "state":
		return 0, "normal"
	case "smoke", "heat":
		return 0, ""
	case "supply":
		return 27 + 0.1*wave, ""
	case "rain_1h", "rain_12h", "rain_24h":
		return max(0, 30*wave), ""
	case "battery":
		return 88, ""
	default:
		return 40 + 20*wave*phase, ""
	}
}

// hear has the device at index i measure now. The caller holds mu, or is the
// only one who knows p.
func (p *province) hear(i int, at time.Time) {
	s := &p.devices[i]
	s.Heard, s.Values = at, nil
	for _, c := range p.classes {
		for _, q := range c.Quantities {
			if c.ID == s.Device.Class {
				n, text := measure(s.Device.ID, q.Value, at)
				s.Values = append(s.Values, citywatch.LastValue{Value: citywatch.Value{Name: q.Value, Number: n, Text: text}, Time: at})
			}
		}
	}
	slices.SortFunc(s.Values, func(a, b citywatch.LastValue) int { return cmp.Compare(a.Name, b.Name) })
}

// live has the devices report as often as they should, until ctx ends.
func (p *province) live(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-tick.C:
			var heard []citywatch.Reading
			p.mu.Lock()
			for i := range p.devices {
				s := &p.devices[i]
				if i != 30 && i != 45 && i != 60 && s.Device.Class != citywatch.CameraHealthClass && at.Sub(s.Heard) >= s.Device.Period {
					p.hear(i, at)
					heard = append(heard, citywatch.Reading{Device: s.Device.ID, Time: at, Arrived: at})
				}
			}
			p.mu.Unlock()
			p.hub.Readings(heard)
		}
	}
}

func (p *province) History(_ context.Context, q dashboards.HistoryQuery) ([]dashboards.Point, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	step := cmp.Or(q.Every, 15*time.Second)
	var points []dashboards.Point
	gap := q.To.Add(-80 * time.Minute)
	for at := q.From.Truncate(step); at.Before(q.To); at = at.Add(step) {
		if at.After(gap) && at.Before(gap.Add(15*time.Minute)) {
			continue
		}
		n, _ := measure(q.Device, q.Value, at)
		points = append(points, dashboards.Point{Time: at, Value: n})
	}
	return points, nil
}

func (p *province) DeadLetters(_ context.Context, from uint64, limit int) ([]citywatch.DeadLetter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []citywatch.DeadLetter
	for _, l := range p.letters {
		if l.Seq >= from && len(out) < limit {
			out = append(out, l)
		}
	}
	return out, nil
}

func (p *province) Replay(ctx context.Context, seq uint64) error { return p.Delete(ctx, seq) }

func (p *province) Delete(_ context.Context, seq uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, l := range p.letters {
		if l.Seq == seq {
			p.letters = slices.Delete(p.letters, i, i+1)
			return nil
		}
	}
	return fmt.Errorf("%w: no dead letter %d", dashboards.ErrNotFound, seq)
}

// site returns the handler of the whole site about p.
func (p *province) site(t testing.TB, changes ...func(*dashboards.Deps)) http.Handler {
	t.Helper()
	extent := p.zones[0].Geometry.Bound()
	for _, z := range p.zones {
		extent = extent.Union(z.Geometry.Bound())
	}
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	deps := dashboards.Deps{
		Version:  p.version,
		Province: citywatch.Province{ID: "lao-cai", Name: "Lào Cai", TimeZone: zone, Extent: extent},
		Classes:  p.classes, Zones: p.zones,
		Picture: p, Alerts: p, History: p, DeadLetters: p, Rules: p, Incidents: p.incidentDeps(),
		Past: p.pastDeps(), Audit: p.auditDeps(t),
		System: func(context.Context) dashboards.System { return p.system },
		Ready:  func(context.Context) dashboards.ReadyReport { return p.ready },
		Stream: p.hub, Metrics: prometheus.NewRegistry(),
		Push: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }),
		Now:  func() time.Time { return p.now() },
	}
	for _, change := range changes {
		change(&deps)
	}
	h, err := dashboards.New(p.options, deps)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// noCameras is a province without cameras.
type noCameras struct{}

func (noCameras) Cameras() []citywatch.Camera { return nil }

func (noCameras) Status(string) (citywatch.CameraStatus, error) {
	return citywatch.CameraStatus{}, dashboards.ErrNotFound
}

// storm raises what a bad day looks like.
func (p *province) storm() {
	bound := func(v float64) *float64 { return &v }
	vi := func(s, en string) citywatch.Text { return citywatch.Text{VI: s, EN: en} }
	p.raise("lao-cai-thao", "river-flood", 3, vi("Lũ vượt mức báo động", "River above flood alarm level"),
		citywatch.Evidence{Value: "water_level", Number: 83.62, Unit: "m", Bound: bound(83.5)})
	p.raise("mua-sa-pa", "rain-24h", 2, vi("Mưa to trong 24 giờ", "Heavy rain in 24 h"),
		citywatch.Evidence{Value: "rain_24h", Number: 63.4, Unit: "mm", Bound: bound(51)})
	p.raise(p.first("fire_panel"), "fire-panel", 4, vi("Tủ báo cháy", "Fire alarm panel"), citywatch.Evidence{Value: "state", Text: "fire"})
	seen := p.raise("dat-y-ty", "soil-saturated", 2, vi("Đất gần bão hòa nước", "Soil near saturation"),
		citywatch.Evidence{Value: "soil_moisture", Number: 86.2, Unit: "%", Bound: bound(85.1)})
	_, _ = p.Do(context.Background(), dashboards.Action{Do: "acknowledge", Alert: seen.ID, Version: seen.Version, Actor: "Nguyễn Thị Hoa"})
	stale := p.raise("dat-nam-chay", "soil-saturated", 2, vi("Đất gần bão hòa nước", "Soil near saturation"),
		citywatch.Evidence{Value: "soil_moisture", Number: 88.9, Unit: "%", Bound: bound(85.1)})
	stale.Stale = true
	p.publish(stale, citywatch.ReasonStale, "")
	over := p.raise("yen-bai-thao", "river-flood", 1, vi("Lũ vượt mức báo động", "River above flood alarm level"),
		citywatch.Evidence{Value: "water_level", Number: 29.8, Unit: "m", Bound: bound(30)})
	over.Condition = citywatch.Normal
	p.publish(over, citywatch.ReasonRecovered, "")
	p.raise(p.first("traffic_counter"), "device-silent", 1, vi("Thiết bị mất tín hiệu", "Device silent"),
		citywatch.Evidence{Value: "flow", Number: 12, Unit: "{vehicle}/min"})
}

func (p *province) first(class string) string {
	for _, s := range p.Devices() {
		if s.Device.Class == class {
			return s.Device.ID
		}
	}
	return strings.ToUpper(class)
}

func (p *province) burning() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.burns
}

// Rules are those in force.
func (p *province) Rules() dashboards.RuleBook {
	return dashboards.RuleBook{Hash: "4f3a", Since: time.Now(), Rules: []dashboards.Rule{{
		ID: "river-flood", Name: citywatch.Text{VI: "Lũ", EN: "Flood"}, Hazard: "flood", Hash: "77aa", File: "rules.yaml", Version: "2026-11",
		Detector: "threshold", Devices: 3,
		Unconfigured: []dashboards.UnconfiguredLevel{{Device: "lao-cai-thao", Value: "water_level", Level: 2}},
	}}}
}

// ReloadRules fails if the province has a fault in its rules.
func (p *province) ReloadRules(context.Context) (dashboards.RuleBook, error) {
	if p.ruleFault != "" {
		return dashboards.RuleBook{}, fmt.Errorf("%w: %s", dashboards.ErrRefused, p.ruleFault)
	}
	return p.Rules(), nil
}

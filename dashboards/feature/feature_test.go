package feature_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

var now = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

func encoded(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// same compares JSON texts as values.
func same(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func gauge() *citywatch.Device {
	first, third := 80.0, 83.5
	return &citywatch.Device{
		ID: "g", Name: "Lào Cai", Class: "river_gauge", Zone: "lao-cai", Sector: citywatch.SectorDisaster,
		Position: orb.Point{103.97, 22.48}, Period: 10 * time.Minute,
		Bounds: map[string]citywatch.Bounds{"water_level": {3: &third, 1: &first, 2: nil}},
	}
}

func classes() map[string]citywatch.Class {
	return map[string]citywatch.Class{"river_gauge": {ID: "river_gauge", Quantities: []citywatch.Quantity{
		{Value: "water_level", Name: citywatch.Text{VI: "Mực nước", EN: "Water level"}, Unit: "m", Decimals: 2},
		{Value: "discharge", Name: citywatch.Text{VI: "Lưu lượng"}, Unit: "m3/s"},
	}}}
}

func TestDevice(t *testing.T) {
	e := feature.Devices{Classes: classes(), Levels: map[string]citywatch.Level{"g": 3}, Now: now}
	at := now.Add(-5 * time.Minute)
	state := citywatch.DeviceState{Device: gauge(), Heard: at, Values: []citywatch.LastValue{
		{Value: citywatch.Value{Name: "battery", Number: 88}, Time: at.Add(-time.Hour)},
		{Value: citywatch.Value{Name: "discharge", Number: 1200}, Time: at.Add(-time.Minute)},
		{Value: citywatch.Value{Name: "mode", Text: "auto"}, Time: at},
		{Value: citywatch.Value{Name: "water_level", Number: 0}, Time: at},
	}}
	same(t, encoded(t, e.Feature(&state)), `{
		"type": "Feature", "id": "g", "geometry": {"type": "Point", "coordinates": [103.97, 22.48]},
		"properties": {
			"id": "g", "name": "Lào Cai", "class": "river_gauge", "zone": "lao-cai", "sector": "disaster",
			"state": "alarm", "level": 3, "freshness": "fresh", "period": 600,
			"heard": "2026-11-22T06:55:00Z", "time": "2026-11-22T06:55:00Z", "age": 300,
			"values": [
				{"value": "water_level", "label": {"vi": "Mực nước", "en": "Water level"}, "number": 0, "unit": "m", "decimals": 2, "time": "2026-11-22T06:55:00Z", "age": 300},
				{"value": "discharge", "label": {"vi": "Lưu lượng", "en": ""}, "number": 1200, "unit": "m3/s", "decimals": 0, "time": "2026-11-22T06:54:00Z", "age": 360},
				{"value": "battery", "number": 88, "decimals": 2, "time": "2026-11-22T05:55:00Z", "age": 3900},
				{"value": "mode", "text": "auto", "decimals": 2, "time": "2026-11-22T06:55:00Z", "age": 300}
			],
			"bounds": {"water_level": [{"level": 1, "bound": 80}, {"level": 2, "bound": null}, {"level": 3, "bound": 83.5}]}
		}}`)
}

// TestNothingKnown: a device that registered itself and was never heard has no
// place, no time, no age and no value, and does not look normal.
func TestNothingKnown(t *testing.T) {
	e := feature.Devices{Now: now}
	state := citywatch.DeviceState{Device: &citywatch.Device{ID: "new", Auto: true}}
	same(t, encoded(t, e.Feature(&state)), `{
		"type": "Feature", "id": "new", "geometry": null,
		"properties": {"id": "new", "name": "", "class": "", "zone": "", "sector": "", "state": "never", "level": 0,
			"freshness": "never", "period": 0, "values": [], "auto": true}}`)
}

// TestStreamedHasNoAge: what is sent once and looked at for hours must not say
// that it is three seconds old.
func TestStreamedHasNoAge(t *testing.T) {
	e := feature.Devices{Classes: classes(), Now: now, NoAges: true}
	state := citywatch.DeviceState{Device: gauge(), Heard: now, Values: []citywatch.LastValue{
		{Value: citywatch.Value{Name: "water_level", Number: 79}, Time: now},
	}}
	if got := encoded(t, e.Feature(&state)); strings.Contains(got, `"age"`) || !strings.Contains(got, `"time"`) {
		t.Errorf("streamed as %s", got)
	}
}

func TestFreshness(t *testing.T) {
	e := feature.Devices{Now: now}
	for age, want := range map[time.Duration]citywatch.Freshness{
		20 * time.Minute:               citywatch.Fresh,
		20*time.Minute + time.Second:   citywatch.Late,
		50 * time.Minute:               citywatch.Late,
		50*time.Minute + 1*time.Second: citywatch.Silent,
	} {
		f := e.Feature(&citywatch.DeviceState{Device: gauge(), Heard: now.Add(-age)})
		if f.Properties.Freshness != want || f.Properties.State != string(want) {
			t.Errorf("after %v it is %s, %s; want %s", age, f.Properties.Freshness, f.Properties.State, want)
		}
	}
}

// TestNotFinite: a number that JSON has no form for is an error, not a 0.
func TestNotFinite(t *testing.T) {
	e := feature.Devices{Now: now}
	state := citywatch.DeviceState{Device: gauge(), Heard: now, Values: []citywatch.LastValue{
		{Value: citywatch.Value{Name: "water_level", Number: math.NaN()}, Time: now},
	}}
	if _, err := json.Marshal(e.Feature(&state)); err == nil {
		t.Error("NaN has been encoded")
	}
}

func TestAlert(t *testing.T) {
	bound := 83.5
	a := citywatch.Alert{
		ID: "r/d/1", Rule: "r", RuleHash: "h", Name: citywatch.Text{VI: "Lũ", EN: "Flood"}, Hazard: "flood",
		Device: "d", Zone: "z", Sector: citywatch.SectorDisaster, Position: orb.Point{104, 22},
		Level: 3, Condition: citywatch.Normal, Handling: citywatch.New, Since: now, Updated: now, Version: 2,
		Evidence: []citywatch.Evidence{{Device: "d", Value: "water_level", Number: 83.6, Unit: "m", Time: now, Bound: &bound}},
	}
	same(t, encoded(t, feature.Alert(&a)), `{
		"type": "Feature", "id": "r/d/1", "geometry": {"type": "Point", "coordinates": [104, 22]},
		"properties": {"id": "r/d/1", "rule": "r", "rule_hash": "h", "name": {"vi": "Lũ", "en": "Flood"}, "hazard": "flood",
			"level": 3, "condition": "normal", "handling": "new", "stale": false, "open": true,
			"zone": "z", "sector": "disaster", "device": "d", "since": "2026-11-22T07:00:00Z", "updated": "2026-11-22T07:00:00Z", "version": 2,
			"evidence": [{"device": "d", "value": "water_level", "number": 83.6, "unit": "m", "time": "2026-11-22T07:00:00Z", "bound": 83.5}]}}`)
	a.Handling, a.Evidence, a.Position = citywatch.Acknowledged, nil, orb.Point{}
	got := encoded(t, feature.Alert(&a))
	for _, want := range []string{`"open":false`, `"evidence":[]`, `"geometry":null`} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %s: %s", want, got)
		}
	}
}

func TestLevels(t *testing.T) {
	of := func(device string, level citywatch.Level, c citywatch.Condition, h citywatch.Handling) citywatch.Alert {
		return citywatch.Alert{Device: device, Level: level, Condition: c, Handling: h}
	}
	got := feature.Levels([]citywatch.Alert{
		of("a", 2, citywatch.Active, citywatch.New), of("a", 4, citywatch.Recovering, citywatch.Acknowledged), of("a", 3, citywatch.Active, citywatch.New),
		of("over", 5, citywatch.Normal, citywatch.New), of("closed", 5, citywatch.Active, citywatch.Closed),
	})
	if diff := cmp.Diff(map[string]citywatch.Level{"a": 4}, got); diff != "" {
		t.Error(diff)
	}
}

func TestZoneAndCollection(t *testing.T) {
	z := citywatch.Zone{ID: "z", Name: "Xã Bảo Hà", Geometry: orb.MultiPolygon{{{{104, 22}, {105, 22}, {105, 23}, {104, 22}}}}}
	list := feature.Collection[feature.ZoneProperties]{Time: now, Features: []feature.Feature[feature.ZoneProperties]{feature.Zone(&z)}}
	same(t, encoded(t, list), `{"type": "FeatureCollection", "time": "2026-11-22T07:00:00Z", "features": [
		{"type": "Feature", "id": "z", "properties": {"id": "z", "name": "Xã Bảo Hà"},
		 "geometry": {"type": "MultiPolygon", "coordinates": [[[[104, 22], [105, 22], [105, 23], [104, 22]]]]}}]}`)
	same(t, encoded(t, feature.Collection[feature.ZoneProperties]{Time: now}), `{"type": "FeatureCollection", "time": "2026-11-22T07:00:00Z", "features": []}`)
}

func BenchmarkDevice(b *testing.B) {
	e := feature.Devices{Classes: classes(), Now: now, NoAges: true}
	state := citywatch.DeviceState{Device: gauge(), Heard: now, Values: []citywatch.LastValue{
		{Value: citywatch.Value{Name: "water_level", Number: 79.25}, Time: now}, {Value: citywatch.Value{Name: "discharge", Number: 1200}, Time: now},
	}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(e.Feature(&state)); err != nil {
			b.Fatal(err)
		}
	}
}

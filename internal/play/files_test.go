package play

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch/geo"
	"citywatch/internal/registry"
)

// zoneOf returns a locator for the zone that a recording writes.
func zoneOf(t *testing.T, r *Recording) registry.Locator {
	t.Helper()
	var file bytes.Buffer
	if err := r.WriteZones(&file); err != nil {
		t.Fatal(err)
	}
	zones, problems := geo.Parse(bytes.NewReader(file.Bytes()), orb.Bound{})
	if len(problems) > 0 {
		t.Fatalf("%v:\n%s", problems, file.String())
	}
	index := geo.NewIndex(zones, nil)
	return func(p orb.Point) string {
		zone, _ := index.ZoneAt(p)
		return zone.ID
	}
}

// TestTheFilesAreTaken reads the written devices as citywatch does.
func TestTheFilesAreTaken(t *testing.T) {
	r := recording(t)
	r.Stations[0].Name = `Đá "Ngầm": #1`
	var file bytes.Buffer
	if err := r.WriteDevices(&file); err != nil {
		t.Fatal(err)
	}
	classes, devices, _, problems := registry.Parse(file.Bytes(), zoneOf(t, r))
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, file.String())
	}
	if len(classes) != 1 || classes[0].Name.VI != "Trạm thủy văn" || len(devices) != 2 {
		t.Fatalf("%v\n%v", classes, devices)
	}
	for i, d := range devices {
		s := r.Stations[i]
		if d.ID != s.ID || d.Name != s.Name || d.Position != *s.Position || d.Zone != "recording" || d.Aliases[0] != s.Alias {
			t.Errorf("%+v of %+v", d, s)
		}
		if diff := cmp.Diff(s.Bounds, d.Bounds); diff != "" {
			t.Error(diff)
		}
	}
}

func TestARealFloodBecomesDevices(t *testing.T) {
	r := waterDashboardFile(t, parse(t, WaterDashboard()))
	var file bytes.Buffer
	if err := r.WriteDevices(&file); err != nil {
		t.Fatal(err)
	}
	_, devices, _, problems := registry.Parse(file.Bytes(), zoneOf(t, r))
	if len(problems) > 0 || len(devices) != 16 {
		t.Errorf("%d devices, %v", len(devices), problems)
	}
}

func TestAStationNeedsAPosition(t *testing.T) {
	m := flood(t)
	m.Longitude, m.Latitude = "", ""
	r, err := ReadFile("testdata/flood.csv", m)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	if err := r.WriteDevices(&file); !errors.Is(err, ErrNoPosition) {
		t.Errorf("devices: %v", err)
	}
	if err := r.WriteZones(&file); !errors.Is(err, ErrNoPosition) {
		t.Errorf("zones: %v", err)
	}
	r.mapping.Class.ID = ""
	if err := r.WriteDevices(&file); !errors.Is(err, ErrNoClass) {
		t.Errorf("devices without a class: %v", err)
	}
	if err := (&Recording{}).WriteZones(&file); err == nil {
		t.Error("a zone around nothing is written")
	}
	if file.Len() > 0 {
		t.Errorf("half a file is written: %s", file.String())
	}
}

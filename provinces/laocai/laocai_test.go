package laocai_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/alerts"
	"citywatch/geo"
	"citywatch/internal/registry"
	"citywatch/provinces/laocai"
)

type zone struct {
	id   string
	ring orb.Ring
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	src, err := laocai.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// zones reads the zones as they stand: reading them as citywatch does would
// turn the rings that go the wrong way.
func zones(t *testing.T) []zone {
	t.Helper()
	var file struct {
		Features []struct {
			ID         string
			Properties struct{ ID, Name string }
			Geometry   struct {
				Type        string
				Coordinates orb.Polygon
			}
		}
	}
	if err := json.Unmarshal(read(t, laocai.ZonesFile), &file); err != nil {
		t.Fatal(err)
	}
	var all []zone
	for _, f := range file.Features {
		if f.Geometry.Type != "Polygon" || len(f.Geometry.Coordinates) != 1 {
			t.Fatalf("%s is not one polygon without holes", f.ID)
		}
		if f.ID == "" || f.ID != f.Properties.ID || f.Properties.Name == "" {
			t.Errorf("%q: id %q, name %q", f.ID, f.Properties.ID, f.Properties.Name)
		}
		all = append(all, zone{f.ID, f.Geometry.Coordinates[0]})
	}
	return all
}

// provinceZones reads the zones as citywatch does.
func provinceZones(t *testing.T) []citywatch.Zone {
	t.Helper()
	extent := orb.Bound{Min: orb.Point{103.3, 21.2}, Max: orb.Point{105.3, 23}}
	zones, problems := geo.Parse(bytes.NewReader(read(t, laocai.ZonesFile)), extent)
	for _, p := range problems {
		t.Errorf("%s: %s: %s", laocai.ZonesFile, p.Path, p.Error())
	}
	return zones
}

func devices(t *testing.T) ([]citywatch.Class, []citywatch.Device) {
	t.Helper()
	index := geo.NewIndex(provinceZones(t), nil)
	locate := func(p orb.Point) string {
		zone, _ := index.ZoneAt(p)
		return zone.ID
	}
	classes, devs, doc, problems := registry.Parse(read(t, laocai.DevicesFile), locate)
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("%s:%d: %s", laocai.DevicesFile, line, p.Error())
	}
	return classes, devs
}

func TestZonesAreAPartition(t *testing.T) {
	type edge [2]orb.Point
	edges := map[edge]string{}
	for _, z := range zones(t) {
		if !z.ring.Closed() || z.ring.Orientation() != orb.CCW {
			t.Errorf("%s: closed %v, orientation %v; the outside of a polygon goes counterclockwise and ends where it began", z.id, z.ring.Closed(), z.ring.Orientation())
		}
		for i, p := range z.ring[1:] {
			e := edge{z.ring[i], p}
			if other, double := edges[e]; double {
				t.Errorf("%s and %s lie on the same side of %v", z.id, other, e)
			}
			edges[e] = z.id
		}
	}
	// What has no zone on its other side is the province's outline, and that
	// is one ring: no gap between two zones.
	next := map[orb.Point]orb.Point{}
	for e := range edges {
		if _, inner := edges[edge{e[1], e[0]}]; inner {
			continue
		}
		if _, double := next[e[0]]; double {
			t.Errorf("the outline touches itself at %v", e[0])
		}
		next[e[0]] = e[1]
	}
	var start orb.Point
	for p := range next {
		start = p
		break
	}
	steps := 1
	for p := next[start]; p != start; p = next[p] {
		if steps++; steps > len(next) {
			t.Fatal("the outline does not close")
		}
	}
	if steps != len(next) {
		t.Errorf("the outline has %d edges, of which one ring takes %d: there is a hole", len(next), steps)
	}
	for a := range edges {
		for b := range edges {
			if crosses(a, b) {
				t.Errorf("%s %v crosses %s %v", edges[a], a, edges[b], b)
			}
		}
	}
}

// crosses reports whether two segments meet anywhere but at their ends.
func crosses(a, b [2]orb.Point) bool {
	side := func(s [2]orb.Point, p orb.Point) float64 {
		return (s[1][0]-s[0][0])*(p[1]-s[0][1]) - (s[1][1]-s[0][1])*(p[0]-s[0][0])
	}
	return side(a, b[0])*side(a, b[1]) < 0 && side(b, a[0])*side(b, a[1]) < 0
}

func TestDevices(t *testing.T) {
	_, devs := devices(t)
	if len(devs) != 120 {
		t.Errorf("%d devices, want 120", len(devs))
	}
	for _, d := range devs {
		if d.Period < 5*time.Second || d.Period > 30*time.Second {
			t.Errorf("%s reports every %v: a demo wants 5 to 30 s", d.ID, d.Period)
		}
		if strings.IndexFunc(d.ID, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			t.Errorf("%s: an id is plain ASCII", d.ID)
		}
		if _, has := d.Bounds["water_level"]; has != (d.Class == "river_gauge") {
			t.Errorf("%s (%s): flood alarm table: %v", d.ID, d.Class, has)
		}
	}
}

// TestFloodTables holds the published tables against the file: a slip of a
// digit here would be a false alarm, or none.
func TestFloodTables(t *testing.T) {
	_, devs := devices(t)
	want := map[string]string{
		"lao-cai-thao": "1: 80, 2: null, 3: 83.5",
		"yen-bai-thao": "1: 30, 2: 31, 3: 32",
		"bao-yen-chay": "1: 71, 2: null, 3: null",
	}
	for _, d := range devs {
		table, has := d.Bounds["water_level"]
		if !has {
			continue
		}
		expected, known := want[d.ID]
		if !known {
			expected = "1: null, 2: null, 3: null"
		}
		var levels []string
		for level := citywatch.Level(1); level <= 3; level++ {
			bound, exists := table[level]
			if !exists {
				t.Errorf("%s has no entry for level %d", d.ID, level)
			} else if bound == nil {
				levels = append(levels, fmt.Sprintf("%d: null", level))
			} else {
				levels = append(levels, fmt.Sprintf("%d: %v", level, *bound))
			}
		}
		if got := strings.Join(levels, ", "); got != expected {
			t.Errorf("%s: %s, want %s", d.ID, got, expected)
		}
	}
}

func TestRules(t *testing.T) {
	src := read(t, laocai.RulesFile)
	classes, devs := devices(t)
	_, doc, problems := alerts.Parse(src, alerts.Catalogue{Classes: classes, Devices: devs, Zones: provinceZones(t)})
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("%s:%d: %s", laocai.RulesFile, line, p.Error())
	}
	// Every class has a rule for its silence: without one nobody would notice.
	var file struct {
		Rules []struct {
			Select  struct{ Class string }
			Silence *struct{ Periods int }
		}
	}
	if err := yaml.Unmarshal(src, &file); err != nil {
		t.Fatal(err)
	}
	watched := map[string]bool{}
	for _, r := range file.Rules {
		if r.Silence != nil && r.Silence.Periods > 0 {
			watched[r.Select.Class] = true
		}
	}
	for _, c := range classes {
		if !watched[c.ID] {
			t.Errorf("nobody would notice a silent %s", c.ID)
		}
	}
}

func TestNamesAreReadable(t *testing.T) {
	for _, name := range []string{laocai.ZonesFile, laocai.DevicesFile, laocai.RulesFile} {
		// A letter and its accent as two runes look right and compare wrong.
		for i, r := range string(read(t, name)) {
			if unicode.Is(unicode.Mn, r) || r == unicode.ReplacementChar {
				t.Errorf("%s: byte %d: %U is a loose accent", name, i, r)
			}
		}
	}
}

package laocai_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/alerts"
	"citywatch/geo"
	"citywatch/internal/config"
	"citywatch/internal/registry"
	"citywatch/internal/ruletest"
	"citywatch/internal/selfcheck"
	"citywatch/internal/sim/cameras"
	"citywatch/provinces/laocai"
	"citywatch/video"
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

func locator(t *testing.T) registry.Locator {
	t.Helper()
	index := geo.NewIndex(provinceZones(t), nil)
	return func(p orb.Point) string {
		zone, _ := index.ZoneAt(p)
		return zone.ID
	}
}

func devices(t *testing.T) ([]citywatch.Class, []citywatch.Device) {
	t.Helper()
	classes, devs, doc, problems := registry.Parse(read(t, laocai.DevicesFile), locator(t))
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("%s:%d: %s", laocai.DevicesFile, line, p.Error())
	}
	return classes, devs
}

func provinceCameras(t *testing.T) registry.Cameras {
	t.Helper()
	_, devs := devices(t)
	all, doc, problems := registry.ParseCameras(read(t, laocai.CamerasFile), devs, locator(t))
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("%s:%d: %s", laocai.CamerasFile, line, p.Error())
	}
	return all
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
	indicators := 0
	for _, d := range devs {
		if d.Indicator != nil {
			indicators++
			if !strings.Contains(d.Indicator.Owner, "mô phỏng") || !strings.Contains(d.Indicator.Source, "mô phỏng") {
				t.Errorf("%s: nobody must take an invented figure for a real one", d.ID)
			}
		}
	}
	if n := len(devs) - indicators; n != 120 || indicators != 6 {
		t.Errorf("%d devices and %d indicators, want 120 and 6", n, indicators)
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
	catalogue := alerts.Catalogue{
		Classes: slices.Concat(classes, video.Classes(), selfcheck.Classes(selfcheck.Options{})),
		Devices: slices.Concat(devs, provinceCameras(t).Devices(10*time.Second)),
		Zones:   provinceZones(t),
	}
	_, doc, problems := alerts.Parse(src, catalogue)
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
	for _, d := range devs {
		if d.Indicator != nil {
			watched[d.Class] = true // a figure that is stale says so where it is shown
		}
	}
	for _, c := range classes {
		if !watched[c.ID] {
			t.Errorf("nobody would notice a silent %s", c.ID)
		}
	}
	if !watched[citywatch.CameraHealthClass] {
		t.Error("nobody would notice that nothing is known of the cameras")
	}
}

// TestCameraRules has every fault of a camera raise an alert, and none where it
// is its gateway's.
func TestCameraRules(t *testing.T) {
	var file struct {
		Rules []struct {
			ID, Hazard string
			Select     struct{ Class string }
			State      struct {
				Value  string
				Levels map[string]citywatch.Level
			}
		}
	}
	if err := yaml.Unmarshal(read(t, laocai.RulesFile), &file); err != nil {
		t.Fatal(err)
	}
	levels := map[string]map[string]citywatch.Level{} // by class and value
	for _, r := range file.Rules {
		if strings.HasPrefix(r.Select.Class, "camera_") {
			levels[r.Select.Class+" "+r.State.Value] = r.State.Levels
			if r.Hazard != "camera" {
				t.Errorf("%s: the hazard is %q", r.ID, r.Hazard)
			}
		}
	}
	raises := func(what string, states ...string) {
		for _, state := range states {
			if !levels[what][state].Valid() {
				t.Errorf("%s %q raises nothing", what, state)
			}
			delete(levels[what], state)
		}
		for state := range levels[what] {
			t.Errorf("%s %q raises an alert", what, state)
		}
	}
	raises("camera_health fault", string(citywatch.CameraNoVideo), string(citywatch.CameraFrozen),
		string(citywatch.CameraUnreachable), string(citywatch.CameraBadCredentials), string(citywatch.CameraUnsupported))
	raises("camera_health picture", "black", "frozen", "washed_out", "covered", "moved")
	raises("camera_gateway state", "down")
	raises("camera_recorder state", "disk_full", "failing")
}

// TestCameras holds the cameras against the server that plays them.
func TestCameras(t *testing.T) {
	all := provinceCameras(t)
	var ids []string
	behind, sectors := map[string]int{}, map[citywatch.Sector]int{}
	recorded, judged := 0, 0
	for _, c := range all.Cameras {
		ids = append(ids, c.ID)
		behind[c.Gateway]++
		sectors[c.Sector]++
		if want := "127.0.0.1:18554"; c.Main.Host() != want {
			t.Errorf("%s is at %s, want %s", c.ID, c.Main.Host(), want)
		}
		if !strings.HasSuffix(c.Main.Reveal(), "/"+c.ID) {
			t.Errorf("%s: the stream is %v", c.ID, c.Main)
		}
		user, password, has := c.Main.Credentials()
		if has != cameras.Guarded(c.ID) || has && (user != cameras.User || password != cameras.Password) {
			t.Errorf("%s: credentials %v, of which the camera knows nothing or wants others", c.ID, has)
		}
		if c.Bearing == nil || c.View == nil {
			t.Errorf("%s: the map cannot show what it sees", c.ID)
		}
		if c.Record > 0 {
			recorded++
		}
		if c.Picture {
			judged++
		}
	}
	slices.Sort(ids)
	if want := cameras.IDs(); !slices.Equal(ids, want) {
		t.Errorf("the file has %v\nthe simulation %v", ids, want)
	}
	if len(all.Gateways) != 2 || behind["dau-ghi-lao-cai"] != 3 || behind["dau-ghi-sa-pa"] != 3 {
		t.Errorf("gateways: %v", behind)
	}
	if sectors[citywatch.SectorTraffic] != 5 || sectors[citywatch.SectorTourism] != 3 {
		t.Errorf("sectors: %v", sectors)
	}
	if recorded != 3 || judged != 4 {
		t.Errorf("%d recorded, %d with their pictures judged", recorded, judged)
	}
}

func TestNamesAreReadable(t *testing.T) {
	for _, name := range []string{laocai.ZonesFile, laocai.DevicesFile, laocai.CamerasFile, laocai.RulesFile} {
		// A letter and its accent as two runes look right and compare wrong.
		for i, r := range string(read(t, name)) {
			if unicode.Is(unicode.Mn, r) || r == unicode.ReplacementChar {
				t.Errorf("%s: byte %d: %U is a loose accent", name, i, r)
			}
		}
	}
}

// TestEveryRuleHasItsTest runs rules.test.yaml, and demands that each rule is
// looked at by one of its tests.
func TestEveryRuleHasItsTest(t *testing.T) {
	site, err := config.Load(laocai.ConfigFile, config.Overrides{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("rules.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, doc, problems := ruletest.Parse(src)
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("rules.test.yaml:%d: %s", line, p.Error())
	}
	tested := map[string]bool{}
	for i := range file.Tests {
		test := &file.Tests[i]
		outcome, err := ruletest.Run(test, ruletest.Site{Rules: site.Rules, Options: site.Alerts, Devices: site.Devices})
		if err != nil {
			t.Error(err)
			continue
		}
		if outcome.Failure != "" {
			t.Errorf("%s: %s", test.Name, outcome.Failure)
		}
		for _, e := range test.Expect {
			rule, _, _ := strings.Cut(e.Alert, "/")
			tested[rule] = true
		}
	}
	var list struct {
		Rules []struct {
			ID string `yaml:"id"`
		} `yaml:"rules"`
	}
	if err := yaml.Unmarshal(read(t, laocai.RulesFile), &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Rules {
		if !tested[r.ID] {
			t.Errorf("rule %q has no test in which it does anything", r.ID)
		}
	}
}

func TestTeams(t *testing.T) {
	teams, doc, problems := registry.ParseTeams(read(t, laocai.TeamsFile), provinceZones(t), locator(t))
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("%s:%d: %s", laocai.TeamsFile, line, p.Error())
	}
	served := map[string]bool{}
	for _, team := range teams {
		if team.Phone != "" {
			t.Errorf("%s has a telephone number: somebody might call it", team.ID)
		}
		if !strings.Contains(team.Name, "(mô phỏng)") {
			t.Errorf("%s does not say that it is invented", team.ID)
		}
		for _, zone := range team.Zones {
			served[zone] = true
		}
	}
	for _, zone := range []string{"lao-cai", "sa-pa", "bac-ha", "bao-yen", "bao-ha"} {
		if !served[zone] {
			t.Error("nobody serves", zone)
		}
	}
}

// TestEveryHazardHasAChecklist, short enough to be read, and marked as one that
// the province has to replace.
func TestEveryHazardHasAChecklist(t *testing.T) {
	site, err := config.LoadFS(laocai.Files, laocai.ConfigFile, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range site.Rules.Describe() {
		list := site.Rules.Checklist(rule.ID)
		if len(list) < 3 || len(list) > 7 || !site.Rules.Draft(rule.ID) {
			t.Errorf("%s (%s) has %d items; a draft: %v", rule.ID, rule.Hazard, len(list), site.Rules.Draft(rule.ID))
		}
		for _, item := range list {
			if n := len([]rune(item.VI)); n > 90 {
				t.Errorf("%q has %d letters: nobody reads that in a hurry", item.VI, n)
			}
		}
	}
}

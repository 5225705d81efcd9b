package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"citywatch/internal/config"
	"citywatch/provinces/laocai"
)

func TestReferenceParses(t *testing.T) {
	_, doc, problems, err := config.Parse(strings.NewReader(config.Reference))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("reference.yaml:%d: %v", line, p)
	}
}

// The reference is only one if it is whole.
func TestReferenceNamesEveryKey(t *testing.T) {
	for key := range keysOf(reflect.TypeFor[config.Config](), map[string]bool{}) {
		if !regexp.MustCompile(`(?m)[\s{#(]` + regexp.QuoteMeta(key) + `:`).MatchString("\n" + config.Reference) {
			t.Errorf("the reference does not name the key %q", key)
		}
	}
}

// keysOf gathers the YAML keys of a type and of all within it.
func keysOf(typ reflect.Type, keys map[string]bool) map[string]bool {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		return keysOf(typ.Elem(), keys)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			tag, tagged := f.Tag.Lookup("yaml")
			if name, _, _ := strings.Cut(tag, ","); tagged && name != "-" {
				if name != "" {
					keys[name] = true
				}
				keysOf(f.Type, keys)
			}
		}
	}
	return keys
}

// What the reference calls a default is the default: a file that holds only
// what is required means the same.
func TestReferenceShowsTheDefaults(t *testing.T) {
	const required = `
province: {id: lao-cai, name: Lào Cai, extent: [103.3, 21.3, 105.3, 23.0]}
data: /var/lib/citywatch
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`
	short, _, problems, err := config.Parse(strings.NewReader(required))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	reference, _, _, err := config.Parse(strings.NewReader(config.Reference))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(short.Province, reference.Province); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(short.Store, reference.Store); diff != "" {
		t.Error(diff)
	}
	if short.HTTP.Listen != reference.HTTP.Listen || short.Devices != reference.Devices {
		t.Errorf("%+v\n%+v", short.HTTP, reference.HTTP)
	}
}

// What compose.yaml runs names secrets that are only there in the container.
func TestTheDeployedConfigurationParses(t *testing.T) {
	src, err := os.ReadFile("../../deploy/citywatch.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, doc, problems, err := config.Parse(strings.NewReader(string(src)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("deploy/citywatch.yaml:%d: %v", line, p)
	}
}

func TestTheDemoLoads(t *testing.T) {
	site, err := config.LoadFS(laocai.Files, laocai.ConfigFile, config.Overrides{Data: "elsewhere", HTTP: "127.0.0.1:1", MQTT: "127.0.0.1:2"})
	if err != nil {
		t.Fatal(err)
	}
	if len(site.Devices) < 100 || len(site.Zones) < 10 || site.Rules.Len() == 0 {
		t.Error(site.Summary())
	}
	if site.Sources[0].URL != "tcp://127.0.0.1:2" {
		t.Errorf("the source still reads from %s", site.Sources[0].URL)
	}
	if site.HTTP.Listen != "127.0.0.1:1" || site.Edge.Listen != "127.0.0.1:2" || site.Journal.Dir != filepath.Join("elsewhere", "journal") {
		t.Errorf("the overrides do not stand: %+v", site.Config)
	}
}

// files writes a set of files into a new folder and returns its path.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const zones = `{"type":"FeatureCollection","features":[{"type":"Feature","id":"bao-ha","properties":{"name":"Bảo Hà"},
"geometry":{"type":"Polygon","coordinates":[[[104,22],[105,22],[105,22.5],[104,22.5],[104,22]]]}}]}`

const devices = `classes:
  - {id: river_gauge, name: {vi: Trạm thủy văn, en: River gauge}, sector: disaster, period: 10m}
devices:
  - {id: bao-ha, class: river_gauge, at: [104.35, 22.165]}
`

const rules = `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {1: 50}, direction: above}
`

const settings = `province: {id: lao-cai, name: Lào Cai, extent: [103.3, 21.3, 105.3, 23.0]}
data: data
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`

func TestLoad(t *testing.T) {
	dir := files(t, map[string]string{"c.yaml": settings, "zones.geojson": zones, "devices.yaml": devices, "rules.yaml": rules})
	site, err := config.Load(filepath.Join(dir, "c.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if site.Devices[0].Zone != "bao-ha" || site.Province.TimeZone.String() != "Asia/Ho_Chi_Minh" {
		t.Errorf("%+v", site.Devices[0])
	}
	if near := site.Index.Nearest(site.Devices[0].Position, 1, nil); len(near) != 1 || near[0].ID != "bao-ha" {
		t.Errorf("nearest is %+v", near)
	}
	if site.Data != filepath.Join(dir, "data") {
		t.Errorf("the data folder is %s", site.Data)
	}
}

// One run tells all, in every file.
func TestLoadTellsEverythingThatIsWrong(t *testing.T) {
	dir := files(t, map[string]string{
		"c.yaml": `province: {id: lao-cai, name: Lào Cai, extent: [103.3, 21.3, 105.3, 23.0], timezone: UTC}
data: data
sources:
  - name: gateway
    url: tcp://127.0.0.1:1883
    username: u
    password_file: no-such-file
    topics:
      - {filter: "city/#/x"}
      - {filter: new/+/+, auto_register: true, class: rain_gauge}
store: {kind: influx}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`,
		"zones.geojson": zones,
		"devices.yaml":  devices + "  - {id: lost, class: river_gauge, at: [22.2, 104.4]}\n",
		"rules.yaml":    strings.ReplaceAll(rules, "class: river_gauge", "class: river_guage"),
	})
	_, err := config.Load(filepath.Join(dir, "c.yaml"), config.Overrides{})
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v", err)
	}
	got := strings.ReplaceAll(problems.Error(), dir+string(filepath.Separator), "")
	for _, want := range []string{
		`c.yaml:1:76: unknown key "timezone" (did you mean "time_zone"?)`,
		`c.yaml:7:20: open no-such-file: no such file or directory (relative names start from the configuration's folder)`,
		`c.yaml:9:18: `,
		`c.yaml:10:55: unknown class "rain_gauge" (the classes are in the device file)`,
		`c.yaml:11:15: unknown kind "influx" of store (embedded, or influxdb)`,
		`devices.yaml:5:40: device "lost" lies outside every zone (longitude and latitude look swapped: longitude comes first)`,
		`rules.yaml:5:21: unknown class "river_guage" (did you mean "river_gauge"?)`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if len(problems) != 7 {
		t.Errorf("%d problems, want 7", len(problems))
	}
	if t.Failed() {
		t.Log("got:\n" + got)
	}
}

func TestAMissingConfigurationIsOneError(t *testing.T) {
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), config.Overrides{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

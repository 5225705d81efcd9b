package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/registry"
)

const classes = `classes:
  - {id: river_gauge, name: {vi: Trạm thủy văn, en: River gauge}, sector: disaster, period: 10m}
`

// east is a province whose only zone lies east of 100°.
func east(p orb.Point) string {
	if p.Lon() > 100 {
		return "east"
	}
	return ""
}

func TestParse(t *testing.T) {
	_, devices, _, problems := registry.Parse([]byte(classes+`devices:
  - id: lao-cai-thao
    name: Lào Cai (sông Thao)
    class: river_gauge
    at: [103.97, 22.48]
    aliases: ["24e1"]
    bounds: {water_level: {1: 80.00, 2: null, 3: 83.50}}
`), east)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	bd1, bd3 := 80.0, 83.5
	want := []citywatch.Device{{
		ID: "lao-cai-thao", Name: "Lào Cai (sông Thao)", Class: "river_gauge",
		Sector: citywatch.SectorDisaster, Zone: "east", Position: orb.Point{103.97, 22.48},
		Period: 10 * time.Minute, Aliases: []string{"24e1"},
		Bounds: map[string]citywatch.Bounds{"water_level": {1: &bd1, 2: nil, 3: &bd3}},
	}}
	if diff := cmp.Diff(want, devices); diff != "" {
		t.Error(diff)
	}
}

func TestParseSaysEverythingThatIsWrong(t *testing.T) {
	_, devices, doc, problems := registry.Parse([]byte(`classes:
  - {id: River, name: {vi: x}, sector: disaster, period: 10m}
  - {id: rain_gauge, name: {vi: Trạm đo mưa}, sector: weather}
devices:
  - {id: a b, class: rain_gauge, at: [101, 20]}
  - {id: twin, class: rain_guage, at: [101, 20]}
  - {id: twin, class: rain_gauge, at: [20, 101]}
  - {id: lost, class: rain_gauge, at: [50, 20], bounds: {rain: {7: 1}}}
  - {id: nowhere, class: rain_gauge}
`), east)
	if len(devices) != 0 {
		t.Errorf("accepted %v", devices)
	}
	var got []string
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got = append(got, fmt.Sprintf("%d: %s", line, p.Error()))
	}
	want := []string{
		`2: "River" cannot be a class id (small letters, digits and _, as in river_gauge)`,
		`3: unknown sector "weather" (one of [disaster fire traffic tourism environment services])`,
		`3: class "rain_gauge" has no period (how often such a device reports, as in 10m: without it, silence cannot be told)`,
		`5: "a b" cannot be a device id (up to 64 of a-z A-Z 0-9 . _ : -, the first a letter or digit)`,
		`6: device "twin" is of the unknown class "rain_guage" (did you mean "rain_gauge"?)`,
		`7: "twin" names two devices (ids and aliases must be unique)`,
		`7: device "twin" lies outside every zone (longitude and latitude look swapped: longitude comes first)`,
		`8: device "lost" lies outside every zone (check the position, or the zones)`,
		`8: device "lost" has a bound for level 7 (levels go from 1 to 5)`,
		`9: device "nowhere" has no position (at: [longitude, latitude])`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func newRegistry(t *testing.T, maxAuto int) *registry.Registry {
	t.Helper()
	cs, ds, _, problems := registry.Parse([]byte(classes+`devices:
  - {id: gauge, class: river_gauge, at: [103, 22], aliases: ["0011"]}
`), east)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return registry.New(cs, ds, maxAuto)
}

func TestLookupByAlias(t *testing.T) {
	r := newRegistry(t, 0)
	byAlias, ok := r.Lookup("0011")
	byID, _ := r.Lookup("gauge")
	if !ok || byAlias != byID {
		t.Errorf("the alias leads to %v", byAlias)
	}
	if _, ok := r.Lookup("other"); ok {
		t.Error("an unknown id was found")
	}
}

// A flood of hostile topics must not grow memory or the store's series.
func TestSelfRegistrationIsBounded(t *testing.T) {
	const most = 50
	r := newRegistry(t, most)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 100 {
				_, err := r.Register(fmt.Sprintf("new-%d-%d", worker, i), "river_gauge", "")
				if err != nil && !errors.Is(err, registry.ErrFull) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(r.Devices()); got != most+1 {
		t.Errorf("%d devices, want %d", got, most+1)
	}
	if d, err := r.Register("gauge", "river_gauge", ""); err != nil || d.Auto {
		t.Errorf("a listed device registered itself anew: %v, %v", d, err)
	}
}

func TestSelfRegistrationRefusesBadIDs(t *testing.T) {
	r := newRegistry(t, 10)
	for _, id := range []string{"", "a b", "a\nb", "a/b", "đ", strings.Repeat("x", 65)} {
		if _, err := r.Register(id, "river_gauge", ""); !errors.Is(err, registry.ErrName) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := r.Register("x", "no_such_class", ""); err == nil {
		t.Error("registered in an unknown class")
	}
	d, err := r.Register("x", "river_gauge", "")
	if err != nil || !d.Auto || d.Sector != citywatch.SectorDisaster || d.Period != 10*time.Minute {
		t.Errorf("%+v, %v", d, err)
	}
}

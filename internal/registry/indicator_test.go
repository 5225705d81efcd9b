package registry_test

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/registry"
)

const oneStop = `
classes:
  - id: one_stop
    name: {vi: Một cửa, en: One-stop}
    sector: services
    period: 24h
    quantities: [{value: on_time, name: {vi: Đúng hạn, en: On time}, unit: "%"}]
  - {id: bare, name: {vi: Trống, en: Bare}, sector: services, period: 24h}
devices:
`

func parseIndicators(devices string) ([]citywatch.Device, []citywatch.Problem) {
	_, found, _, problems := registry.Parse([]byte(oneStop+devices), func(orb.Point) string { return "" })
	return found, problems
}

func TestIndicator(t *testing.T) {
	found, problems := parseIndicators(`
  - {id: mot-cua, class: one_stop, indicator: {target: 95, owner: TTHC, source: Một cửa}}
  - {id: cho-doi, class: one_stop, indicator: {target: 30, better: lower, owner: TTHC, source: Một cửa}}
  - {id: khong-dich, class: one_stop, indicator: {owner: TTHC, source: Một cửa}}
`)
	if len(problems) > 0 || len(found) != 3 {
		t.Fatalf("%d indicators, problems %v", len(found), problems)
	}
	for i, want := range []struct {
		figure     float64
		met, known bool
	}{{95, true, true}, {31, false, true}, {10, false, false}} {
		met, known := found[i].Indicator.Met(want.figure)
		if met != want.met || known != want.known {
			t.Errorf("%s at %v: met %v (known %v)", found[i].ID, want.figure, met, known)
		}
	}
	if met, _ := found[0].Indicator.Met(94.9); met {
		t.Error("what is below the target meets it")
	}
}

func TestIndicatorsThatAreWrong(t *testing.T) {
	for devices, want := range map[string]string{
		"  - {id: a, class: bare, indicator: {owner: x, source: y}}":                        "has no quantity",
		"  - {id: a, class: one_stop, indicator: {source: y}}":                              "has no owner",
		"  - {id: a, class: one_stop, indicator: {owner: x}}":                               "has no source",
		"  - {id: a, class: one_stop, indicator: {owner: x, source: y, better: faster}}":    `is better "faster"`,
		"  - {id: a, class: one_stop, indicator: {owner: x, source: y}, at: [103.8, 22.3]}": "lies outside every zone",
		"  - {id: a, class: one_stop}":                                                      "has no position",
	} {
		_, problems := parseIndicators(devices)
		if len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%s: %v, want %s", devices, problems, want)
		}
	}
}

package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/registry"
	"citywatch/internal/selfcheck"
	"citywatch/provinces/laocai"
	"citywatch/video"
)

const catalogueDevices = `classes:
  - id: river_gauge
    name: {vi: Trạm thủy văn, en: River gauge}
    sector: disaster
    period: 10m
    quantities: [{value: water_level, name: {vi: Mực nước, en: Water level}, unit: m, decimals: 2}]
  - id: rain_gauge
    name: {vi: Trạm đo mưa, en: Rain gauge}
    sector: disaster
    period: 10m
devices:
  - {id: thao, class: river_gauge, at: [103.97, 22.48], bounds: {water_level: {1: 80, 2: null, 3: 83.5}}}
  - {id: chay, class: river_gauge, at: [103.97, 22.48]}
  - {id: nonsense, class: rain_gauge, at: [103.97, 22.48], bounds: {rain: {1: 80, 2: 70}}}
`

func catalogue(t testing.TB) Catalogue {
	t.Helper()
	classes, listed, _, problems := registry.Parse([]byte(catalogueDevices), func(orb.Point) string { return "phuong-lao-cai" })
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Catalogue{Classes: classes, Devices: listed, Zones: []citywatch.Zone{{ID: "phuong-lao-cai"}}}
}

func TestParseSaysEverythingThatIsWrong(t *testing.T) {
	rules, doc, problems := Parse([]byte(`rules:
  - id: River Flood
    name: {vi: Lũ}
    hazard:
    select: {class: river_guage, device: [thao, tao], zone: [phuong-lao-kai], sector: disasters}
    threshold: {value: water_levl, levels: {1: 50, 2: 40, 7: 1, 3: x, 4: .inf}, direction: up, for: -1m, recover: {margin: -1, for: 5}}
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {levels: 5}
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    treshold: {}
  - id: two
    name: {vi: a, en: b}
    hazard: x
    select: {class: river_gauge}
    state: {value: state, levels: {fire: 9, true: 1}}
    silence: {level: 1}
  - id: state
    name: {vi: a, en: b}
    hazard: x
    select: {class: rain_gauge}
    state: {value: state, levels: {fire: 9, true: 1}}
  - id: empty
    name: {vi: a, en: b}
    hazard: x
    select: {class: rain_gauge}
    state: {levels: {}}
  - id: quiet
    name: {vi: a, en: b}
    hazard: x
    select: {class: river_gauge}
    silence: {periods: 1, after: 5m, level: 0}
  - id: quiet-2
    name: {vi: a, en: b}
    hazard: x
    select: {class: river_gauge}
    silence: {periods: 1, level: 6}
  - id: upside-down
    name: {vi: a, en: b}
    hazard: x
    select: {class: rain_gauge}
    threshold: {value: rain, levels: device}
  - id: no-table
    name: {vi: a, en: b}
    hazard: x
    select: {class: rain_gauge}
    threshold: {value: snow, levels: device}
`), catalogue(t))
	if rules != nil {
		t.Error("rules with problems were accepted")
	}
	var got []string
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got = append(got, fmt.Sprintf("%d: %s", line, p.Error()))
	}
	want := []string{
		`4: has no value (give one, or remove the key to have the default)`,
		`6: expected a duration, found 5 (write it with its unit: 500ms, 30s, 5m, 12h or 30d)`,
		`15: unknown key "treshold" (did you mean "threshold"?)`,
		`2: "River Flood" cannot be a rule's id (small letters, digits, - and _, as in river-flood)`,
		`3: rule "River Flood" needs a name in Vietnamese and in English (name: {vi: …, en: …})`,
		`5: unknown class "river_guage" (did you mean "river_gauge"?)`,
		`5: unknown device "tao" (did you mean "thao"?)`,
		`5: unknown zone "phuong-lao-kai" (did you mean "phuong-lao-cai"?)`,
		`5: unknown sector "disasters" (one of [disaster fire traffic tourism environment services])`,
		`6: -1m0s is negative`,
		`6: the margin -1 is negative (how far back from the bound a level is left)`,
		`6: unknown direction "up" (above or below)`,
		`6: the bound of level 3 is not a number (a number, or null for one that is not known)`,
		`6: the bound of level 4 is not a number (a number, or null for one that is not known)`,
		`6: "7" is not a level (levels go from 1 to 5)`,
		`6: level 2 (40) is not beyond level 1 (50)`,
		`11: rule "flood" does not say which value to watch (the name of a value in the readings, as in water_level)`,
		`11: rule "flood" needs the bounds of its levels (levels: device for each station's own table, or levels: {1: 50, 2: 100})`,
		`12: two rules have the id "flood" (the alerts of one would be taken for the other's)`,
		`12: rule "flood" does not select any devices (select by class, device, zone or sector)`,
		`12: rule "flood" does not say what to watch for (add threshold, rate, accumulate, stuck, state, silence, corroborate, all or external)`,
		`21: rule "two" has both state and silence (make it two rules)`,
		`26: "fire" has level 9 (levels go from 1 to 5)`,
		`26: no value is ever the text "true" (it arrives as the number 1 or 0: use threshold)`,
		`31: rule "empty" does not say which value to watch (the name of a value in the readings, as in water_level)`,
		`31: rule "empty" gives no text a level (levels: {fire: 4, fault: 2})`,
		`36: rule "quiet" needs either periods or after (periods: 5 counts in the device's own period, after: 30m is the same for all)`,
		`36: rule "quiet" has level 0 (1 to 5)`,
		`41: 1 periods are too few (at least 2, or every small delay raises an alert)`,
		`41: rule "quiet-2" has level 6 (1 to 5)`,
		`46: device "nonsense": level 2 (70) is not beyond level 1 (80)`,
		`51: none of the devices that rule "no-table" selects has a table for "snow" (list bounds: {snow: {1: …}} with the devices, null for what is not known)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseNamesAValueThatLooksMistyped(t *testing.T) {
	const rule = `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: %s, levels: {1: 5}}
`
	for value, want := range map[string]string{
		"water_level": "",
		"battery":     "", // devices may send what their class does not list
		"waterlevel":  `devices of class "river_gauge" have no value "waterlevel" (did you mean "water_level"? Else list it among the quantities of the class)`,
	} {
		_, _, problems := Parse(fmt.Appendf(nil, rule, value), catalogue(t))
		got := ""
		for _, p := range problems {
			got += p.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

// TestUnconfigured: what has no bound is listed, so that people see what
// cannot be reached.
func TestUnconfigured(t *testing.T) {
	rules, _, problems := Parse([]byte(`rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: device}
  - id: rain
    name: {vi: Mưa, en: Rain}
    hazard: rain
    select: {class: rain_gauge}
    threshold: {value: rain_24h, levels: {2: 51, 4: null, 3: null}}
`), catalogue(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []Unconfigured{
		{Rule: "flood", Device: "thao", Value: "water_level", Level: 2},
		{Rule: "flood", Device: "chay", Value: "water_level"},
		{Rule: "rain", Value: "rain_24h", Level: 3},
		{Rule: "rain", Value: "rain_24h", Level: 4},
	}
	if diff := cmp.Diff(want, rules.Unconfigured()); diff != "" {
		t.Error(diff)
	}
	if rules.Len() != 2 {
		t.Errorf("%d rules", rules.Len())
	}
}

// TestHashIsOfTheMeaning: two ways to write a rule have one hash, and any
// change of meaning another.
func TestHashIsOfTheMeaning(t *testing.T) {
	hash := func(rule string) string {
		t.Helper()
		rules, _, problems := Parse([]byte("rules:\n  - {id: r, name: {vi: a, en: b}, hazard: x, select: {class: river_gauge}, "+rule+"}\n"), catalogue(t))
		if len(problems) > 0 {
			t.Fatal(rule, problems)
		}
		return rules.rules[0].hash
	}
	one := hash("threshold: {value: water_level, levels: {1: 5, 2: 6.50}, for: 60s}")
	if two := hash("threshold: {for: 1m, direction: above, levels: {2: 6.5, 1: 5.0}, value: water_level}, latch: false"); two != one {
		t.Errorf("the same rule has the hashes %s and %s", one, two)
	}
	for _, other := range []string{
		"threshold: {value: water_level, levels: {1: 5, 2: 6.51}, for: 60s}",
		"threshold: {value: water_level, levels: {1: 5, 2: null}, for: 60s}",
		"threshold: {value: water_level, levels: {1: 5}, for: 60s}",
		"threshold: {value: water_level, levels: device, for: 60s}",
		"threshold: {value: water_level, levels: {1: 5, 2: 6.50}, for: 60s, recover: {margin: 1}}",
		"threshold: {value: water_level, levels: {1: 5, 2: 6.50}, for: 60s}, latch: true",
	} {
		if hash(other) == one {
			t.Errorf("%s has the same hash", other)
		}
	}
}

// TestDemoRules: the rules of the demo province are valid, and what nobody
// could find a number for shows.
func TestDemoRules(t *testing.T) {
	devices, err := laocai.Files.ReadFile(laocai.DevicesFile)
	if err != nil {
		t.Fatal(err)
	}
	src, err := laocai.Files.ReadFile(laocai.RulesFile)
	if err != nil {
		t.Fatal(err)
	}
	classes, listed, _, _ := registry.Parse(devices, func(orb.Point) string { return "zone" })
	classes = slices.Concat(classes, video.Classes(), selfcheck.Classes(selfcheck.Options{}))
	rules, doc, problems := Parse(src, Catalogue{Classes: classes, Devices: listed})
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("%s:%d: %s", laocai.RulesFile, line, p.Error())
	}
	if rules == nil {
		return
	}
	unknown := Unconfigured{Rule: "river-flood", Device: "lao-cai-thao", Value: "water_level", Level: 2}
	found := false
	for _, u := range rules.Unconfigured() {
		found = found || u == unknown
	}
	if !found {
		t.Errorf("%+v is not among the unconfigured levels", unknown)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("rules:\n  - {id: r, name: {vi: a, en: b}, hazard: x, select: {class: river_gauge}, threshold: {value: v, levels: {1: 5, 2: null}}}\n")
	f.Add("rules:\n  - {id: r, name: {vi: a, en: b}, hazard: x, select: {sector: fire}, state: {value: v, levels: {fire: 4}}, latch: true}\n")
	f.Add("rules:\n  - {id: r, name: {vi: a, en: b}, hazard: x, select: {zone: [phuong-lao-cai]}, silence: {after: 5m, level: 1}}\n")
	f.Add("rules: [{threshold: {levels: device}}]")
	f.Add("rules:\n  - {id: r, name: {vi: a, en: b}, hazard: x, corroborate: {within: 60, over: 3m, levels: {to_verify: 2, confirmed: 4}, kinds: [{kind: a, class: river_gauge, value: v, at_least: 1}, {kind: b, class: rain_gauge, value: v, is: [x]}]}}\n")
	f.Add("rules:\n  - {id: r, name: {vi: a, en: b}, hazard: x, select: {class: rain_gauge}, threshold: {value: v, levels: {1: 5}}, aggregate: {over: zone, fn: p90}}\n  - {id: s, name: {vi: a, en: b}, hazard: x, all: {levels: {2: {r: 1, t: 1}}}}\n")
	c := catalogue(f)
	f.Fuzz(func(t *testing.T, src string) {
		rules, doc, problems := Parse([]byte(src), c)
		if (rules == nil) != (len(problems) > 0) {
			t.Fatalf("rules %v with problems %v", rules, problems)
		}
		for _, p := range problems {
			if p.Path == "" || p.Message == "" || !strings.HasPrefix(p.Path, "$") {
				t.Errorf("a problem without a place or a word: %+v", p)
			}
			doc.Position(p.Path)
		}
		if rules == nil {
			return
		}
		for _, r := range rules.rules {
			for _, d := range selected(r, c.Devices) {
				compile(r, d)
			}
		}
	})
}

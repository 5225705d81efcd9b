package alerts

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problemsOf returns what Parse says of rules, with their lines.
func problemsOf(t *testing.T, rules string) []string {
	t.Helper()
	parsed, doc, problems := Parse([]byte(rules), catalogue(t))
	if (parsed == nil) != (len(problems) > 0) {
		t.Fatalf("rules %v with problems %v", parsed, problems)
	}
	var got []string
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got = append(got, fmt.Sprintf("%d: %s", line, p.Error()))
	}
	return got
}

func TestParseCorroborate(t *testing.T) {
	got := problemsOf(t, `rules:
  - id: fire
    name: {vi: a, en: b}
    hazard: fire
    corroborate:
      needs: 1
      levels: {to_verify: 4, confirmed: 4}
      kinds:
        - {kind: level, class: river_gauge, value: waterlevel, at_least: 1}
        - {kind: rain, class: rain_guage, value: rain}
        - {class: river_gauge, value: x, at_least: 1, is: [fire], decay: -1s}
      recover: {for: -1m}
  - id: alone
    name: {vi: a, en: b}
    hazard: fire
    corroborate:
      within: 60
      over: 3m
      levels: {to_verify: 2, confirmed: 4}
      kinds: [{kind: rain, class: rain_gauge, value: rain, at_least: 1}]
`)
	want := []string{
		`9: devices of class "river_gauge" have no value "waterlevel" (did you mean "water_level"? Else list it among the quantities of the class)`,
		`10: unknown class "rain_guage" (did you mean "rain_gauge"?)`,
		`10: kind "rain" needs either a number or texts (at_least: 1, or is: [fire])`,
		`11: a kind of rule "fire" has no name (kind: smoke)`,
		`11: kind "" needs either a number or texts (at_least: 1, or is: [fire])`,
		`11: -1s is negative`,
		`11: two kinds are of the class "river_gauge" (one device is one kind)`,
		`6: 1 kinds confirm nothing (2 if left out; mark a kind alone: true that needs no other)`,
		`6: rule "fire" does not say how near one another the kinds are (in metres, as in 60)`,
		`6: rule "fire" does not say within which time (as in 3m)`,
		`7: rule "fire" needs a level for what is to be verified, and a higher one for what is confirmed (levels: {to_verify: 2, confirmed: 4})`,
		`12: -1m0s is negative`,
		`20: rule "alone" has 1 kinds and needs 2 ({kind: smoke, class: smoke_detector, value: smoke, at_least: 1})`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseAllAndAggregate(t *testing.T) {
	got := problemsOf(t, `rules:
  - id: rain
    name: {vi: a, en: b}
    hazard: rain
    select: {class: rain_gauge}
    threshold: {value: rain, levels: {1: 5}}
    aggregate: {over: province, fn: median, min_devices: -1}
  - id: quiet
    name: {vi: a, en: b}
    hazard: rain
    select: {class: rain_gauge}
    silence: {periods: 5, level: 1}
    aggregate: {over: zone, fn: max}
  - id: table
    name: {vi: a, en: b}
    hazard: flood
    select: {device: [thao]}
    threshold: {value: water_level, levels: device}
    aggregate: {over: zone, fn: max}
  - id: slide
    name: {vi: a, en: b}
    hazard: landslide
    all:
      within: -1h
      levels:
        2: {rain: 1}
        3: {rain: 7, raim: 1}
        9: {rain: 1, quiet: 1}
  - id: more
    name: {vi: a, en: b}
    hazard: landslide
    all: {levels: {2: {slide: 2, rain: 1}}}
  - id: none
    name: {vi: a, en: b}
    hazard: landslide
    all: {levels: {}}
`)
	want := []string{
		`7: nothing can be made over "province" (over: zone)`,
		`7: unknown fn "median" (max, mean or p90)`,
		`7: -1 is negative (1 if left out)`,
		`13: rule "quiet" cannot be about a whole zone (threshold, rate and accumulate can)`,
		`19: the devices of a zone have no table in common (levels: {1: 50, 2: 100})`,
		`24: -1h0m0s is negative`,
		`26: it takes two rules or more ({rain: 2, soil: 1})`,
		`27: rule "rain" cannot have level 7 (levels go from 1 to 5)`,
		`28: "9" is not a level (levels go from 1 to 5)`,
		`36: rule "none" does not say which rules it rests on (levels: {2: {rain: 2, soil: 1}})`,
		`27: unknown rule "raim" (did you mean "rain"?)`,
		`32: rule "slide" rests on others itself (name the rules that it rests on instead)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

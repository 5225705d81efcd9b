package alerts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLocal(t *testing.T) {
	got := problemsOf(t, `rules:
  - id: flood
    name: {vi: a, en: b}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {1: 5}, recover: {levels: {9: {for: 1m}, 1: {margin: -1, for: -1m}}}}
    overrides:
      - {levels: {1: 5}}
      - {device: [tao], zone: [phuong-lao-kai], for: -1m}
      - {device: [thao], levels: {1: 5, 2: 4}, recover: {margin: -1, for: -1h}}
      - {device: [thao], off: true}
    schedule: [{days: [monday], from: "25:00"}]
  - id: quiet
    name: {vi: a, en: b}
    hazard: device
    select: {class: rain_gauge}
    silence: {periods: 5, level: 1}
    overrides: [{device: [nonsense], levels: {1: 5}}]
  - id: mean
    name: {vi: a, en: b}
    hazard: rain
    select: {class: rain_gauge}
    threshold: {value: rain, levels: {1: 5}}
    aggregate: {over: zone, fn: mean}
    overrides: [{device: [nonsense], levels: {1: 5}}]
  - id: both
    name: {vi: a, en: b}
    hazard: rain
    all: {levels: {1: {mean: 1, quiet: 1}}}
    overrides: [{zone: [phuong-lao-cai], off: true}]
    schedule: [{from: "08:00", to: "09:00"}]
`)
	want := []string{
		`6: -1m0s is negative`,
		`6: the margin -1 is negative (how far back from the bound a level is left)`,
		`6: "9" is not a level (levels go from 1 to 5)`,
		`8: it does not say where rule "flood" differs (device: [yen-bai-thao], or zone: [sa-pa])`,
		`9: unknown device "tao" (did you mean "thao"?)`,
		`9: unknown zone "phuong-lao-kai" (did you mean "phuong-lao-cai"?)`,
		`9: -1m0s is negative`,
		`10: -1h0m0s is negative`,
		`10: the margin -1 is negative (how far back from the bound a level is left)`,
		`10: level 2 (4) is not beyond level 1 (5)`,
		`11: device "thao" is overridden twice (make it one override)`,
		`12: "25:00" is not a time of day ("22:00")`,
		`12: unknown day "monday" (sun, mon, tue, wed, thu, fri, sat)`,
		`18: only levels and margins of threshold and rate can differ (make it two rules)`,
		`25: rule "mean" is about zones (zone: […])`,
		`30: rule "both" rests on others (give it to the rules that it rests on)`,
		`31: rule "both" rests on others (give it to the rules that it rests on)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseExternal(t *testing.T) {
	got := problemsOf(t, `rules:
  - id: review
    name: {vi: a, en: b}
    hazard: intrusion
    select: {class: rain_gauge}
    external: {levels: {alert: 7}}
  - id: none
    name: {vi: a, en: b}
    hazard: intrusion
    select: {class: rain_gauge}
    external: {severity: state, ended: {is: [ended]}}
  - id: contrary
    name: {vi: a, en: b}
    hazard: intrusion
    select: {class: rain_gauge}
    external: {severity: state, levels: {alert: 3}, ended: {is: [ended, alert]}}
`)
	want := []string{
		`6: rule "review" does not say which value to watch (the name of a value in the readings, as in water_level)`,
		`6: "alert" has level 7 (levels go from 1 to 5)`,
		`6: rule "review" does not say how an event ends, and nothing else ends it (ended: {is: [ended]}, or ended: {value: active, is: ["0"]})`,
		`11: rule "none" gives no severity a level (levels: {detection: 1, alert: 3})`,
		`16: "alert" has a level and ends the event (an event with a level goes on)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

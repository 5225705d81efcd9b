package main

import (
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/alerts"
)

// TestRulesAreMeasured measures a few devices for a moment: every number is
// there, and the plain loop finds the levels that the engine finds.
func TestRulesAreMeasured(t *testing.T) {
	r, err := measureRules(t.Context(), 500, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Engine <= 0 || r.Plain <= 0 || r.PerCheck <= 0 {
		t.Errorf("%+v", r)
	}
}

func TestAStormIsNoQuietDay(t *testing.T) {
	w := newRuleWorld(20)
	rules, _, problems := alerts.Parse([]byte(strings.ReplaceAll(string(thresholdRules(ruleCount)), "for: 10m", "for: 0s")),
		alerts.Catalogue{Classes: []citywatch.Class{w.class}, Devices: w.devices})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w.entries[0].Readings[3].Values[2].Number = 200
	w.entries[0].Readings[7].Values[2].Number = 101.5
	w.entries[0].Seq = 1
	w.entries[0].Readings[3].Time, w.entries[0].Readings[7].Time = w.now, w.now
	engine := alerts.NewSimulation(rules, alerts.Options{}, w.devices).Apply(&w.entries[0])
	plain := newPlainRules(20).apply(&w.entries[0])
	if len(engine) != len(plain) || len(plain) != ruleCount+2 {
		t.Errorf("the engine raises %d alerts, the plain loop %d", len(engine), len(plain))
	}
	if err := w.turn(newPlainRules(20).apply); err == nil {
		t.Error("what came of it was not noticed")
	}
}

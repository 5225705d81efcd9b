package alerts_test

import (
	"testing"
	"time"

	"citywatch"
	"citywatch/alerts"
)

// Every alert of a drill's engine says that it is one.
func TestAlertsOfAnExerciseSaySo(t *testing.T) {
	rules, _, problems := alerts.Parse([]byte(`rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: {1: 80}}
`), alerts.Catalogue{Classes: []citywatch.Class{{ID: "gauge", Sector: citywatch.SectorDisaster, Period: time.Minute}}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at := time.Date(2026, 9, 29, 20, 0, 0, 0, time.UTC)
	for _, exercise := range []bool{true, false} {
		sim := alerts.NewSimulation(rules, alerts.Options{Exercise: exercise}, nil)
		ts := sim.Apply(&citywatch.Entry{Seq: 1, Readings: []citywatch.Reading{{
			Device: "g", Class: "gauge", Time: at, Arrived: at, Values: []citywatch.Value{{Name: "level", Number: 81}},
		}}})
		if len(ts) != 1 || ts[0].Alert.Exercise != exercise {
			t.Errorf("exercise %v: %+v", exercise, ts)
		}
	}
}

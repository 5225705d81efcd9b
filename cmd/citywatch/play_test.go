package main

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/play"
	"citywatch/internal/servertest"
)

// TestPlayRecordedFlood plays a recorded record flood through the whole of
// citywatch, and holds the alerts against the levels that the data's publisher
// computed from it.
func TestPlayRecordedFlood(t *testing.T) {
	f := newFlood(t)
	p := start(t, "serve", "--config", f.config)
	t.Logf("%s", citywatchPrints(t, "play", f.file, "--mqtt", "tcp://"+f.mqtt, "--speed", "0"))
	rows := readRows(t, f.file)
	p.awaitEvaluated(len(rows))
	p.stop()
	compareLevels(t, rows, transitionsIn(t, filepath.Join(f.dir, "data", "journal")))
}

// citywatchPrints runs a command of citywatch in this process and returns what it
// prints.
func citywatchPrints(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
		t.Fatalf("citywatch %v: exit %d\n%s", args, code, stderr.Bytes())
	}
	return stdout.Bytes()
}

const floodRules = `rules:
  - id: river-flood
    name: {vi: Lũ vượt mức báo động, en: River above flood alarm level}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: device, direction: above, recover: {margin: 0, for: 0s}}
`

// A flood is the recording of one, and a site with its stations.
type flood struct {
	file, dir, config, mqtt string
}

func newFlood(t *testing.T) flood {
	t.Helper()
	file := filepath.Join(servertest.SharedData(t), "river", "water_data_full_combined.csv")
	dir := t.TempDir()
	write(t, dir, "devices.yaml", string(citywatchPrints(t, "play", "devices", file)))
	write(t, dir, "zones.geojson", string(citywatchPrints(t, "play", "zones", file)))
	write(t, dir, "rules.yaml", floodRules)
	mqtt := servertest.FreeAddr(t)
	config := write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: flood, name: Lũ, extent: [100, 5, 115, 25]}
data: data
edge: {listen: %[1]q}
sources:
  - {name: edge, url: "tcp://%[1]s", topics: [{filter: city/+/+}]}
store: {retention: {raw: 0s, 5m: 0s, 1h: 0s}}   # the flood was long ago,
alerts: {live: 100000h}                         # and is to be told as if it were now
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, mqtt))
	return flood{file, dir, config, mqtt}
}

func readRows(t *testing.T, file string) []play.Row {
	t.Helper()
	mapping, _, problems := play.ParseMapping(play.WaterDashboard())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	recording, err := play.ReadFile(file, mapping)
	if err != nil {
		t.Fatal(err)
	}
	return recording.Rows
}

// compareLevels holds the level that was in force after each reading against
// the publisher's.
func compareLevels(t *testing.T, rows []play.Row, transitions []citywatch.Transition) {
	t.Helper()
	// Where a station says two things of one time, the later line stands.
	type reading struct {
		station string
		at      int64
	}
	byReading := map[reading]play.Row{}
	for _, row := range rows {
		byReading[reading{row.Station.ID, row.Time.UnixNano()}] = row
	}
	levels := map[citywatch.Level]int{}
	compared, differing := 0, 0
	for _, row := range byReading {
		if !row.Answered {
			continue
		}
		compared++
		want := row.Answer
		levels[want]++
		if got := levelAt(transitions, row.Station.ID, row.Time); got != want {
			differing++
			t.Errorf("%s at %s: level %d, published as %d (values %v, line %d)",
				row.Station.ID, row.Time, got, want, row.Values, row.Line)
		}
	}
	if compared == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("%d readings, %d compared, %d differ; published levels:", len(rows), compared, differing)
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		t.Logf("  level %d: %d", level, levels[level])
	}
}

// levelAt is the level of the station's alert after the reading of that time.
func levelAt(transitions []citywatch.Transition, device string, at time.Time) citywatch.Level {
	level := citywatch.None
	for _, tr := range transitions {
		if tr.Alert.Device != device || len(tr.Alert.Evidence) == 0 || tr.Alert.Evidence[0].Time.After(at) {
			continue
		}
		level = tr.Alert.Level
		if tr.Alert.Condition == citywatch.Normal {
			level = citywatch.None
		}
	}
	return level
}

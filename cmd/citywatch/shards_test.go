package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"citywatch"
	"citywatch/internal/servertest"
)

const shardedRules = `inhibit: [{source: lost-gateway, target: [flood], same: [zone]}]
rules:
  - {id: flood, name: {vi: Lũ, en: Flood}, hazard: flood, select: {class: river_gauge}, threshold: {value: water_level, levels: {1: 50, 2: 60, 3: 70}}}
  - {id: wet, name: {vi: Mưa, en: Rain}, hazard: flood, select: {class: river_gauge}, threshold: {value: rain, levels: {1: 10}}}
  - {id: flash, name: {vi: Lũ quét, en: Flash flood}, hazard: flood, all: {levels: {3: {flood: 1, wet: 1}}}}
  - id: fire
    name: {vi: Cháy, en: Fire}
    hazard: fire
    latch: true
    corroborate:
      kinds: [{kind: smoke, class: smoke, value: state, is: [fire]}, {kind: heat, class: heat, value: state, is: [fire]}]
      within: 60
      over: 3m
      levels: {to_verify: 2, confirmed: 4}
  - {id: lost-gateway, name: {vi: Mất bộ thu, en: Gateway lost}, hazard: device, select: {class: gateway}, silence: {after: 10s, level: 2}}
  - {id: lost-sensor, name: {vi: Mất cảm biến, en: Sensor lost}, hazard: device, select: {class: sensor}, silence: {after: 10s, level: 1}}
`

// shardedZones are so many, so that devices of one rule lie in several shards.
const shardedZones = 8

// shardedSite is a citywatch whose journal has so many shards. The detectors of
// its fire stand on both sides of a border, and what is reached through its
// gateway in every zone.
func shardedSite(t *testing.T, shards int) (p *process, dir string) {
	t.Helper()
	dir = t.TempDir()
	var zones []string
	var devices strings.Builder
	devices.WriteString(`classes:
  - {id: river_gauge, name: {vi: Trạm}, sector: disaster, period: 1h}
  - {id: smoke, name: {vi: Khói}, sector: fire, period: 1h}
  - {id: heat, name: {vi: Nhiệt}, sector: fire, period: 1h}
  - {id: gateway, name: {vi: Bộ thu}, sector: environment, period: 4s}
  - {id: sensor, name: {vi: Cảm biến}, sector: environment, period: 4s}
devices:
  - {id: gateway, class: gateway, at: [104.05, 22.5]}
  - {id: smoke, class: smoke, at: [104.3999, 22.5]}
  - {id: heat, class: heat, at: [104.4001, 22.5]}
`)
	for i := range shardedZones {
		west := 104 + float64(i)/10
		zones = append(zones, fmt.Sprintf(`{"type":"Feature","id":"z%d","properties":{"name":"Z"},"geometry":{"type":"Polygon","coordinates":[[[%.1f,22],[%.1f,22],[%.1f,23],[%.1f,23],[%.1f,22]]]}}`,
			i, west, west+0.1, west+0.1, west, west))
		fmt.Fprintf(&devices, "  - {id: gauge-%[1]d, class: river_gauge, at: [%.2[2]f, 22.6]}\n  - {id: sensor-%[1]d, class: sensor, at: [%.2[2]f, 22.7], via: gateway}\n", i, west+0.05)
	}
	write(t, dir, "zones.geojson", `{"type":"FeatureCollection","features":[`+strings.Join(zones, ",\n")+`]}`)
	write(t, dir, "devices.yaml", devices.String())
	write(t, dir, "rules.yaml", shardedRules)
	return start(t, "serve", "--config", write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 21, 106, 24]}
data: data
journal: {shards: %[2]d}
edge: {listen: %[1]q}
sources:
  - {name: edge, url: "tcp://%[1]s", topics: [{filter: city/+/+, format: json, device: "{2}"}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, servertest.FreeAddr(t), shards))), dir
}

// TestShardsOfTheRealJournal: a river flood, a fire that another kind confirms
// across a border, rain and flood in one zone, and a gateway that dies with what
// is reached through it make the same alerts whether the journal has one shard or
// four, over a kill.
func TestShardsOfTheRealJournal(t *testing.T) {
	var want, got []string
	var busy int
	t.Run("both", func(t *testing.T) {
		t.Run("one", func(t *testing.T) {
			t.Parallel()
			want, _ = shardedHistory(t, 1)
		})
		t.Run("four", func(t *testing.T) {
			t.Parallel()
			got, busy = shardedHistory(t, 4)
		})
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-one shard +four\n%s", diff)
	}
	if busy < 3 {
		t.Errorf("only %d of four shards evaluated anything: this proves little", busy)
	}
	for _, line := range []string{
		"flood/gauge-7: fired 1 sound, raised 2 sound, raised 3 sound", "fire/smoke: fired 2 quiet to verify, confirmed 4 sound",
		"flash/z2: fired 3 sound", "lost-gateway/gateway",
	} {
		if !slices.Contains(want, line) {
			t.Errorf("there is no %q in\n%s", line, strings.Join(want, "\n"))
		}
	}
	if slices.ContainsFunc(want, func(line string) bool { return strings.HasPrefix(line, "lost-sensor") }) {
		t.Errorf("a dead gateway is more than one alert:\n%s", strings.Join(want, "\n"))
	}
}

// shardedHistory has it all happen, and returns what became of each alert and how
// many shards evaluated anything.
func shardedHistory(t *testing.T, shards int) (history []string, busy int) {
	t.Helper()
	p, dir := shardedSite(t, shards)
	measure := func(device, values string) {
		p.post("/api/v1/readings", "application/json", fmt.Sprintf(`{"device":%q,"values":{%s}}`, device, values))
	}
	seen := func(rule, more string) {
		t.Helper()
		p.eventually("/api/v1/alerts?limit=1000", func(body []byte) bool {
			for feature := range strings.SplitSeq(string(body), `"type":"Feature"`) {
				if strings.Contains(feature, fmt.Sprintf(`"rule":%q`, rule)) && strings.Contains(feature, more) {
					return true
				}
			}
			return false
		})
	}
	for _, level := range []int{40, 51, 61, 71} {
		for i := range shardedZones {
			if i%2 == 1 || level < 60 {
				measure(fmt.Sprintf("gauge-%d", i), fmt.Sprintf(`"water_level":%d`, level))
			}
		}
	}
	measure("smoke", `"state":"fire"`)
	measure("gauge-2", `"rain":20`)
	seen("fire", `"to_verify":true`)
	seen("flash", `"level":3`)
	p.kill()
	p.start()
	measure("heat", `"state":"fire"`)
	seen("fire", `"level":4`)
	measure("gateway", `"rssi":-60`)
	for i := range shardedZones {
		measure(fmt.Sprintf("sensor-%d", i), `"rssi":-60`)
	}
	seen("lost-gateway", `"level":2`)
	busy = p.shardsEvaluating()
	p.stop()
	return lives(transitionsIn(t, filepath.Join(dir, "data", "journal"))), busy
}

// lives is what became of each alert, in a line; of silence only that it was, for a
// machine that is busy may keep a device waiting so long that it is lost twice.
func lives(ts []citywatch.Transition) (all []string) {
	lines := map[string]string{}
	for _, tr := range ts {
		a := tr.Alert
		line := fmt.Sprintf("%s %d %s", tr.Reason, a.Level, tr.Notice)
		if a.ToVerify {
			line += " to verify"
		}
		if a.SuppressedBy != "" {
			line += " explained"
		}
		if before := lines[a.ID]; a.Rule == "lost-gateway" {
			line = a.Rule + "/" + a.Of()
		} else if before != "" {
			line = before + ", " + line
		} else {
			line = a.Rule + "/" + a.Of() + ": " + line
		}
		lines[a.ID] = line
	}
	for _, line := range lines {
		all = append(all, line)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shardsEvaluating counts the shards whose engine has evaluated anything.
func (p *process) shardsEvaluating() int {
	p.t.Helper()
	response, err := http.Get("http://" + p.http + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(regexp.MustCompile(`(?m)^citywatch_alerts_evaluated_total\{shard="\d+"\} [1-9]`).FindAll(body, -1))
}

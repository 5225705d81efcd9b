package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
)

// TestReplayIsWhatHappened plays a recorded flood through the whole of
// citywatch, and holds what a replay says of it against what the engine did:
// asked while it runs, and of its files when it does not.
func TestReplayIsWhatHappened(t *testing.T) {
	f := newFlood(t)
	began := time.Now().Add(-time.Minute)
	p := start(t, "serve", "--config", f.config)
	citywatchPrints(t, "play", f.file, "--mqtt", "tcp://"+f.mqtt, "--speed", "0")
	p.awaitEvaluated(len(readRows(t, f.file)))
	p.awaitMetric("citywatch_store_readings_total", len(readRows(t, f.file)))
	args := []string{"rules", "replay", "--config", f.config, "--json", "--seen", "0", "--from", began.Format(time.RFC3339)}
	running := replayed(t, citywatchPrints(t, append(args, "--api", "http://"+p.http)...))
	beside := replayed(t, citywatchPrints(t, args...)) // its files, while it writes them
	p.stop()
	var happened []string
	for _, tr := range transitionsIn(t, filepath.Join(f.dir, "data", "journal")) {
		happened = append(happened, fmt.Sprintf("%s %s %d %s", tr.Alert.ID, tr.Reason, tr.Alert.Level, tr.At.UTC()))
	}
	if len(happened) < 20 {
		t.Fatalf("too little happened: %v", happened)
	}
	after := replayed(t, citywatchPrints(t, args...))
	for name, r := range map[string]citywatch.Replay{"asked": running, "its files": beside, "its files, after": after} {
		var got []string
		for _, e := range r.Timeline {
			got = append(got, fmt.Sprintf("%s %s %d %s", e.Alert, e.Reason, e.Level, e.Time.UTC()))
		}
		if diff := cmp.Diff(happened, got); diff != "" || r.History != "journal" {
			t.Errorf("%s, from the %s (-happened +replayed):\n%s", name, r.History, diff)
		}
	}
	t.Logf("journal: %d readings, %.0f/s", after.Readings, float64(after.Readings)/after.Seconds)
	f.replaysTheStore(t, after)
}

// replaysTheStore holds what a replay makes of the time series store against
// what it makes of the journal: the same levels at every station.
func (f *flood) replaysTheStore(t *testing.T, journal citywatch.Replay) {
	t.Helper()
	args := []string{"rules", "replay", "--config", f.config, "--history", "store", "--from", "2025-11-13", "--to", "2025-12-05"}
	store := replayed(t, citywatchPrints(t, append(args, "--json")...))
	highest := func(r citywatch.Replay) map[string]citywatch.Level {
		levels := map[string]citywatch.Level{}
		for _, e := range r.Timeline {
			levels[e.Of] = max(levels[e.Of], e.Level)
		}
		return levels
	}
	if diff := cmp.Diff(highest(journal), highest(store)); diff != "" || store.History != "store" {
		t.Errorf("the highest levels from the %s (-journal +store):\n%s", store.History, diff)
	}
	t.Logf("store: %d readings, %.0f/s", store.Readings, float64(store.Readings)/store.Seconds)

	// The same once more, as a person reads it.
	text := citywatchPrints(t, args...)
	if !bytes.Contains(text, []byte("river-flood/cung-son")) || !bytes.Contains(text, []byte("readings from the store since 2025-11-13")) {
		t.Errorf("%s", text)
	}
	write(t, f.dir, "other.yaml", strings.ReplaceAll(floodRules, "recover: {margin: 0, for: 0s}", "for: 2h, recover: {margin: 0, for: 0s}"))
	text = citywatchPrints(t, append(args, "--diff", filepath.Join(f.dir, "other.yaml"))...)
	if !bytes.Contains(text, []byte("later    river-flood/cung-son")) {
		t.Errorf("%s", text)
	}
}

func replayed(t *testing.T, text []byte) (r citywatch.Replay) {
	t.Helper()
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r
}

// Rules with a mistake are refused with its place, by the API and by the
// command that asks it.
func TestReplaySaysWhereRulesAreWrong(t *testing.T) {
	p := peopleSite(t)
	question := `{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "diff": "rules:\n  - id: flood\n    name: {vi: Lũ}\n    select: {class: gague}\n"}`
	resp, err := http.Post("http://"+p.http+"/api/v1/rules/replay", "application/json", strings.NewReader(question))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var problem struct {
		Problems []struct {
			File         string
			Line, Column int
			Message      string
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, one := range problem.Problems {
		found = found || one.File == "diff" && one.Line == 4 && one.Column > 1 && strings.Contains(one.Message, "gague")
	}
	if resp.StatusCode != http.StatusUnprocessableEntity || !found {
		t.Errorf("%s: %+v", resp.Status, problem)
	}
}

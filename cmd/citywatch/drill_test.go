package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/servertest"
)

// TestDrill plays half an hour of the recorded flood as a drill, beside
// the citywatch whose configuration it has, which hears nothing of it.
func TestDrill(t *testing.T) {
	f := newFlood(t)
	write(t, f.dir, "rules.yaml", floodRules+"    escalate: [{after: 10m, to: truong-ca}]\n")
	real := start(t, "serve", "--config", f.config)
	own := filepath.Join(t.TempDir(), "drill")
	drill := &process{t: t, http: servertest.FreeAddr(t), args: []string{
		"drill", "--config", f.config, "--file", f.file, "--from", "2025-11-19 06:30", "--to", "2025-11-19 07:30", "--speed", "1000", "--data", own,
	}}
	drill.start()
	t.Cleanup(func() {
		drill.kill()
		if t.Failed() {
			t.Logf("the drill wrote:\n%s", tail(drill.out.Bytes(), 8<<10))
		}
	})
	drill.isMarked()
	// At the end of the recording its clock stands.
	end := time.Date(2025, 11, 19, 7, 0, 0, 0, time.FixedZone("", 7*3600))
	drill.eventually("/api/v1/province", func(body []byte) bool {
		var province struct{ Time time.Time }
		return json.Unmarshal(body, &province) == nil && !province.Time.Before(end)
	})
	drill.eventually("/api/v1/alerts", func(body []byte) bool { return bytes.Count(body, []byte(`"escalation":1`)) > 0 })
	drill.stop()
	highest := citywatch.None
	escalated := false
	for _, tr := range transitionsIn(t, filepath.Join(own, "journal")) {
		if !tr.Alert.Exercise {
			t.Errorf("%s is not marked", tr.ID)
		}
		if tr.At.After(time.Now().AddDate(-1, 0, 0)) && tr.At.After(end.Add(time.Hour)) {
			t.Errorf("%s is of %s", tr.ID, tr.At)
		}
		if tr.Alert.Device == "cung-son" {
			highest = max(highest, tr.Alert.Level)
		}
		escalated = escalated || tr.Reason == citywatch.ReasonEscalated
	}
	if highest != 3 || !escalated {
		t.Errorf("Củng Sơn reaches level %d; somebody was called further: %v", highest, escalated)
	}
	if n := real.metric("citywatch_alerts_evaluated_total"); n > 100 {
		t.Errorf("the real one has evaluated %v readings", n)
	}
	real.stop()
	if ts := transitionsIn(t, filepath.Join(f.dir, "data", "journal")); len(ts) > 0 {
		t.Errorf("the real one has %d transitions: %+v", len(ts), ts[0].Alert)
	}
}

// isMarked holds that it says of itself that it is a drill, and takes nothing
// from outside.
func (p *process) isMarked() {
	p.t.Helper()
	for path, want := range map[string]string{
		"/wall": "DIỄN TẬP", "/api/v1/province": `"exercise":true`, "/api/v1/health": `"exercise":true`, "/api/v1/alerts": `"exercise":true`,
	} {
		p.eventually(path, func(body []byte) bool { return bytes.Contains(body, []byte(want)) })
	}
	for _, path := range []string{"/api/v1/readings", "/api/v1/indicators", "/api/v1/rules/replay"} {
		resp, err := http.Post("http://"+p.http+path, "application/json", strings.NewReader(`[]`))
		if err != nil {
			p.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Citywatch-Exercise") != "true" {
			p.t.Errorf("%s is answered with %s", path, resp.Status)
		}
	}
}

// A night that citywatch has stored itself is played, too: from its journal, and
// from its store.
func TestDrillOfWhatWasStored(t *testing.T) {
	f := newFlood(t)
	began := time.Now()
	p := start(t, "serve", "--config", f.config)
	citywatchPrints(t, "play", f.file, "--mqtt", "tcp://"+f.mqtt, "--speed", "0")
	n := len(readRows(t, f.file))
	p.awaitEvaluated(n)
	p.awaitMetric("citywatch_store_readings_total", n)
	p.stop()
	for name, args := range map[string][]string{
		"journal": {"--from", began.Add(-time.Second).Format(time.RFC3339), "--to", time.Now().Format(time.RFC3339)},
		"store":   {"--history", "store", "--from", "2025-11-19 06:00", "--to", "2025-11-19 07:10"},
	} {
		t.Run(name, func(t *testing.T) {
			drill := &process{t: t, http: servertest.FreeAddr(t), args: append([]string{"drill", "--config", f.config, "--speed", "1000"}, args...)}
			drill.start()
			defer drill.kill()
			drill.eventually("/api/v1/alerts", func(body []byte) bool { return bytes.Contains(body, []byte("river-flood~cung-son")) })
			if _, err := os.Stat(filepath.Join(f.dir, "data", "DIEN-TAP")); err == nil {
				t.Error("the drill has made the real folder its own")
			}
		})
	}
}

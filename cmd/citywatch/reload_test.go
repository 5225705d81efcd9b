package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"citywatch/internal/servertest"
)

const reloadRules = `version: %q
rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {%d: 50}}
`

// TestRulesAreReadAnewWhileRunning: over HTTP and by SIGHUP. What is wrong with
// them is said with file and line, and the rules before stay in force.
func TestRulesAreReadAnewWhileRunning(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, dir, "devices.yaml", "classes:\n  - {id: river_gauge, name: {vi: Trạm thủy văn}, sector: disaster, period: 1h}\n"+
		"devices:\n  - {id: gauge, class: river_gauge, at: [104, 22.5]}\n")
	write(t, dir, "rules.yaml", fmt.Sprintf(reloadRules, "1", 1))
	config := write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
edge: {listen: %[1]q}
sources:
  - {name: edge, url: "tcp://%[1]s", topics: [{filter: city/+/+}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, servertest.FreeAddr(t)))
	p := start(t, "serve", "--config", config)
	p.inForce("1")
	if got := p.metric("citywatch_rules_last_reload_successful"); got != 1 {
		t.Errorf("before any reload the metric says %v", got)
	}

	write(t, dir, "rules.yaml", fmt.Sprintf(reloadRules, "2", 2))
	if status, answer := p.reload(); status != http.StatusOK || !strings.Contains(answer, `"version":"2"`) {
		t.Fatalf("%d %s", status, answer)
	}
	p.inForce("2")

	write(t, dir, "rules.yaml", strings.Replace(fmt.Sprintf(reloadRules, "3", 3), "river_gauge", "river_guage", 1))
	status, answer := p.reload()
	if status != http.StatusUnprocessableEntity || !strings.Contains(answer, `rules.yaml:6:21: unknown class \"river_guage\" (did you mean \"river_gauge\"?)`) {
		t.Errorf("%d %s", status, answer)
	}
	p.inForce("2")
	if got := p.metric("citywatch_rules_last_reload_successful"); got != 0 {
		t.Errorf("after a reload that failed the metric says %v", got)
	}

	write(t, dir, "rules.yaml", fmt.Sprintf(reloadRules, "4", 4))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.inForce("4")
	p.kill()
	p.start()
	p.inForce("4")
	p.stop()
	if n := strings.Count(p.out.String(), "those before stay in force"); n != 1 {
		t.Errorf("the log tells %d times of the one reload that failed", n)
	}
}

// inForce waits until the rules have the version.
func (p *process) inForce(version string) {
	p.t.Helper()
	p.eventually("/api/v1/rules", func(body []byte) bool {
		var book struct {
			Rules []struct{ Version, Detector string }
		}
		return json.Unmarshal(body, &book) == nil && len(book.Rules) == 1 &&
			book.Rules[0].Version == version && book.Rules[0].Detector == "threshold"
	})
}

func (p *process) reload() (status int, answer string) {
	p.t.Helper()
	response, err := http.Post("http://"+p.http+"/api/v1/rules/reload", "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

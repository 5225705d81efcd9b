package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"citywatch/internal/config"
)

const fireRules = `version: "2026-11"
rules:
  - id: silent
    name: {vi: Mất tín hiệu, en: Silent}
    hazard: device
    select: {class: river_gauge}
    silence: {periods: 5, level: 1}
inhibit:
  - {source: silent, target: [flood], same: [device]}
`

// TestSeveralFilesOfRules: what one says of rules may be about another's, and
// each problem is told with its own file.
func TestSeveralFilesOfRules(t *testing.T) {
	dir := files(t, map[string]string{
		"c.yaml":        strings.Replace(settings, "rules: {file: rules.yaml}", "rules: {file: rules.yaml, files: [silent.yaml]}", 1),
		"zones.geojson": zones, "devices.yaml": devices, "rules.yaml": rules, "silent.yaml": fireRules,
	})
	site, err := config.Load(filepath.Join(dir, "c.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	described := site.Rules.Describe()
	if len(described) != 2 || described[1].Version != "2026-11" || filepath.Base(described[1].File) != "silent.yaml" || described[1].Devices != 1 {
		t.Errorf("%+v", described)
	}

	before := site.Rules.Hash()
	rewrite := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rewrite("silent.yaml", strings.ReplaceAll(fireRules, "id: silent", "id: flood"))
	_, err = site.ReadRules()
	var problems config.Problems
	if !errors.As(err, &problems) || !strings.Contains(err.Error(), `silent.yaml:3:9: two rules have the id "flood"`) ||
		!strings.Contains(err.Error(), `silent.yaml:9:14: unknown rule "silent"`) || strings.Contains(err.Error(), "rules.yaml:") {
		t.Errorf("got %v", err)
	}
	if site.Rules.Hash() != before {
		t.Error("rules that are wrong were taken")
	}
	if err := os.Remove(filepath.Join(dir, "rules.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err = site.ReadRules(); err == nil || !strings.Contains(err.Error(), "c.yaml:5:15: open ") {
		t.Errorf("a file that is gone: %v", err)
	}
	rewrite("rules.yaml", rules)
	rewrite("silent.yaml", strings.Replace(fireRules, "2026-11", "2026-12", 1))
	same, err := site.ReadRules()
	if err != nil || same.Hash() != before {
		t.Errorf("rules that mean the same have another hash; %v", err)
	}
	rewrite("silent.yaml", strings.Replace(fireRules, "periods: 5", "periods: 6", 1))
	other, err := site.ReadRules()
	if err != nil || other.Hash() == before {
		t.Errorf("rules that mean something else have the same hash; %v", err)
	}
}

func TestNoFileOfRules(t *testing.T) {
	for written, want := range map[string]string{
		"{}":              "$.rules.file: no file is named",
		"{files: [\"\"]}": "no file is named",
	} {
		dir := files(t, map[string]string{
			"c.yaml":        strings.Replace(settings, "{file: rules.yaml}", written, 1),
			"zones.geojson": zones, "devices.yaml": devices,
		})
		_, err := config.Load(filepath.Join(dir, "c.yaml"), config.Overrides{})
		if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(want, "$.rules.file: ")) {
			t.Errorf("%s: %v", written, err)
		}
	}
}

package ruletest_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"citywatch"
	"citywatch/alerts"
	"citywatch/internal/ruletest"
)

const rules = `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: {1: 80, 2: 82}, recover: {margin: 0.5}}
  - id: silent
    name: {vi: Mất tín hiệu, en: Silent}
    hazard: device
    select: {class: gauge}
    silence: {periods: 3, level: 1}
`

func site(t *testing.T) ruletest.Site {
	t.Helper()
	devices := []citywatch.Device{{ID: "g", Class: "gauge", Sector: citywatch.SectorDisaster, Period: 600e9}}
	parsed, _, problems := alerts.Parse([]byte(rules), alerts.Catalogue{
		Classes: []citywatch.Class{{ID: "gauge", Sector: citywatch.SectorDisaster, Period: 600e9}}, Devices: devices,
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return ruletest.Site{Rules: parsed, Devices: devices}
}

// run runs the one test in a file and returns its failure.
func run(t *testing.T, test string) string {
	t.Helper()
	file, _, problems := ruletest.Parse([]byte("config: x.yaml\ntests:\n" + test))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	outcome, err := ruletest.Run(&file.Tests[0], site(t))
	if err != nil {
		t.Fatal(err)
	}
	return outcome.Failure
}

const rise = `
  - name: rises and falls
    rules: [flood]
    series:
      - {device: g, value: level, every: 10m, values: 79 79.5+0.5x3 _ 82.5x2 78}
    people:
      - {at: 25m, acknowledge: flood/g, by: Lan}
    expect:
      - {at: 20m, alert: flood/g, is: fired, level: 1}
      - {at: 25m, alert: flood/g, is: acknowledged}
      - {at: 50m, alert: flood/g, is: raised, level: 2}
      - {at: 70m, alert: flood/g, is: recovered}
`

func TestWhatHappensIsWhatIsExpected(t *testing.T) {
	if failure := run(t, rise); failure != "" {
		t.Error(failure)
	}
}

// Each of these must make the test fail: one that cannot proves nothing.
func TestEveryDifferenceIsFound(t *testing.T) {
	for name, change := range map[string][2]string{
		"another time":  {"at: 50m, alert", "at: 49m, alert"},
		"another level": {"raised, level: 2", "raised, level: 3"},
		"another thing": {"is: recovered", "is: lowered"},
		"one too many":  {"expect:\n", "expect:\n      - {at: 1m, alert: flood/g, is: fired}\n"},
		"one too few":   {"      - {at: 70m, alert: flood/g, is: recovered}\n", ""},
		"another rule":  {"rules: [flood]", "rules: [flood, silent]\n    until: 3h"},
	} {
		if failure := run(t, strings.Replace(rise, change[0], change[1], 1)); !strings.Contains(failure, "is not what happens") {
			t.Errorf("%s: %q", name, failure)
		}
	}
}

func TestArrivalAndOutages(t *testing.T) {
	const late = `
  - name: readings come late, and citywatch is down
    series:
      - {device: g, value: level, every: 10m, delay: 5m, values: 79x3}
    readings:
      - {at: 100m, measured: 90m, device: g, values: {level: 81, battery: 3.6}}
    down: [{from: 40m, to: 95m}]
    until: 130m
    expect:
      - {at: 100m, alert: flood/g, is: fired, level: 1}
`
	if failure := run(t, late); failure != "" {
		t.Error(failure)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	_, doc, problems := ruletest.Parse([]byte(`tests:
  - series:
      - {device: g, value: v, values: 1x9999999999999999999}
      - {device: g, value: v, every: 1m, values: 1x999999999}
    expect:
      - {at: 1m, alert: flood, is: fired}
`))
	var got []int
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got = append(got, line)
	}
	slices.Sort(got)
	if want := []int{1, 2, 3, 4, 6}; !slices.Equal(got, want) {
		t.Errorf("problems %v", problems)
	}
	if _, err := ruletest.Run(&ruletest.Test{Name: "n", Readings: []ruletest.Reading{{Device: "nobody"}}}, site(t)); err == nil {
		t.Error("a device that is not listed is taken")
	}
	deed := ruletest.Test{Name: "n", People: []ruletest.Deed{{Acknowledge: "flood/g", By: "Lan"}}}
	if _, err := ruletest.Run(&deed, site(t)); err == nil {
		t.Error("an alert that is not open is acknowledged")
	}
}

// The example in the documentation is one that works.
func TestTheExampleParses(t *testing.T) {
	src, err := os.ReadFile("file.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(src)) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text)
		}
	}
	file, _, problems := ruletest.Parse([]byte(example.String()))
	if len(problems) > 0 || len(file.Tests) != 1 || len(file.Tests[0].Expect) != 1 {
		t.Errorf("%v in\n%s", problems, example.String())
	}
}

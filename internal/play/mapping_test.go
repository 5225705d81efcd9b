package play

import (
	"os"
	"strings"
	"testing"
	"time"
)

func parse(t testing.TB, src []byte) Mapping {
	t.Helper()
	m, doc, problems := ParseMapping(src)
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		t.Errorf("mapping:%d: %s", line, p.Error())
	}
	return m
}

func flood(t testing.TB) Mapping {
	t.Helper()
	src, err := os.ReadFile("testdata/flood.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, src)
}

func TestTheDefaultMappingIsComplete(t *testing.T) {
	m := parse(t, WaterDashboard())
	if m.Class.ID != "river_gauge" || m.Answer.Max != 3 || len(m.Bounds["water_level"]) != 3 {
		t.Errorf("%+v", m)
	}
}

func TestMappingProblems(t *testing.T) {
	for src, want := range map[string]string{
		"device: a\n":                 "$.time.column: no column is named",
		"devise: a\n":                 `unknown key "devise"`,
		"time: {zone: Atlantis}\n":    `unknown time zone "Atlantis"`,
		"separator: ab\n":             `"ab" cannot separate columns`,
		"longitude: x\n":              "needs both",
		"topic: city/all\n":           "same for every device",
		"topic: city/+/{device}\n":    "nothing can be published",
		"bounds: {level: {6: BĐ6}}\n": "there is no level 6",
		"answer: {max: 7}\n":          "there is no level 7",
		"values: {}\n":                "$.values: no value is named",
	} {
		_, _, problems := ParseMapping([]byte(src))
		var all []string
		for _, p := range problems {
			all = append(all, p.Path+": "+p.Error())
		}
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("%q: %q, want %q", src, all, want)
		}
	}
}

func TestReadRefusesABadMapping(t *testing.T) {
	if _, err := Read(strings.NewReader("a\n"), Mapping{}); err == nil {
		t.Error("a mapping of nothing is taken")
	}
}

func TestTimeZones(t *testing.T) {
	for zone, want := range map[string]int{"": 0, "UTC": 0, "+07:00": 7 * 3600, "-03:30": -12600, "Asia/Ho_Chi_Minh": 7 * 3600} {
		location, err := TimeColumn{Zone: zone}.location()
		if err != nil {
			t.Errorf("%q: %v", zone, err)
			continue
		}
		if _, offset := time.Date(2025, 11, 20, 0, 0, 0, 0, location).Zone(); offset != want {
			t.Errorf("%q is %d s east, want %d", zone, offset, want)
		}
	}
}

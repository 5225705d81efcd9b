package strictyaml_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
	"citywatch/internal/strictyaml"
)

type inner struct {
	URL   string `yaml:"url"`
	Count int    `yaml:"count"`
}

type shape struct {
	Name   string                      `yaml:"name"`
	Every  time.Duration               `yaml:"every"`
	On     bool                        `yaml:"on"`
	At     [2]float64                  `yaml:"at"`
	Items  []inner                     `yaml:"items"`
	Bounds map[string]citywatch.Bounds `yaml:"bounds"`
	Maybe  *inner                      `yaml:"maybe"`
	Inner  inner                       `yaml:",inline"`
	Ignore func()                      `yaml:"-"`
}

func TestDecode(t *testing.T) {
	eighty := 80.0
	var got shape
	got.Every = time.Minute // a default
	_, problems := strictyaml.Decode([]byte(`
# a comment
name: "Bảo Hà"
on: true
at: [104.3, 22]
items:
  - {url: a, count: 1}
  - url: b
bounds:
  water_level: {1: 80, 2: null}
maybe: {count: 3}
url: inlined
`), &got)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := shape{
		Name: "Bảo Hà", Every: time.Minute, On: true, At: [2]float64{104.3, 22},
		Items:  []inner{{URL: "a", Count: 1}, {URL: "b"}},
		Bounds: map[string]citywatch.Bounds{"water_level": {1: &eighty, 2: nil}},
		Maybe:  &inner{Count: 3}, Inner: inner{URL: "inlined"},
	}
	if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Ignore" }, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

func TestEveryProblemAtOnceWithItsPlace(t *testing.T) {
	var v shape
	doc, problems := strictyaml.Decode([]byte(`nam: x
every: 5
on: maybe
at: [1]
items:
  - {url: 12, cuont: 1}
  - text
bounds:
  water_level: {one: 1}
maybe: *alias
count:
`), &v)
	var got []string
	for _, p := range problems {
		line, column := doc.Position(p.Path)
		got = append(got, fmt.Sprintf("%d:%d %s: %s", line, column, p.Path, p.Error()))
	}
	want := []string{
		`1:1 $.nam: unknown key "nam" (did you mean "name"?)`,
		`2:8 $.every: expected a duration, found 5 (write it with its unit: 500ms, 30s, 5m, 12h or 30d)`,
		`3:5 $.on: expected true or false, found "maybe"`,
		`4:5 $.at: expected 2 elements, found 1`,
		`6:11 $.items[0].url: expected a text, found 12 (put it in quotes)`,
		`6:15 $.items[0].cuont: unknown key "cuont" (did you mean "count"?)`,
		`7:5 $.items[1]: expected keys with values, found "text"`,
		`9:17 $.bounds.water_level.one: expected a whole number as key, found "one"`,
		`10:8 $.maybe: anchors and aliases are not supported (write the value out)`,
		`11:8 $.count: has no value (give one, or remove the key to have the default)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSyntaxErrorsHaveALine(t *testing.T) {
	for _, src := range []string{"a: [1\nb: 2", "a: 1\na: 2", "\tx: 1", "name: 'x"} {
		var v shape
		doc, problems := strictyaml.Decode([]byte(src), &v)
		if len(problems) == 0 {
			t.Errorf("%q: no problem found", src)
			continue
		}
		if line, _ := doc.Position(problems[0].Path); line < 1 {
			t.Errorf("%q: line %d", src, line)
		}
	}
}

func TestPositionFallsBackToWhatIsAround(t *testing.T) {
	var v shape
	doc, _ := strictyaml.Decode([]byte("name: x\nitems:\n  - url: a\n"), &v)
	for path, want := range map[string]int{"$.items[0].count": 3, "$.items[7]": 3, "$.nowhere.at.all": 1} {
		if line, _ := doc.Position(path); line != want {
			t.Errorf("%s: line %d, want %d", path, line, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "5m": 5 * time.Minute} {
		if got, err := strictyaml.ParseDuration(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "d", "-1d", "1.5d", "99999d", "5", "1d2d"} {
		if got, err := strictyaml.ParseDuration(s); err == nil {
			t.Errorf("%q: accepted as %v", s, got)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"river_gauge", "rain_gauge", "smoke_detector"}
	for wrong, want := range map[string]string{"river_guage": "river_gauge", "rain-gauge": "rain_gauge", "camera": "", "": ""} {
		if got := strictyaml.Nearest(wrong, known); got != want {
			t.Errorf("%q: %q, want %q", wrong, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("name: x\nitems: [{url: a}]\n")
	f.Add("a: &b {c: *b}")
	f.Fuzz(func(t *testing.T, src string) {
		var v shape
		doc, problems := strictyaml.Decode([]byte(src), &v)
		for _, p := range problems {
			if line, _ := doc.Position(p.Path); line < 1 {
				t.Errorf("%s: line %d", p.Path, line)
			}
		}
	})
}

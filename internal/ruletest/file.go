// Package ruletest tests alert rules: what devices report, and when it arrives,
// and which alerts have to come of it. The tests are YAML, and are run by the
// engine's own evaluation.
//
//	config: citywatch.yaml             # whose devices, zones and rules are tested
//	tests:
//	  - name: the river rises over BĐ1
//	    rules: [river-flood]           # or rule/device; the others are not looked at
//	    series:
//	      - {device: bao-yen-chay, value: water_level, every: 10m, values: 70.5 70.9 71.0x3 71.2+0.1x4 _ 70}
//	    readings:                      # single ones
//	      - {at: 3h, measured: 2h, device: bao-yen-chay, values: {water_level: 72}}
//	    people:
//	      - {at: 1h, acknowledge: river-flood/bao-yen-chay, by: Lan}
//	    down:                          # citywatch does not run
//	      - {from: 90m, to: 2h}
//	    until: 4h
//	    expect:
//	      - {at: 20m, alert: river-flood/bao-yen-chay, is: fired, level: 1}
//
// Times count from the test's start. A series' values are numbers or texts, one
// each time: 71x3 is three times 71, 71+0.1x4 is four numbers from 71 on, and _
// is none. With delay: 30m all of a series arrives so much later than it was
// measured. What is expected has to come in that order, each at its time or
// within the second after, and nothing else.
package ruletest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// A File is a file of tests.
type File struct {
	// Config names the configuration whose rules are tested.
	Config string `yaml:"config"`
	Tests  []Test `yaml:"tests"`
}

// A Test is one story, and what has to come of it.
type Test struct {
	Name string `yaml:"name"`
	// Start is when it begins, 2026-01-01T00:00:00Z by default: it matters to
	// rules with a time of day.
	Start time.Time `yaml:"start"`
	// Rules are those that are looked at, rule or rule/device; all by default.
	Rules    []string  `yaml:"rules"`
	Series   []Series  `yaml:"series"`
	Readings []Reading `yaml:"readings"`
	People   []Deed    `yaml:"people"`
	Down     []Span    `yaml:"down"`
	// Until is how long it goes on; by default until the last thing that
	// happens or is expected.
	Until  time.Duration `yaml:"until"`
	Expect []Expectation `yaml:"expect"`
}

// A Series is one value of one device, at regular times.
type Series struct {
	Device string        `yaml:"device"`
	Value  string        `yaml:"value"`
	From   time.Duration `yaml:"from"`
	Every  time.Duration `yaml:"every"`
	Delay  time.Duration `yaml:"delay"`
	Values string        `yaml:"values"`
}

// A Reading is a single one.
type Reading struct {
	At time.Duration `yaml:"at"`
	// Measured is when; At by default.
	Measured *time.Duration `yaml:"measured"`
	Device   string         `yaml:"device"`
	Values   map[string]any `yaml:"values"`
}

// A Deed is what somebody does about an alert: rule/device.
type Deed struct {
	At          time.Duration `yaml:"at"`
	By          string        `yaml:"by"`
	Acknowledge string        `yaml:"acknowledge"`
	Reset       string        `yaml:"reset"`
}

// A Span is a time from then until then.
type Span struct {
	From time.Duration `yaml:"from"`
	To   time.Duration `yaml:"to"`
}

// An Expectation is one change of one alert: rule/device. Level and Notice are
// looked at where they are given.
type Expectation struct {
	At     time.Duration     `yaml:"at"`
	Alert  string            `yaml:"alert"`
	Is     citywatch.Reason  `yaml:"is"`
	Level  citywatch.Level   `yaml:"level"`
	Notice *citywatch.Notice `yaml:"notice"`
	// To is whom it names: who is called further, or the team that it is given to.
	To string `yaml:"to"`
}

// Parse reads a file of tests and returns every problem found in it.
func Parse(src []byte) (*File, *strictyaml.Document, []citywatch.Problem) {
	var f File
	doc, problems := strictyaml.Decode(src, &f)
	add := func(path, hint, format string, args ...any) {
		problems = append(problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if f.Config == "" {
		add("$.config", "config: citywatch.yaml", "it does not say whose rules are tested")
	}
	for i, t := range f.Tests {
		path := strictyaml.Index("$.tests", i)
		if t.Name == "" {
			add(path, "name: what has to happen", "a test without a name")
		}
		for j, s := range t.Series {
			at := strictyaml.Index(path+".series", j)
			if s.Every <= 0 {
				add(at+".every", "as in 10m", "the series of %s does not say how often", s.Device)
			}
			if _, err := s.expand(); err != nil {
				add(at+".values", "as in 70.5 71x3 71.2+0.1x4 _ 70", "%v", err)
			}
		}
		for j, e := range t.Expect {
			if strings.Count(e.Alert, "/") != 1 || e.Is == "" {
				add(strictyaml.Index(path+".expect", j), "{at: 20m, alert: rule/device, is: fired, level: 1}", "it does not say which alert does what")
			}
		}
	}
	return &f, doc, problems
}

// A sample is a value of a series, or none.
type sample struct {
	citywatch.Value
	none bool
}

// maxSamples bounds a series.
const maxSamples = 1_000_000

// expand reads the notation of values.
func (s *Series) expand() ([]sample, error) {
	var all []sample
	for _, word := range strings.Fields(s.Values) {
		first, times, repeated := cutLast(word, 'x')
		n := 1
		if repeated {
			var err error
			if n, err = strconv.Atoi(times); err != nil || n < 1 {
				first, n = word, 1 // a text with an x in it
			}
		}
		if n > maxSamples-len(all) {
			return nil, fmt.Errorf("more than %d values", maxSamples)
		}
		base, step, stepped := cutStep(first)
		for i := range n {
			all = append(all, s.sample(first, base+float64(i)*step, stepped))
		}
	}
	return all, nil
}

func (s *Series) sample(word string, number float64, isNumber bool) sample {
	switch {
	case word == "_":
		return sample{none: true}
	case isNumber:
		// Steps of decimals are meant as they are written.
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(number, 'g', 12, 64), 64)
		return sample{Value: citywatch.Value{Name: s.Value, Number: rounded}}
	}
	return sample{Value: citywatch.Value{Name: s.Value, Text: word}}
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i > 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// cutStep reads 71, 71+0.1 or 71-0.1.
func cutStep(s string) (base, step float64, ok bool) {
	if base, err := strconv.ParseFloat(s, 64); err == nil {
		return base, 0, true
	}
	i := strings.LastIndexAny(s, "+-")
	if i <= 0 {
		return 0, 0, false
	}
	base, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, 0, false
	}
	step, err = strconv.ParseFloat(s[i:], 64)
	return base, step, err == nil
}

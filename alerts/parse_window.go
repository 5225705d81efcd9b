package alerts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// Rules about what became of a value over a time, as a person writes them.
type (
	rateEntry struct {
		Value     string         `yaml:"value"`
		Over      time.Duration  `yaml:"over"`
		Levels    map[string]any `yaml:"levels"` // change in an hour
		Direction string         `yaml:"direction"`
		MinPoints int            `yaml:"min_points"`
		For       time.Duration  `yaml:"for"`
		Recover   recoverEntry   `yaml:"recover"`
	}
	accumulateEntry struct {
		Value string `yaml:"value"`
		// Of says what each reading is: an amount since the one before, or a
		// counter that only rises.
		Of           string                    `yaml:"of"`
		Windows      map[string]map[string]any `yaml:"windows"` // time → levels
		Completeness *float64                  `yaml:"completeness"`
		For          time.Duration             `yaml:"for"`
		Recover      recoverEntry              `yaml:"recover"`
	}
	stuckEntry struct {
		Value     string          `yaml:"value"`
		After     time.Duration   `yaml:"after"`
		Tolerance float64         `yaml:"tolerance"`
		Level     citywatch.Level `yaml:"level"`
	}
)

const (
	usualMinPoints    = 3
	usualCompleteness = 0.9
	// mostPoints bounds the memory of one device and rule to 64 KiB.
	mostPoints = 4096
)

func (p *parser) rate(e *rateEntry, r *rule, path string) {
	p.value(r, e.Value, path+".value")
	p.waits(e.For, e.Recover, path)
	p.over(e.Over, r, path+".over")
	if e.MinPoints < 0 || e.MinPoints == 1 {
		p.report(path+".min_points", "2 or more; 3 if left out", "a change cannot be told from %d readings", e.MinPoints)
	}
	below := p.below(e.Direction, path)
	r.Rate = &rate{
		Value: e.Value, Over: e.Over, Below: below, Margin: e.Recover.Margin,
		Levels: p.table(e.Levels, r, path+".levels"), MinPoints: cmp.Or(e.MinPoints, usualMinPoints),
	}
	p.monotone(r.Rate.Levels, below, path+".levels", "")
	p.recovery(e.Recover, r, path+".recover")
	r.For, r.Recover = e.For, e.Recover.For
}

func (p *parser) accumulate(e *accumulateEntry, r *rule, path string) {
	p.value(r, e.Value, path+".value")
	p.waits(e.For, e.Recover, path)
	a := &accumulate{Value: e.Value, Margin: e.Recover.Margin, Completeness: usualCompleteness}
	switch e.Of {
	case "amount":
	case "counter":
		a.Counter = true
	default:
		p.report(path+".of", "amount: each reading is what came since the one before; counter: each is what came since it was installed",
			"%q does not say what the readings are", e.Of)
	}
	if e.Completeness != nil {
		if a.Completeness = *e.Completeness; a.Completeness < 0 || a.Completeness > 1 {
			p.report(path+".completeness", "a share of 0 to 1; 0.9 if left out", "%v is not a share", a.Completeness)
		}
	}
	if len(e.Windows) == 0 {
		p.report(path+".windows", "windows: {1h: {2: 30}, 24h: {2: 51, 3: 100}}", "rule %q does not say over which times", r.ID)
	}
	for _, text := range slices.Sorted(maps.Keys(e.Windows)) {
		at := strictyaml.Key(path+".windows", text)
		over, err := strictyaml.ParseDuration(text)
		if err != nil {
			p.report(at, "as in 1h, 24h or 3d", "%q is not a time", text)
			continue
		}
		p.over(over, r, at)
		levels := p.table(e.Windows[text], r, at)
		p.monotone(levels, false, at, "")
		a.Windows = append(a.Windows, accumulateOver{over, levels})
	}
	slices.SortFunc(a.Windows, func(a, b accumulateOver) int { return cmp.Compare(a.Over, b.Over) })
	p.recovery(e.Recover, r, path+".recover")
	r.Accumulate, r.For, r.Recover = a, e.For, e.Recover.For
}

func (p *parser) stuck(e *stuckEntry, r *rule, path string) {
	p.value(r, e.Value, path+".value")
	if e.After <= 0 {
		p.report(path+".after", "for how long it must not have changed, as in 6h", "rule %q does not say after which time", r.ID)
	}
	if e.Tolerance < 0 {
		p.report(path+".tolerance", "how much a value may change and still count as unchanged", "%v is negative", e.Tolerance)
	}
	if !e.Level.Valid() {
		p.report(path+".level", "1 to 5", "rule %q has level %d", r.ID, e.Level)
	}
	r.Stuck = &stuck{Value: e.Value, After: e.After, Tolerance: e.Tolerance, Level: e.Level}
}

// waits checks how long a level takes to begin and to end.
func (p *parser) waits(begin time.Duration, recover recoverEntry, path string) {
	p.notNegative(begin, path+".for")
	p.notNegative(recover.For, path+".recover.for")
	if recover.Margin < 0 {
		p.report(path+".recover.margin", "how far back from the bound a level is left", "the margin %v is negative", recover.Margin)
	}
}

// over checks the length of a window, and that what it holds stays within
// bounds for every device that it is about.
func (p *parser) over(d time.Duration, r *rule, path string) {
	if d <= 0 {
		p.report(path, "as in 1h", "rule %q needs a time", r.ID)
		return
	}
	for _, device := range selected(r, p.catalogue.Devices) {
		if device.Period > 0 && d/device.Period > mostPoints {
			p.report(path, fmt.Sprintf("at most %v for it", device.Period*mostPoints),
				"device %q sends more than %d readings in %v", device.ID, mostPoints, d)
			return
		}
	}
}

// table reads levels and their bounds; there must be one.
func (p *parser) table(written map[string]any, r *rule, path string) citywatch.Bounds {
	if len(written) == 0 {
		p.report(path, "{2: 0.3, 3: 0.65}", "rule %q needs the bounds of its levels", r.ID)
	}
	return p.bounds(written, path)
}

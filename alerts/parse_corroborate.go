package alerts

import (
	"fmt"
	"time"

	"citywatch"
)

type corroborateEntry struct {
	Kinds  []kindEntry   `yaml:"kinds"`
	Needs  int           `yaml:"needs"`
	Within float64       `yaml:"within"` // metres
	Over   time.Duration `yaml:"over"`
	Levels struct {
		ToVerify  citywatch.Level `yaml:"to_verify"`
		Confirmed citywatch.Level `yaml:"confirmed"`
	} `yaml:"levels"`
	Recover struct {
		For time.Duration `yaml:"for"`
	} `yaml:"recover"`
}

type kindEntry struct {
	Kind    string        `yaml:"kind"`
	Class   string        `yaml:"class"`
	Value   string        `yaml:"value"`
	Is      []string      `yaml:"is"`
	AtLeast *float64      `yaml:"at_least"`
	Alone   bool          `yaml:"alone"`
	Decay   time.Duration `yaml:"decay"`
}

func (p *parser) corroborate(e *corroborateEntry, r *rule, path string) {
	c := &corroborate{Needs: e.Needs, Metres: e.Within, Over: e.Over, ToVerify: e.Levels.ToVerify, Confirmed: e.Levels.Confirmed}
	if c.Needs == 0 {
		c.Needs = 2
	}
	kinds := map[string]bool{}
	classes := map[string]bool{}
	for i := range e.Kinds {
		at := fmt.Sprintf("%s.kinds[%d]", path, i)
		c.Kinds = append(c.Kinds, p.kind(&e.Kinds[i], r, at))
		if classes[e.Kinds[i].Class] {
			p.report(at+".class", "one device is one kind", "two kinds are of the class %q", e.Kinds[i].Class)
		}
		classes[e.Kinds[i].Class], kinds[e.Kinds[i].Kind] = true, true
	}
	switch {
	case c.Needs < 2:
		p.report(path+".needs", "2 if left out; mark a kind alone: true that needs no other", "%d kinds confirm nothing", e.Needs)
	case len(kinds) < c.Needs:
		p.report(path+".kinds", "{kind: smoke, class: smoke_detector, value: smoke, at_least: 1}", "rule %q has %d kinds and needs %d", r.ID, len(kinds), c.Needs)
	}
	if c.Metres <= 0 {
		p.report(path+".within", "in metres, as in 60", "rule %q does not say how near one another the kinds are", r.ID)
	}
	if c.Over <= 0 {
		p.report(path+".over", "as in 3m", "rule %q does not say within which time", r.ID)
	}
	if !c.ToVerify.Valid() || !c.Confirmed.Valid() || c.ToVerify >= c.Confirmed {
		p.report(path+".levels", "levels: {to_verify: 2, confirmed: 4}", "rule %q needs a level for what is to be verified, and a higher one for what is confirmed", r.ID)
	}
	p.notNegative(e.Recover.For, path+".recover.for")
	r.Corroborate, r.Recover = c, e.Recover.For
}

func (p *parser) kind(e *kindEntry, r *rule, path string) kind {
	if e.Kind == "" {
		p.report(path, "kind: smoke", "a kind of rule %q has no name", r.ID)
	}
	var classes []string
	for _, c := range p.catalogue.Classes {
		classes = append(classes, c.ID)
	}
	p.known("class", e.Class, classes, path+".class")
	of := *r
	of.Select.Class = e.Class
	p.value(&of, e.Value, path+".value")
	if (e.AtLeast == nil) == (len(e.Is) == 0) {
		p.report(path, "at_least: 1, or is: [fire]", "kind %q needs either a number or texts", e.Kind)
	}
	p.notNegative(e.Decay, path+".decay")
	return kind{Kind: e.Kind, Class: e.Class, Value: e.Value, Is: e.Is, AtLeast: e.AtLeast, Alone: e.Alone, Decay: e.Decay}
}

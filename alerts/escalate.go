package alerts

import (
	"slices"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// An escalation is one step of the chain by which more people are called as
// long as nobody has seen an alert.
type escalation struct {
	// After is how long after the first call the step is taken.
	After time.Duration `json:"after" yaml:"after"`
	// To is who is called then.
	To string `json:"to" yaml:"to"`
	// Level is the least of an alert for which the step is taken; 0 is any.
	Level citywatch.Level `json:"level,omitempty" yaml:"level"`
}

// An escalationEntry is the chain for the rules of some hazards that have none of their
// own.
type escalationEntry struct {
	Hazards []string     `yaml:"hazards"`
	Steps   []escalation `yaml:"steps"`
}

// A call is when people were called, by both clocks.
type call struct {
	At time.Time     `json:"at"`
	Up time.Duration `json:"up"`
}

// passed returns how long ago the call was. What passed while citywatch was not
// running counts, for people could have come; what a clock that was set back
// takes away does not.
func (c *call) passed(clk *clock) time.Duration {
	return max(clk.Up-c.Up, clk.Now.Sub(c.At))
}

// call decides who is told of a change, and begins the chain anew where people
// are called anew.
func (f *fold) call(k *key, c *cause) {
	ep := k.Episode
	a := ep.Alert
	begins := false
	if !c.handling && c.notice == citywatch.NoticeNone {
		c.notice = k.notice(c.reason)
	}
	switch c.reason {
	case citywatch.ReasonFired, citywatch.ReasonRaised:
		ep.Called, begins = call{}, true
		a.Escalation = 0
	case citywatch.ReasonUnshelved, citywatch.ReasonUnsuppressed, citywatch.ReasonBackInService,
		citywatch.ReasonSteady, citywatch.ReasonConfirmed:
		begins = true
	case citywatch.ReasonRelapsed:
		// One that comes back time and again would else never get to the end.
		begins = ep.told.Condition == citywatch.Normal && k.exhausted()
	}
	called := ep.Called != call{}
	if called && begins || c.notice == citywatch.NoticeSound && (begins || !called) {
		ep.Called = call{f.clk.Now, f.clk.Up}
		a.Escalation = 0
	}
}

// exhausted reports whether the chain of the key's alert has no more steps.
func (k *key) exhausted() bool {
	return k.check != nil && k.Episode.Alert.Escalation >= k.check.rule.steps(k.Episode.Alert.Level)
}

// steps returns how many steps the rule's chain has for an alert of a level.
// What rises begins its chain anew, and so misses none.
func (r *rule) steps(level citywatch.Level) int {
	for n, step := range r.Escalate {
		if step.Level > level {
			return n
		}
	}
	return len(r.Escalate)
}

// step returns the next step of the chain of the key's alert, if it is to be
// taken once its time has come: what is over, or about which nobody is called,
// waits. What flaps does not: that each of its changes says nothing is no reason
// for nobody ever to look.
func (k *key) step() (escalation, bool) {
	ep := k.Episode
	a := ep.Alert
	aside := a.Overlay
	aside.Flapping = false
	if a.Handling != citywatch.New || a.Condition == citywatch.Normal || aside.Quiet() || ep.Called == (call{}) {
		return escalation{}, false
	}
	if k.check == nil || k.exhausted() {
		return escalation{}, false
	}
	return k.check.rule.Escalate[a.Escalation], true
}

// overdue returns what the time that has passed does to people's side of the
// key's alert. It is one change at a time, for each tick makes at most one of a
// key.
func (f *fold) overdue(k *key) (cause, bool) {
	if k.Episode == nil || k.Episode.Alert == nil {
		return cause{}, false
	}
	if k.id.rule == serviceRule {
		return f.serviceDue(k)
	}
	a := k.Episode.Alert
	if s := a.Shelved; s != nil && !f.clk.Now.Before(s.Until) {
		a.Shelved = nil
		c := cause{reason: citywatch.ReasonUnshelved, notice: citywatch.NoticeQuiet, handling: true}
		if a.Condition != citywatch.Normal && !a.Quiet() {
			c.notice = citywatch.NoticeSound // to be asked again is what putting aside means
		}
		return c, true
	}
	if step, ok := k.step(); ok && k.Episode.Called.passed(&f.clk) >= step.After {
		a.Escalation++
		return cause{reason: citywatch.ReasonEscalated, to: step.To, notice: citywatch.NoticeSound, handling: true}, true
	}
	return cause{}, false
}

// dueHandling returns the Up after which overdue might do something.
func (f *fold) dueHandling(k *key) time.Duration {
	if k.Episode == nil || k.Episode.Alert == nil {
		return never
	}
	if k.id.rule == serviceRule {
		return f.nextService(k)
	}
	next := never
	// A tick may come right at the moment, so it is due a little before.
	if s := k.Episode.Alert.Shelved; s != nil {
		next = f.clk.Up + s.Until.Sub(f.clk.Now) - citywatch.TickEvery
	}
	if step, ok := k.step(); ok {
		next = min(next, f.clk.Up+step.After-k.Episode.Called.passed(&f.clk)-citywatch.TickEvery)
	}
	return next
}

// escalation checks a chain.
func (p *parser) escalation(chain []escalation, path string) []escalation {
	last := escalation{}
	for i, step := range chain {
		at := strictyaml.Index(path, i)
		if step.After <= last.After {
			p.report(at+".after", "counted from the first call, each step later than the one before", "%v is not later than %v", step.After, last.After)
		}
		if step.To == "" {
			p.report(at+".to", "to: truong-ca", "nobody is called after %v", step.After)
		}
		switch {
		case step.Level != citywatch.None && !step.Level.Valid():
			p.report(at+".level", "1 to 5, or left out for any", "%d is not a level", step.Level)
		case step.Level < last.Level:
			p.report(at+".level", "each step for the same levels as the one before, or for higher ones",
				"nobody gets there: the step before is for level %d and above", last.Level)
		}
		last = step
	}
	return chain
}

// escalateID stands before a hazard among the ids that are taken.
const escalateID = "escalate/"

// escalations gives the rules of one file or another the chains of their
// hazards.
func (p *parser) escalations(entries []escalationEntry, rules []*rule) {
	hazards := hazardsOf(rules)
	for i, e := range entries {
		path := strictyaml.Index("$.escalations", i)
		if len(e.Hazards) == 0 || len(e.Steps) == 0 {
			p.report(path, "{hazards: [flood], steps: [{after: 2m, to: truong-ca}]}", "it calls nobody")
		}
		steps := p.escalation(e.Steps, path+".steps")
		for n, hazard := range e.Hazards {
			at := strictyaml.Index(path+".hazards", n)
			p.known("hazard", hazard, hazards, at)
			if p.ids[escalateID+hazard] {
				p.report(at, "one chain for each", "hazard %q has a chain already", hazard)
			}
			p.ids[escalateID+hazard] = true
			for _, r := range rules {
				if r.Hazard == hazard && len(r.Escalate) == 0 {
					r.Escalate = steps
				}
			}
		}
	}
}

// Duties returns all those that the rules escalate to, sorted.
func (rs *Rules) Duties() []string {
	var all []string
	for _, r := range rs.rules {
		for _, step := range r.Escalate {
			all = append(all, step.To)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

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
	return k.check != nil && k.Episode.Alert.Escalation >= len(k.check.rule.Escalate)
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
	last := time.Duration(0)
	for i, step := range chain {
		at := strictyaml.Index(path, i)
		if step.After <= last {
			p.report(at+".after", "counted from the first call, each step later than the one before", "%v is not later than %v", step.After, last)
		}
		if step.To == "" {
			p.report(at+".to", "to: truong-ca", "nobody is called after %v", step.After)
		}
		last = step.After
	}
	return chain
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

package alerts

import (
	"slices"
	"strings"
	"time"

	"citywatch"
)

// A gathering judges what several keys say together. What it makes of them
// follows from what these keys, and the alert that it raises, have in their
// states, and from the last tick: it remembers nothing itself. So it may be
// looked at more often than need be, and after a restart goes on as if there
// had been none.
type gathering interface {
	// rank and name order gatherings: what others rest on comes first.
	rank() int
	name() string
	// evaluate reports whether time alone may change something.
	evaluate(f *fold) (warm bool)
}

// Gatherings are looked at after what concerns them: those in doubt behind the
// reading, tick or action that put them there, the warm ones at each tick.
type gatherings struct {
	places    map[string]*place   // by the id of the rule
	zones     map[keyID]*key      // of the rules over zones
	junctions map[keyID]*junction // by the ids of rule and zone
	feeding   map[string][]*rule  // by the id of a rule, those that rest on it
	warm      map[gathering]bool
	doubted   map[gathering]bool
}

func newGatherings(rules *Rules) gatherings {
	g := gatherings{
		places: map[string]*place{}, zones: map[keyID]*key{}, junctions: map[keyID]*junction{}, feeding: map[string][]*rule{},
		warm: map[gathering]bool{}, doubted: map[gathering]bool{},
	}
	for _, r := range rules.rules {
		for _, part := range r.parts() {
			g.feeding[part] = append(g.feeding[part], r)
		}
	}
	return g
}

// gather looks at the gatherings that a reading or tick concerns. While entries
// are read again it waits for the last place of which the journal has a
// transition: what followed from those before it is in the journal as well, and
// where a person acted behind it, what followed from it itself.
func (f *fold) gather(pos citywatch.Position, tick bool) {
	if len(f.doubted) == 0 && (!tick || len(f.warm) == 0) || f.written.After(pos) || f.acted == pos {
		return
	}
	if tick {
		for g := range f.warm {
			f.doubted[g] = true
		}
	}
	f.at = pos
	for len(f.doubted) > 0 {
		g := f.first()
		delete(f.doubted, g)
		if g.evaluate(f) {
			f.warm[g] = true
		} else {
			delete(f.warm, g)
		}
	}
}

// first returns the doubted gathering that comes before the others.
func (f *fold) first() gathering {
	var first gathering
	for g := range f.doubted {
		if first == nil || g.rank() < first.rank() || g.rank() == first.rank() && g.name() < first.name() {
			first = g
		}
	}
	return first
}

// resume has everything looked at once: to do so more often than need be does
// no harm.
func (f *fold) resume() {
	for _, p := range f.places {
		f.doubted[p] = true
	}
	for _, c := range f.junctions {
		f.doubted[c] = true
	}
}

// follow up what a gathering made of its key.
func (f *fold) gathered(k *key, c cause) {
	if f.at.After(k.Pos) {
		k.Pos = f.at
	}
	if c.reason != "" {
		f.feed(k)
		f.change(k, c)
	}
	k.rest()
	f.schedule(k)
}

// A span is for how long a level was reached without a break: from when, and
// until when that was last said. On is set while it is.
type span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	On    bool      `json:"on,omitempty"`
	// Heard is the tick at which the last of it became known.
	Heard time.Time `json:"heard,omitzero"`
}

// A record is what those that rest on a key know of it: when it had each level,
// and the value by which it had one last.
type record struct {
	Levels [citywatch.MaxLevel + 1]span `json:"levels"`
	Last   citywatch.Evidence           `json:"last,omitzero"`
	// Was are the times before, as far as the values remembered tell.
	Was [citywatch.MaxLevel + 1][]span `json:"was,omitzero"`
}

// feed notes for those that rest on the key which levels it has. It goes before
// the transition, whose state has it.
func (f *fold) feed(k *key) {
	if len(k.feeds) == 0 || k.Episode == nil && k.Held == nil && k.Past.lively == 0 {
		return
	}
	at := k.Last
	if k.check.timed() || k.check.judgedWithOthers() {
		at = f.clk.Ticked
	}
	before := record{}
	if k.Held != nil {
		before = *k.Held
	}
	held := before // a copy: a checkpoint may be written from the one before
	k.Held = &held
	level := citywatch.None
	if k.Episode != nil {
		level = k.Episode.Level
	}
	for l := citywatch.MinLevel; l <= citywatch.MaxLevel; l++ {
		s := &held.Levels[l]
		switch {
		case l > level && s.On:
			s.Until, s.On = at, false
		case l > level:
		case s.On:
			s.Until = at
		default:
			*s = span{From: at, Until: at, On: true}
		}
	}
	if !k.check.timed() && !k.check.judgedWithOthers() {
		held.spans(&k.Past, k.check)
	}
	held.heard(&before, f.clk.Ticked)
	if level > citywatch.None {
		held.Last = f.worst(k, level)
	}
	for _, c := range k.feeds {
		f.doubted[c] = true
	}
}

// worst is the value by which a key has a level.
func (f *fold) worst(k *key, level citywatch.Level) citywatch.Evidence {
	if k.check.timed() || k.check.judgedWithOthers() {
		return citywatch.Evidence{Device: k.id.device, Value: k.id.rule, Time: k.Last}
	}
	e := k.evidence(k.check, level)
	e.Device, e.Unit = k.id.device, f.rules.units[quantity{k.device.Class, e.Value}]
	return e
}

// concern puts what rests on the key, or judges it, in doubt: a person has done
// something about it.
func (f *fold) concern(k *key) {
	for _, c := range k.feeds {
		f.doubted[c] = true
	}
	if k.check == nil {
		return
	}
	switch {
	case k.check.kind != nil:
		f.doubted[f.places[k.id.rule]] = true
	case k.check.gathers:
		f.doubted[f.junctions[k.id]] = true
	}
}

// enter makes the key a part of what judges it with others.
func (f *fold) enter(k *key) {
	if k.check.kind != nil {
		f.witness(k)
	}
	if k.device.Zone == "" {
		return
	}
	for _, r := range f.feeding[k.id.rule] {
		if !r.Select.selects(k.device) {
			continue
		}
		c := f.junction(r, k.device)
		if !slices.Contains(c.parts[k.id.rule], k) {
			c.parts[k.id.rule] = append(c.parts[k.id.rule], k)
			slices.SortFunc(c.parts[k.id.rule], byKeyDevice)
			k.feeds = append(k.feeds, c)
		}
	}
}

func byKeyDevice(a, b *key) int { return strings.Compare(a.id.device, b.id.device) }

// silent reports whether the key's data does not come any more.
func (f *fold) silent(k *key) bool {
	return k.check == nil || f.clk.Up > f.clk.deadline(k.Up, k.check)
}

// told brings into the alert what its gathering knows.
func (f *fold) told(k *key, reason citywatch.Reason) {
	a := k.Episode.Alert
	switch {
	case k.check.kind != nil:
		p := f.places[k.id.rule]
		if k.Episode.Level > citywatch.None {
			a.ToVerify = k.Episode.Level < p.rule.Corroborate.Confirmed
		}
		a.Evidence = p.evidence(f, k)
	case k.check.gathers:
		c := f.junctions[k.id]
		if at, known := c.position(); known && reason == citywatch.ReasonFired {
			a.Position = at
		}
		if reason == citywatch.ReasonFired || reason == citywatch.ReasonRaised {
			a.Evidence = c.evidence()
		}
	}
}

// named is the device that an alert is of; none where it is of a zone.
func (c *check) named(d *citywatch.Device) string {
	if c.gathers || c.zone != nil {
		return ""
	}
	return d.ID
}

// newest is when the last began of what the key's alert is about.
func (f *fold) newest(k *key) time.Time {
	if k.check.kind != nil {
		return f.places[k.id.rule].newest(f, k)
	}
	return f.junctions[k.id].newest(f)
}

// refresh brings the key of a gathering up to date for a transition that has
// another cause.
func (f *fold) refresh(k *key) {
	if k.check != nil && k.check.kind != nil && k.Episode != nil {
		f.places[k.id.rule].refresh(f, k)
	}
}

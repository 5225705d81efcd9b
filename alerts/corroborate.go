package alerts

import (
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb/geo"

	"citywatch"
)

// corroborate is met by what devices of several kinds say of one place. What
// one kind says alone is to be verified; another kind near it, at about the
// same time, confirms it.
type corroborate struct {
	Kinds []kind `json:"kinds"`
	// Needs is how many kinds confirm.
	Needs int `json:"needs"`
	// Metres is how near one another they are, Over within which time they say
	// so.
	Metres float64       `json:"metres"`
	Over   time.Duration `json:"over"`
	// ToVerify and Confirmed are the levels.
	ToVerify  citywatch.Level `json:"to_verify"`
	Confirmed citywatch.Level `json:"confirmed"`
}

// A kind is one way in which devices of a class know of the thing.
type kind struct {
	Kind  string `json:"kind"`
	Class string `json:"class"`
	Value string `json:"value"`
	// Is lists texts, or AtLeast is a number.
	Is      []string `json:"is,omitempty"`
	AtLeast *float64 `json:"at_least,omitempty"`
	// Alone says that it needs no other: a person has seen it.
	Alone bool `json:"alone,omitempty"`
	// Decay is after which time what it said counts no more, for what never
	// says that it is over; 0 is never.
	Decay time.Duration `json:"decay,omitempty"`
}

// of returns the kind that the device is, or nil.
func (c *corroborate) of(d *citywatch.Device) *kind {
	for i := range c.Kinds {
		if c.Kinds[i].Class == d.Class {
			return &c.Kinds[i]
		}
	}
	return nil
}

// judge tells what a value means to it: level 1 that it says so.
func (k *kind) judge() judge {
	if k.AtLeast != nil {
		return newLadder(citywatch.Bounds{citywatch.MinLevel: k.AtLeast}, false, 0)
	}
	t := texts{}
	for _, text := range k.Is {
		t[text] = citywatch.MinLevel
	}
	return t
}

// A claim is what one device said last of it, by measured time: from when, how
// long at least, and when it said that it is over; zero while it has not.
type claim struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Ended  time.Time `json:"ended,omitzero"`
	Number float64   `json:"number,omitempty"`
	Text   string    `json:"text,omitempty"`
}

// testify notes what a device says.
func (f *fold) testify(k *key, v verdict, o *sample) {
	says := v.reached > citywatch.None && k.check.rule.during(o.time)
	switch k.order(o, &f.clk) {
	case duplicate:
		f.stats.duplicates++
		return
	case late:
		if !says || o.time.Unix() < 0 || !k.antedate(o.time) {
			f.stats.late++
			return
		}
	default:
		k.Pos, k.Last, k.Up = o.pos, o.time, f.clk.Up
		k.keep(o)
		if !k.claims(says, o.time) {
			f.stats.evaluated++
			return
		}
	}
	f.stats.evaluated++
	f.doubted[f.places[k.id.rule]] = true
}

// claims notes what the newest value says, and reports whether anything is to
// be made of it.
func (k *key) claims(says bool, at time.Time) bool {
	c := k.Claim
	switch {
	case c == nil && !says:
		return false
	case c != nil && !c.Ended.IsZero() && !says:
		return k.Episode != nil
	case c == nil || !c.Ended.IsZero(): // it begins
		k.Claim = &claim{From: at, Until: at, Number: k.Number, Text: k.Text}
		return true
	}
	next := *c // a checkpoint may be written from the one before
	if says {
		next.Until = at
	} else {
		next.Ended = at
	}
	k.Claim = &next
	return true
}

// antedate takes in that the device said so at a time before its newest value,
// and reports whether that says anything new.
func (k *key) antedate(at time.Time) bool {
	c := k.Claim
	switch {
	case c == nil:
		k.Claim = &claim{From: at, Until: at, Ended: k.Last, Number: k.Number, Text: k.Text}
	case at.Before(c.From):
		next := *c
		next.From = at
		k.Claim = &next
	default:
		return false
	}
	return true
}

// A place is every device that one rule may hear of it from.
type place struct {
	rule      *rule
	witnesses []*key // in the order of the devices' ids
	near      map[*key][]*key
}

// witness makes the key one of its rule's.
func (f *fold) witness(k *key) {
	p := f.places[k.id.rule]
	if p == nil {
		p = &place{rule: k.check.rule}
		f.places[k.id.rule] = p
	}
	if !slices.Contains(p.witnesses, k) {
		p.witnesses = append(p.witnesses, k)
		slices.SortFunc(p.witnesses, byKeyDevice)
		p.near = map[*key][]*key{}
	}
}

func (p *place) rank() int    { return 0 }
func (p *place) name() string { return p.rule.ID }

// around returns the keys whose devices stand near that of k, itself among
// them. Of a device that registered itself nobody knows where it stands.
func (p *place) around(k *key) []*key {
	near, known := p.near[k]
	if known {
		return near
	}
	for _, other := range p.witnesses {
		if other == k || !k.device.Auto && !other.device.Auto &&
			geo.DistanceHaversine(k.device.Position, other.device.Position) <= p.rule.Corroborate.Metres {
			near = append(near, other)
		}
	}
	p.near[k] = near
	return near
}

// evaluate goes through the alerts that there are, and then looks for what
// stands near none of them.
func (p *place) evaluate(f *fold) (warm bool) {
	for _, k := range p.witnesses {
		if k.Episode != nil && !k.broken {
			warm = true
			p.judge(f, k)
		}
	}
	var first *key
	for {
		if first = p.uncovered(f, first); first == nil {
			return warm
		}
		warm = true
		p.judge(f, first)
	}
}

// uncovered returns the device that said first what no alert is about yet; not
// the one that was returned before.
func (p *place) uncovered(f *fold, before *key) (first *key) {
	for _, k := range p.witnesses {
		if k == before || k.broken || k.Episode != nil || !p.stands(f, k) || f.silent(k) {
			continue
		}
		covered := slices.ContainsFunc(p.around(k), func(other *key) bool {
			return other.Episode != nil || !k.Claim.From.After(other.Denied)
		})
		if !covered && (first == nil || k.Claim.From.Before(first.Claim.From)) {
			first = k
		}
	}
	return first
}

// stands reports whether what the device said still counts.
func (p *place) stands(f *fold, k *key) bool {
	c := k.Claim
	if c == nil || k.check == nil || !c.Ended.IsZero() {
		return false
	}
	decay := k.check.kind.Decay
	return decay == 0 || f.clk.Ticked.Sub(c.Until) <= decay
}

// over is when what the device said ceased to count.
func (k *key) over() time.Time {
	if k.Claim.Ended.IsZero() {
		return k.Claim.Until.Add(k.check.kind.Decay)
	}
	return k.Claim.Ended
}

// judge brings the alert whose key is k up to what is said around it.
func (p *place) judge(f *fold, k *key) {
	c := p.rule.Corroborate
	level, isTrue, stale, begun, ended := citywatch.None, false, true, time.Time{}, time.Time{}
	for _, w := range p.around(k) {
		switch {
		case p.stands(f, w) && w.Claim.From.After(k.Denied):
			isTrue, stale = true, stale && f.silent(w)
			if begun.IsZero() || w.Claim.From.Before(begun) {
				begun = w.Claim.From
			}
		case w.Claim != nil && w.check != nil && w.over().After(ended):
			ended = w.over()
		}
	}
	if k.Episode == nil {
		k.Episode = &episode{standing: normal()}
	}
	ep := k.Episode
	switch {
	case isTrue && ep.Level == citywatch.None:
		ep.First = citywatch.Evidence{Time: begun}
		level = c.ToVerify
	case isTrue, f.clk.Ticked.Sub(ended) < p.rule.Recover, p.latched(ep.Level):
		level = ep.Level
	}
	if level > citywatch.None && level < c.Confirmed && p.confirmed(k) {
		level = c.Confirmed
	}
	p.settle(f, k, level, isTrue, isTrue && stale)
}

// latched reports whether a level waits for a person: what is only to be
// verified does not.
func (p *place) latched(level citywatch.Level) bool {
	return p.rule.Latch && level >= p.rule.Corroborate.Confirmed
}

func (p *place) settle(f *fold, k *key, level citywatch.Level, isTrue, stale bool) {
	ep, c := k.Episode, p.rule.Corroborate
	k.reached(isTrue)
	reason := ep.settle(level, isTrue || p.latched(level), stale)
	switch {
	case reason == citywatch.ReasonRaised && ep.Alert.ToVerify:
		reason = citywatch.ReasonConfirmed
	case reason == "" && level >= c.Confirmed && ep.Alert != nil && p.more(k):
		reason = citywatch.ReasonWitnessed
	}
	f.gathered(k, cause{reason: reason})
}

// reached notes whether anything stands that the alert is about.
func (k *key) reached(isTrue bool) {
	k.Episode.Reached = since{}
	if isTrue {
		k.Episode.Reached[citywatch.MinLevel] = k.Episode.First.Time
	}
}

// refresh brings that up to date for a transition that has another cause.
func (p *place) refresh(f *fold, k *key) {
	k.reached(k.Episode.Level > citywatch.None && slices.ContainsFunc(p.around(k), func(w *key) bool {
		return p.stands(f, w) && w.Claim.From.After(k.Denied)
	}))
}

// confirmed reports whether enough kinds say so around the key, or one that
// needs no other.
func (p *place) confirmed(k *key) bool {
	c, began := p.rule.Corroborate, k.Episode.First.Time
	near := p.around(k)
	within := func(at time.Time) bool {
		kinds := map[string]bool{}
		for _, w := range near {
			if w.Claim != nil && w.check != nil && !w.Claim.From.After(at) && !w.last().Before(at.Add(-c.Over)) {
				kinds[w.check.kind.Kind] = true
			}
		}
		return len(kinds) >= c.Needs
	}
	if within(began) {
		return true
	}
	for _, w := range near {
		if w.Claim == nil || w.check == nil || w.last().Before(began) {
			continue
		}
		if w.check.kind.Alone || within(w.Claim.From) && !w.Claim.From.Before(began) {
			return true
		}
	}
	return false
}

// last is until when the device said so, or says so still.
func (k *key) last() time.Time {
	if k.Claim.Ended.IsZero() && k.check.kind.Decay == 0 {
		return time.Unix(1<<40, 0) // for as long as it does not say otherwise
	}
	return k.Claim.Until
}

// newest is when the last device around the key began to say so.
func (p *place) newest(f *fold, k *key) (last time.Time) {
	for _, w := range p.around(k) {
		if p.stands(f, w) && w.Claim.From.After(last) {
			last = w.Claim.From
		}
	}
	return last
}

// concerned returns the keys whose devices have said anything of what the alert
// of k is about: during it, or so shortly before that it counts.
func (p *place) concerned(k *key) []*key {
	began := k.Episode.First.Time
	var found []*key
	for _, w := range p.around(k) {
		if w.Claim != nil && w.check != nil && !w.last().Before(began.Add(-p.rule.Corroborate.Over)) {
			found = append(found, w)
		}
	}
	slices.SortStableFunc(found, func(a, b *key) int { return a.Claim.From.Compare(b.Claim.From) })
	return found
}

// more reports whether a device says so that is not among the evidence.
func (p *place) more(k *key) bool {
	return slices.ContainsFunc(p.concerned(k), func(w *key) bool {
		return !slices.ContainsFunc(k.Episode.Alert.Evidence, func(e citywatch.Evidence) bool { return e.Device == w.id.device })
	})
}

// evidence is what every device said that the alert of k is about.
func (p *place) evidence(f *fold, k *key) []citywatch.Evidence {
	found := []citywatch.Evidence{}
	for _, w := range p.concerned(k) {
		found = append(found, citywatch.Evidence{
			Device: w.id.device, Value: w.check.value, Number: w.Claim.Number, Text: w.Claim.Text,
			Unit: f.rules.units[quantity{w.device.Class, w.check.value}], Time: w.Claim.From, Bound: w.check.kind.AtLeast,
		})
	}
	return found
}

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

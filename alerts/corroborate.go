package alerts

import (
	"slices"
	"time"

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
	if level < c.Confirmed && (level > citywatch.None || p.unconfirmed(ep)) && p.confirmed(k) {
		level = c.Confirmed
	}
	p.settle(f, k, level, isTrue, isTrue && stale)
}

// unconfirmed reports whether there is an alert of something that nobody has
// confirmed, which may be over: what comes late may confirm it still.
func (p *place) unconfirmed(ep *episode) bool {
	return ep.Alert != nil && ep.Alert.Level < p.rule.Corroborate.Confirmed
}

// began is from when on what is said concerns the alert of k, which may have
// been over for a while since.
func (p *place) began(k *key) time.Time {
	began := k.Episode.First.Time
	if a := k.Episode.Alert; a != nil && a.Since.Before(began) {
		return a.Since
	}
	return began
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
// needs no other: at the moment at which somebody began to say so, not only now,
// for a word that came late may be about a time that has passed.
func (p *place) confirmed(k *key) bool {
	c, began := p.rule.Corroborate, p.began(k)
	near := p.around(k)
	told := make([][]claim, len(near))
	for i, w := range near {
		told[i] = p.told(k, w)
	}
	within := func(at time.Time) bool {
		kinds := map[string]bool{}
		for i, w := range near {
			for j := range told[i] {
				if s := &told[i][j]; !s.From.After(at) && !w.last(s).Before(at.Add(-c.Over)) {
					kinds[w.check.kind.Kind] = true
				}
			}
		}
		return len(kinds) >= c.Needs
	}
	if within(began) {
		return true
	}
	for i, w := range near {
		for j := range told[i] {
			switch s := &told[i][j]; {
			case w.last(s).Before(began):
			case w.check.kind.Alone, !s.From.Before(began) && within(s.From):
				return true
			}
		}
	}
	return false
}

// told is what the device w said that may be about the alert of k. What was over
// when somebody reset that alert was about another.
func (p *place) told(k, w *key) []claim {
	if w.check == nil {
		return nil
	}
	all := w.spans()
	for len(all) > 1 && !all[0].From.After(k.Denied) {
		all = all[1:]
	}
	return all
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
	began := p.began(k)
	var found []*key
	for _, w := range p.around(k) {
		if w.Claim != nil && w.check != nil && !w.last(w.Claim).Before(began.Add(-p.rule.Corroborate.Over)) {
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

package alerts

import (
	"maps"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// allOf is met in a zone while the conditions of several other rules are,
// each by any of the zone's devices.
type allOf struct {
	// Levels names for each level the rules, and the least level of each.
	Levels map[citywatch.Level]map[string]citywatch.Level `json:"levels"`
	// Within is for how long a condition counts that is over.
	Within time.Duration `json:"within,omitempty"`
}

type allEntry struct {
	Within  time.Duration             `yaml:"within"`
	Levels  map[string]map[string]int `yaml:"levels"`
	For     time.Duration             `yaml:"for"`
	Recover struct {
		For time.Duration `yaml:"for"`
	} `yaml:"recover"`
}

// parts returns the ids of the rules that the rule rests on.
func (r *rule) parts() []string {
	if r.All == nil {
		return nil
	}
	ids := map[string]bool{}
	for _, parts := range r.All.Levels {
		for id := range parts {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func (p *parser) allOf(e *allEntry, r *rule, path string) {
	p.notNegative(e.Within, path+".within")
	p.notNegative(e.For, path+".for")
	p.notNegative(e.Recover.For, path+".recover.for")
	if len(e.Levels) == 0 {
		p.report(path+".levels", "levels: {2: {rain: 2, soil: 1}}", "rule %q does not say which rules it rests on", r.ID)
	}
	all := &allOf{Within: e.Within, Levels: map[citywatch.Level]map[string]citywatch.Level{}}
	for _, written := range slices.Sorted(maps.Keys(e.Levels)) {
		at := strictyaml.Key(path+".levels", written)
		level, ok := writtenLevel(written)
		if !ok {
			p.report(at, "levels go from 1 to 5", "%q is not a level", written)
			continue
		}
		if len(e.Levels[written]) < 2 {
			p.report(at, "{rain: 2, soil: 1}", "it takes two rules or more")
		}
		all.Levels[level] = map[string]citywatch.Level{}
		for id, least := range e.Levels[written] {
			if !citywatch.Level(least).Valid() {
				p.report(strictyaml.Key(at, id), "levels go from 1 to 5", "rule %q cannot have level %d", id, least)
			}
			all.Levels[level][id] = citywatch.Level(least)
		}
	}
	r.All, r.For, r.Recover = all, e.For, e.Recover.For
}

// writtenLevel reads a level that is a key of a mapping.
func writtenLevel(written string) (citywatch.Level, bool) {
	if len(written) != 1 {
		return 0, false
	}
	level := citywatch.Level(written[0] - '0')
	return level, level.Valid()
}

// resting checks what rules say of others, once all of them are known.
func (p *parser) resting(e *ruleEntry, path string, rules []*rule) {
	if e.All == nil {
		return
	}
	var known []string
	restsItself := map[string]bool{}
	for _, r := range rules {
		known = append(known, r.ID)
		restsItself[r.ID] = r.All != nil
	}
	for _, written := range slices.Sorted(maps.Keys(e.All.Levels)) {
		for _, id := range slices.Sorted(maps.Keys(e.All.Levels[written])) {
			at := strictyaml.Key(strictyaml.Key(path+".all.levels", written), id)
			p.known("rule", id, known, at)
			if restsItself[id] {
				p.report(at, "name the rules that it rests on instead", "rule %q rests on others itself", id)
			}
		}
	}
}

// A junction is the keys of one zone that one rule rests on.
type junction struct {
	rule  *rule
	key   *key
	parts map[string][]*key // by rule, in the order of the devices' ids
}

// junction returns the one of a rule and a device's zone.
func (f *fold) junction(r *rule, d *citywatch.Device) *junction {
	id := keyID{r.ID, d.Zone}
	c := f.junctions[id]
	if c == nil {
		check := &check{rule: r, gathers: true, limit: never, patience: never}
		zone := &citywatch.Device{ID: d.Zone, Zone: d.Zone, Sector: d.Sector}
		c = &junction{rule: r, parts: map[string][]*key{}, key: f.key(check, zone)}
		f.junctions[id] = c
	}
	return c
}

func (c *junction) rank() int    { return 1 }
func (c *junction) name() string { return c.key.id.rule + "/" + c.key.id.device }

// An account is what the parts of a junction say of one level of its rule.
type account struct {
	holds bool
	// fresh is set if the data of each part still comes.
	fresh bool
	// begun is since when it holds, ended since when it does not.
	begun, ended time.Time
}

func (c *junction) evaluate(f *fold) (warm bool) {
	k, now := c.key, f.clk.Ticked
	if k.broken || k.check == nil || now.IsZero() {
		return true
	}
	ep := k.Episode
	present := citywatch.None
	if ep != nil {
		present = ep.Level
	}
	var accounts [citywatch.MaxLevel + 1]account
	reached, risen, stale := citywatch.None, present, false
	for level := range c.rule.All.Levels {
		a := c.account(f, level)
		accounts[level] = a
		if a.holds {
			reached = max(reached, level)
			if a.fresh && a.begun.After(k.Denied) && now.Sub(a.begun) >= c.rule.For {
				risen = max(risen, level)
			}
		}
	}
	if present == citywatch.None && risen == citywatch.None {
		return reached > citywatch.None
	}
	level := risen
	if level == present {
		level = c.fallen(present, &accounts, now)
	}
	if a := accounts[min(reached, level)]; a.holds {
		stale = !a.fresh
	}
	c.settle(f, level, accounts[level].begun, reached > citywatch.None, stale)
	return true
}

// settle brings the junction's alert to what the parts say.
func (c *junction) settle(f *fold, level citywatch.Level, begun time.Time, isTrue, stale bool) {
	k := c.key
	if k.Episode == nil {
		k.Episode = &episode{standing: normal()}
	}
	ep := k.Episode
	if level > ep.Level {
		k.reach(level, begun)
	}
	if level == citywatch.None {
		ep.Reached = since{}
	}
	reason := ep.settle(level, isTrue, stale)
	f.gathered(k, cause{reason: reason})
}

// reach notes since when the levels up to one have been reached.
func (k *key) reach(level citywatch.Level, at time.Time) {
	for l := citywatch.MinLevel; l <= level; l++ {
		note(&k.Episode.Reached[l], true, at)
	}
}

// fallen returns the highest level, up to the present one, that is not over for
// long enough.
func (c *junction) fallen(present citywatch.Level, accounts *[citywatch.MaxLevel + 1]account, now time.Time) citywatch.Level {
	for level := present; level > citywatch.None; level-- {
		if _, listed := c.rule.All.Levels[level]; !listed {
			continue
		}
		if a := accounts[level]; a.holds || now.Sub(a.ended) < c.rule.Recover {
			return level
		}
	}
	return citywatch.None
}

// account sums up what the parts say of a level.
func (c *junction) account(f *fold, level citywatch.Level) account {
	now := f.clk.Ticked
	a := account{holds: true, fresh: true}
	for id, least := range c.rule.All.Levels[level] {
		part, found := c.part(id, least, now)
		switch {
		case !found:
			a.holds = false
		case !part.holds:
			a.holds = false
			if a.ended.IsZero() || part.ended.Before(a.ended) {
				a.ended = part.ended
			}
		}
		a.fresh = a.fresh && part.fresh
		if part.begun.After(a.begun) {
			a.begun = part.begun
		}
	}
	if !a.holds {
		if begun, found := c.overlooked(f, level, now); found {
			return account{holds: true, fresh: true, begun: begun}
		}
	}
	return a
}

// newest is when the last began of what holds now.
func (c *junction) newest(f *fold) (last time.Time) {
	for level := range c.rule.All.Levels {
		if a := c.account(f, level); a.holds && a.begun.After(last) {
			last = a.begun
		}
	}
	return last
}

// part sums up what the devices say of one of the rules: it holds as long as it
// does of any.
func (c *junction) part(id string, least citywatch.Level, now time.Time) (a account, found bool) {
	for _, k := range c.parts[id] {
		if k.Held == nil || k.Held.Levels[least].From.IsZero() || k.Episode != nil && k.Episode.Dismissed > citywatch.None {
			continue // never, or somebody has said that it is nothing
		}
		s := k.Held.Levels[least]
		found = true
		stands := k.Episode != nil && k.Episode.Level >= least
		until := s.Until.Add(c.rule.All.Within)
		one := account{holds: stands || c.rule.All.Within > 0 && !now.After(until), fresh: !stands || !k.Episode.Stale, begun: s.From, ended: until}
		switch {
		case one.holds && !a.holds:
			a = one
		case one.holds:
			a.fresh = a.fresh || one.fresh
			if one.begun.Before(a.begun) {
				a.begun = one.begun
			}
		case !a.holds && one.ended.After(a.ended):
			a = one
		}
	}
	return a, found
}

// evidence is the worst that each of the rules rests on, or rested on last.
func (c *junction) evidence() []citywatch.Evidence {
	found := []citywatch.Evidence{}
	for _, id := range c.rule.parts() {
		if k := c.worst(id); k != nil {
			found = append(found, k.Held.Last)
		}
	}
	return found
}

// worst returns the key of the rule that has the highest level, or had any last.
func (c *junction) worst(id string) (worst *key) {
	level := func(k *key) citywatch.Level {
		if k.Episode == nil || k.Episode.Dismissed > citywatch.None {
			return citywatch.None
		}
		return k.Episode.Level
	}
	for _, k := range c.parts[id] {
		switch {
		case k.Held == nil || k.Held.Last.Time.IsZero():
		case worst == nil, level(k) > level(worst),
			level(k) == level(worst) && k.Held.Last.Time.After(worst.Held.Last.Time):
			worst = k
		}
	}
	return worst
}

// position is that of the device that is the first evidence.
func (c *junction) position() (at orb.Point, known bool) {
	for _, id := range c.rule.parts() {
		if k := c.worst(id); k != nil {
			return k.device.Position, true
		}
	}
	return orb.Point{}, false
}

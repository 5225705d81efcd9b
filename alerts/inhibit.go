package alerts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// An inhibition says that the alerts of one rule explain those of others, where
// they have the same labels: nobody is called about what is explained.
type inhibition struct {
	source  string
	targets []string
	same    []string
}

type inhibitEntry struct {
	Source string   `yaml:"source"`
	Target []string `yaml:"target"`
	Same   []string `yaml:"same"`
}

// A group is the alerts that one inhibition ties together: those with the same
// labels.
type group struct {
	inhibition int
	labels     string
}

// labels returns the names of what alerts can have in common.
func labels() []string { return []string{"device", "zone", "sector", "hazard"} }

func label(a *citywatch.Alert, name string) string {
	switch name {
	case "device":
		return a.Device
	case "zone":
		return a.Zone
	case "sector":
		return string(a.Sector)
	case "hazard":
		return a.Hazard
	}
	return ""
}

// groups calls source for each group in which the alert may explain others, and
// target for each in which it may be explained. An alert that has not all of
// the labels is in no group: what is not known is not the same.
func (rs *Rules) groups(a *citywatch.Alert, source, target func(group)) {
	for i := range rs.inhibitions {
		in := &rs.inhibitions[i]
		explains, explained := in.source == a.Rule, slices.Contains(in.targets, a.Rule)
		if !explains && !explained {
			continue
		}
		values := make([]string, len(in.same))
		for n, name := range in.same {
			values[n] = label(a, name)
		}
		if slices.Contains(values, "") {
			continue
		}
		g := group{i, strings.Join(values, "\x00")}
		if explains {
			source(g)
		}
		if explained {
			target(g)
		}
	}
}

// explanation returns the id of the alert that explains the key's: the one that
// does already, or else the worst of its first group that has one.
func (f *fold) explanation(k *key) string {
	a := k.Episode.Alert
	now, best := f.open[a.SuppressedBy], ""
	f.rules.groups(a, func(group) {}, func(g group) {
		s := f.explaining[g]
		switch {
		case s == nil || best != "" && best == a.SuppressedBy:
		case now != nil && slices.Contains(s.keys, now) && stands(now.Episode.Alert) && now.Episode.Alert.Level >= a.Level:
			best = a.SuppressedBy
		case best == "" && a.Condition != citywatch.Normal: // about what is over nobody is called
			if worst := s.explains(); worst != nil && worst.Level >= a.Level {
				best = worst.ID
			}
		}
	})
	return best
}

// explains returns the worst alert of the group that can begin to explain.
// Data that stops ends nothing; but it begins nothing.
func (s *sources) explains() *citywatch.Alert {
	if s.known {
		return s.worst
	}
	s.known, s.worst = true, nil
	for _, k := range s.keys {
		a := k.Episode.Alert
		if !stands(a) || a.Stale {
			continue
		}
		if w := s.worst; w == nil || a.Level > w.Level || a.Level == w.Level && a.ID < w.ID {
			s.worst = a
		}
	}
	return s.worst
}

// stands reports whether an alert can explain others. What is over, about which
// nobody is called itself, or what nobody can trust, cannot. One that is
// explained can: inhibitions make no circle, so that at the root there is one
// about which people are called.
func stands(a *citywatch.Alert) bool {
	switch {
	case a.Condition != citywatch.Active && a.Condition != citywatch.Recovering:
		return false
	case a.Shelved != nil || a.OutOfService || a.Flapping:
		return false
	}
	return !a.ToVerify && !a.Retrospective
}

// inhibitions adds to those found what a file says about rules that explain
// others.
func (p *parser) inhibitions(entries []inhibitEntry, rules []*rule, found []inhibition) []inhibition {
	known := make([]string, len(rules))
	for i, r := range rules {
		known[i] = r.ID
	}
	for i, e := range entries {
		path := strictyaml.Index("$.inhibit", i)
		p.known("rule", e.Source, known, path+".source")
		if len(e.Target) == 0 {
			p.report(path, "target: [gauge-silent]", "nothing is said to be explained")
		}
		for n, id := range e.Target {
			p.known("rule", id, known, strictyaml.Index(path+".target", n))
		}
		if len(e.Same) == 0 {
			p.report(path, "same: [zone]", "one alert would silence the whole province")
		}
		for n, name := range e.Same {
			if !slices.Contains(labels(), name) {
				p.report(strictyaml.Index(path+".same", n), "one of "+strings.Join(labels(), ", "), "alerts have no %q in common", name)
			}
		}
		found = append(found, inhibition{source: e.Source, targets: e.Target, same: e.Same})
		if circle := circle(found, e.Source); circle != nil {
			p.report(path, "each would silence the other, and nobody would be called",
				"the explanations go in a circle: %s", fmt.Sprint(strings.Join(circle, " → ")))
		}
	}
	return found
}

// circle returns the rules by which an explanation leads back to from, or nil.
func circle(in []inhibition, from string) []string {
	var search func(path []string) []string
	search = func(path []string) []string {
		for i := range in {
			if in[i].source != path[len(path)-1] {
				continue
			}
			for _, target := range in[i].targets {
				if target == from {
					return append(path, target)
				}
				if slices.Contains(path, target) {
					continue
				}
				if found := search(append(slices.Clone(path), target)); found != nil {
					return found
				}
			}
		}
		return nil
	}
	return search([]string{from})
}

// ranks returns for each rule that an inhibition names how far it is from those
// that nothing explains.
func ranks(in []inhibition) map[string]int {
	ranks := map[string]int{}
	for moved := true; moved; { // ends, for there is no circle
		moved = false
		for i := range in {
			for _, target := range in[i].targets {
				if least := ranks[in[i].source] + 1; ranks[target] < least {
					ranks[target], moved = least, true
				}
			}
		}
	}
	return ranks
}

// explainersFirst orders keys whose time has come at the same tick, so that
// what explains others is there before them, and else so that the order is
// always the same.
func (f *fold) explainersFirst(keys []*key) {
	slices.SortFunc(keys, func(a, b *key) int {
		return cmp.Or(
			servicesFirst(a, b),
			cmp.Compare(f.rules.ranks[a.id.rule], f.rules.ranks[b.id.rule]),
			strings.Compare(a.id.rule, b.id.rule),
			strings.Compare(a.id.device, b.id.device),
		)
	})
}

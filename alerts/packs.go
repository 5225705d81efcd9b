package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// A Source is one file of rules.
type Source struct {
	Name string
	Data []byte
}

// Faults are what is wrong in one source. The document tells where a problem's
// path stands.
type Faults struct {
	Source   string
	Document *strictyaml.Document
	Problems []citywatch.Problem
}

// ParseAll reads files of rules that belong together: an id occurs once in all
// of them, and what one says of rules may be about another's. It returns the
// faults of every file that has any; the rules are nil if there are.
func ParseAll(sources []Source, catalogue Catalogue) (*Rules, []Faults) {
	rules := &Rules{units: map[quantity]string{}}
	ids := map[string]bool{}
	files := make([]fileEntry, len(sources))
	parsers := make([]parser, len(sources))
	documents := make([]*strictyaml.Document, len(sources))
	for n, source := range sources {
		doc, problems := strictyaml.Decode(source.Data, &files[n])
		documents[n], parsers[n] = doc, newParser(catalogue, ids, problems)
		for i := range files[n].Rules {
			r := parsers[n].rule(&files[n].Rules[i], strictyaml.Index("$.rules", i))
			r.file, r.version = source.Name, files[n].Version
			rules.rules = append(rules.rules, r)
		}
	}
	var faults []Faults
	for n := range sources { // once every rule is known
		p := &parsers[n]
		for i := range files[n].Rules {
			p.resting(&files[n].Rules[i], strictyaml.Index("$.rules", i), rules.rules)
		}
		rules.inhibitions = p.inhibitions(files[n].Inhibit, rules.rules, rules.inhibitions)
		rules.joins = append(rules.joins, p.joins(files[n].Incidents)...)
		p.checklists(files[n].Checklists, rules.rules)
		p.escalations(files[n].Escalations, rules.rules)
		if len(p.problems) > 0 {
			faults = append(faults, Faults{sources[n].Name, documents[n], p.problems})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	rules.complete(catalogue)
	return rules, nil
}

// Parse is ParseAll for one file.
func Parse(src []byte, catalogue Catalogue) (*Rules, *strictyaml.Document, []citywatch.Problem) {
	rules, faults := ParseAll([]Source{{Data: src}}, catalogue)
	if len(faults) > 0 {
		return nil, faults[0].Document, faults[0].Problems
	}
	doc, _ := strictyaml.Decode(src, &fileEntry{})
	return rules, doc, nil
}

func newParser(catalogue Catalogue, ids map[string]bool, problems []citywatch.Problem) parser {
	p := parser{catalogue: catalogue, ids: ids, broken: map[string]bool{}, problems: problems}
	for _, problem := range problems {
		p.broken[problem.Path] = true
	}
	return p
}

// complete works out what follows from rules that are valid.
func (rs *Rules) complete(catalogue Catalogue) {
	rs.ranks = ranks(rs.inhibitions)
	for _, r := range rs.rules {
		r.hash = r.contentHash()
		rs.unconfigured = append(rs.unconfigured, unconfigured(r, catalogue.Devices)...)
		rs.devices = append(rs.devices, concerned(r, catalogue.Devices))
	}
	for _, c := range catalogue.Classes {
		for _, q := range c.Quantities {
			rs.units[quantity{c.ID, q.Value}] = q.Unit
		}
	}
}

// concerned counts the listed devices of which the rule can say anything.
func concerned(r *rule, devices []citywatch.Device) int {
	n := 0
	for _, d := range selected(r, devices) {
		if compile(r, d) != nil {
			n++
		}
	}
	return n
}

// A Description is what people are told of a rule in force.
type Description struct {
	ID     string
	Name   citywatch.Text
	Hazard string
	// Hash is that of its content: the same in every alert that it raises.
	Hash string
	// File is where it stands, Version what that file calls its version.
	File, Version string
	// Detector is the kind of condition that it watches for.
	Detector string
	// Devices counts the listed ones of which it can say anything.
	Devices int
	// Unconfigured are its levels without a bound.
	Unconfigured []Unconfigured
}

// Describe returns what people are told of the rules, in their order.
func (rs *Rules) Describe() []Description {
	all := make([]Description, len(rs.rules))
	for i, r := range rs.rules {
		all[i] = Description{
			ID: r.ID, Name: r.Name, Hazard: r.Hazard, Hash: r.hash, File: r.file, Version: r.version,
			Detector: r.detector(), Devices: rs.devices[i],
		}
		for _, u := range rs.unconfigured {
			if u.Rule == r.ID {
				all[i].Unconfigured = append(all[i].Unconfigured, u)
			}
		}
	}
	return all
}

// Hash tells one set of rules from another by what they mean, and by what they
// say of incidents and checklists, in whatever files and order they stand.
func (rs *Rules) Hash() string {
	type explains struct {
		Source  string
		Targets []string
		Same    []string
	}
	var parts []string
	for _, r := range rs.rules {
		parts = append(parts, r.ID+"="+r.hash)
	}
	for _, in := range rs.inhibitions {
		b, err := json.Marshal(explains{in.source, in.targets, in.same})
		if err != nil {
			panic(err) // texts only
		}
		parts = append(parts, string(b))
	}
	parts = append(parts, rs.handlingParts()...)
	slices.Sort(parts)
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

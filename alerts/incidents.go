package alerts

import (
	"encoding/json"
	"slices"

	"citywatch"
	"citywatch/alerts/incident"
	"citywatch/internal/strictyaml"
)

// Joins returns which alerts belong to one incident, as the rules file says it
// under incidents; nil where it says nothing of it.
func (rs *Rules) Joins() []incident.Join { return slices.Clone(rs.joins) }

// Checklist returns what is to be done about an alert of the rule with this id,
// in the order in which the rule lists it.
func (rs *Rules) Checklist(id string) []citywatch.Text {
	if r := rs.rule(id); r != nil {
		return slices.Clone(r.Checklist)
	}
	return nil
}

// Draft reports whether nobody who answers for it has looked through the
// checklist of the rule with this id.
func (rs *Rules) Draft(id string) bool {
	r := rs.rule(id)
	return r != nil && r.draft
}

// handlingParts are the parts of the hash that no rule's own hash has.
func (rs *Rules) handlingParts() []string {
	var parts []string
	add := func(what string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // texts and finite numbers only
		}
		parts = append(parts, what+string(b))
	}
	for _, r := range rs.rules {
		if len(r.Checklist) > 0 {
			add("checklist/"+r.ID+"=", map[string]any{"items": r.Checklist, "draft": r.draft})
		}
	}
	for _, j := range rs.joins {
		add(joinID, j)
	}
	return parts
}

// checklistID stands before a hazard among the ids that are taken.
const checklistID = "checklist/"

// checklists gives the rules of one file or another the checklists of their
// hazards.
func (p *parser) checklists(entries []checklistEntry, rules []*rule) {
	hazards := hazardsOf(rules)
	for i, e := range entries {
		path := strictyaml.Index("$.checklists", i)
		p.known("hazard", e.Hazard, hazards, path+".hazard")
		if p.ids[checklistID+e.Hazard] {
			p.report(path+".hazard", "one list for each", "hazard %q has a checklist already", e.Hazard)
		}
		p.ids[checklistID+e.Hazard] = true
		if len(e.Items) == 0 {
			p.report(path, "items: [{vi: …, en: …}]", "the checklist of %q says nothing", e.Hazard)
		}
		for n, text := range e.Items {
			if text.VI == "" || text.EN == "" {
				p.report(strictyaml.Index(path+".items", n), "{vi: …, en: …}", "the checklist of %q asks for something that has no words in Vietnamese and in English", e.Hazard)
			}
		}
		for _, r := range rules {
			if r.Hazard == e.Hazard && len(r.Checklist) == 0 {
				r.Checklist, r.draft = e.Items, e.Draft
			}
		}
	}
}

// hazardsOf returns what the rules warn of.
func hazardsOf(rules []*rule) []string {
	var hazards []string
	for _, r := range rules {
		if !slices.Contains(hazards, r.Hazard) {
			hazards = append(hazards, r.Hazard)
		}
	}
	return hazards
}

// joinID stands before a hazard among the ids that are taken; no rule's id has
// a slash.
const joinID = "join/"

// joins checks what stands under incidents of one file; the others' hazards
// are known already.
func (p *parser) joins(joins []incident.Join) []incident.Join {
	var classes []string
	for _, c := range p.catalogue.Classes {
		classes = append(classes, c.ID)
	}
	for _, problem := range incident.Problems(joins, "$.incidents", classes) {
		p.report(problem.Path, problem.Hint, "%s", problem.Message)
	}
	for i := range joins {
		if p.ids[joinID+joins[i].Hazard] {
			p.report(strictyaml.Index("$.incidents", i)+".hazard", "one join for each", "hazard %q is joined in another file", joins[i].Hazard)
		}
	}
	for i := range joins {
		p.ids[joinID+joins[i].Hazard] = true
	}
	return joins
}

// checklist checks what a rule asks of people.
func (p *parser) checklist(e *ruleEntry, path string) []citywatch.Text {
	for i, text := range e.Checklist {
		if text.VI == "" || text.EN == "" {
			p.report(strictyaml.Index(path+".checklist", i), "{vi: …, en: …}", "rule %q asks for something that has no words in Vietnamese and in English", e.ID)
		}
	}
	return e.Checklist
}

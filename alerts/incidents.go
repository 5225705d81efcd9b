package alerts

import (
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
	for _, r := range rs.rules {
		if r.ID == id {
			return slices.Clone(r.Checklist)
		}
	}
	return nil
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

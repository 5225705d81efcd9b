package incident

import (
	"fmt"
	"slices"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// A By says by what alerts of one hazard belong together.
type By string

// What alerts can belong together by. Where an alert's device lacks what is
// asked for, the next coarser one counts: no river, then the basin; no basin,
// then the zone; no position or no zone, then only the same device.
const (
	ByDistance By = "distance"
	ByRiver    By = "river" // one is downstream of the other, or on the same river
	ByBasin    By = "basin"
	ByZone     By = "zone"
)

// Others is the hazard of the join for every hazard that has none of its own.
const Others = "*"

// A Join says which alerts of a hazard belong to one incident. In the rules
// file:
//
//	incidents:
//	  - {hazard: fire, by: distance, radius: 300, within: 15m, sensors: [smoke_detector]}
type Join struct {
	Hazard string `yaml:"hazard"`
	By     By     `yaml:"by"`
	// Radius is in metres, for ByDistance.
	Radius float64 `yaml:"radius"`
	// Within is how far apart in time alerts may lie.
	Within time.Duration `yaml:"within"`
	// Sensors are the classes of the sensors that people want to see near such
	// an incident; empty for those of its alerts.
	Sensors []string `yaml:"sensors"`
}

// Defaults returns the joins of a rules file that has none.
func Defaults() []Join {
	return []Join{
		{Hazard: "fire", By: ByDistance, Radius: 300, Within: 15 * time.Minute},
		{Hazard: "flood", By: ByRiver, Within: 2 * time.Hour},
		{Hazard: "landslide", By: ByZone, Within: 24 * time.Hour},
		{Hazard: Others, By: ByZone, Within: time.Hour},
	}
}

const (
	// maxRadius bounds how many cells a search looks into.
	maxRadius = 100_000
	// maxWithin is as long as anything is remembered.
	maxWithin = keepFor
)

// Problems returns what is wrong with joins, with paths relative to their list
// at path. Classes are the known classes of devices.
func Problems(joins []Join, path string, classes []string) []citywatch.Problem {
	var ps []citywatch.Problem
	report := func(at, hint, format string, args ...any) {
		ps = append(ps, citywatch.Problem{Path: at, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	seen := map[string]bool{}
	for i := range joins {
		j, at := &joins[i], strictyaml.Index(path, i)
		switch {
		case j.Hazard == "":
			report(at+".hazard", "a hazard of the rules, or \"*\" for all others", "the join does not say of which hazard")
		case seen[j.Hazard]:
			report(at+".hazard", "one join for each", "hazard %q is joined twice", j.Hazard)
		}
		seen[j.Hazard] = true
		if !slices.Contains([]By{ByDistance, ByRiver, ByBasin, ByZone}, j.By) {
			report(at+".by", "distance, river, basin or zone", "%q is nothing to join by", j.By)
		}
		switch {
		case j.By == ByDistance && (j.Radius <= 0 || j.Radius > maxRadius):
			report(at+".radius", "metres, as in radius: 300", "a radius of %v is not between 0 and %v", j.Radius, maxRadius)
		case j.By != ByDistance && j.Radius != 0:
			report(at+".radius", "leave it out, or join by distance", "joining by %s has no radius", j.By)
		}
		if j.Within <= 0 || j.Within > maxWithin {
			report(at+".within", "as in 15m or 24h", "%v is not between 0 and %v", j.Within, maxWithin)
		}
		for k, class := range j.Sensors {
			if !slices.Contains(classes, class) {
				hint := ""
				if near := strictyaml.Nearest(class, classes); near != "" {
					hint = fmt.Sprintf("did you mean %q?", near)
				}
				report(strictyaml.Index(at+".sensors", k), hint, "unknown class %q", class)
			}
		}
	}
	return ps
}

// Filled returns the joins with the defaults for the hazards that they do not
// name.
func Filled(joins []Join) []Join {
	filled := slices.Clone(joins)
	for _, d := range Defaults() {
		if !slices.ContainsFunc(joins, func(j Join) bool { return j.Hazard == d.Hazard }) {
			filled = append(filled, d)
		}
	}
	return filled
}

// find returns the join of a hazard; joins are filled.
func find(joins []Join, hazard string) *Join {
	other := -1
	for i := range joins {
		switch joins[i].Hazard {
		case hazard:
			return &joins[i]
		case Others:
			other = i
		}
	}
	return &joins[other]
}

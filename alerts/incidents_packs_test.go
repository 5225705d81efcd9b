package alerts

import (
	"testing"
)

// TestJoinsOfSeveralFiles are taken together, and one hazard is joined once.
func TestJoinsOfSeveralFiles(t *testing.T) {
	file := func(name, hazard string) Source {
		return Source{Name: name, Data: []byte("incidents:\n  - {hazard: " + hazard + ", by: zone, within: 1h}\n")}
	}
	rules, faults := ParseAll([]Source{file("a.yaml", "fire"), file("b.yaml", "flood")}, Catalogue{})
	if len(faults) > 0 || len(rules.Joins()) != 2 {
		t.Errorf("%v", faults)
	}
	_, faults = ParseAll([]Source{file("a.yaml", "fire"), file("b.yaml", "fire")}, Catalogue{})
	if len(faults) != 1 || faults[0].Source != "b.yaml" || faults[0].Problems[0].Path != "$.incidents[0].hazard" {
		t.Errorf("%v", faults)
	}
}

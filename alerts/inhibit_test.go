package alerts

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// inhibitedRules are three rules, and what the file says of them.
func inhibitedRules(inhibit string) string {
	rules := inhibit + "\nrules:\n"
	for _, id := range []string{"one", "two", "three"} {
		rules += `  - id: ` + id + `
    name: {vi: a, en: a}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {1: 5}}
`
	}
	return rules
}

// alertmanager's `equal` matches where the label is missing on both sides. Here
// what is not known is not the same.
func TestInhibitionNeedsItsLabelsOnBothSides(t *testing.T) {
	rules, _, problems := Parse([]byte(inhibitedRules(`inhibit:
  - {source: one, target: [two], same: [zone, sector]}
  - {source: two, target: [three], same: [device]}
`)), catalogue(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	in := func(a *citywatch.Alert) (sources, targets []group) {
		rules.groups(a, func(g group) { sources = append(sources, g) }, func(g group) { targets = append(targets, g) })
		return sources, targets
	}
	a := &citywatch.Alert{Rule: "two", Device: "d", Zone: "z", Sector: "fire"}
	if sources, targets := in(a); len(sources) != 1 || len(targets) != 1 || sources[0] == targets[0] {
		t.Errorf("with every label it is in %v and %v", sources, targets)
	}
	for _, lacking := range []citywatch.Alert{
		{Rule: "two", Zone: "z"}, {Rule: "two", Sector: "fire"}, {Rule: "two"}, {Rule: "one", Zone: "z"}, {Rule: "three", Zone: "z"},
	} {
		if sources, targets := in(&lacking); len(sources)+len(targets) > 0 {
			t.Errorf("%+v is in %v and %v", lacking, sources, targets)
		}
	}
	// Two labels are not one: "a" and "b" differ from "ab" and "".
	first, _ := in(&citywatch.Alert{Rule: "one", Zone: "a", Sector: "bc"})
	second, _ := in(&citywatch.Alert{Rule: "one", Zone: "ab", Sector: "c"})
	if first[0] == second[0] {
		t.Error("different labels make one group")
	}
}

func TestParseHandling(t *testing.T) {
	for _, c := range []struct{ name, rules, want string }{
		{"unknown source", inhibitedRules("inhibit: [{source: onee, target: [two], same: [zone]}]"), `unknown rule "onee"`},
		{"unknown target", inhibitedRules("inhibit: [{source: one, target: [twoo], same: [zone]}]"), `unknown rule "twoo"`},
		{"no target", inhibitedRules("inhibit: [{source: one, same: [zone]}]"), "nothing is said to be explained"},
		{"no label", inhibitedRules("inhibit: [{source: one, target: [two]}]"), "silence the whole province"},
		{"unknown label", inhibitedRules("inhibit: [{source: one, target: [two], same: [colour]}]"), `no "colour" in common`},
		{"itself", inhibitedRules("inhibit: [{source: one, target: [one], same: [zone]}]"), "one → one"},
		{"each other", inhibitedRules(`inhibit:
  - {source: one, target: [two], same: [zone]}
  - {source: two, target: [three], same: [zone]}
  - {source: three, target: [one], same: [device]}`), "three → one → two → three"},
		{"steps out of order", inhibitedRules("") + "    escalate: [{after: 5m, to: a}, {after: 2m, to: b}]\n", "2m0s is not later than 5m0s"},
		{"a step at once", inhibitedRules("") + "    escalate: [{to: a}]\n", "0s is not later than 0s"},
		{"a step that nobody gets to", inhibitedRules("") + "    escalate: [{after: 2m, to: a, level: 3}, {after: 5m, to: b}]\n", "nobody gets there: the step before is for level 3 and above"},
		{"a step for no level", inhibitedRules("") + "    escalate: [{after: 2m, to: a, level: 6}]\n", "6 is not a level"},
		{"chains of one hazard", inhibitedRules("") + "escalations:\n  - {hazards: [flood], steps: [{after: 2m, to: a}]}\n  - {hazards: [flood], steps: [{after: 3m, to: a}]}\n", `hazard "flood" has a chain already`},
		{"a chain of an unknown hazard", inhibitedRules("") + "escalations:\n  - {hazards: [flod], steps: [{after: 2m, to: a}]}\n", `unknown hazard "flod"`},
		{"a chain of nobody", inhibitedRules("") + "escalations:\n  - {hazards: [flood]}\n", "it calls nobody"},
		{"a step for nobody", inhibitedRules("") + "    escalate: [{after: 5m}]\n", "nobody is called after 5m0s"},
		{"the id of its own", strings.Replace(inhibitedRules(""), "id: one", "id: "+serviceRule, 1), "cannot be a rule's id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, problems := Parse([]byte(c.rules), catalogue(t))
			for _, p := range problems {
				if strings.Contains(p.Message+p.Hint, c.want) {
					return
				}
			}
			t.Errorf("%q is not among %v", c.want, problems)
		})
	}
}

// BenchmarkInhibition is one change of an alert that may explain thousands of
// others, among thousands that may as well.
func BenchmarkInhibition(b *testing.B) {
	const n = 5000
	var devices strings.Builder
	devices.WriteString("classes:\n  - {id: gauge, name: {vi: Trạm, en: Gauge}, sector: disaster, period: 1m}\ndevices:\n")
	for i := range n {
		fmt.Fprintf(&devices, "  - {id: gauge-%d, class: gauge, at: [103.97, 22.48]}\n", i)
	}
	rules := `inhibit: [{source: flood, target: [mud], same: [zone]}]
rules:
`
	for _, id := range []string{"flood", "mud"} {
		rules += `  - id: ` + id + `
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: ` + id + `, levels: {1: 1, 2: 2, 3: 3}}
`
	}
	w := newWorld(b, devices.String(), rules)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	now, seq := day, uint64(0)
	tell := func(device int, flood, mud float64) {
		now, seq = now.Add(time.Millisecond), seq+1
		f.apply(&citywatch.Entry{Seq: seq, Readings: []citywatch.Reading{{
			Device: fmt.Sprintf("gauge-%d", device), Class: "gauge", Time: now, Arrived: now,
			Values: []citywatch.Value{{Name: "flood", Number: flood}, {Name: "mud", Number: mud}},
		}}})
		f.out = f.out[:0]
	}
	for i := range n {
		tell(i, 1, 1)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		tell(i%n, float64(1+i/n%2), 1)
	}
	if len(f.open) != 2*n {
		b.Fatal(len(f.open), "alerts are open")
	}
}

package alerts

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
	"citywatch/alerts/incident"
)

const checklistRules = `rules:
  - id: river-flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {1: 80}}
    checklist:
      - {vi: Gọi trực ban xã, en: Call the commune's duty officer}
      - {vi: Đóng ngầm tràn%s}
incidents:
  - {hazard: flood, by: river, within: 3h, sensors: [%s]}
`

func checklistCatalogue() Catalogue {
	return Catalogue{Classes: []citywatch.Class{{ID: "river_gauge"}, {ID: "rain_gauge"}}}
}

func TestIncidentsInTheRulesFile(t *testing.T) {
	rules, _, problems := Parse(fmt.Appendf(nil, checklistRules, ", en: Close the ford", "river_gauge, rain_gauge"), checklistCatalogue())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []incident.Join{{Hazard: "flood", By: incident.ByRiver, Within: 3 * time.Hour, Sensors: []string{"river_gauge", "rain_gauge"}}}
	if diff := cmp.Diff(want, rules.Joins()); diff != "" {
		t.Error(diff)
	}
	if list := rules.Checklist("river-flood"); len(list) != 2 || list[1].EN != "Close the ford" {
		t.Errorf("the checklist is %v", list)
	}
	if list := rules.Checklist("none"); list != nil {
		t.Errorf("the checklist of no rule is %v", list)
	}
}

// TestChecklistIsNoPartOfTheRule's hash: alerts that are open are reviewed when
// their rule means something else, not when people are to do something else.
func TestChecklistIsNoPartOfTheRule(t *testing.T) {
	hash := func(words string) string {
		rules, _, problems := Parse(fmt.Appendf(nil, checklistRules, ", en: "+words, "river_gauge"), checklistCatalogue())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return rules.rules[0].hash
	}
	if hash("Close the ford") != hash("Close the other ford") {
		t.Error("another checklist makes another rule")
	}
}

func TestIncidentProblemsHaveTheirPlace(t *testing.T) {
	_, doc, problems := Parse(fmt.Appendf(nil, checklistRules, "", "rain_guage"), checklistCatalogue())
	var got []string
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got = append(got, fmt.Sprintf("%d: %v", line, p))
	}
	want := []string{
		`9: rule "river-flood" asks for something that has no words in Vietnamese and in English ({vi: …, en: …})`,
		`11: unknown class "rain_guage" (did you mean "rain_gauge"?)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const hazardLists = `rules:
  - {id: a, name: {vi: a, en: a}, hazard: flood, select: {class: river_gauge}, silence: {periods: 5, level: 1}}
  - {id: b, name: {vi: b, en: b}, hazard: flood, select: {class: river_gauge}, silence: {periods: 9, level: 2}, checklist: [{vi: Riêng, en: Its own}]}
checklists:
`

// TestAHazardHasAChecklist for those of its rules that have none of their own.
func TestAHazardHasAChecklist(t *testing.T) {
	read := func(lists string) *Rules {
		rules, _, problems := Parse([]byte(hazardLists+lists), checklistCatalogue())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return rules
	}
	rules := read("  - {hazard: flood, draft: true, items: [{vi: Gọi xã, en: Call the commune}]}")
	if list := rules.Checklist("a"); len(list) != 1 || list[0].VI != "Gọi xã" || !rules.Draft("a") {
		t.Errorf("%v, a draft: %v", list, rules.Draft("a"))
	}
	if list := rules.Checklist("b"); len(list) != 1 || list[0].VI != "Riêng" || rules.Draft("b") {
		t.Errorf("%v, a draft: %v", list, rules.Draft("b"))
	}
	// What people are to do is a part of the pack, though not of any rule.
	for _, lists := range []string{
		"  - {hazard: flood, items: [{vi: Gọi xã, en: Call the commune}]}",
		"  - {hazard: flood, draft: true, items: [{vi: Gọi hai xã, en: Call both communes}]}",
		"  - {hazard: flood, draft: true, items: [{vi: Gọi xã, en: Call the commune}]}\nincidents: [{hazard: flood, by: zone, within: 1h}]",
	} {
		if other := read(lists); other.Hash() == rules.Hash() {
			t.Errorf("%s is the same pack", lists)
		} else if other.Describe()[0].Hash != rules.Describe()[0].Hash {
			t.Errorf("%s makes another rule", lists)
		}
	}
	_, _, problems := Parse([]byte(hazardLists+`  - {hazard: flod, items: [{vi: Gọi}]}
  - {hazard: flood}
  - {hazard: flood, items: [{vi: Gọi xã, en: Call}]}
`), checklistCatalogue())
	var all []string
	for _, p := range problems {
		all = append(all, p.Error())
	}
	for _, want := range []string{`unknown hazard "flod"`, "no words in Vietnamese and in English", "says nothing", "has a checklist already"} {
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("%q is not said: %q", want, all)
		}
	}
}

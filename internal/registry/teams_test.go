package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/registry"
)

func TestParseTeams(t *testing.T) {
	teams, _, problems := registry.ParseTeams([]byte(`teams:
  - id: fire-1
    name: Đội chữa cháy số 1
    kind: fire_police
    sectors: [fire]
    hazards: [flood]
    zones: [east]
    at: [104, 22.5]
    phone: +84 24 1234 5678
`), []citywatch.Zone{{ID: "east"}}, east)
	want := []citywatch.Team{{
		ID: "fire-1", Name: "Đội chữa cháy số 1", Kind: citywatch.FirePolice, Sectors: []citywatch.Sector{citywatch.SectorFire},
		Hazards: []string{"flood"}, Zones: []string{"east"}, Home: orb.Point{104, 22.5}, Zone: "east", Phone: "+84 24 1234 5678",
	}}
	if diff := cmp.Diff(want, teams); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
}

func TestParseTeamsSaysEverythingThatIsWrong(t *testing.T) {
	teams, doc, problems := registry.ParseTeams([]byte(`teams:
  - {id: a, name: A, kind: fire_police, at: [104, 22]}
  - {id: a, name: B, kind: fire_police, at: [104, 22]}
  - {id: c, name: A, kind: fire_police, at: [104, 22]}
  - {id: "x y", name: D, kind: fire_police, at: [104, 22]}
  - {id: e, name: E, kind: firemen, at: [104, 22]}
  - {id: f, kind: road_crew, at: [104, 22]}
  - {id: g, name: G, kind: road_crew}
  - {id: h, name: H, kind: road_crew, at: [22, 104]}
  - {id: i, name: I, kind: road_crew, at: [104, 22], zones: [easte]}
  - {id: j, name: J, kind: road_crew, at: [104, 22], sectors: [roads]}
  - {id: k, name: K, kind: road_crew, at: [104, 22], phone: call me}
`), []citywatch.Zone{{ID: "east"}}, east)
	if len(teams) != 1 {
		t.Errorf("accepted %v", teams)
	}
	got := map[int]string{}
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got[line] += fmt.Sprintln(p.Error())
	}
	for line, want := range map[int]string{
		3: `"a" names two teams`, 4: `"A" names two teams`, 5: "cannot be the id", 6: "unknown kind",
		7: "has no name", 8: "has no home", 9: "longitude comes first", 10: `did you mean "east"?`,
		11: "unknown sector", 12: "not a phone number",
	} {
		if !strings.Contains(got[line], want) {
			t.Errorf("line %d: %q does not say %q", line, got[line], want)
		}
	}
}

package registry

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// A TeamFile is a list of teams as a person writes it.
type TeamFile struct {
	Teams []TeamEntry `yaml:"teams"`
}

// A TeamEntry is one team.
type TeamEntry struct {
	ID      string             `yaml:"id"`
	Name    string             `yaml:"name"`
	Kind    citywatch.TeamKind `yaml:"kind"`
	Sectors []citywatch.Sector `yaml:"sectors"`
	Hazards []string           `yaml:"hazards"`
	Zones   []string           `yaml:"zones"`
	At      *orb.Point         `yaml:"at"` // longitude, latitude
	Phone   string             `yaml:"phone"`
}

// A phone number is called as it stands: digits, and what people put between
// them.
var phoneNumber = regexp.MustCompile(`^\+?[0-9][0-9 .-]{1,18}[0-9]$`)

// ParseTeams reads a list of teams and returns what is in it with every problem
// found. Teams with a problem are left out.
func ParseTeams(src []byte, zones []citywatch.Zone, locate Locator) ([]citywatch.Team, *strictyaml.Document, []citywatch.Problem) {
	var file TeamFile
	doc, problems := strictyaml.Decode(src, &file)
	p := teamParser{parser: parser{locate: locate, taken: map[string]string{}, broken: map[string]bool{}}}
	for _, z := range zones {
		p.zones = append(p.zones, z.ID)
	}
	for _, problem := range problems {
		p.broken[problem.Path] = true
	}
	p.problems = problems
	var teams []citywatch.Team
	for i, e := range file.Teams {
		if t, ok := p.team(e, strictyaml.Index("$.teams", i)); ok {
			teams = append(teams, t)
		}
	}
	return teams, doc, p.problems
}

type teamParser struct {
	parser
	zones []string
}

func (p *teamParser) team(e TeamEntry, path string) (citywatch.Team, bool) {
	before := len(p.problems)
	if !deviceID.MatchString(e.ID) {
		p.report(path+".id", "up to 64 of a-z A-Z 0-9 . _ : -, the first a letter or digit", "%q cannot be the id of a team", e.ID)
	}
	// People may be written with either, so neither may mean two.
	for _, name := range slices.Compact([]string{e.ID, e.Name}) {
		if _, double := p.taken[name]; double && name != "" {
			p.report(path+".id", "ids and names must be unique", "%q names two teams", name)
		}
		p.taken[name] = path
	}
	if e.Name == "" {
		p.report(path+".name", "as people call it", "team %q has no name", e.ID)
	}
	if !slices.Contains(citywatch.TeamKinds(), e.Kind) {
		p.report(path+".kind", fmt.Sprintf("one of %v", citywatch.TeamKinds()), "unknown kind of team %q", e.Kind)
	}
	for i, s := range e.Sectors {
		if !slices.Contains(citywatch.Sectors(), s) {
			p.report(strictyaml.Index(path+".sectors", i), fmt.Sprintf("one of %v", citywatch.Sectors()), "unknown sector %q", s)
		}
	}
	for i, z := range e.Zones {
		if slices.Contains(p.zones, z) {
			continue
		}
		hint := "the ids are those of the zones file"
		if near := strictyaml.Nearest(z, p.zones); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		p.report(strictyaml.Index(path+".zones", i), hint, "unknown zone %q", z)
	}
	if e.Phone != "" && !phoneNumber.MatchString(e.Phone) {
		p.report(path+".phone", "as in +84 24 1234 5678", "%q is not a phone number", e.Phone)
	}
	t := citywatch.Team{
		ID: e.ID, Name: e.Name, Kind: e.Kind, Sectors: e.Sectors, Hazards: e.Hazards, Zones: e.Zones, Phone: e.Phone,
	}
	if e.At == nil {
		p.report(path+".at", "at: [longitude, latitude]", "team %q has no home", e.ID)
	} else {
		t.Home, t.Zone = p.within(*e.At, path+".at", fmt.Sprintf("team %q", e.ID))
	}
	return t, len(p.problems) == before
}

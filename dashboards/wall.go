package dashboards

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// WallOptions say how the wall shows itself. What its address says comes
// before: /wall?layout=hall&distance=5&panel=3.6.
type WallOptions struct {
	// Distance is how far people sit from the wall, Panel how wide its picture
	// is, both in metres: with both, letters are made large enough for that
	// distance. 0 leaves them as the screen's pixels have it.
	Distance float64 `yaml:"distance" json:"distance,omitempty"`
	Panel    float64 `yaml:"panel" json:"panel,omitempty"`
	// Layout names what is shown; empty for all of it. Layouts are further ones
	// by name: the parts that each shows.
	Layout  string              `yaml:"layout" json:"layout,omitempty"`
	Layouts map[string][]string `yaml:"layouts" json:"layouts,omitempty"`
}

// wallParts are what a layout may show.
func wallParts() []string {
	return []string{"map", "alerts", "incident", "cameras", "sectors", "rivers", "indicators", "status"}
}

// wallLayouts are those that every wall knows.
func wallLayouts() []string {
	return []string{"usual", "map", "alerts", "cameras", "sectors", "indicators", "incident"}
}

// Problems returns what is wrong with the options.
func (o *WallOptions) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	say := func(path, message, hint string) {
		ps = append(ps, citywatch.Problem{Path: path, Message: message, Hint: hint})
	}
	if o.Distance < 0 || o.Distance > 100 {
		say("$.distance", "is no distance in metres from 0 to 100", "measure from the seats to the wall")
	}
	if o.Panel < 0 || o.Panel > 100 {
		say("$.panel", "is no width in metres from 0 to 100", "measure the picture, without its frame")
	}
	if (o.Distance > 0) != (o.Panel > 0) {
		say("$", "says only one of distance and panel", "letters can be made to measure with both")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Layouts)) {
		if len(o.Layouts[name]) == 0 {
			say("$.layouts."+name, "shows nothing", "name some of "+strings.Join(wallParts(), ", "))
		}
		for _, part := range o.Layouts[name] {
			if !slices.Contains(wallParts(), part) {
				say("$.layouts."+name, fmt.Sprintf("shows %q, which is no part of the wall", part), "there are "+strings.Join(wallParts(), ", "))
			}
		}
	}
	if known := append(wallLayouts(), slices.Sorted(maps.Keys(o.Layouts))...); o.Layout != "" && !slices.Contains(known, o.Layout) {
		say("$.layout", fmt.Sprintf("is %q, which nobody has described", o.Layout), "there are "+strings.Join(known, ", "))
	}
	return ps
}

// getWall answers with how the wall is to show itself.
func (s *site) getWall(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, struct {
		Time time.Time `json:"time"`
		WallOptions
	}{s.now(), s.options.Wall})
}

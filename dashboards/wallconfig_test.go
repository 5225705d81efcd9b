package dashboards_test

import (
	"strings"
	"testing"

	"citywatch/dashboards"
)

// TestWallOptions: what cannot be shown is refused, with what there is.
func TestWallOptions(t *testing.T) {
	for name, c := range map[string]struct {
		options dashboards.WallOptions
		want    string
	}{
		"nothing":       {dashboards.WallOptions{}, ""},
		"to measure":    {dashboards.WallOptions{Distance: 5, Panel: 3.6, Layout: "map"}, ""},
		"of its own":    {dashboards.WallOptions{Layout: "hall", Layouts: map[string][]string{"hall": {"map", "alerts"}}}, ""},
		"half measured": {dashboards.WallOptions{Distance: 5}, "only one of distance and panel"},
		"in feet":       {dashboards.WallOptions{Distance: -1, Panel: 400}, "is no distance"},
		"unknown":       {dashboards.WallOptions{Layout: "hal"}, `"hal", which nobody has described`},
		"empty":         {dashboards.WallOptions{Layouts: map[string][]string{"hall": {}}}, "shows nothing"},
		"no such part":  {dashboards.WallOptions{Layouts: map[string][]string{"hall": {"maps"}}}, `"maps", which is no part`},
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			for _, p := range (dashboards.Options{Wall: c.options}).Problems() {
				if !strings.HasPrefix(p.Path, "$.wall") || p.Hint == "" {
					t.Errorf("%+v does not say where and how to mend it", p)
				}
				said = append(said, p.Message)
			}
			if all := strings.Join(said, "; "); (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
				t.Errorf("said %q, want %q", all, c.want)
			}
		})
	}
}

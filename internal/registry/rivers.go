package registry

import (
	"citywatch/internal/strictyaml"
)

// rivers checks that every gauge's water goes to a gauge that there is, and
// never back to where it came from.
func (p *parser) rivers(entries []DeviceEntry) {
	next := map[string]string{}
	known := make([]string, 0, len(entries))
	for _, e := range entries {
		next[e.ID] = e.Downstream
		known = append(known, e.ID)
	}
	for i, e := range entries {
		if e.Downstream == "" {
			continue
		}
		path := strictyaml.Index("$.devices", i) + ".downstream"
		if _, ok := next[e.Downstream]; !ok {
			hint := "the id of the next gauge down the river"
			if near := strictyaml.Nearest(e.Downstream, known); near != "" {
				hint = "did you mean \"" + near + "\"?"
			}
			p.report(path, hint, "downstream of %q is the unknown device %q", e.ID, e.Downstream)
			continue
		}
		// A circle of others is reported where they stand.
		at := e.Downstream
		for range entries {
			if at == e.ID {
				p.report(path, "water flows down", "going downstream from %q one comes back to it", e.ID)
				break
			}
			if at = next[at]; at == "" {
				break
			}
		}
	}
}

package registry

import (
	"maps"
	"slices"
	"strings"

	"citywatch/internal/strictyaml"
)

// canaryPrefix begins the ids of the messages that citywatch sends itself: a
// device may be said to be reached through them, that is through their broker.
const canaryPrefix = "canary-"

// vias checks what devices are reached through: each is a device, and no way
// leads back to where it began.
func (p *parser) vias(entries []DeviceEntry) {
	via := map[string]string{}
	for _, e := range entries {
		via[e.ID] = e.Via
	}
	for i, e := range entries {
		path := strictyaml.Index("$.devices", i) + ".via"
		if e.Via == "" || strings.HasPrefix(e.Via, canaryPrefix) {
			continue
		}
		if _, ok := via[e.Via]; !ok {
			hint := "list what it is reached through as a device too"
			if near := strictyaml.Nearest(e.Via, slices.Sorted(maps.Keys(via))); near != "" {
				hint = "did you mean \"" + near + "\"?"
			}
			p.report(path, hint, "device %q is reached through the unknown device %q", e.ID, e.Via)
			continue
		}
		at := e.Via
		for range entries { // a circle that it is not in itself is reported there
			if at == e.ID {
				p.report(path, "a device cannot be reached through itself", "the way to device %q leads in a circle", e.ID)
				break
			}
			at = via[at]
		}
	}
}

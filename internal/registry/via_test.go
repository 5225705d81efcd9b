package registry

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

const viaClasses = `classes:
  - {id: gateway, name: {vi: Cổng}, sector: disaster, period: 1m}
devices:
`

func TestVia(t *testing.T) {
	_, devices, _, problems := Parse([]byte(viaClasses+`
  - {id: site, class: gateway, at: [104, 22], via: canary-edge}
  - {id: gw, class: gateway, at: [104, 22], via: site}
`), func(orb.Point) string { return "z" })
	if len(problems) > 0 || devices[0].Via != "canary-edge" || devices[1].Via != "site" {
		t.Error(problems, devices)
	}
}

func TestViaThatCannotBe(t *testing.T) {
	for src, want := range map[string]string{
		"  - {id: a, class: gateway, at: [104, 22], via: a}":                                                             `$.devices[0].via the way to device "a" leads in a circle (a device cannot be reached through itself)`,
		"  - {id: gateway-1, class: gateway, at: [104, 22]}\n  - {id: b, class: gateway, at: [104, 22], via: gateway-2}": `$.devices[1].via device "b" is reached through the unknown device "gateway-2" (did you mean "gateway-1"?)`,
		"  - {id: b, class: gateway, at: [104, 22], via: nowhere-at-all}":                                                `$.devices[0].via device "b" is reached through the unknown device "nowhere-at-all" (list what it is reached through as a device too)`,
	} {
		_, _, _, problems := Parse([]byte(viaClasses+src), func(orb.Point) string { return "z" })
		if len(problems) != 1 || problems[0].Path+" "+problems[0].Error() != want {
			t.Errorf("got %v, want %s", problems, want)
		}
	}
	_, _, _, problems := Parse([]byte(viaClasses+strings.Join([]string{
		"  - {id: a, class: gateway, at: [104, 22], via: b}",
		"  - {id: b, class: gateway, at: [104, 22], via: a}",
		"  - {id: c, class: gateway, at: [104, 22], via: a}",
	}, "\n")), func(orb.Point) string { return "z" })
	if len(problems) != 2 {
		t.Errorf("a circle of two, and one that leads into it: %v", problems)
	}
}

package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"citywatch/internal/registry"
)

func TestRivers(t *testing.T) {
	_, devices, _, problems := registry.Parse([]byte(classes+`devices:
  - {id: lao-cai, class: river_gauge, at: [101, 20], river: thao, downstream: yen-bai, basin: hong}
  - {id: yen-bai, class: river_gauge, at: [101, 20], river: thao}
`), east)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if d := devices[0]; d.River != "thao" || d.Downstream != "yen-bai" || d.Basin != "hong" {
		t.Errorf("read as %+v", d)
	}
}

// TestWaterFlowsDown: a gauge that is not there, and water that goes round,
// are told with the line.
func TestWaterFlowsDown(t *testing.T) {
	_, _, doc, problems := registry.Parse([]byte(classes+`devices:
  - {id: lao-cai, class: river_gauge, at: [101, 20], downstream: yen-bay}
  - {id: yen-bai, class: river_gauge, at: [101, 20], downstream: bao-ha}
  - {id: bao-ha, class: river_gauge, at: [101, 20], downstream: yen-bai}
  - {id: leads-to-the-circle, class: river_gauge, at: [101, 20], downstream: bao-ha}
`), east)
	var got []string
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got = append(got, fmt.Sprintf("%d: %v", line, p))
	}
	want := []string{
		`4: downstream of "lao-cai" is the unknown device "yen-bay" (did you mean "yen-bai"?)`,
		`5: going downstream from "yen-bai" one comes back to it (water flows down)`,
		`6: going downstream from "bao-ha" one comes back to it (water flows down)`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

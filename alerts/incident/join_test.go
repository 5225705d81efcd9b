package incident

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

func TestDefaultsHaveNoProblems(t *testing.T) {
	if ps := Problems(Defaults(), "$.incidents", nil); len(ps) > 0 {
		t.Error(ps)
	}
}

func TestProblems(t *testing.T) {
	joins := []Join{
		{By: ByZone, Within: time.Hour},
		{Hazard: "fire", By: ByDistance, Within: time.Hour},
		{Hazard: "fire", By: "river", Radius: 3, Within: time.Hour},
		{Hazard: "x", By: "town"},
		{Hazard: "y", By: ByZone, Within: time.Hour, Sensors: []string{"rain_guage"}},
	}
	var got []string
	for _, p := range Problems(joins, "$.incidents", []string{"rain_gauge"}) {
		got = append(got, p.Path+": "+p.Message)
	}
	want := []string{
		"$.incidents[0].hazard: the join does not say of which hazard",
		"$.incidents[1].radius: a radius of 0 is not between 0 and 100000",
		`$.incidents[2].hazard: hazard "fire" is joined twice`,
		"$.incidents[2].radius: joining by river has no radius",
		`$.incidents[3].by: "town" is nothing to join by`,
		"$.incidents[3].within: 0s is not between 0 and 8784h0m0s",
		`$.incidents[4].sensors[0]: unknown class "rain_guage"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFilled(t *testing.T) {
	own := Join{Hazard: "fire", By: ByZone, Within: time.Minute}
	joins := Filled([]Join{own})
	if j := find(joins, "fire"); !cmp.Equal(*j, own) {
		t.Errorf("fire is joined by %+v", j)
	}
	if j := find(joins, "flood"); j.By != ByRiver {
		t.Errorf("flood is joined by %+v", j)
	}
	if j := find(joins, "hail"); j.Hazard != Others {
		t.Errorf("hail is joined by %+v", j)
	}
}

// TestCellsHoldTheCircle: everything within the radius lies in one of the cells
// around, at any latitude and on any border of cells.
func TestCellsHoldTheCircle(t *testing.T) {
	for lat := -89.0; lat <= 89; lat += 0.37 {
		for _, radius := range []float64{1, 300, 20_000} {
			p := orb.Point{103.97 + lat/7, lat}
			_, near := cells(p, radius)
			for bearing := 0.0; bearing < 360; bearing += 15 {
				q := geo.PointAtBearingAndDistance(p, bearing, radius*0.999)
				if cell, _ := cells(q, radius); !slices.Contains(near, cell) {
					t.Fatalf("%v is within %v m of %v, and in %s, not in %s", q, radius, p, cell, strings.Join(near, " "))
				}
			}
		}
	}
}

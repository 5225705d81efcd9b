package geo_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/geo"
	"citywatch/internal/servertest"
)

// laoCai is the province's extent.
var laoCai = orb.Bound{Min: orb.Point{103.3, 21.3}, Max: orb.Point{105.3, 23.0}}

// communes returns the communes of Lào Cai as a public source has them.
func communes(t servertest.T) []citywatch.Zone {
	t.Helper()
	file, err := os.Open(filepath.Join(servertest.SharedData(t), "zones", "laocai_wards_2025.geojson"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer file.Close()
	zones, problems := geo.Options{Name: "Phường xã mới"}.Parse(file, laoCai)
	for _, p := range problems {
		t.Errorf("%s: %v", p.Path, p)
	}
	return zones
}

func TestRealCommunes(t *testing.T) {
	zones := communes(t)
	if len(zones) != 99 {
		t.Errorf("%d zones, want 99", len(zones))
	}
	index := geo.NewIndex(zones, nil)
	for _, c := range []struct {
		place    string
		lat, lon float64
		want     string
	}{
		{"Lào Cai city", 22.4856, 103.9707, "Lào Cai"},
		{"Sa Pa", 22.3364, 103.8438, "Sa Pa"},
		{"Bắc Hà", 22.5394, 104.2906, "Bắc Hà"},
		{"Kim Thành gate", 22.4990, 103.9340, "Cốc San"},
		{"Yên Bái", 21.7051, 104.8752, "Yên Bái"},
		{"Bảo Hà", 22.1650, 104.3480, "Bảo Hà"},
		{"Phố Ràng", 22.2370, 104.4750, "Bảo Yên"},
		// These two stand on the province's very border, which the simplified
		// file cuts short.
		{"Fansipan", 22.3033, 103.7750, ""},
		{"Hồ Kiều bridge", 22.5069, 103.9641, ""},
	} {
		z, ok := index.ZoneAt(orb.Point{c.lon, c.lat})
		if ok != (c.want != "") || z.Name != c.want {
			t.Errorf("%s lies in %q (%s), %v; want %q", c.place, z.Name, z.ID, ok, c.want)
		}
	}
	ids := map[string]bool{}
	for _, z := range zones {
		ids[z.ID] = true
		if z.ID != geo.Slug(z.ID) {
			t.Errorf("%q has the id %q", z.Name, z.ID)
		}
	}
	if len(ids) != len(zones) {
		t.Errorf("%d zones have %d ids", len(zones), len(ids))
	}
}

// TestRealCommunesDoNotOverlap samples the province: neighbours share their
// borders, so a point lies in one commune or in none.
func TestRealCommunesDoNotOverlap(t *testing.T) {
	zones := communes(t)
	index := geo.NewIndex(zones, nil)
	random := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range 20000 {
		p := orb.Point{103.53 + random.Float64()*1.57, 21.33 + random.Float64()*1.52}
		in := index.ZonesAt(p)
		if len(in) > 1 {
			t.Errorf("%v lies in %q and %q", p, in[0].Name, in[1].Name)
		}
		held += len(in)
	}
	// The province fills 13,257 km² of a box of some 27,500 km².
	if share := float64(held) / 20000; share < 0.45 || share > 0.52 {
		t.Errorf("%.0f %% of the box are in a commune", 100*share)
	}
	for _, z := range zones {
		for _, p := range z.Geometry[0][0] {
			if in := index.ZonesAt(p); len(in) != 1 {
				t.Errorf("the corner %v of %q lies in %d communes", p, z.Name, len(in))
			}
		}
	}
}

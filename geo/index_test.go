package geo_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"

	"citywatch"
	"citywatch/geo"
)

func box(id string, west, south, east, north float64) citywatch.Zone {
	return citywatch.Zone{ID: id, Name: id, Geometry: orb.MultiPolygon{{orb.Ring{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}}}}
}

func TestZoneAtBorders(t *testing.T) {
	// 2 by 2 squares, and in the middle of the last one a hole.
	ne := box("ne", 1, 1, 2, 2)
	ne.Geometry[0] = append(ne.Geometry[0], orb.Ring{{1.4, 1.4}, {1.4, 1.6}, {1.6, 1.6}, {1.6, 1.4}, {1.4, 1.4}})
	index := geo.NewIndex([]citywatch.Zone{box("sw", 0, 0, 1, 1), box("se", 1, 0, 2, 1), box("nw", 0, 1, 1, 2), ne}, nil)
	for _, c := range []struct {
		lon, lat float64
		want     string
	}{
		{0.5, 0.5, "sw"}, {1.5, 0.5, "se"}, {0.5, 1.5, "nw"}, {1.2, 1.2, "ne"},
		{1, 0.5, "se"},   // a border between west and east is the eastern's
		{0.5, 1, "nw"},   // one between south and north is the northern's
		{1, 1, "ne"},     // the corner of all four
		{0, 0.5, "sw"},   // the outer border, in the west
		{2, 0.5, "se"},   // in the east
		{0.5, 2, "nw"},   // in the north
		{2, 2, "ne"},     // and at the last corner
		{1.5, 1.5, ""},   // the hole
		{1.4, 1.5, "ne"}, // its border is nobody else's
		{1.6, 1.5, "ne"},
		{-0.1, 0.5, ""}, {2.1, 0.5, ""}, {0.5, 2.1, ""},
		{math.NaN(), 0.5, ""},
	} {
		z, ok := index.ZoneAt(orb.Point{c.lon, c.lat})
		if z.ID != c.want || ok != (c.want != "") {
			t.Errorf("%v, %v lies in %q, want %q", c.lon, c.lat, z.ID, c.want)
		}
		if all := index.ZonesAt(orb.Point{c.lon, c.lat}); len(all) > 1 || (len(all) == 1) != ok || ok && all[0].ID != c.want {
			t.Errorf("%v, %v lies in %v, want %q", c.lon, c.lat, all, c.want)
		}
	}
}

// TestEveryPointHasOneZone covers a rectangle with crooked zones that share
// their corners, and asks for points of all kinds: anywhere, at corners, and
// as near to borders as numbers can be.
func TestEveryPointHasOneZone(t *testing.T) {
	const n = 12
	random := rand.New(rand.NewPCG(3, 4))
	var corners [n + 1][n + 1]orb.Point
	for x := range corners {
		for y := range corners[x] {
			p := orb.Point{103.5 + 0.1*float64(x), 21.5 + 0.1*float64(y)}
			if x > 0 && x < n && y > 0 && y < n {
				p[0] += 0.06 * (random.Float64() - 0.5)
				p[1] += 0.06 * (random.Float64() - 0.5)
			}
			corners[x][y] = p
		}
	}
	var zones []citywatch.Zone
	var points []orb.Point
	for x := range n {
		for y := range n {
			a, b, c, d := corners[x][y], corners[x+1][y], corners[x+1][y+1], corners[x][y+1]
			for i, ring := range []orb.Ring{{a, b, c, a}, {a, c, d, a}} {
				zones = append(zones, citywatch.Zone{ID: fmt.Sprintf("%d-%d-%d", x, y, i), Geometry: orb.MultiPolygon{{ring}}})
			}
			points = append(points, a)
			for range 20 {
				f := random.Float64()
				for _, line := range [][2]orb.Point{{a, b}, {b, c}, {a, c}} {
					on := orb.Point{line[0][0] + f*(line[1][0]-line[0][0]), line[0][1] + f*(line[1][1]-line[0][1])}
					points = append(points, on, orb.Point{math.Nextafter(on[0], 180), on[1]}, orb.Point{on[0], math.Nextafter(on[1], -90)})
				}
			}
		}
	}
	for range 2000 {
		points = append(points, orb.Point{103.5 + 1.2*random.Float64(), 21.5 + 1.2*random.Float64()})
	}
	index := geo.NewIndex(zones, nil)
	extent := orb.Bound{Min: orb.Point{103.5, 21.5}, Max: corners[n][n]}
	for _, p := range points {
		if !extent.Contains(p) {
			continue
		}
		if in := index.ZonesAt(p); len(in) != 1 {
			t.Errorf("%v lies in %d zones: %v", p, len(in), in)
		}
	}
}

// TestZoneAtAgainstPlanar compares with orb's own test for points that lie
// off the borders.
func TestZoneAtAgainstPlanar(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var zones []citywatch.Zone
	for i := range 40 {
		var ring orb.Ring
		at, corners := orb.Point{103 + 2*random.Float64(), 21 + 2*random.Float64()}, 5+random.IntN(30)
		for c := range corners {
			angle, r := 2*math.Pi*float64(c)/float64(corners), 0.05+0.3*random.Float64()
			ring = append(ring, orb.Point{at[0] + r*math.Cos(angle), at[1] + r*math.Sin(angle)})
		}
		zones = append(zones, citywatch.Zone{ID: fmt.Sprint(i), Geometry: orb.MultiPolygon{{append(ring, ring[0])}}})
	}
	index := geo.NewIndex(zones, nil)
	for range 5000 {
		p := orb.Point{102.5 + 3*random.Float64(), 20.5 + 3*random.Float64()}
		var want, got []string
		for _, z := range zones {
			if planar.MultiPolygonContains(z.Geometry, p) {
				want = append(want, z.ID)
			}
		}
		for _, z := range index.ZonesAt(p) {
			got = append(got, z.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v lies in %v, want %v", p, got, want)
		}
	}
}

func TestInZone(t *testing.T) {
	places := []geo.Place{
		{ID: "g2", Kind: geo.Device, Position: orb.Point{0.5, 0.5}},
		{ID: "c1", Kind: geo.Camera, Position: orb.Point{0.6, 0.5}},
		{ID: "g1", Kind: geo.Device, Position: orb.Point{0.1, 0.1}},
		{ID: "border", Kind: geo.Device, Position: orb.Point{1, 0.5}},
		{ID: "nowhere", Kind: geo.Device},
		{ID: "broken", Kind: geo.Device, Position: orb.Point{math.NaN(), 0.5}},
		{ID: "far", Kind: geo.Device, Position: orb.Point{7, 7}},
	}
	index := geo.NewIndex([]citywatch.Zone{box("west", 0, 0, 1, 1), box("east", 1, 0, 2, 1), box("flood", 0.4, 0.4, 0.55, 0.55)}, places)
	for zone, want := range map[string][]string{"west": {"c1", "g1", "g2"}, "east": {"border"}, "flood": {"g2"}, "none": nil} {
		var got []string
		for _, p := range index.InZone(zone) {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("in %s are %v, want %v", zone, got, want)
		}
	}
	if near := index.Nearest(orb.Point{0.5, 0.5}, 100, nil); len(near) != 5 {
		t.Errorf("%d places have a position, want 5", len(near))
	}
	if z, ok := index.Zone("east"); !ok || z.ID != "east" {
		t.Errorf("Zone: %v, %v", z, ok)
	}
	if _, ok := index.Zone("none"); ok {
		t.Error("there is no zone of that id")
	}
	if n := len(index.Zones()); n != 3 {
		t.Errorf("%d zones", n)
	}
}

func TestEmptyIndex(t *testing.T) {
	index := geo.NewIndex(nil, nil)
	if _, ok := index.ZoneAt(orb.Point{104, 22}); ok {
		t.Error("a zone in nothing")
	}
	if near := index.Nearest(orb.Point{104, 22}, 3, nil); len(near) != 0 {
		t.Errorf("near: %v", near)
	}
}

// randomPlaces returns places in the province, and if everywhere is set, at
// the poles and the date line as well.
func randomPlaces(random *rand.Rand, n int, everywhere bool) []geo.Place {
	places := make([]geo.Place, 0, n)
	for i := range n {
		p := orb.Point{103.5 + 1.6*random.Float64(), 21.3 + 1.5*random.Float64()}
		if everywhere {
			p = orb.Point{360*random.Float64() - 180, 180*random.Float64() - 90}
		}
		kind := geo.Device
		if i%10 == 0 {
			kind = geo.Camera
		}
		// Some stand at the same place, as the sensors of one mast do.
		if i%7 == 0 && i > 0 {
			p = places[random.IntN(i)].Position
		}
		places = append(places, geo.Place{ID: fmt.Sprintf("p%05d", i), Kind: kind, Position: p})
	}
	return places
}

// TestNearestAgainstBruteForce compares with measuring every distance.
func TestNearestAgainstBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	cameras := func(p geo.Place) bool { return p.Kind == geo.Camera }
	for round := range 60 {
		everywhere := round%2 == 1
		places := randomPlaces(random, 1+random.IntN(400), everywhere)
		index := geo.NewIndex(nil, places)
		for range 20 {
			from := orb.Point{103.5 + 1.6*random.Float64(), 21.3 + 1.5*random.Float64()}
			if everywhere {
				from = orb.Point{360*random.Float64() - 180, 180*random.Float64() - 90}
			}
			if random.IntN(4) == 0 {
				from = places[random.IntN(len(places))].Position
			}
			k := 1 + random.IntN(len(places)+3)
			var keep func(geo.Place) bool
			if random.IntN(2) == 0 {
				keep = cameras
			}
			checkNearest(t, index.Nearest(from, k, keep), from, k, keep, places)
		}
	}
}

// checkNearest compares by distance, to a micrometre: places at the same
// distance may be told apart by rounding only.
func checkNearest(t *testing.T, got []geo.Near, from orb.Point, k int, keep func(geo.Place) bool, places []geo.Place) {
	t.Helper()
	const meanRadius = 6371008.8
	distance := func(p geo.Place) float64 {
		return orbgeo.DistanceHaversine(from, p.Position) * meanRadius / orb.EarthRadius
	}
	var all []geo.Place
	for _, p := range places {
		if keep == nil || keep(p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b geo.Place) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a.ID, b.ID))
	})
	all = all[:min(k, len(all))]
	if len(got) != len(all) {
		t.Fatalf("%d places near %v, want %d", len(got), from, len(all))
	}
	seen := map[string]bool{}
	for i, near := range got {
		// Near the antipode a haversine is good to centimetres only.
		if d := math.Abs(near.Distance - distance(all[i])); d > 1e-6+1e-8*near.Distance {
			t.Errorf("number %d near %v is %s at %v m, want %s at %v m", i, from, near.ID, near.Distance, all[i].ID, distance(all[i]))
		}
		if seen[near.ID] {
			t.Errorf("%s is near %v twice", near.ID, from)
		}
		seen[near.ID] = true
		if i > 0 && near.Distance == got[i-1].Distance && near.Position == got[i-1].Position && near.ID < got[i-1].ID {
			t.Errorf("%s stands before %s at the same place", got[i-1].ID, near.ID)
		}
		if near.Bearing < 0 || near.Bearing >= 360 {
			t.Errorf("the bearing %v", near.Bearing)
		}
	}
}

func TestDistanceAndBearing(t *testing.T) {
	for _, c := range []struct {
		name              string
		from, to          orb.Point
		distance, bearing float64
	}{
		{"Lào Cai to Sa Pa", orb.Point{103.9707, 22.4856}, orb.Point{103.8438, 22.3364}, 21100, 218.2},
		{"a degree north", orb.Point{104, 22}, orb.Point{104, 23}, 111195, 0},
		{"a degree south", orb.Point{104, 23}, orb.Point{104, 22}, 111195, 180},
		{"a degree east at 60° north", orb.Point{10, 60}, orb.Point{11, 60}, 55597, 89.6},
		{"a degree west on the equator", orb.Point{10, 1e-9}, orb.Point{9, 1e-9}, 111195, 270},
		{"across the date line", orb.Point{179.5, 1}, orb.Point{-179.5, 1}, 111178, 90},
		{"across the pole", orb.Point{0, 89}, orb.Point{180, 89}, 222390, 0},
		{"the same place", orb.Point{104, 22}, orb.Point{104, 22}, 0, 0},
	} {
		near := geo.NewIndex(nil, []geo.Place{{ID: "x", Position: c.to}}).Nearest(c.from, 1, nil)
		if len(near) != 1 {
			t.Fatalf("%s: %v", c.name, near)
		}
		if math.Abs(near[0].Distance-c.distance) > 50 || math.Abs(near[0].Bearing-c.bearing) > 0.1 {
			t.Errorf("%s: %.0f m at %.1f°, want %.0f m at %.1f°", c.name, near[0].Distance, near[0].Bearing, c.distance, c.bearing)
		}
	}
}

// TestSharing asks one index from many goroutines, for the race detector.
func TestSharing(t *testing.T) {
	places := randomPlaces(rand.New(rand.NewPCG(9, 10)), 500, false)
	index := geo.NewIndex([]citywatch.Zone{box("all", 103, 21, 106, 24)}, places)
	want := index.Nearest(orb.Point{104, 22}, 10, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if got := index.Nearest(orb.Point{104, 22}, 10, nil); !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
				if _, ok := index.ZoneAt(orb.Point{104, 22}); !ok {
					t.Error("no zone")
				}
				if n := len(index.InZone("all")); n != 500 {
					t.Errorf("%d places", n)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkZoneAt99Zones(b *testing.B) {
	zones := communes(b)
	index := geo.NewIndex(zones, nil)
	random := rand.New(rand.NewPCG(1, 1))
	points := make([]orb.Point, 1024)
	for i := range points {
		points[i] = orb.Point{103.53 + random.Float64()*1.57, 21.33 + random.Float64()*1.52}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		index.ZoneAt(points[i%len(points)])
	}
}

func BenchmarkNearest5Of10000(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	index := geo.NewIndex(nil, randomPlaces(random, 10000, false))
	points := make([]orb.Point, 1024)
	for i := range points {
		points[i] = orb.Point{103.5 + 1.6*random.Float64(), 21.3 + 1.5*random.Float64()}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if n := len(index.Nearest(points[i%len(points)], 5, nil)); n != 5 {
			b.Fatal(n)
		}
	}
}

func BenchmarkNewIndex10000(b *testing.B) {
	zones := communes(b)
	places := randomPlaces(rand.New(rand.NewPCG(1, 1)), 10000, false)
	b.ReportAllocs()
	for b.Loop() {
		geo.NewIndex(zones, places)
	}
}

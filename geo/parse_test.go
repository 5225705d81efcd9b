package geo_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/geo"
)

// square returns the ring of a square of the given south-western corner and
// side, counterclockwise, as GeoJSON.
func square(lon, lat, side float64) string {
	return fmt.Sprintf("[[%v,%v],[%v,%v],[%v,%v],[%v,%v],[%v,%v]]",
		lon, lat, lon+side, lat, lon+side, lat+side, lon, lat+side, lon, lat)
}

func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

// named returns a feature of the name, with a geometry.
func named(name, kind, coordinates string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{"name":%q},"geometry":{"type":%q,"coordinates":%s}}`, name, kind, coordinates)
}

func polygon(name string, rings ...string) string {
	return named(name, "Polygon", "["+strings.Join(rings, ",")+"]")
}

func TestParse(t *testing.T) {
	clockwise := "[[104,22],[104,22.1],[104.1,22.1],[104.1,22],[104,22]]"
	source := collection(
		polygon("Bảo Hà", square(104, 22, 0.1), square(104.02, 22.02, 0.02)),
		polygon("Xã Nghĩa Đô", clockwise),
		named("Đảo", "MultiPolygon", "[["+square(104.5, 22, 0.1)+"],["+square(104.7, 22, 0.1)+"]]"),
	)
	zones, problems := geo.Parse(strings.NewReader(source), laoCai)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, z := range zones {
		got = append(got, z.ID+"="+z.Name)
		for _, p := range z.Geometry {
			for i, ring := range p {
				if want := map[bool]orb.Orientation{true: orb.CCW, false: orb.CW}[i == 0]; ring.Orientation() != want {
					t.Errorf("%s: ring %d does not follow the right-hand rule", z.Name, i)
				}
			}
		}
	}
	if want := []string{"bao-ha=Bảo Hà", "xa-nghia-do=Xã Nghĩa Đô", "dao=Đảo"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(zones[2].Geometry); n != 2 {
		t.Errorf("the MultiPolygon has %d parts", n)
	}
}

func TestParseIDs(t *testing.T) {
	feature := func(id, properties string) string {
		return fmt.Sprintf(`{"type":"Feature"%s,"properties":{%s},"geometry":{"type":"Polygon","coordinates":[%s]}}`, id, properties, square(104, 22, 0.1))
	}
	for _, c := range []struct {
		name    string
		options geo.Options
		feature string
		want    string
	}{
		{"of the feature", geo.Options{}, feature(`,"id":"x1"`, `"name":"A","id":"x2"`), "x1"},
		{"a number", geo.Options{}, feature(`,"id":2647`, `"name":"A"`), "2647"},
		{"a property", geo.Options{}, feature("", `"name":"A","id":"x2"`), "x2"},
		{"another property", geo.Options{ID: "Mã"}, feature(`,"id":"x1"`, `"name":"A","Mã":"02647"`), "02647"},
		{"another name", geo.Options{Name: "Tên"}, feature("", `"name":"A","Tên":"Tả Phìn"`), "ta-phin"},
		{"a null id", geo.Options{}, feature(`,"id":null`, `"name":"Y Tý"`), "y-ty"},
	} {
		zones, problems := c.options.Parse(strings.NewReader(collection(c.feature)), orb.Bound{})
		if len(problems) > 0 || len(zones) != 1 || zones[0].ID != c.want {
			t.Errorf("%s: got %v %v, want the id %q", c.name, zones, problems, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := square(104, 22, 0.1)
	for _, c := range []struct {
		name, source string
		options      geo.Options
		want         []string
	}{
		{"unclosed ring", collection(polygon("Bảo Hà", "[[104,22],[104.1,22],[104.1,22.1],[104,22.1]]")), geo.Options{},
			[]string{`$.features[0].geometry: "Bảo Hà": the outer ring is not closed: it begins at [104 22] and ends at [104 22.1] (repeat the first point at the end)`}},
		{"three points", collection(polygon("A", "[[104,22],[104.1,22],[104,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the outer ring has 3 points, less than 4 (a ring has at least three corners, and ends with its first point)`}},
		{"no area", collection(polygon("A", "[[104,22],[104.1,22],[104.2,22],[104,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the outer ring has no area (remove it)`}},
		{"a bad hole", collection(polygon("A", good, "[[104,22],[104.1,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": hole 1 has 2 points, less than 4 (a ring has at least three corners, and ends with its first point)`}},
		{"swapped", collection(polygon("A", "[[22,104],[22.1,104],[22.1,104.1],[22,104]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": looks swapped: latitude before longitude, as at [22 104] (GeoJSON has the longitude first: swap all pairs)`}},
		{"metres", collection(polygon("A", "[[428000,2480000],[429000,2480000],[429000,2481000],[428000,2480000]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": not in degrees: a point is [428000 2.48e+06] (these look like metres of a projection such as VN-2000 or UTM: export in WGS 84 (EPSG:4326))`}},
		{"no place on Earth", collection(polygon("A", "[[104,22],[104.1,95],[104.1,22.1],[104,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": no place on Earth: a point is [104.1 95] (a position is longitude (-180 to 180), latitude (-90 to 90))`}},
		{"outside the province", collection(polygon("Hà Nội", square(105.8, 21, 0.1)), polygon("B", square(105.25, 22, 0.1))), geo.Options{},
			[]string{
				`$.features[0].geometry: "Hà Nội": outside the province: 5 of 5 points, such as [105.8 21], lie beyond its extent, [103.3 21.3] to [105.3 23] (mend the point, or the extent in the configuration)`,
				`$.features[1].geometry: "B": outside the province: 2 of 5 points, such as [105.35 22], lie beyond its extent, [103.3 21.3] to [105.3 23] (mend the point, or the extent in the configuration)`}},
		{"a bow tie", collection(polygon("A", "[[104,22],[104.1,22.1],[104.1,22],[104,22.05],[104,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the outer ring crosses itself near [104.03333 22.03333] (mend it, for instance with "fix geometries" of QGIS)`}},
		{"a hole outside", collection(polygon("A", good, square(104.5, 22.5, 0.1))), geo.Options{},
			[]string{`$.features[0].geometry: "A": hole 1 lies outside the outer ring, at [104.5 22.5] (a hole is within its polygon; a part of its own is one more polygon of a MultiPolygon)`}},
		{"the same id", collection(polygon("Văn Phú", good), polygon("Vân Phú", good)), geo.Options{},
			[]string{`$.features[1]: "Vân Phú": the id "van-phu" is that of "Văn Phú" already (give each zone its own id in a property)`}},
		{"no geometry", collection(`{"type":"Feature","properties":{"name":"A"},"geometry":null}`), geo.Options{},
			[]string{`$.features[0].geometry: "A": no geometry (draw the zone, or remove the feature)`}},
		{"empty", collection(named("A", "Polygon", "[]"), named("B", "MultiPolygon", "[]"), named("C", "MultiPolygon", "[[]]"), named("D", "Polygon", "null")), geo.Options{},
			[]string{
				`$.features[0].geometry: "A": the geometry is empty (draw the zone, or remove the feature)`,
				`$.features[1].geometry: "B": the geometry is empty (draw the zone, or remove the feature)`,
				`$.features[2].geometry: "C": the geometry is empty (draw the zone, or remove the feature)`,
				`$.features[3].geometry: "D": the geometry is empty (draw the zone, or remove the feature)`}},
		{"a point", collection(named("A", "Point", "[104,22]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the geometry is a Point (a zone is a Polygon or a MultiPolygon)`}},
		{"null coordinate", collection(polygon("A", "[[104,22],[104.1,null],[104.1,22.1],[104,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the coordinates are not those of a Polygon: the coordinate null is not a finite number (export the feature again)`}},
		{"infinite coordinate", collection(polygon("A", "[[104,22],[104.1,1e999],[104.1,22.1],[104,22]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the coordinates are not those of a Polygon: the coordinate 1e999 is not a finite number (export the feature again)`}},
		{"half a position", collection(polygon("A", "[[104],[104.1,22],[104.1,22.1],[104]]")), geo.Options{},
			[]string{`$.features[0].geometry: "A": the outer ring: a position has 1 numbers (a position is longitude, latitude)`}},
		{"NaN", collection(polygon("A", "[[104,22],\n[104.1,NaN],[104.1,22.1],[104,22]]")), geo.Options{},
			[]string{`$: not JSON: line 2: invalid character 'N' looking for beginning of value (a coordinate is NaN or infinite; remove the feature, or mend it where it was exported)`}},
		{"no JSON", "<kml/>", geo.Options{},
			[]string{`$: not JSON: line 1: invalid character '<' looking for beginning of value (export the zones as GeoJSON (RFC 7946))`}},
		{"no collection", `{"type":"Topology"}`, geo.Options{}, []string{`$.type: the type is "Topology" (zones are a FeatureCollection)`}},
		{"no features", collection(), geo.Options{}, []string{"$.features: there are no features (a province has at least one zone)"}},
		{"no name", collection(`{"type":"Feature","id":"x7","properties":null,"geometry":null}`), geo.Options{},
			[]string{`$.features[0].properties: "x7": no name: no property "name" (say which property holds the name)`}},
		{"a name of no letters", collection(polygon("越南", good)), geo.Options{},
			[]string{`$.features[0]: "越南": the name has no letters to make an id of (give the feature an id)`}},
		{"no id", collection(polygon("A", good)), geo.Options{ID: "code"},
			[]string{`$.features[0]: "A": no id: no property "code" (say which property holds the id, or none to make it of the name)`}},
		{"an id with a slash", collection(polygon("A/B", good)), geo.Options{ID: "name"},
			[]string{`$.features[0]: "A/B": the id "A/B" has more in it than letters, digits and - _ . : (use a-b)`}},
		{"a feature that is none", collection("7"), geo.Options{},
			[]string{`$.features[0]: a feature without a name: not a GeoJSON Feature (export the zones again)`}},
		{"properties that are none", collection(`{"type":"Feature","id":"x7","properties":[]}`), geo.Options{},
			[]string{`$.features[0]: "x7": not a GeoJSON Feature: properties is of the JSON type array (export the zones again)`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := c.options.Parse(strings.NewReader(c.source), laoCai)
			var got []string
			for _, p := range problems {
				got = append(got, p.Path+": "+p.Error())
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// Rings of real files touch themselves; that is no crossing.
func TestParseAcceptsTouching(t *testing.T) {
	for name, ring := range map[string]string{
		"at a corner":          "[[104,22],[104.1,22],[104.05,22.05],[104.1,22.1],[104,22.1],[104.05,22.05],[104,22]]",
		"a point repeated":     "[[104,22],[104.1,22],[104.1,22],[104.1,22.1],[104,22]]",
		"a spike":              "[[104,22],[104.1,22],[104.2,22],[104.1,22],[104.1,22.1],[104,22]]",
		"a corner on a line":   "[[104,22],[104.2,22],[104.2,22.1],[104.1,22],[104,22.1],[104,22]]",
		"a line along another": "[[104,22],[104.2,22],[104.2,22.1],[104.15,22],[104.05,22],[104,22.1],[104,22]]",
	} {
		if _, problems := geo.Parse(strings.NewReader(collection(polygon("A", ring))), laoCai); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Bảo Hà":                         "bao-ha",
		"Đông Cuông":                     "dong-cuong",
		"Thị trấn  N.T. Phong Hải (mới)": "thi-tran-n-t-phong-hai-moi",
		"PHƯỜNG YÊN BÁI 2":               "phuong-yen-bai-2",
		"Tả Củ Tỷ":                       "ta-cu-ty",
		"Nghi\u0303a Đo\u0302":           "nghia-do", // decomposed
		"Ấp Ưu Ỵ Ỡ Ẵ Ễ":                  "ap-uu-y-o-a-e",
		" - ":                            "",
		"越南":                             "",
	} {
		if got := geo.Slug(name); got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEncode(t *testing.T) {
	clockwise := orb.Ring{{104, 22}, {104, 22.1}, {104.1, 22.1}, {104.1, 22}, {104, 22}}
	zones := []citywatch.Zone{
		{ID: "bao-ha", Name: "Bảo Hà & <co>", Geometry: orb.MultiPolygon{{clockwise}}},
		{ID: "dao", Name: "Đảo", Geometry: orb.MultiPolygon{{{{104.5, 22}, {104.6, 22}, {104.6, 22.1}, {104.5, 22}}}, {{{104.7, 22}, {104.8, 22}, {104.8, 22.1}, {104.7, 22}}}}},
	}
	var b bytes.Buffer
	if err := geo.Encode(&b, zones); err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"FeatureCollection","features":[` +
		`{"type":"Feature","id":"bao-ha","properties":{"name":"Bảo Hà & <co>"},"geometry":{"type":"Polygon","coordinates":[[[104,22],[104.1,22],[104.1,22.1],[104,22.1],[104,22]]]}},` +
		`{"type":"Feature","id":"dao","properties":{"name":"Đảo"},"geometry":{"type":"MultiPolygon","coordinates":[[[[104.5,22],[104.6,22],[104.6,22.1],[104.5,22]]],[[[104.7,22],[104.8,22],[104.8,22.1],[104.7,22]]]]}}]}` + "\n"
	if b.String() != want {
		t.Errorf("got  %s\nwant %s", b.String(), want)
	}
	if clockwise.Orientation() != orb.CW {
		t.Error("the zone's own ring was turned")
	}
	b.Reset()
	if err := geo.Encode(&b, nil); err != nil || b.String() != `{"type":"FeatureCollection","features":[]}`+"\n" {
		t.Errorf("no zones: %s, %v", b.String(), err)
	}
}

// FuzzParse checks that whatever is accepted is sound, and comes back the
// same from its encoding.
func FuzzParse(f *testing.F) {
	f.Add([]byte(collection(polygon("Bảo Hà", square(104, 22, 0.1), square(104.02, 22.02, 0.02)))))
	f.Add([]byte(collection(named("Đảo", "MultiPolygon", "[["+square(104.5, 22, 0.1)+"],["+square(104.7, 22, 0.1)+"]]"))))
	f.Add([]byte(collection(polygon("A", "[[104,22],[104.1,22.1],[104.1,22],[104,22.1],[104,22]]"))))
	f.Add([]byte(`{"type":"Feature","id":7,"properties":{"name":"x"},"geometry":null}`))
	f.Fuzz(func(t *testing.T, source []byte) {
		zones, problems := geo.Parse(bytes.NewReader(source), orb.Bound{})
		for _, p := range problems {
			if p.Path == "" || p.Message == "" {
				t.Errorf("the problem %+v", p)
			}
		}
		if len(zones) == 0 {
			if len(problems) == 0 {
				t.Fatal("neither zones nor problems")
			}
			return
		}
		index := geo.NewIndex(zones, nil)
		for _, z := range zones {
			if z.ID == "" || z.Name == "" || len(z.Geometry) == 0 {
				t.Fatalf("the zone %+v", z)
			}
			if _, ok := index.ZoneAt(z.Geometry[0][0][0]); !ok {
				t.Errorf("the corner %v of %q lies in no zone", z.Geometry[0][0][0], z.Name)
			}
		}
		var b bytes.Buffer
		if err := geo.Encode(&b, zones); err != nil {
			t.Fatal(err)
		}
		again, problems := geo.Parse(&b, orb.Bound{})
		if len(problems) > 0 || !reflect.DeepEqual(again, zones) {
			t.Fatalf("encoded and parsed again: %v\n%+v\nwant\n%+v", problems, again, zones)
		}
	})
}

package geo

import (
	"encoding/json"
	"io"

	"github.com/paulmach/orb"

	"citywatch"
)

// Encode writes the zones as a GeoJSON FeatureCollection that [Parse] reads:
// each has its id, and its name in the properties, and rings follow the
// right-hand rule.
func Encode(w io.Writer, zones []citywatch.Zone) error {
	type properties struct {
		Name string `json:"name"`
	}
	type shape struct {
		Type        string `json:"type"`
		Coordinates any    `json:"coordinates"`
	}
	type feature struct {
		Type       string     `json:"type"`
		ID         string     `json:"id"`
		Properties properties `json:"properties"`
		Geometry   shape      `json:"geometry"`
	}
	features := make([]feature, 0, len(zones))
	for _, z := range zones {
		polygons := rightHanded(z.Geometry)
		s := shape{Type: "MultiPolygon", Coordinates: polygons}
		if len(polygons) == 1 {
			s = shape{Type: "Polygon", Coordinates: polygons[0]}
		}
		features = append(features, feature{Type: "Feature", ID: z.ID, Properties: properties{z.Name}, Geometry: s})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}{"FeatureCollection", features})
}

// rightHanded returns the shape with outer rings counterclockwise and holes
// clockwise, sharing the rings that are so already.
func rightHanded(shape orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(shape))
	for _, polygon := range shape {
		rings := make(orb.Polygon, 0, len(polygon))
		for i, ring := range polygon {
			if o := ring.Orientation(); o != 0 && (o == orb.CCW) != (i == 0) {
				ring = ring.Clone()
				ring.Reverse()
			}
			rings = append(rings, ring)
		}
		out = append(out, rings)
	}
	return out
}

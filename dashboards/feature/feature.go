// Package feature gives alerts, devices and zones the GeoJSON form in which
// the HTTP API and the websocket send them.
package feature

import (
	"encoding/json"
	"time"

	"citywatch"

	"github.com/paulmach/orb"
)

// A Feature is one GeoJSON Feature with an id and properties of type P.
type Feature[P any] struct {
	ID string
	// Geometry is nil for a thing whose place is not known; GeoJSON then
	// says null.
	Geometry   orb.Geometry
	Properties P
}

// MarshalJSON writes the Feature as RFC 7946 wants it.
func (f Feature[P]) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type       string    `json:"type"`
		ID         string    `json:"id"`
		Geometry   *geometry `json:"geometry"`
		Properties P         `json:"properties"`
	}{"Feature", f.ID, newGeometry(f.Geometry), f.Properties})
}

// A Collection is a GeoJSON FeatureCollection that says for what time it is
// true.
type Collection[P any] struct {
	Time     time.Time
	Features []Feature[P]
}

// MarshalJSON writes the Collection; an empty one has an empty list, not null.
func (c Collection[P]) MarshalJSON() ([]byte, error) {
	if c.Features == nil {
		c.Features = []Feature[P]{}
	}
	return json.Marshal(struct {
		Type     string       `json:"type"`
		Time     time.Time    `json:"time"`
		Features []Feature[P] `json:"features"`
	}{"FeatureCollection", c.Time, c.Features})
}

// A geometry is written here rather than with orb's own geojson package, which
// brings a database driver along. orb's values are nested arrays of longitude
// and latitude already.
type geometry struct {
	Type        string       `json:"type"`
	Coordinates orb.Geometry `json:"coordinates"`
}

func newGeometry(g orb.Geometry) *geometry {
	if g == nil {
		return nil
	}
	return &geometry{Type: g.GeoJSONType(), Coordinates: g}
}

// place is the geometry of a point. The zero point, in the Atlantic, is where
// things stand that have no place.
func place(p orb.Point) orb.Geometry {
	if p == (orb.Point{}) {
		return nil
	}
	return p
}

// Zone returns the Feature of a zone.
func Zone(z *citywatch.Zone) Feature[ZoneProperties] {
	return Feature[ZoneProperties]{
		ID: z.ID, Geometry: z.Geometry,
		Properties: ZoneProperties{ID: z.ID, Name: z.Name},
	}
}

// ZoneProperties is what is said of a zone besides its outline.
type ZoneProperties struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

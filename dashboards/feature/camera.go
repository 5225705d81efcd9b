package feature

import (
	"time"

	"citywatch"
)

// CameraProperties is what is said of a camera besides its place.
type CameraProperties struct {
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	Zone   string           `json:"zone"`
	Sector citywatch.Sector `json:"sector"`
	// Bearing is where it looks, in degrees clockwise from north, View how
	// wide it sees, in degrees.
	Bearing *float64 `json:"bearing,omitempty"`
	View    *float64 `json:"view,omitempty"`
	Gateway string   `json:"gateway,omitempty"`
	// OnDemand says that it is pulled only while somebody watches.
	OnDemand bool `json:"on_demand"`

	// State is how it is, Up whether its pictures can be used.
	State  citywatch.CameraState `json:"state"`
	Up     bool                  `json:"up"`
	Since  *time.Time            `json:"since,omitempty"`
	Detail string                `json:"detail,omitempty"`
	// LastFrame is when the last frame arrived, Age how many seconds before
	// the answer's time that was. Both are absent where none did.
	LastFrame *time.Time `json:"last_frame,omitempty"`
	Age       *float64   `json:"age,omitempty"`

	Codec       string   `json:"codec,omitempty"`
	Width       int      `json:"width,omitempty"`
	Height      int      `json:"height,omitempty"`
	FPS         *float64 `json:"fps,omitempty"`
	Bitrate     *float64 `json:"bitrate,omitempty"`
	KeyInterval *float64 `json:"key_interval,omitempty"`
	Reconnects  int      `json:"reconnects"`

	// What the values tell that were given with it; absent where they do not.
	Recording *bool    `json:"recording,omitempty"`
	Usable    *bool    `json:"usable,omitempty"`
	Picture   string   `json:"picture,omitempty"`
	Activity  *float64 `json:"activity,omitempty"`
}

// Camera returns the Feature of a camera as it is at now.
func Camera(c *citywatch.Camera, s *citywatch.CameraStatus, values []citywatch.Value, now time.Time) Feature[CameraProperties] {
	p := CameraProperties{
		ID: c.ID, Name: c.Name, Zone: c.Zone, Sector: c.Sector, Bearing: c.Bearing, View: c.View, Gateway: c.Gateway, OnDemand: c.OnDemand,
		State: s.State, Up: s.State.Up(), Since: known(s.Since), Detail: s.Detail, LastFrame: known(s.LastFrame),
		Codec: s.Codec, Width: s.Width, Height: s.Height,
		FPS: s.FPS, Bitrate: s.Bitrate, KeyInterval: s.KeyInterval, Reconnects: s.Reconnects,
	}
	if p.LastFrame != nil {
		age := max(0, now.Sub(s.LastFrame).Seconds())
		p.Age = &age
	}
	for i := range values {
		p.add(&values[i])
	}
	return Feature[CameraProperties]{ID: c.ID, Geometry: place(c.Position), Properties: p}
}

// add takes one of the values that are told of cameras; others are passed over.
func (p *CameraProperties) add(v *citywatch.Value) {
	switch {
	case v.Name == "picture" && v.IsText():
		p.Picture = v.Text
	case v.IsText():
	case v.Name == "recording":
		p.Recording = truth(v.Number)
	case v.Name == "usable":
		p.Usable = truth(v.Number)
	case v.Name == "activity":
		n := v.Number
		p.Activity = &n
	}
}

func truth(n float64) *bool {
	is := n != 0
	return &is
}

// known is a time, or nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

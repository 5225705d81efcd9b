package feature

import (
	"time"

	"citywatch"
)

// IncidentProperties is what is said of an incident besides its place.
type IncidentProperties struct {
	citywatch.Incident
	// Age is how many seconds before the answer's time it began.
	Age float64 `json:"age"`
}

// Incident returns the Feature of an incident as it is at now.
func Incident(in *citywatch.Incident, now time.Time) Feature[IncidentProperties] {
	return Feature[IncidentProperties]{
		ID: in.ID, Geometry: place(in.Position),
		Properties: IncidentProperties{Incident: *in, Age: max(0, now.Sub(in.Since).Seconds())},
	}
}

package feature

import (
	"time"

	"citywatch"
)

// TeamProperties is what is said of a team besides its place.
type TeamProperties struct {
	ID      string             `json:"id"`
	Name    string             `json:"name"`
	Kind    citywatch.TeamKind `json:"kind"`
	Sectors []citywatch.Sector `json:"sectors"`
	Hazards []string           `json:"hazards"`
	Zones   []string           `json:"zones"`
	Phone   string             `json:"phone,omitempty"`
	// Home is where it stands when it is not out, Zone the zone of that.
	Home [2]float64 `json:"home"`
	Zone string     `json:"zone"`

	// State is how far it is with what it was given, Since when it came to that
	// and StateAge how many seconds before the answer's time that was. The last
	// two are absent where it was never sent.
	State    citywatch.TeamStage `json:"state"`
	Since    *time.Time          `json:"since,omitempty"`
	StateAge *float64            `json:"state_age,omitempty"`
	// Alerts are the open ones that it was given.
	Alerts []string `json:"alerts"`
	// PositionFrom says how it is known where it is: phone, scene or home.
	// Located is when that was last said, Age how many seconds before the
	// answer's time; both are absent for its home. Accuracy is in metres.
	PositionFrom citywatch.PlaceSource `json:"position_from"`
	Located      *time.Time            `json:"located,omitempty"`
	Age          *float64              `json:"age,omitempty"`
	Accuracy     float64               `json:"accuracy,omitempty"`
}

// Team returns the Feature of a team.
func Team(s *citywatch.TeamState, now time.Time) Feature[TeamProperties] {
	t := s.Team
	p := TeamProperties{
		ID: t.ID, Name: t.Name, Kind: t.Kind, Phone: t.Phone,
		Sectors: some(t.Sectors), Hazards: some(t.Hazards), Zones: some(t.Zones),
		Home: t.Home, Zone: t.Zone,
		State: s.Stage, Alerts: some(s.Alerts), PositionFrom: s.From, Accuracy: s.Accuracy,
	}
	p.Since, p.StateAge = agedAt(s.Since, now)
	p.Located, p.Age = agedAt(s.Located, now)
	return Feature[TeamProperties]{ID: t.ID, Geometry: place(s.Position), Properties: p}
}

// some is never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// agedAt returns a time and how many seconds ago it was; nothing for none.
func agedAt(at, now time.Time) (*time.Time, *float64) {
	if at.IsZero() {
		return nil, nil
	}
	age := max(0, now.Sub(at).Seconds())
	return &at, &age
}

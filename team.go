package citywatch

import (
	"time"

	"github.com/paulmach/orb"
)

// A TeamKind is what kind of people a team is.
type TeamKind string

// The kinds of teams.
const (
	CommuneCommand TeamKind = "commune_command" // civil-defence command of a commune or ward
	FirePolice     TeamKind = "fire_police"
	TrafficPolice  TeamKind = "traffic_police"
	RoadCrew       TeamKind = "road_crew"
	Medical        TeamKind = "medical"
	ForestRangers  TeamKind = "forest_rangers"
	BorderGuard    TeamKind = "border_guard"
	OtherTeam      TeamKind = "other"
)

// TeamKinds returns every kind, in the order in which pages show them.
func TeamKinds() []TeamKind {
	return []TeamKind{CommuneCommand, FirePolice, TrafficPolice, RoadCrew, Medical, ForestRangers, BorderGuard, OtherTeam}
}

// A Team is people who can be sent somewhere.
type Team struct {
	ID   string
	Name string
	Kind TeamKind
	// Sectors and Hazards are what it is for; empty is all.
	Sectors []Sector
	Hazards []string
	// Zones are those that it serves; empty is all.
	Zones []string
	// Home is where it stands when it is not out, longitude and latitude, and
	// Zone the zone of that.
	Home orb.Point
	Zone string
	// Phone is how to reach it; empty where nobody has said so.
	Phone string
}

// For reports whether the team is for a hazard, or for one of the sectors.
func (t *Team) For(hazard string, sectors []Sector) bool {
	if len(t.Hazards) == 0 && len(t.Sectors) == 0 {
		return true
	}
	for _, h := range t.Hazards {
		if h == hazard {
			return true
		}
	}
	for _, mine := range t.Sectors {
		for _, s := range sectors {
			if mine == s {
				return true
			}
		}
	}
	return false
}

// Serves reports whether one of the zones is the team's.
func (t *Team) Serves(zones []string) bool {
	if len(t.Zones) == 0 {
		return true
	}
	for _, mine := range t.Zones {
		for _, z := range zones {
			if mine == z {
				return true
			}
		}
	}
	return false
}

// A TeamStage is how far a team is with what it was given. It follows from what
// people said about alerts.
type TeamStage string

// The stages of a team, the least bound first.
const (
	TeamFree       TeamStage = "free"
	TeamAssigned   TeamStage = "assigned"   // was given something, and has not set out
	TeamDispatched TeamStage = "dispatched" // is on its way
	TeamOnScene    TeamStage = "on_scene"   // is there
	TeamContained  TeamStage = "contained"  // is there, and it no longer spreads
)

// A PlaceSource says how it is known where a team is.
type PlaceSource string

// The sources of a team's position.
const (
	FromPhone PlaceSource = "phone" // its phone said so, not long ago
	FromScene PlaceSource = "scene" // it was said to be at an alert
	FromHome  PlaceSource = "home"  // nothing says otherwise
)

// A TeamState is the last that is known of a team.
type TeamState struct {
	Team  *Team
	Stage TeamStage
	// Since is when it came to that stage; zero where it was never sent.
	Since time.Time
	// Alerts are the open ones that it was given, in the order of their ids.
	Alerts []string
	// Position is where it is, as far as is known, and From how that is known.
	Position orb.Point
	From     PlaceSource
	// Located is when its position was last said; zero for its home.
	Located time.Time
	// Accuracy is within how many metres a phone knows its position; 0 is
	// unknown.
	Accuracy float64
}

package citywatch

import (
	"time"

	"github.com/paulmach/orb"
)

// An Incident is alerts that belong together: one event, as far as their
// hazard, their places and their times can tell.
type Incident struct {
	// ID is unique for all time: the hazard and the alert that it began with.
	ID     string `json:"id"`
	Hazard string `json:"hazard"`
	// Level is the highest of its alerts that still need somebody, and Peak
	// the highest that any of them ever had. Once closed, Level is Peak.
	Level Level `json:"level"`
	Peak  Level `json:"peak"`
	Open  bool  `json:"open"`
	// Zones and Sectors are those of its alerts, in the order in which they were reached.
	Zones   []string `json:"zones"`
	Sectors []Sector `json:"sectors"`
	// Position is where the worst of its open alerts is, of the last one where
	// none is open: that is where to look first.
	Position orb.Point `json:"-"`
	// Since is when the first of its conditions began, by the measured times.
	Since time.Time `json:"since"`
	// Updated is when any of its alerts last changed, Closed when the last was
	// closed, by the engine's clock.
	Updated time.Time `json:"updated"`
	Closed  time.Time `json:"closed,omitzero"`
	// Version counts the changes of its alerts.
	Version int `json:"version"`
	// Alerts is how many alerts it has, OpenAlerts how many of them still need
	// somebody.
	Alerts     int `json:"alerts"`
	OpenAlerts int `json:"open_alerts"`
	// Devices is how many devices the alerts are of.
	Devices int `json:"devices"`
}

// An IncidentAlert is what an incident keeps of one of its alerts: that alert
// may be long closed.
type IncidentAlert struct {
	ID        string    `json:"id"`
	Rule      string    `json:"rule"`
	Name      Text      `json:"name"`
	Device    string    `json:"device"`
	Zone      string    `json:"zone"`
	Sector    Sector    `json:"sector"`
	Position  orb.Point `json:"position"`
	Level     Level     `json:"level"`
	Peak      Level     `json:"peak"`
	Condition Condition `json:"condition"`
	Handling  Handling  `json:"handling"`
	HandledBy string    `json:"handled_by,omitempty"`
	Stale     bool      `json:"stale,omitempty"`
	Since     time.Time `json:"since"`
	Updated   time.Time `json:"updated"`
	Version   int       `json:"version"`
	// Last is when its condition was last true; of one that is true, when that
	// was last said.
	Last time.Time `json:"last"`
	Open bool      `json:"open"`
}

// An IncidentEvent is one line of an incident's timeline.
type IncidentEvent struct {
	At     time.Time `json:"at"`
	Alert  string    `json:"alert,omitempty"`
	Reason Reason    `json:"reason"`
	Level  Level     `json:"level,omitempty"`
	Actor  string    `json:"actor,omitempty"`
	// Pressed is as in Transition: At is when it was told.
	Pressed time.Time `json:"pressed,omitzero"`
	Note    string    `json:"note,omitempty"`
	To      string    `json:"to,omitempty"`
}

// ReasonChecked is the reason of an event in a timeline that a person did, or
// undid, something on the checklist. No alert changes by it.
const ReasonChecked Reason = "checked"

// A CheckItem is one thing to be done about an incident, and who has done it.
type CheckItem struct {
	// ID is the same for as long as the text of its rule is.
	ID   string `json:"id"`
	Rule string `json:"rule"`
	Text
	// Draft says that nobody who answers for it has looked through the list that
	// it stands in.
	Draft bool      `json:"draft,omitempty"`
	Done  bool      `json:"done"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at,omitzero"`
	// Version counts the changes of the checklist up to the last of this item;
	// 0 where nobody has touched it.
	Version int `json:"version"`
}

// A Checklist is what is to be done about an incident.
type Checklist struct {
	// Version counts its changes.
	Version int         `json:"version"`
	Items   []CheckItem `json:"items"`
}

// An IncidentFile is all that is known of one incident.
type IncidentFile struct {
	Incident
	// Members are its alerts, the open ones first, then worst first.
	Members   []IncidentAlert
	Checklist Checklist
	// Timeline is in the order in which it happened. Skipped counts the events
	// after the first that are left out of it.
	Timeline []IncidentEvent
	Skipped  int
}

// A Storm is whether so many alerts come that nobody can read them one by one,
// and what there is, folded.
type Storm struct {
	On bool `json:"on"`
	// Since is when the storm began; zero while there is none.
	Since time.Time `json:"since,omitzero"`
	// Recent is how many alerts came within Over seconds, Limit above how many
	// it is a storm.
	Recent int     `json:"recent"`
	Limit  int     `json:"limit"`
	Over   float64 `json:"over"`
	// Open is how many alerts are open: the sum of the rows.
	Open int        `json:"open"`
	Rows []StormRow `json:"rows"`
}

// A StormRow is the open alerts of one commune or river basin.
type StormRow struct {
	// Key is unique among the rows; Kind is "zone", "basin" or, for all that
	// has no row of its own, "rest". ID is the zone's or the basin's.
	Key  string `json:"key"`
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Count is how many alerts are open, Levels how many of each level from 1
	// to 5, New how many of them nobody has seen.
	Count  int           `json:"count"`
	New    int           `json:"new"`
	Level  Level         `json:"level"`
	Levels [MaxLevel]int `json:"levels"`
	// Newest is the alert that came last, At when.
	Newest   string    `json:"newest"`
	At       time.Time `json:"at"`
	Position orb.Point `json:"position"`
	// Sounded is when the row last reached a new highest level: only then is
	// anybody called.
	Sounded time.Time `json:"sounded,omitzero"`
}

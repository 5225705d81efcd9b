package feature

import (
	"time"

	"citywatch"
)

// AlertProperties is what is said of an alert besides its place.
type AlertProperties struct {
	ID        string              `json:"id"`
	Rule      string              `json:"rule"`
	RuleHash  string              `json:"rule_hash"`
	Name      citywatch.Text      `json:"name"`
	Hazard    string              `json:"hazard"`
	Level     citywatch.Level     `json:"level"`
	Condition citywatch.Condition `json:"condition"`
	Handling  citywatch.Handling  `json:"handling"`
	HandledBy string              `json:"handled_by,omitempty"`
	Stale     bool                `json:"stale"`
	// ToVerify and Retrospective are as in citywatch.Alert.
	ToVerify      bool `json:"to_verify,omitempty"`
	Retrospective bool `json:"retrospective,omitempty"`
	// Assigned is the team, Escalation how many steps were taken because
	// nobody had seen it, Promises what is to be done by a time.
	Assigned   string              `json:"assigned,omitempty"`
	Escalation int                 `json:"escalation,omitempty"`
	Promises   []citywatch.Promise `json:"promises,omitempty"`
	// Maintenance is when the device is worked on, of an alert that stands for it.
	Maintenance *citywatch.Maintenance `json:"maintenance,omitempty"`
	// Overlay says why nobody is called.
	citywatch.Overlay
	// Open is false in the last frame of an alert: it needs nobody any more.
	Open     bool                 `json:"open"`
	Zone     string               `json:"zone"`
	Sector   citywatch.Sector     `json:"sector"`
	Device   string               `json:"device"`
	Since    time.Time            `json:"since"`
	Updated  time.Time            `json:"updated"`
	Version  int                  `json:"version"`
	Evidence []citywatch.Evidence `json:"evidence"`
	Incident string               `json:"incident,omitempty"`
	// Exercise says that nothing of it is real.
	Exercise bool `json:"exercise,omitempty"`
}

// Alert returns the Feature of an alert.
func Alert(a *citywatch.Alert) Feature[AlertProperties] {
	evidence := a.Evidence
	if evidence == nil {
		evidence = []citywatch.Evidence{}
	}
	return Feature[AlertProperties]{
		ID: a.ID, Geometry: place(a.Position),
		Properties: AlertProperties{
			ID: a.ID, Rule: a.Rule, RuleHash: a.RuleHash, Name: a.Name, Hazard: a.Hazard,
			Level: a.Level, Condition: a.Condition, Handling: a.Handling, HandledBy: a.HandledBy,
			Stale: a.Stale, ToVerify: a.ToVerify, Retrospective: a.Retrospective,
			Assigned: a.Assigned, Escalation: a.Escalation, Promises: a.Promises, Maintenance: a.Maintenance, Overlay: a.Overlay,
			Open: a.Open(),
			Zone: a.Zone, Sector: a.Sector, Device: a.Device,
			Since: a.Since, Updated: a.Updated, Version: a.Version,
			Evidence: evidence, Incident: a.Incident, Exercise: a.Exercise,
		},
	}
}

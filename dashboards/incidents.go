package dashboards

import (
	"context"
	"fmt"
	"net/http"
	"time"
	"unicode"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"
)

// incidents are the alerts that belong together.
type incidents interface {
	// List returns the open ones, worst first, and after them up to closed of
	// those that were closed last.
	List(closed int) []citywatch.Incident
	File(id string) (citywatch.IncidentFile, bool)
	// Past returns what was at the place of an incident before.
	Past(id string, limit int) []citywatch.Incident
	// Check notes what somebody did on the checklist of an incident. The error
	// is ErrNotFound, or ErrConflict where somebody else was quicker.
	Check(ctx context.Context, id string, c Check) (citywatch.Checklist, error)
}

// IncidentDeps is what is known of incidents and of what is near them.
type IncidentDeps struct {
	Book incidents
	// Storm tells whether so many alerts come that they are folded.
	Storm func(now time.Time) citywatch.Storm
	// Sensors returns the classes of the sensors that matter for a hazard;
	// none says those of the incident's own alerts.
	Sensors func(hazard string) []string
	// Near returns the k nearest devices or cameras that keep takes.
	Near func(kind NearKind, at orb.Point, k int, keep func(id string) bool) []Near
}

// A NearKind is a kind of thing that is near an incident.
type NearKind string

// The kinds of things near an incident.
const (
	NearDevice NearKind = "device"
	NearCamera NearKind = "camera"
)

// A Near is a thing as seen from an incident: Distance in metres, and Bearing,
// the direction in which to set out to it.
type Near struct {
	ID                string
	Distance, Bearing float64
}

// A Check is what somebody did about one item of a checklist, having seen the
// list as it was at Version.
type Check struct {
	Item    string
	Done    bool
	Actor   string
	Version int
	At      time.Time
}

// maxClosed bounds how many closed incidents one answer holds.
const maxClosed = 1000

func (s *site) incidents() (*IncidentDeps, error) {
	if s.deps.Incidents == nil {
		return nil, errNotConfigured("incidents")
	}
	return s.deps.Incidents, nil
}

func (s *site) listIncidents(w http.ResponseWriter, r *http.Request) {
	known, err := s.incidents()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	want, err := filter.Parse(r.URL.Query())
	if err != nil {
		s.fail(w, r, fmt.Errorf("%w: %w", ErrInvalid, err))
		return
	}
	closed, err := number(r, "closed", 0, maxClosed)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	now := s.now()
	list := feature.Collection[feature.IncidentProperties]{Time: now}
	for _, in := range known.Book.List(int(closed)) {
		if passes(&want, &in) {
			list.Features = append(list.Features, feature.Incident(&in, now))
		}
	}
	s.answer(w, r, list)
}

// passes reports whether an incident passes with any of its zones and sectors.
func passes(want *filter.Filter, in *citywatch.Incident) bool {
	zones, sectors := in.Zones, in.Sectors
	if len(zones) == 0 {
		zones = []string{""}
	}
	if len(sectors) == 0 {
		sectors = []citywatch.Sector{""}
	}
	for _, zone := range zones {
		for _, sector := range sectors {
			if want.Alert(&filter.Scope{Zone: zone, Sector: sector, Level: in.Level, Position: in.Position}) {
				return true
			}
		}
	}
	return false
}

// getStorm answers with the open alerts folded, also while there is no storm.
func (s *site) getStorm(w http.ResponseWriter, r *http.Request) {
	known, err := s.incidents()
	if err == nil && known.Storm == nil {
		err = errNotConfigured("storm mode")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	now := s.now()
	s.answer(w, r, struct {
		Time time.Time `json:"time"`
		citywatch.Storm
	}{now, known.Storm(now)})
}

// A checkBody is a check as it is posted.
type checkBody struct {
	Item string `json:"item"`
	// Done may be left out for true.
	Done    *bool  `json:"done"`
	Actor   string `json:"actor"`
	Version *int   `json:"version"`
}

func (b *checkBody) check() error {
	if err := checkText("actor", &b.Actor, maxActor, unicode.IsControl); err != nil {
		return err
	}
	switch {
	case b.Actor == "":
		return fmt.Errorf("%w: actor is missing: who does it?", ErrInvalid)
	case b.Item == "":
		return fmt.Errorf("%w: item is missing: which one of the checklist?", ErrInvalid)
	case b.Version == nil || *b.Version < 0:
		return fmt.Errorf("%w: version is missing: which version of the checklist was seen?", ErrInvalid)
	}
	return nil
}

func (s *site) checkIncident(w http.ResponseWriter, r *http.Request) {
	known, err := s.incidents()
	var body checkBody
	if err == nil {
		err = decode(w, r, &body)
	}
	if err == nil {
		err = body.check()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, err := known.Book.Check(r.Context(), r.PathValue("id"), Check{
		Item: body.Item, Done: body.Done == nil || *body.Done, Actor: body.Actor, Version: *body.Version, At: s.now(),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, list)
}

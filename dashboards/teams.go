package dashboards

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"citywatch"
	"citywatch/dashboards/feature"
)

// teams are those who can be sent out.
type teams interface {
	// States returns how every team is, in the order of their ids. The error is
	// ErrUnavailable while that is not known yet.
	States(now time.Time) ([]citywatch.TeamState, error)
	// ID returns the id of a team that was named by its id or its name; the
	// error is ErrInvalid.
	ID(name string) (string, error)
	// Locate notes where a team is. The error is ErrNotFound or ErrInvalid.
	Locate(team string, p TeamPosition, now time.Time) error
}

// A TeamPosition is where a team's phone says that it is.
type TeamPosition struct {
	Point orb.Point
	// Accuracy is in metres; 0 is unknown.
	Accuracy float64
	At       time.Time
}

// cardTeams is how many free teams a card shows.
const cardTeams = 5

// A nearTeam is a team as seen from an incident.
type nearTeam struct {
	Team feature.Feature[feature.TeamProperties] `json:"team"`
	nearby
	// Serves says whether one of the incident's zones is the team's.
	Serves bool `json:"serves"`
	// Here says that it was given one of the incident's alerts.
	Here bool `json:"here"`
}

func (s *site) teams() (teams, error) {
	if s.deps.Teams == nil {
		return nil, errNotConfigured("teams")
	}
	return s.deps.Teams, nil
}

func (s *site) listTeams(w http.ResponseWriter, r *http.Request) {
	now := s.now()
	known, err := s.teams()
	var states []citywatch.TeamState
	if err == nil {
		states, err = known.States(now)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := feature.Collection[feature.TeamProperties]{Time: now}
	for _, state := range states {
		list.Features = append(list.Features, feature.Team(&state, now))
	}
	s.answer(w, r, list)
}

func (s *site) getTeam(w http.ResponseWriter, r *http.Request) {
	known, err := s.teams()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerTeam(w, r, known)
}

func (s *site) answerTeam(w http.ResponseWriter, r *http.Request, known teams) {
	now := s.now()
	states, err := known.States(now)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, state := range states {
		if state.Team.ID == r.PathValue("id") {
			s.answer(w, r, feature.Team(&state, now))
			return
		}
	}
	s.fail(w, r, fmt.Errorf("%w: no team %q", ErrNotFound, r.PathValue("id")))
}

// A positionBody is where a phone is, as it is posted.
type positionBody struct {
	// Position is longitude and latitude.
	Position *[2]float64 `json:"position"`
	Accuracy float64     `json:"accuracy"`
	// Time may be left out for now.
	Time  time.Time `json:"time"`
	Actor string    `json:"actor"`
}

func (s *site) locateTeam(w http.ResponseWriter, r *http.Request) {
	known, err := s.teams()
	var body positionBody
	if err == nil {
		err = decode(w, r, &body)
	}
	if err == nil {
		err = checkText("actor", &body.Actor, maxActor, unicode.IsControl)
	}
	now := s.now()
	if err == nil {
		switch {
		case body.Actor == "":
			err = fmt.Errorf("%w: actor is missing: whose phone is it?", ErrInvalid)
		case body.Position == nil:
			err = fmt.Errorf("%w: position is missing: [longitude, latitude]", ErrInvalid)
		default:
			err = known.Locate(r.PathValue("id"), TeamPosition{*body.Position, body.Accuracy, orNow(body.Time, now)}, now)
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerTeam(w, r, known)
}

func orNow(at, now time.Time) time.Time {
	if at.IsZero() {
		return now
	}
	return at
}

// toTeam has an action name the team by its id, if it is about one and there is
// a list of them.
func (s *site) toTeam(a *Action) error {
	if s.deps.Teams == nil || a.To == "" {
		return nil
	}
	id, err := s.deps.Teams.ID(a.To)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	a.To = id
	return nil
}

// addTeams adds the nearest teams that are free and for such things, those of the
// place itself first, and those that were given the incident.
func (s *site) addTeams(c *card, f *citywatch.IncidentFile) {
	if s.deps.Teams == nil {
		return
	}
	states, err := s.deps.Teams.States(c.Time)
	if err != nil {
		s.log.Debug("a card is without teams", "err", err)
		return // the card is there all the same; null is not none
	}
	c.Teams, c.TeamsOut = []nearTeam{}, []nearTeam{}
	alerts := make(map[string]bool, len(f.Members))
	for _, m := range f.Members {
		alerts[m.ID] = true
	}
	for _, state := range states {
		near := nearTeam{
			Team: feature.Team(&state, c.Time), Serves: state.Team.Serves(f.Zones),
			Here: slices.ContainsFunc(state.Alerts, func(id string) bool { return alerts[id] }),
		}
		if f.Position != (orb.Point{}) {
			near.nearby = nearby{geo.DistanceHaversine(f.Position, state.Position), bearing(f.Position, state.Position)}
		}
		switch {
		case near.Here:
			c.TeamsOut = append(c.TeamsOut, near)
		case state.Stage == citywatch.TeamFree && state.Team.For(f.Hazard, f.Sectors):
			c.Teams = append(c.Teams, near)
		}
	}
	slices.SortStableFunc(c.Teams, func(a, b nearTeam) int {
		return cmp.Or(boolean(b.own())-boolean(a.own()), cmp.Compare(a.Distance, b.Distance))
	})
	c.Teams = c.Teams[:min(len(c.Teams), cardTeams)]
	slices.SortStableFunc(c.TeamsOut, func(a, b nearTeam) int { return cmp.Compare(a.Distance, b.Distance) })
}

// own reports whether the place is named among the team's: who serves the whole
// province may be at its other end.
func (n *nearTeam) own() bool { return n.Serves && len(n.Team.Properties.Zones) > 0 }

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bearing is the direction from a place to another, from 0 to 360 degrees.
func bearing(from, to orb.Point) float64 {
	b := geo.Bearing(from, to)
	if b < 0 {
		b += 360
	}
	return b
}

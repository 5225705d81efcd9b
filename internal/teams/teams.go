// Package teams knows the teams that can be sent out: which of them are free,
// what the others were given, and where each is, as far as anybody has said.
//
// What a team does follows from what people said about alerts, so it is the same
// after a restart. Where its phone is, is remembered as the last position only,
// in memory, and forgotten with the process: nobody's ways are kept.
package teams

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

// The errors of a Book.
var (
	// ErrUnknown means that there is no such team.
	ErrUnknown = errors.New("no such team")
	// ErrPosition means a position that cannot be one.
	ErrPosition = errors.New("not a position")
)

const (
	// phoneFor is for how long what a phone said of its position counts.
	phoneFor = 15 * time.Minute
	// ahead is how far a phone's clock may be ahead of this machine's.
	ahead = 2 * time.Minute
)

// A Book is safe for concurrent use.
type Book struct {
	teams []citywatch.Team // by id
	index map[string]int   // by id, and by name in small letters

	mu    sync.RWMutex
	tasks map[string]task // by the id of the open alert
	freed map[string]time.Time
	seen  map[string]Position
}

// A task is what a team was given: one alert.
type task struct {
	team  string
	stage citywatch.TeamStage
	since time.Time
	at    orb.Point
}

// A Position is where a phone says that its team is.
type Position struct {
	Point orb.Point
	// Accuracy is in metres; 0 is unknown.
	Accuracy float64
	// At is when it was there.
	At time.Time
}

// New returns a book of teams, all of them free and at home.
func New(teams []citywatch.Team) *Book {
	b := &Book{
		teams: slices.Clone(teams), index: map[string]int{},
		tasks: map[string]task{}, freed: map[string]time.Time{}, seen: map[string]Position{},
	}
	slices.SortFunc(b.teams, func(x, y citywatch.Team) int { return cmp.Compare(x.ID, y.ID) })
	for i := range b.teams {
		b.index[strings.ToLower(b.teams[i].Name)] = i
	}
	for i := range b.teams {
		b.index[b.teams[i].ID] = i
	}
	return b
}

// Len returns how many teams there are.
func (b *Book) Len() int { return len(b.teams) }

// ID returns the id of the team that somebody named by its id or its name. The
// error is ErrUnknown.
func (b *Book) ID(name string) (string, error) {
	name = strings.TrimSpace(name)
	i, ok := b.index[name]
	if !ok {
		i, ok = b.index[strings.ToLower(name)]
	}
	if !ok {
		return "", fmt.Errorf("%w: %q (GET /api/v1/teams lists them)", ErrUnknown, name)
	}
	return b.teams[i].ID, nil
}

// Transition takes in the next change of an alert.
func (b *Book) Transition(t *citywatch.Transition) {
	a := &t.Alert
	b.mu.Lock()
	defer b.mu.Unlock()
	before, had := b.tasks[a.ID]
	if !a.Open() || a.Assigned == "" {
		if had {
			delete(b.tasks, a.ID)
			b.freed[before.team] = t.At
		}
		return
	}
	now := task{team: a.Assigned, stage: stage(a.Handling), since: t.At, at: a.Position}
	if !t.Pressed.IsZero() {
		now.since = t.Pressed
	}
	if had && before.team == now.team {
		// A rise makes the alert new, and calls nobody back.
		if now.stage == citywatch.TeamAssigned {
			now.stage = before.stage
		}
		if now.stage == before.stage {
			now.since = before.since
		}
	} else if had {
		b.freed[before.team] = t.At
	}
	b.tasks[a.ID] = now
}

func stage(h citywatch.Handling) citywatch.TeamStage {
	switch h {
	case citywatch.Dispatched:
		return citywatch.TeamDispatched
	case citywatch.OnScene:
		return citywatch.TeamOnScene
	case citywatch.Contained:
		return citywatch.TeamContained
	}
	return citywatch.TeamAssigned
}

// bound orders stages by how bound they make a team.
func bound(s citywatch.TeamStage) int {
	return slices.Index([]citywatch.TeamStage{
		citywatch.TeamFree, citywatch.TeamAssigned, citywatch.TeamDispatched, citywatch.TeamContained, citywatch.TeamOnScene,
	}, s)
}

// Locate notes where a team's phone is. What is older than what is known changes
// nothing. The errors are ErrUnknown and ErrPosition.
func (b *Book) Locate(team string, p Position, now time.Time) error {
	i, ok := b.index[team]
	if !ok || b.teams[i].ID != team {
		return fmt.Errorf("%w: %q", ErrUnknown, team)
	}
	lon, lat := p.Point.Lon(), p.Point.Lat()
	switch {
	case !(math.Abs(lon) <= 180 && math.Abs(lat) <= 90): // nor what is no number
		return fmt.Errorf("%w: %v, %v (longitude comes first)", ErrPosition, lon, lat)
	case !(p.Accuracy >= 0) || math.IsInf(p.Accuracy, 0):
		return fmt.Errorf("%w: an accuracy of %v metres", ErrPosition, p.Accuracy)
	case p.At.Sub(now) > ahead:
		return fmt.Errorf("%w: its time lies %s ahead: the phone's clock is wrong", ErrPosition, p.At.Sub(now).Round(time.Second))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.At.After(b.seen[team].At) {
		b.seen[team] = p
	}
	return nil
}

// States returns how every team is, in the order of their ids.
func (b *Book) States(now time.Time) []citywatch.TeamState {
	b.mu.RLock()
	defer b.mu.RUnlock()
	states := make([]citywatch.TeamState, len(b.teams))
	scenes := make([]task, len(b.teams))
	for i := range b.teams {
		t := &b.teams[i]
		states[i] = citywatch.TeamState{
			Team: t, Stage: citywatch.TeamFree, Since: b.freed[t.ID], Alerts: []string{}, Position: t.Home, From: citywatch.FromHome,
		}
	}
	for id, t := range b.tasks {
		i, ok := b.index[t.team]
		if !ok || b.teams[i].ID != t.team {
			continue // written before there was a list, or taken off it since
		}
		s := &states[i]
		s.Alerts = append(s.Alerts, id)
		if more := bound(t.stage) - bound(s.Stage); more > 0 || more == 0 && t.since.Before(s.Since) {
			s.Stage, s.Since, scenes[i] = t.stage, t.since, t
		}
	}
	for i := range states {
		s := &states[i]
		slices.Sort(s.Alerts)
		seen := b.seen[s.Team.ID]
		switch there := bound(s.Stage) >= bound(citywatch.TeamContained); {
		case !seen.At.IsZero() && now.Sub(seen.At) <= phoneFor:
			s.Position, s.From, s.Located, s.Accuracy = seen.Point, citywatch.FromPhone, seen.At, seen.Accuracy
		case there && scenes[i].at != (orb.Point{}):
			s.Position, s.From, s.Located = scenes[i].at, citywatch.FromScene, s.Since
		}
	}
	return states
}

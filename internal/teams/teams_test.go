package teams

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

func at(minute int) time.Time { return time.Date(2026, 11, 22, 7, minute, 0, 0, time.UTC) }

func book() *Book {
	return New([]citywatch.Team{
		{ID: "road", Name: "Đội đường bộ", Home: orb.Point{104.1, 22.1}},
		{ID: "fire", Name: "Đội Chữa Cháy", Home: orb.Point{104, 22}},
	})
}

// happens is one transition of alert a at 104.5 22.5.
func happens(b *Book, minute int, alert, team string, h citywatch.Handling) {
	b.Transition(&citywatch.Transition{At: at(minute), Alert: citywatch.Alert{
		ID: alert, Assigned: team, Handling: h, Condition: citywatch.Active, Position: orb.Point{104.5, 22.5},
	}})
}

func is(t *testing.T, b *Book, team string, stage citywatch.TeamStage, since time.Time) citywatch.TeamState {
	t.Helper()
	for _, s := range b.States(at(30)) {
		if s.Team.ID == team {
			if s.Stage != stage || !s.Since.Equal(since) {
				t.Errorf("%s is %s since %v, want %s since %v", team, s.Stage, s.Since, stage, since)
			}
			return s
		}
	}
	t.Fatal("no team", team)
	return citywatch.TeamState{}
}

func TestWhatATeamDoesFollowsFromWhatPeopleSaid(t *testing.T) {
	b := book()
	is(t, b, "fire", citywatch.TeamFree, time.Time{})
	happens(b, 1, "a", "", citywatch.New)
	happens(b, 2, "a", "fire", citywatch.Acknowledged)
	is(t, b, "fire", citywatch.TeamAssigned, at(2))
	happens(b, 3, "a", "fire", citywatch.Dispatched)
	happens(b, 4, "a", "fire", citywatch.Dispatched) // something else about the alert
	if s := is(t, b, "fire", citywatch.TeamDispatched, at(3)); s.From != citywatch.FromHome {
		t.Error("on its way it is at", s.From)
	}
	happens(b, 5, "a", "fire", citywatch.OnScene)
	if s := is(t, b, "fire", citywatch.TeamOnScene, at(5)); s.From != citywatch.FromScene || s.Position != (orb.Point{104.5, 22.5}) || s.Alerts[0] != "a" {
		t.Errorf("%+v", s)
	}
	happens(b, 6, "a", "fire", citywatch.New) // it rose
	is(t, b, "fire", citywatch.TeamOnScene, at(5))
	happens(b, 7, "b", "fire", citywatch.Acknowledged)
	if s := is(t, b, "fire", citywatch.TeamOnScene, at(5)); len(s.Alerts) != 2 {
		t.Error("alerts", s.Alerts)
	}
	happens(b, 8, "a", "fire", citywatch.Closed)
	is(t, b, "fire", citywatch.TeamAssigned, at(7))
	happens(b, 9, "b", "road", citywatch.Dispatched)
	is(t, b, "fire", citywatch.TeamFree, at(9))
	is(t, b, "road", citywatch.TeamDispatched, at(9))
	happens(b, 10, "c", "a team that is not listed", citywatch.Dispatched)
	is(t, b, "fire", citywatch.TeamFree, at(9))
}

// TestAnAnswerFromAValley: a phone without signal says later what was pressed
// when.
func TestAnAnswerFromAValley(t *testing.T) {
	b := book()
	b.Transition(&citywatch.Transition{At: at(20), Pressed: at(8), Alert: citywatch.Alert{
		ID: "a", Assigned: "fire", Handling: citywatch.OnScene, Condition: citywatch.Active,
	}})
	is(t, b, "fire", citywatch.TeamOnScene, at(8))
}

func TestPositions(t *testing.T) {
	b := book()
	for name, p := range map[string]Position{
		"no number":     {Point: orb.Point{math.NaN(), 22}, At: at(1)},
		"swapped":       {Point: orb.Point{22, 104}, At: at(1)},
		"accuracy":      {Point: orb.Point{104, 22}, Accuracy: -1, At: at(1)},
		"in the future": {Point: orb.Point{104, 22}, At: at(20)},
	} {
		if err := b.Locate("fire", p, at(10)); !errors.Is(err, ErrPosition) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Locate("Đội Chữa Cháy", Position{At: at(1)}, at(1)); !errors.Is(err, ErrUnknown) {
		t.Error("by its name:", err)
	}
	for _, p := range []Position{{Point: orb.Point{104.2, 22.2}, Accuracy: 8, At: at(20)}, {Point: orb.Point{104.9, 22.9}, At: at(19)}} {
		if err := b.Locate("fire", p, at(20)); err != nil {
			t.Fatal(err)
		}
	}
	if s := is(t, b, "fire", citywatch.TeamFree, time.Time{}); s.From != citywatch.FromPhone || s.Position != (orb.Point{104.2, 22.2}) || !s.Located.Equal(at(20)) || s.Accuracy != 8 {
		t.Errorf("%+v", s)
	}
	if s := b.States(at(36))[0]; s.Team.ID != "fire" || s.From != citywatch.FromHome || !s.Located.IsZero() {
		t.Errorf("what the phone said 16 minutes ago passes for now: %+v", s)
	}
}

func TestTeamsAreNamed(t *testing.T) {
	b := book()
	for _, name := range []string{"fire", " fire ", "Đội Chữa Cháy", "đội chữa cháy"} {
		if id, err := b.ID(name); id != "fire" || err != nil {
			t.Errorf("%q is %q, %v", name, id, err)
		}
	}
	if _, err := b.ID("fires"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

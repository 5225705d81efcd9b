package dashboards_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/kpi"
	"citywatch/internal/registry"
	"citywatch/internal/teams"
	"citywatch/provinces/laocai"
)

// crewBook says what goes wrong with the province's teams as the site knows it.
type crewBook struct {
	*teams.Book
	reading bool
}

func (b *crewBook) States(now time.Time) ([]citywatch.TeamState, error) {
	if b.reading {
		return nil, dashboards.ErrUnavailable
	}
	return b.Book.States(now), nil
}

func (b *crewBook) ID(name string) (string, error) {
	id, err := b.Book.ID(name)
	if err != nil {
		err = fmt.Errorf("%w: %w", dashboards.ErrInvalid, err)
	}
	return id, err
}

func (b *crewBook) Locate(team string, p dashboards.TeamPosition, now time.Time) error {
	err := b.Book.Locate(team, teams.Position{Point: p.Point, Accuracy: p.Accuracy, At: p.At}, now)
	switch {
	case errors.Is(err, teams.ErrUnknown):
		return fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	case errors.Is(err, teams.ErrPosition):
		return fmt.Errorf("%w: %w", dashboards.ErrInvalid, err)
	}
	return err
}

func (p *province) crewBook(t testing.TB) *crewBook {
	t.Helper()
	src, err := laocai.Files.ReadFile(laocai.TeamsFile)
	if err != nil {
		t.Fatal(err)
	}
	list, _, problems := registry.ParseTeams(src, p.zones, p.zoneAt)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return &crewBook{Book: teams.New(list)}
}

// crews gives the site the province's teams, one of them out, and figures.
func (p *province) crews(t testing.TB) func(*dashboards.Deps) {
	book, board := p.crewBook(t), kpi.New(2)
	now := p.now()
	a := citywatch.Alert{ID: "a", Rule: "river-flood", Level: 2, Condition: citywatch.Active, Handling: citywatch.New}
	board.Transition(&citywatch.Transition{At: now.Add(-30 * time.Minute), Reason: citywatch.ReasonFired, Notice: citywatch.NoticeSound, Alert: a})
	a.Handling, a.Assigned = citywatch.Dispatched, "cc-lao-cai"
	dispatched := citywatch.Transition{At: now.Add(-20 * time.Minute), Reason: citywatch.ReasonDispatched, Actor: "lan", Alert: a}
	board.Transition(&dispatched)
	book.Transition(&dispatched)
	a.Handling = citywatch.FalseAlarm
	board.Transition(&citywatch.Transition{At: now.Add(-10 * time.Minute), Reason: citywatch.ReasonFalseAlarm, Actor: "lan", Alert: a})
	return func(d *dashboards.Deps) {
		d.Teams = book
		d.KPIs = func(from, to time.Time) (citywatch.KPIs, error) { return board.Figures(from, to), nil }
	}
}

// teamsOf returns the ids of a card's free teams and of those that were sent.
func teamsOf(t *testing.T, body []byte) (free, out []string) {
	t.Helper()
	var card struct {
		Teams, TeamsOut []struct {
			Team struct{ ID string }
		}
		TeamsOutRaw json.RawMessage `json:"teams_out"`
	}
	if err := json.Unmarshal(body, &card); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(card.TeamsOutRaw, &card.TeamsOut); err != nil {
		t.Fatal(err)
	}
	for _, n := range card.Teams {
		free = append(free, n.Team.ID)
	}
	for _, n := range card.TeamsOut {
		out = append(out, n.Team.ID)
	}
	return free, out
}

func TestACardNamesWhoCanGo(t *testing.T) {
	p := newProvince(t)
	p.storm()
	book := p.crewBook(t)
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Teams = book }))
	alerts, _ := p.Alerts()
	flood := alerts[0]
	for _, a := range alerts {
		if a.Hazard == "river-flood" {
			flood = a
		}
	}
	path := "/api/v1/incidents/" + strings.ReplaceAll(flood.Incident, "/", "%2F")
	_, body := s.get(t, path)
	free, out := teamsOf(t, body)
	if len(free) == 0 || len(free) > 5 || len(out) != 0 {
		t.Fatalf("free %v, out %v: %s", free, out, body)
	}
	gone := flood
	gone.Assigned, gone.Handling = free[0], citywatch.Dispatched
	book.Transition(&citywatch.Transition{At: p.now(), Alert: gone})
	_, body = s.get(t, path)
	after, out := teamsOf(t, body)
	if len(out) != 1 || out[0] != free[0] || after[0] == free[0] {
		t.Errorf("sent out %s, and then there are %v free and %v out", free[0], after, out)
	}
	book.reading = true
	if _, body = s.get(t, path); !strings.Contains(string(body), `"teams":null`) {
		t.Error("what is not known yet is said to be nobody")
	}
	if resp, _ := s.get(t, "/api/v1/teams"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Error(resp.Status)
	}
}

func TestOnlyTeamsAreSent(t *testing.T) {
	p := newProvince(t)
	p.storm()
	book := p.crewBook(t)
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Teams = book }))
	alerts, _ := p.Alerts()
	path := "/api/v1/alerts/" + strings.ReplaceAll(alerts[0].ID, "/", "%2F") + "/dispatch"
	send := func(to string) (int, string) {
		resp, body := s.do(t, "POST", path, fmt.Sprintf(`{"actor": "Lan", "version": %d, "to": %q}`, alerts[0].Version, to), "Content-Type", "application/json")
		return resp.StatusCode, string(body)
	}
	if status, body := send("cc-lao-kai"); status != http.StatusBadRequest || !strings.Contains(body, "no such team") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := send("đội chữa cháy và CNCH Lào Cai (mô phỏng)"); status == http.StatusBadRequest {
		t.Errorf("%d %s", status, body)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.done) == 0 || p.done[len(p.done)-1].To != "cc-lao-cai" {
		t.Errorf("done: %+v", p.done)
	}
}

func TestATeamSaysWhereItIs(t *testing.T) {
	p := newProvince(t)
	book := p.crewBook(t)
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Teams = book }))
	const path = "/api/v1/teams/cc-lao-cai/position"
	for body, want := range map[string]int{
		`{"actor": "An", "position": [103.98, 22.48], "accuracy": 12}`: 200,
		`{"position": [103.98, 22.48]}`:                                400,
		`{"actor": "An"}`:                                              400,
		`{"actor": "An", "position": [22.48, 103.98]}`:                 400,
	} {
		if resp, answer := s.do(t, "POST", path, body, "Content-Type", "application/json"); resp.StatusCode != want {
			t.Errorf("%s: %s %s", body, resp.Status, answer)
		}
	}
	if resp, _ := s.do(t, "POST", "/api/v1/teams/nobody/position", `{"actor": "An", "position": [103.98, 22.48]}`, "Content-Type", "application/json"); resp.StatusCode != 404 {
		t.Error(resp.Status)
	}
	_, body := s.get(t, "/api/v1/teams/cc-lao-cai")
	for _, want := range []string{`"coordinates":[103.98,22.48]`, `"position_from":"phone"`, `"accuracy":12`, `"age":`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
}

func TestKPIsAreBounded(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t, p.crews(t)))
	for over, want := range map[string]int{"": 200, "?over=8h": 200, "?over=1s": 400, "?over=9000h": 400, "?over=day": 400} {
		if resp, body := s.get(t, "/api/v1/kpis"+over); resp.StatusCode != want {
			t.Errorf("%s: %s %s", over, resp.Status, body)
		}
	}
}

package dashboards_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
)

// A historian answers as it is told to.
type historian struct {
	asked  dashboards.ReplayRequest
	answer *citywatch.Replay
	err    error
	// Where ended is set a question is never answered: ended is closed when it is
	// given up, began when it has come.
	began, ended chan struct{}
}

func (h *historian) Replay(ctx context.Context, q dashboards.ReplayRequest) (*citywatch.Replay, error) {
	h.asked = q
	if h.ended != nil {
		close(h.began)
		<-ctx.Done()
		close(h.ended)
		return nil, ctx.Err()
	}
	return h.answer, h.err
}

// told is a replay with all there may be in one.
func told() *citywatch.Replay {
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	name := citywatch.Text{VI: "Lũ", EN: "Flood"}
	counts := &citywatch.ReplayCounts{Alerts: 1, Levels: map[citywatch.Level]int{2: 1}, Sound: 2, Hours: 1.5}
	alert := &citywatch.ReplayAlert{ID: "flood~a", Raised: at, Ended: at.Add(time.Hour), Level: 2, Hours: 1, Retrospective: true}
	return &citywatch.Replay{
		From: at, To: at.Add(24 * time.Hour), Begins: at, History: "journal", RulesHash: "a1", OtherHash: "b2", Readings: 10, Seconds: 0.1,
		Rules: []citywatch.ReplayRule{{Rule: "flood", Name: name, Counts: counts, Other: counts}},
		Timeline: []citywatch.ReplayEvent{{
			Time: at, Alert: "flood~a", Rule: "flood", Name: name, Of: "a", Zone: "bac-ha", Level: 2,
			Reason: citywatch.ReasonFired, Notice: citywatch.NoticeSound, Why: "level = 82 ≥ 80",
		}},
		Diff: &citywatch.ReplayDiff{Same: 1, Differences: []citywatch.ReplayDifference{
			{Change: citywatch.ReplayHigher, Rule: "flood", Name: name, Of: "a", Zone: "bac-ha", Before: alert, After: alert},
		}},
		Notes: []citywatch.Text{name},
	}
}

const aDay = `"from": "2026-07-01T00:00:00Z", "to": "2026-07-02T00:00:00Z"`

func TestReplayIsAnsweredAsDescribed(t *testing.T) {
	h := &historian{answer: told()}
	s := serve(t, newProvince(t).site(t, func(d *dashboards.Deps) { d.Replays = h }))
	resp, body := s.do(t, http.MethodPost, "/api/v1/rules/replay", `{`+aDay+`, "rules": "rules: []", "diff": "x", "history": "store", "seen": "0s"}`, "Content-Type", "application/json")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	d := readDescription(t)
	for _, fault := range d.faults(schema{Ref: "#/components/schemas/Replay"}, answer, "replay") {
		t.Error(fault)
	}
	q := h.asked
	if q.Rules != "rules: []" || q.Diff != "x" || q.History != "store" || q.Seen != 0 || q.To.Sub(q.From) != 24*time.Hour || q.Events == 0 {
		t.Errorf("asked %+v", q)
	}
}

func TestReplaysThatAreRefused(t *testing.T) {
	h := &historian{}
	s := serve(t, newProvince(t).site(t, func(d *dashboards.Deps) { d.Replays = h }))
	post := func(body string) (int, string, http.Header) {
		t.Helper()
		resp, answer := s.do(t, http.MethodPost, "/api/v1/rules/replay", body, "Content-Type", "application/json")
		return resp.StatusCode, string(answer), resp.Header
	}
	for body, want := range map[string]int{
		`{"from": "2026-07-02T00:00:00Z", "to": "2026-07-01T00:00:00Z"}`: http.StatusBadRequest,
		`{"from": "2026-07-02T00:00:00Z", "to": "2036-07-01T00:00:00Z"}`: http.StatusBadRequest,
		`{"from": "2026-07-02T00:00:00Z"}`:                               http.StatusBadRequest,
		`{` + aDay + `, "seen": "soon"}`:                                 http.StatusBadRequest,
		`{` + aDay + `, "speed": 3}`:                                     http.StatusBadRequest,
		`{` + aDay + `, "rules": "` + strings.Repeat("x", 2<<20) + `"}`:  http.StatusRequestEntityTooLarge,
	} {
		if got, answer, _ := post(body); got != want {
			t.Errorf("%.80s: %d, not %d: %s", body, got, want, answer)
		}
	}
	h.err = fmt.Errorf("%w: another replay is under way", dashboards.ErrBusy)
	if got, _, header := post(`{` + aDay + `}`); got != http.StatusTooManyRequests || header.Get("Retry-After") == "" {
		t.Errorf("busy: %d, %v", got, header)
	}
	h.err = fmt.Errorf("replay: %w", dashboards.RuleFaults{{File: "diff", Line: 5, Column: 21, Message: "unknown class", Hint: "gauge"}})
	got, answer, _ := post(`{` + aDay + `}`)
	if got != http.StatusUnprocessableEntity || !strings.Contains(answer, `"problems":[{"file":"diff","line":5,"column":21,"message":"unknown class","hint":"gauge"}]`) {
		t.Errorf("%d %s", got, answer)
	}
	without := serve(t, newProvince(t).site(t))
	if resp, _ := without.do(t, http.MethodPost, "/api/v1/rules/replay", `{`+aDay+`}`, "Content-Type", "application/json"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without: %s", resp.Status)
	}
}

// Whoever goes away ends the replay.
func TestReplayEndsWithTheConnection(t *testing.T) {
	h := &historian{began: make(chan struct{}), ended: make(chan struct{})}
	s := serve(t, newProvince(t).site(t, func(d *dashboards.Deps) { d.Replays = h }))
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api/v1/rules/replay", strings.NewReader(`{`+aDay+`}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	go func() {
		<-h.began
		cancel()
	}()
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("it was answered")
	}
	select {
	case <-h.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
}

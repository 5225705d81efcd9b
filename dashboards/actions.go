package dashboards

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/internal/once"
)

// An Action is what somebody does about an alert, or about a device.
type Action struct {
	// Do is what is done, as the path says it. About alerts: acknowledge,
	// assign, dispatch, on_scene, contained, close, false_alarm, note, shelve,
	// unshelve or reset. About devices: out_of_service or back_in_service.
	Do string
	// Alert or Device is what it is done about; the other is empty.
	Alert, Device string
	// Actor is who does it, having seen the alert as it was at Version.
	Actor   string
	Version int
	// Note says why, To is a team, From and Until are times: which of them it
	// takes tells what is done.
	Note, To    string
	From, Until time.Time
	// Pressed is when it was done, where that is told later; Request is the key
	// under which it is told.
	Pressed time.Time
	Request string
}

// alertActions are what can be done about an alert.
func alertActions() []string {
	return []string{
		"acknowledge", "assign", "dispatch", "on_scene", "contained", "close", "false_alarm",
		"note", "shelve", "unshelve", "reset",
	}
}

// An actionBody is an action as it is posted.
type actionBody struct {
	Actor   string    `json:"actor"`
	Version int       `json:"version"`
	Note    string    `json:"note"`
	To      string    `json:"to"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	// Pressed is when it was done, by a phone that had no signal then.
	Pressed time.Time `json:"pressed"`
}

// The bounds of what people write, in characters.
const (
	maxActor = 100
	maxNote  = 2000
)

// checkText trims what a person wrote and refuses what cannot be shown.
func checkText(name string, text *string, most int, control func(rune) bool) error {
	*text = strings.TrimSpace(*text)
	switch {
	case utf8.RuneCountInString(*text) > most:
		return fmt.Errorf("%w: %s is longer than %d characters", ErrInvalid, name, most)
	case strings.ContainsFunc(*text, control):
		return fmt.Errorf("%w: %s has a control character", ErrInvalid, name)
	}
	return nil
}

func (b *actionBody) check() error {
	notNewline := func(r rune) bool { return unicode.IsControl(r) && r != '\n' }
	if err := checkText("actor", &b.Actor, maxActor, unicode.IsControl); err != nil {
		return err
	}
	if err := checkText("to", &b.To, maxActor, unicode.IsControl); err != nil {
		return err
	}
	if err := checkText("note", &b.Note, maxNote, notNewline); err != nil {
		return err
	}
	if b.Actor == "" {
		return fmt.Errorf("%w: actor is missing: who does it?", ErrInvalid)
	}
	return nil
}

// checkPressed takes the time at which something was done. What is so old that
// nobody would know it again if it came twice is not taken any more.
func (b *actionBody) checkPressed(now time.Time) error {
	if b.Pressed.IsZero() {
		return nil
	}
	if b.Pressed.After(now) {
		b.Pressed = now // a phone whose clock is ahead
	}
	if now.Sub(b.Pressed) > once.Keep {
		return fmt.Errorf("%w: pressed is %s: that is too long ago to be told now", ErrInvalid, b.Pressed.Format(time.RFC3339))
	}
	return nil
}

// actOnAlert has somebody do something about the alert that the path names.
func (s *site) actOnAlert(w http.ResponseWriter, r *http.Request) {
	a := Action{Do: r.PathValue("action"), Alert: r.PathValue("id")}
	if known := alertActions(); !slices.Contains(known, a.Do) {
		s.fail(w, r, fmt.Errorf("%w: there is no action %q, only %s", ErrNotFound, a.Do, strings.Join(known, ", ")))
		return
	}
	s.act(w, r, a)
}

// actOnDevice has somebody take a device out of service, or bring it back.
func (s *site) actOnDevice(do string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.act(w, r, Action{Do: do, Device: r.PathValue("id")})
	}
}

// act carries out what is posted, and answers with the alert after it.
func (s *site) act(w http.ResponseWriter, r *http.Request, a Action) {
	var body actionBody
	err := decode(w, r, &body)
	if err == nil {
		err = body.check()
	}
	if err == nil && a.Alert != "" && a.Do != "note" && body.Version < 1 {
		err = fmt.Errorf("%w: version is missing: which version of the alert was seen?", ErrInvalid)
	}
	told := body.Pressed
	if err == nil {
		err = body.checkPressed(s.now())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	a.Actor, a.Version, a.Note, a.To = body.Actor, body.Version, body.Note, body.To
	a.From, a.Until = body.From, body.Until
	what := a
	what.Pressed = told // as it was sent: the same request is the same whenever it comes
	s.once(w, r, singleRequest{
		what: what,
		do: func(ctx context.Context, key string) (any, error) {
			if err := s.toTeam(&a); err != nil {
				return nil, err
			}
			a.Pressed, a.Request = body.Pressed, key
			after, err := s.deps.Alerts.Do(ctx, a)
			return feature.Alert(&after), err
		},
		done: func(_ context.Context, after citywatch.Alert) (any, error) { return feature.Alert(&after), nil },
	})
}

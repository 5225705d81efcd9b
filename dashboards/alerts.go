package dashboards

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"
)

func (s *site) listAlerts(w http.ResponseWriter, r *http.Request) {
	want, err := filter.Parse(r.URL.Query())
	if err != nil {
		s.fail(w, r, fmt.Errorf("%w: %w", ErrInvalid, err))
		return
	}
	if state := r.URL.Query().Get("state"); state != "" && state != "open" {
		s.fail(w, r, fmt.Errorf("%w: state %q; only open alerts can be listed", ErrInvalid, state))
		return
	}
	now := s.now()
	open, _ := s.deps.Picture.Alerts()
	slices.SortFunc(open, worstFirst)
	list := feature.Collection[feature.AlertProperties]{Time: now}
	for i := range open {
		if scope := filter.OfAlert(&open[i]); want.Alert(&scope) {
			list.Features = append(list.Features, feature.Alert(&open[i]))
		}
	}
	s.answer(w, r, list)
}

// worstFirst orders alerts as people want to read them.
func worstFirst(a, b citywatch.Alert) int {
	return cmp.Or(cmp.Compare(b.Level, a.Level), b.Since.Compare(a.Since), strings.Compare(a.ID, b.ID))
}

func (s *site) getAlert(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	a, ok := s.deps.Picture.Alert(id)
	if !ok {
		s.fail(w, r, fmt.Errorf("%w: no alert %q is open", ErrNotFound, id))
		return
	}
	s.answer(w, r, feature.Alert(&a))
}

// An action is what somebody does about an alert, having seen it as it was at
// a version.
type action struct {
	Actor   string `json:"actor"`
	Version int    `json:"version"`
}

// maxActor bounds a name, in characters.
const maxActor = 100

func (a *action) check() error {
	a.Actor = strings.TrimSpace(a.Actor)
	switch {
	case a.Actor == "":
		return fmt.Errorf("%w: actor is missing: who does it?", ErrInvalid)
	case utf8.RuneCountInString(a.Actor) > maxActor:
		return fmt.Errorf("%w: actor is longer than %d characters", ErrInvalid, maxActor)
	case strings.ContainsFunc(a.Actor, unicode.IsControl):
		return fmt.Errorf("%w: actor has a control character", ErrInvalid)
	case a.Version < 1:
		return fmt.Errorf("%w: version is missing: which version of the alert was seen?", ErrInvalid)
	}
	return nil
}

func (s *site) acknowledge(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, s.deps.Alerts.Acknowledge)
}

func (s *site) reset(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, s.deps.Alerts.Reset)
}

// act has somebody do something about the alert that the path names, and
// answers with the alert after it.
func (s *site) act(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, id string, version int, actor string) (citywatch.Alert, error)) {
	var a action
	err := decode(w, r, &a)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	after, err := do(r.Context(), r.PathValue("id"), a.Version, a.Actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, feature.Alert(&after))
}

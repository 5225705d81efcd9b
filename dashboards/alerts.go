package dashboards

import (
	"cmp"
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
		s.fail(w, r, fmt.Errorf("%w: %v", ErrInvalid, err))
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

// An acknowledgement says who has seen an alert, as it was at which version.
type acknowledgement struct {
	Actor   string `json:"actor"`
	Version int    `json:"version"`
}

// maxActor bounds a name, in characters.
const maxActor = 100

func (a *acknowledgement) check() error {
	a.Actor = strings.TrimSpace(a.Actor)
	switch {
	case a.Actor == "":
		return fmt.Errorf("%w: actor is missing: who has seen it?", ErrInvalid)
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
	var ack acknowledgement
	err := decode(w, r, &ack)
	if err == nil {
		err = ack.check()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	a, err := s.deps.Alerts.Acknowledge(r.Context(), r.PathValue("id"), ack.Version, ack.Actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, feature.Alert(&a))
}

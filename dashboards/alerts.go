package dashboards

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

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

package dashboards

import (
	"fmt"
	"net/http"
	"time"

	"citywatch"
)

// kpiSpan is how far back figures go by default, kpiMost at most.
const (
	kpiSpan = 24 * time.Hour
	kpiMost = 31 * 24 * time.Hour
)

func (s *site) getKPIs(w http.ResponseWriter, r *http.Request) {
	if s.deps.KPIs == nil {
		s.fail(w, r, errNotConfigured("figures"))
		return
	}
	over := kpiSpan
	if text := r.URL.Query().Get("over"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Minute || d > kpiMost {
			s.fail(w, r, fmt.Errorf("%w: over %q is not a time of 1m to 744h, as in 24h", ErrInvalid, text))
			return
		}
		over = d
	}
	now := s.now()
	figures, err := s.deps.KPIs(now.Add(-over), now)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, struct {
		Time time.Time `json:"time"`
		citywatch.KPIs
	}{now, figures})
}

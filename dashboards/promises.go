package dashboards

import (
	"fmt"
	"net/http"
	"time"
	"unicode"

	"citywatch"
)

// promises are what people said would be done by a time.
type promises interface {
	// Promises returns those that nobody has said to be kept, what is due first.
	// The error is ErrUnavailable while the alerts are still being read.
	Promises() ([]citywatch.OpenPromise, error)
	// Keep notes that somebody said that one was kept. The error is ErrNotFound.
	Keep(id, by string) error
}

// An openPromise is one as it is told: Overdue is how many seconds ago it was
// due, and negative before that.
type openPromise struct {
	citywatch.OpenPromise
	Overdue float64 `json:"overdue"`
}

func (s *site) promises() (promises, error) {
	if s.deps.Promises == nil {
		return nil, errNotConfigured("handovers")
	}
	return s.deps.Promises, nil
}

func (s *site) listPromises(w http.ResponseWriter, r *http.Request) {
	known, err := s.promises()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerPromises(w, r, known)
}

func (s *site) answerPromises(w http.ResponseWriter, r *http.Request, known promises) {
	all, err := known.Promises()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	now := s.now()
	list := struct {
		Time time.Time `json:"time"`
		// Due is how many are due now.
		Due      int           `json:"due"`
		Promises []openPromise `json:"promises"`
	}{Time: now, Promises: []openPromise{}}
	for _, p := range all {
		overdue := 0.0
		if !p.Due.IsZero() {
			overdue = now.Sub(p.Due).Seconds()
		}
		if !p.Due.IsZero() && overdue >= 0 {
			list.Due++
		}
		list.Promises = append(list.Promises, openPromise{p, overdue})
	}
	s.answer(w, r, list)
}

func (s *site) keepPromise(w http.ResponseWriter, r *http.Request) {
	known, err := s.promises()
	var body struct {
		Actor string `json:"actor"`
	}
	if err == nil {
		err = decode(w, r, &body)
	}
	if err == nil {
		err = checkText("actor", &body.Actor, maxActor, unicode.IsControl)
	}
	if err == nil && body.Actor == "" {
		err = fmt.Errorf("%w: actor is missing: who says that it is kept?", ErrInvalid)
	}
	if err == nil {
		err = known.Keep(r.PathValue("id"), body.Actor)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerPromises(w, r, known)
}

package dashboards

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"citywatch"
)

type deadLetterList struct {
	Time        time.Time    `json:"time"`
	DeadLetters []deadLetter `json:"dead_letters"`
}

// A deadLetter shows the message as text too, where it is text.
type deadLetter struct {
	citywatch.DeadLetter
	Text string `json:"text,omitempty"`
}

func (s *site) listDeadLetters(w http.ResponseWriter, r *http.Request) {
	from, err := number(r, "from", 0, math.MaxUint64)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	letters, err := s.deps.DeadLetters.DeadLetters(r.Context(), from, int(limit))
	if err != nil {
		s.fail(w, r, fmt.Errorf("list dead letters: %w", err))
		return
	}
	list := deadLetterList{Time: s.now(), DeadLetters: []deadLetter{}}
	for _, l := range letters {
		out := deadLetter{DeadLetter: l}
		if utf8.Valid(l.Payload) {
			out.Text = string(l.Payload)
		}
		list.DeadLetters = append(list.DeadLetters, out)
	}
	s.answer(w, r, list)
}

func (s *site) replayDeadLetter(w http.ResponseWriter, r *http.Request) {
	seq, err := letterNumber(r)
	if err == nil {
		err = s.deps.DeadLetters.Replay(r.Context(), seq)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *site) deleteDeadLetter(w http.ResponseWriter, r *http.Request) {
	seq, err := letterNumber(r)
	if err == nil {
		err = s.deps.DeadLetters.Delete(r.Context(), seq)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func letterNumber(r *http.Request) (uint64, error) {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: no dead letter %q", ErrNotFound, r.PathValue("seq"))
	}
	return seq, nil
}

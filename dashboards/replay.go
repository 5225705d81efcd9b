package dashboards

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"citywatch"
)

// A ReplayRequest asks what rules would have done in the past.
type ReplayRequest struct {
	From, To time.Time
	// Rules and Diff are files of rules as text: the rules in force where Rules
	// is empty, no others where Diff is.
	Rules, Diff string
	// History is "journal" or "store"; empty is the journal as far as it goes
	// back.
	History string
	// Seen is after how long somebody acknowledges each alert; 0 is nobody.
	Seen time.Duration
	// Events and Differences bound the answer's lists.
	Events, Differences int
}

// replays runs rules over what is stored.
type replays interface {
	// Replay answers one question at a time: ErrBusy while it does. Rules that
	// are wrong are *RuleFaults.
	Replay(ctx context.Context, q ReplayRequest) (*citywatch.Replay, error)
}

// RuleFaults are what is wrong with rules that somebody sent. It is ErrRefused.
type RuleFaults []RuleFault

// A RuleFault is one thing to mend.
type RuleFault struct {
	// File is where it stands: "rules" or "diff" of the request.
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error has a line for each fault.
func (f RuleFaults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", one.File, one.Line, one.Column, one.Message)
		if one.Hint != "" {
			lines[i] += " (" + one.Hint + ")"
		}
	}
	return strings.Join(lines, "\n")
}

// Is reports whether target is ErrRefused.
func (f RuleFaults) Is(target error) bool { return target == ErrRefused }

const (
	// maxReplayBody bounds a request: a set of rules is some 50 kB.
	maxReplayBody = 2 << 20
	// maxReplaySpan and replayTimeout bound how much is read for one answer.
	maxReplaySpan = 366 * 24 * time.Hour
	replayTimeout = 5 * time.Minute
	// maxReplayEvents and maxReplayDifferences bound the answer.
	maxReplayEvents      = 5000
	maxReplayDifferences = 2000
	// defaultSeen is how soon somebody sees an alert where nobody says.
	defaultSeen = time.Minute
	// maxSeen keeps a slip of the finger from meaning nobody.
	maxSeen = 30 * 24 * time.Hour
)

func (s *site) replayRules(w http.ResponseWriter, r *http.Request) {
	if s.deps.Replays == nil {
		given(nil)(w, r)
		return
	}
	q, err := replayRequest(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), replayTimeout)
	defer cancel()
	answer, err := s.deps.Replays.Replay(ctx, q)
	switch {
	case err == nil:
		s.answer(w, r, answer)
	case errors.Is(err, context.DeadlineExceeded):
		s.fail(w, r, fmt.Errorf("%w: it takes more than %v: choose a shorter time, or use `citywatch rules replay`", ErrInvalid, replayTimeout))
	default:
		s.fail(w, r, err)
	}
}

func replayRequest(w http.ResponseWriter, r *http.Request) (q ReplayRequest, err error) {
	var body struct {
		From    time.Time `json:"from"`
		To      time.Time `json:"to"`
		Rules   string    `json:"rules"`
		Diff    string    `json:"diff"`
		History string    `json:"history"`
		Seen    string    `json:"seen"`
	}
	if err := decodeUpTo(maxReplayBody, w, r, &body); err != nil {
		return q, err
	}
	q = ReplayRequest{
		From: body.From, To: body.To, Rules: body.Rules, Diff: body.Diff, History: body.History,
		Seen: defaultSeen, Events: maxReplayEvents, Differences: maxReplayDifferences,
	}
	if body.Seen != "" {
		if q.Seen, err = time.ParseDuration(body.Seen); err != nil || q.Seen < 0 || q.Seen > maxSeen {
			return q, fmt.Errorf("%w: seen %q is not a duration of 0s to 720h, such as 1m", ErrInvalid, body.Seen)
		}
	}
	if span := q.To.Sub(q.From); q.From.IsZero() || q.To.IsZero() || span <= 0 || span > maxReplaySpan {
		return q, fmt.Errorf("%w: from must lie before to, and at most a year", ErrInvalid)
	}
	return q, nil
}

package dashboards

import (
	"context"
	"errors"
	"net/http"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/problem"
)

// What the things that New is given may answer with. Any other error is shown
// as an internal one, without its text.
var (
	// ErrNotFound: there is no such alert, device, value or dead letter.
	ErrNotFound = errors.New("not found")
	// ErrConflict: it has changed since whoever asks has seen it.
	ErrConflict = errors.New("changed in the meantime")
	// ErrStillTrue: what raised the alert is still so.
	ErrStillTrue = errors.New("not over")
	// ErrNotLatched: the alert does not wait to be reset.
	ErrNotLatched = errors.New("nothing to reset")
	// ErrSigned: a handover that is signed stays as it is.
	ErrSigned = errors.New("signed")
	// ErrInvalid: the request itself is wrong; asking again does not help.
	ErrInvalid = errors.New("invalid request")
	// ErrRefused: what was given to be read is wrong. The text says what.
	ErrRefused = errors.New("refused")
	// ErrForbidden: it is for somebody else to do.
	ErrForbidden = errors.New("not yours to do")
	// ErrBusy: it does that for somebody else; asking again later may help.
	ErrBusy = errors.New("busy")
	// ErrUnavailable: a part is down; asking again later may help.
	ErrUnavailable = errors.New("not available now")
)

// A Conflict is an ErrConflict that says who was quicker, and how the alert is
// now.
type Conflict struct {
	// By is empty where it was the engine, for what was measured.
	By    string
	Alert citywatch.Alert
	// Err says it in words.
	Err error
}

// Error says who was quicker.
func (c *Conflict) Error() string { return c.Err.Error() }

// Is reports whether target is ErrConflict.
func (c *Conflict) Is(target error) bool { return target == ErrConflict }

// statusOf is the one table from an error to its status. Below 500 the error's
// text is for whoever asked.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrConflict), errors.Is(err, ErrStillTrue), errors.Is(err, ErrNotLatched), errors.Is(err, ErrSigned):
		return http.StatusConflict
	case errors.Is(err, ErrForbidden):
		return http.StatusForbidden
	case errors.Is(err, ErrInvalid):
		return http.StatusBadRequest
	case errors.Is(err, ErrRefused):
		return http.StatusUnprocessableEntity
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrBusy):
		return http.StatusTooManyRequests
	case errors.Is(err, ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// codeOf names the kind of problem where more is known of it than its status;
// empty where not.
func codeOf(err error) string {
	var conflict *Conflict
	switch {
	case errors.As(err, &conflict) && conflict.By == "":
		return "risen"
	case errors.As(err, &conflict):
		return "quicker"
	case errors.Is(err, ErrStillTrue):
		return "still_true"
	case errors.Is(err, ErrNotLatched):
		return "not_latched"
	case errors.Is(err, ErrSigned):
		return "signed"
	}
	return ""
}

// fail answers with the problem that err is.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is left to be answered
	}
	status := statusOf(err)
	detail := err.Error()
	if status >= http.StatusInternalServerError {
		s.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", status, "err", err)
		if status == http.StatusInternalServerError {
			detail = "see the log"
		}
	}
	details := problem.Details{Status: status, Code: codeOf(err), Detail: detail}
	var faults RuleFaults
	if errors.As(err, &faults) {
		details.Problems = faults
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "10")
	}
	var conflict *Conflict
	if errors.As(err, &conflict) {
		details.By, details.Alert = conflict.By, feature.Alert(&conflict.Alert)
	}
	problem.WriteDetails(w, r, details)
}

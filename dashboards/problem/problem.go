// Package problem answers HTTP requests that fail with RFC 9457 problem
// details.
package problem

import (
	"encoding/json"
	"net/http"
)

// Details is one problem, as RFC 9457 names its members.
type Details struct {
	// Type is always about:blank and so left out: the status and the title
	// say what there is to say.
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Code is a member of our own: one word for each kind of problem, by which
	// a page says it in its reader's language. Left empty it is that of Status.
	Code string `json:"code"`
	// Detail says what was wrong with this very request, and how to mend it.
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	// By and Alert are members of our own, where somebody else was quicker:
	// who, and how the alert is now.
	By    string `json:"by,omitempty"`
	Alert any    `json:"alert,omitempty"`
	// Problems is a member of our own, where a text was refused: what is wrong
	// in which line.
	Problems any `json:"problems,omitempty"`
}

// Write answers the request with the status and its standard title. The detail
// is shown to whoever asked: it must hold no secret.
func Write(w http.ResponseWriter, r *http.Request, status int, detail string) {
	WriteDetails(w, r, Details{Status: status, Detail: detail})
}

// WriteDetails answers the request with a problem whose title and instance need
// not be set. It too is shown to whoever asked.
func WriteDetails(w http.ResponseWriter, r *http.Request, d Details) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	w.WriteHeader(d.Status)
	if d.Code == "" {
		d.Code = codeOf(d.Status)
	}
	// An error here means that nobody is left to read it.
	d.Title, d.Instance = http.StatusText(d.Status), r.URL.Path
	_ = json.NewEncoder(w).Encode(d)
}

// codeOf is the code of a problem of which no more is known than its status.
func codeOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusConflict:
		return "conflict"
	case http.StatusForbidden, http.StatusUnauthorized:
		return "forbidden"
	case http.StatusMethodNotAllowed:
		return "method"
	case http.StatusUnprocessableEntity:
		return "refused"
	case http.StatusRequestEntityTooLarge:
		return "too_large"
	case http.StatusTooManyRequests:
		return "busy"
	case http.StatusServiceUnavailable, http.StatusBadGateway:
		return "unavailable"
	case http.StatusGatewayTimeout:
		return "timeout"
	}
	if status >= http.StatusInternalServerError {
		return "internal"
	}
	return "invalid"
}

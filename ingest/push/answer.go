package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"citywatch"
	"citywatch/ingest"
)

// A result is what became of a request's items.
type result struct {
	items   int
	refused []refusedItem
}

// A refusedItem tells of one item that was not taken. Line counts the lines of
// line protocol, Item the elements of a JSON array, both from 1.
type refusedItem struct {
	Line   int               `json:"line,omitempty"`
	Item   int               `json:"item,omitempty"`
	Reason citywatch.Refusal `json:"reason"`
	Detail string            `json:"detail"`
}

func (r *result) refuse(number int, isLine bool, v ingest.Verdict) {
	item := refusedItem{Reason: v.Refusal, Detail: v.Detail}
	if isLine {
		item.Line = number
	} else {
		item.Item = number
	}
	r.refused = append(r.refused, item)
}

// counts is what an answer tells of a result.
type counts struct {
	Accepted int           `json:"accepted"`
	Refused  []refusedItem `json:"refused"`
}

func (r *result) counts() *counts {
	c := &counts{Accepted: r.items - len(r.refused), Refused: r.refused}
	if c.Refused == nil {
		c.Refused = []refusedItem{}
	}
	return c
}

// write answers 200 when all is taken, 207 when a part is, and 422 when
// nothing is.
func (r *result) write(w http.ResponseWriter) {
	switch len(r.refused) {
	case 0:
		writeJSON(w, http.StatusOK, "application/json", r.counts())
	case r.items:
		(&problem{Status: http.StatusUnprocessableEntity, Detail: "nothing of the request was taken", result: r}).write(w)
	default:
		writeJSON(w, http.StatusMultiStatus, "application/json", r.counts())
	}
}

// A problem is an answer that is not a success, as in RFC 9457.
type problem struct {
	Status int
	Detail string
	header [2]string
	result *result // of what was taken all the same
}

func header(name, value string) [2]string { return [2]string{name, value} }

// busy asks the sender to come back.
func busy(after time.Duration, detail string) *problem {
	return &problem{
		Status: http.StatusServiceUnavailable,
		Detail: detail + "; send the request again",
		header: header("Retry-After", strconv.Itoa(int(after.Seconds()))),
	}
}

func (p *problem) write(w http.ResponseWriter) {
	if p.header[0] != "" {
		w.Header().Set(p.header[0], p.header[1])
	}
	body := struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		*counts
	}{Type: "about:blank", Title: http.StatusText(p.Status), Status: p.Status, Detail: p.Detail}
	if p.result != nil {
		body.counts = p.result.counts()
	}
	writeJSON(w, p.Status, "application/problem+json", body)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("push: an answer that is no JSON: %v", err)) // it is made of texts and numbers
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a sender that is gone sends again
}

// clip cuts s to a length that a person reads.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
)

// An AuditQuery asks for a part of the audit, the newest line first.
type AuditQuery struct {
	// Before is the number below which the lines' numbers lie; 0 is behind the
	// last.
	Before uint64
	// From is included, To is not; a zero one bounds nothing.
	From, To time.Time
	// Alert is an alert's id, Actor a part of a name; empty for all.
	Alert, Actor string
	Limit        int
}

// An AuditPage is a part of the audit.
type AuditPage struct {
	// Lines are as they stand in the audit, each a JSON object.
	Lines []json.RawMessage
	// Next is what Before is to be for what follows; 0 where nothing does.
	Next uint64
}

// An AuditReport is what a look at every line of the audit has found.
type AuditReport struct {
	// Checked is when it was looked at.
	Checked time.Time `json:"checked"`
	// Lines is how many there are, Hash that of the last.
	Lines uint64 `json:"lines"`
	Hash  string `json:"hash"`
	// From and To are when the first and the last change happened.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Faults are the places at which it is not as it was written.
	Faults []string `json:"faults"`
}

// AuditDeps is the record of what became of every alert.
type AuditDeps struct {
	Read func(ctx context.Context, q AuditQuery) (AuditPage, error)
	// Verify looks at every line, and holds the end against what was written
	// down elsewhere.
	Verify func(ctx context.Context) (AuditReport, error)
}

func (s *site) audit() (*AuditDeps, error) {
	if s.deps.Audit == nil {
		return nil, errNotConfigured("the audit")
	}
	return s.deps.Audit, nil
}

// auditQuery reads ?from=&to=&alert=&actor=&before=&limit=.
func (s *site) auditQuery(r *http.Request) (AuditQuery, error) {
	const usual, most = 100, 1000
	params := r.URL.Query()
	q := AuditQuery{Alert: params.Get("alert"), Actor: strings.TrimSpace(params.Get("actor"))}
	now := s.now()
	var err error
	if q.From, err = moment(params.Get("from"), now, time.Time{}); err != nil {
		return q, fmt.Errorf("from: %w", err)
	}
	if q.To, err = moment(params.Get("to"), now, time.Time{}); err != nil {
		return q, fmt.Errorf("to: %w", err)
	}
	if q.Before, err = number(r, "before", 0, math.MaxUint64); err != nil {
		return q, err
	}
	limit, err := number(r, "limit", usual, most)
	if err == nil && limit == 0 {
		err = fmt.Errorf("%w: limit is 0", ErrInvalid)
	}
	q.Limit = int(limit)
	return q, err
}

func (s *site) listAudit(w http.ResponseWriter, r *http.Request) {
	kept, err := s.audit()
	var q AuditQuery
	if err == nil {
		q, err = s.auditQuery(r)
	}
	var page AuditPage
	if err == nil {
		page, err = kept.Read(r.Context(), q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if page.Lines == nil {
		page.Lines = []json.RawMessage{}
	}
	s.answer(w, r, struct {
		Time  time.Time         `json:"time"`
		Lines []json.RawMessage `json:"lines"`
		Next  uint64            `json:"next,omitempty"`
	}{s.now(), page.Lines, page.Next})
}

func (s *site) verifyAudit(w http.ResponseWriter, r *http.Request) {
	kept, err := s.audit()
	var report AuditReport
	if err == nil {
		report, err = kept.Verify(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if report.Faults == nil {
		report.Faults = []string{}
	}
	s.answer(w, r, report)
}

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/audit"
	"citywatch/internal/past"
)

func (a *App) newPast(h *house) *past.Past {
	return past.New(past.Deps{
		Journal:     h.journal,
		Transitions: func(from uint64) past.Reader { return h.journal.Transitions(from) },
	})
}

// pastDeps is what pages ask about how things were.
func (a *App) pastDeps(h *house) *dashboards.PastDeps {
	return &dashboards.PastDeps{
		Alerts: func(ctx context.Context, at time.Time) ([]citywatch.Alert, error) {
			alerts, err := h.past.At(ctx, at)
			for i := range alerts {
				// As they are grouped by what is known now.
				alerts[i].Incident = h.incidents.Of(alerts[i].ID)
			}
			switch {
			case errors.Is(err, past.ErrForgotten):
				err = fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
			case errors.Is(err, past.ErrReading):
				err = fmt.Errorf("%w: %w", dashboards.ErrUnavailable, err)
			}
			return alerts, err
		},
		Since:  h.past.Since,
		Values: h.store.At,
	}
}

// auditDeps is what pages ask about the audit.
func (a *App) auditDeps(h *house) *dashboards.AuditDeps {
	dir := filepath.Join(a.site.Data, audit.Folder)
	v := &verifier{dir: dir, log: h.audit}
	return &dashboards.AuditDeps{
		Read: func(_ context.Context, q dashboards.AuditQuery) (dashboards.AuditPage, error) {
			page, err := audit.Read(dir, audit.Query{
				Before: q.Before, From: q.From, To: q.To, Alert: q.Alert, Actor: q.Actor, Limit: q.Limit,
			})
			out := dashboards.AuditPage{Next: page.Next}
			for i := range page.Lines {
				line, encoding := json.Marshal(&page.Lines[i])
				err = errors.Join(err, encoding)
				out.Lines = append(out.Lines, line)
			}
			return out, err
		},
		Verify: v.verify,
	}
}

// A verifier verifies the audit for whoever asks, one after the other, and not
// more often than makes sense: it reads all of it.
type verifier struct {
	dir string
	log *audit.Log

	mu   sync.Mutex
	last dashboards.AuditReport
}

// verifyEvery is how long a report counts.
const verifyEvery = 10 * time.Second

func (v *verifier) verify(context.Context) (dashboards.AuditReport, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.last.Checked) < verifyEvery {
		return v.last, nil
	}
	// What was told to be on the disk before the look has to be found by it.
	var known []audit.Head
	if head := v.log.Head(); head.N > 0 {
		known = append(known, head)
	}
	found, err := audit.Verify(v.dir, known...)
	if errors.Is(err, audit.ErrNone) && len(known) == 0 {
		found, err = audit.Report{}, nil // nothing has happened yet
	}
	if err != nil {
		return dashboards.AuditReport{}, err
	}
	report := dashboards.AuditReport{
		Checked: time.Now(), Lines: found.Head.N, Hash: found.Head.Hash, From: found.From, To: found.To,
	}
	for _, f := range found.Faults {
		report.Faults = append(report.Faults, f.String())
	}
	v.last = report
	return report, nil
}

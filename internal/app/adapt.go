package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citywatch"
	"citywatch/alerts"
	"citywatch/dashboards"
	"citywatch/dashboards/hub"
	"citywatch/ingest"
	"citywatch/ingest/decode"
	"citywatch/internal/handover"
	"citywatch/internal/incidents"
	"citywatch/internal/journal"
	"citywatch/internal/selfcheck"
	"citywatch/internal/store"
)

// watchers are told what the picture is told, one after the other.
type watchers struct {
	hub  *hub.Hub
	self *selfcheck.Checker
}

func (w watchers) Readings(rs []citywatch.Reading) {
	w.hub.Readings(rs)
	w.self.Readings(rs)
}

func (w watchers) Transition(t *citywatch.Transition) { w.hub.Transition(t) }

// actions brings what people do to the engine that has the alert.
type actions struct {
	engines   []*alerts.Engine
	incidents *incidents.Incidents
}

func (a actions) Do(ctx context.Context, d dashboards.Action) (citywatch.Alert, error) {
	what := alerts.Action{
		Verb: alerts.Verb(d.Do), Alert: d.Alert, Device: d.Device,
		Actor: d.Actor, Version: d.Version, Note: d.Note, To: d.To, From: d.From, Until: d.Until,
		Pressed: d.Pressed, Request: d.Request,
	}
	unknown := fmt.Errorf("%w: no open alert %q", dashboards.ErrNotFound, d.Alert)
	for _, e := range a.engines {
		alert, err := e.Do(ctx, what)
		if errors.Is(err, alerts.ErrNotFound) {
			if d.Device != "" {
				unknown = fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
			}
			continue // another shard's
		}
		alert.Incident = a.incidents.Of(alert.ID)
		return alert, translated(err)
	}
	return citywatch.Alert{}, unknown
}

// translated gives an error of another part the meaning that the API knows.
func translated(err error) error {
	var conflict *alerts.ConflictError
	if errors.As(err, &conflict) {
		return &dashboards.Conflict{By: conflict.By, Alert: conflict.Alert, Err: err}
	}
	meanings := []struct{ from, to error }{
		{alerts.ErrNotLatched, dashboards.ErrNotLatched},
		{alerts.ErrStillTrue, dashboards.ErrStillTrue},
		{alerts.ErrRefused, dashboards.ErrConflict},
		{alerts.ErrIncomplete, dashboards.ErrInvalid},
		{alerts.ErrStopped, dashboards.ErrUnavailable},
		{handover.ErrNotFound, dashboards.ErrNotFound},
		{handover.ErrSigned, dashboards.ErrSigned},
		{handover.ErrConflict, dashboards.ErrConflict},
		{handover.ErrNotYours, dashboards.ErrForbidden},
		{handover.ErrTooLong, dashboards.ErrInvalid},
		{store.ErrQuestion, dashboards.ErrInvalid},
		{ingest.ErrNoDoor, dashboards.ErrConflict},
		{ingest.ErrStopped, dashboards.ErrUnavailable},
	}
	for _, m := range meanings {
		if errors.Is(err, m.from) {
			return fmt.Errorf("%w: %w", m.to, err)
		}
	}
	return err
}

// history answers from the store.
type history struct {
	store *store.Store
	zone  *time.Location
}

func (h history) History(ctx context.Context, q dashboards.HistoryQuery) ([]dashboards.Point, error) {
	points, err := h.store.History(ctx, store.HistoryQuery{
		Class: q.Class, Device: q.Device, Value: q.Value,
		From: q.From, To: q.To, Every: q.Every, Fn: store.Fn(q.Fn), Zone: h.zone,
	})
	if err != nil {
		return nil, translated(err)
	}
	var out []dashboards.Point
	for _, p := range points {
		if p.Number != nil {
			out = append(out, dashboards.Point{Time: p.Time, Value: *p.Number})
		}
	}
	return out, nil
}

// deadLetters are kept by the journal and sent again through ingest.
type deadLetters struct {
	journal  *journal.Journal
	pipeline *ingest.Pipeline
}

func (d deadLetters) DeadLetters(ctx context.Context, from uint64, limit int) ([]citywatch.DeadLetter, error) {
	return d.journal.DeadLetters(ctx, from, limit)
}

func (d deadLetters) Delete(ctx context.Context, seq uint64) error {
	return d.journal.DeleteDeadLetter(ctx, seq)
}

func (d deadLetters) Replay(ctx context.Context, seq uint64) error {
	letters, err := d.journal.DeadLetters(ctx, seq, 1)
	if err != nil {
		return err
	}
	if len(letters) == 0 || letters[0].Seq != seq {
		return fmt.Errorf("%w: no dead letter %d", dashboards.ErrNotFound, seq)
	}
	err = d.pipeline.Replay(ctx, letters[0])
	var refused *decode.Error
	if errors.As(err, &refused) {
		return fmt.Errorf("%w: it is refused again: %s", dashboards.ErrConflict, refused.Detail)
	}
	if err != nil {
		return translated(err)
	}
	return d.journal.DeleteDeadLetter(ctx, seq)
}

package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/ingest/mqtt"
	"citywatch/internal/journal"
)

// writableTimeout bounds how long a question after the journal may take: a
// disk that does not answer is an answer.
const writableTimeout = 2 * time.Second

// ready tells whether readings can be taken. InfluxDB being away is no reason
// against it: the journal keeps what comes.
func (h *house) ready(ctx context.Context) dashboards.ReadyReport {
	system := h.system(ctx)
	return dashboards.ReadyReport{
		Ready: system.Journal.State == dashboards.OK,
		Parts: append([]dashboards.Part{system.Journal, system.Store}, system.Sources...),
	}
}

// system tells how each part is.
func (h *house) system(ctx context.Context) dashboards.System {
	s := dashboards.System{Journal: h.journalPart(ctx), Store: h.storePart(), Lags: h.lags(time.Now()), Rate: h.rate.perSecond(time.Now(), h.pipeline.Taken())}
	for _, source := range h.sources {
		for _, state := range source.States() {
			s.Sources = append(s.Sources, sourcePart(state))
		}
	}
	return s
}

func (h *house) lags(now time.Time) []dashboards.Lag {
	var lags []dashboards.Lag
	for _, l := range h.journal.Lags() {
		lag := dashboards.Lag{Reader: l.Reader, Entries: l.Entries}
		if l.Entries > 0 && !l.Since.IsZero() {
			lag.Seconds = now.Sub(l.Since).Seconds()
		}
		lags = append(lags, lag)
	}
	return lags
}

// A journalCheck remembers for a moment whether the journal can be written:
// finding out is a write to the disk, and anybody may ask as often as they like.
type journalCheck struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

func (c *journalCheck) writable(ctx context.Context, j *journal.Journal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) < citywatch.TickEvery {
		return c.err
	}
	// What is found out is not for whoever asks alone, so it does not end with
	// their question.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writableTimeout)
	defer cancel()
	c.at, c.err = time.Now(), j.Writable(ctx)
	return c.err
}

func (h *house) journalPart(ctx context.Context) dashboards.Part {
	err := h.journalCheck.writable(ctx, h.journal)
	if err == nil {
		err = h.pipeline.Err()
	}
	if err != nil {
		return dashboards.Part{Name: "journal", State: dashboards.Down, Detail: err.Error()}
	}
	return dashboards.Part{Name: "journal", State: dashboards.OK}
}

func (h *house) storePart() dashboards.Part {
	since, reason := h.store.Degraded()
	if since.IsZero() {
		return dashboards.Part{Name: "store", State: dashboards.OK}
	}
	return dashboards.Part{Name: "store", State: dashboards.Degraded, Since: since, Detail: reason}
}

func sourcePart(s mqtt.State) dashboards.Part {
	p := dashboards.Part{Name: s.Source, State: dashboards.OK, Since: s.Since}
	if s.Worker > 1 {
		p.Name = fmt.Sprintf("%s (%d)", s.Source, s.Worker)
	}
	switch {
	case !s.Connected && s.Since.IsZero():
		p.State, p.Detail = dashboards.Unknown, "connecting to "+s.Broker
	case !s.Connected:
		p.State, p.Detail = dashboards.Down, s.LastError
	case len(s.RefusedFilters) > 0:
		p.State = dashboards.Degraded
		p.Detail = "the broker refuses the subscription to " + strings.Join(s.RefusedFilters, ", ")
	}
	return p
}

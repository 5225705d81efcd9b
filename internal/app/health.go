package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"citywatch/dashboards"
	"citywatch/ingest/mqtt"
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
	s := dashboards.System{Journal: h.journalPart(ctx), Store: h.storePart()}
	for _, source := range h.sources {
		for _, state := range source.States() {
			s.Sources = append(s.Sources, sourcePart(state))
		}
	}
	return s
}

func (h *house) journalPart(ctx context.Context) dashboards.Part {
	ctx, cancel := context.WithTimeout(ctx, writableTimeout)
	defer cancel()
	err := h.journal.Writable(ctx)
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

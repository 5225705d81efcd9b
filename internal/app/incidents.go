package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/alerts"
	"citywatch/alerts/incident"
	"citywatch/dashboards"
	"citywatch/geo"
	"citywatch/internal/incidents"
)

func (a *App) newIncidents(h *house) *incidents.Incidents {
	return incidents.New(a.site.Incidents, incidentRules(a.site.Rules), incidents.Deps{
		Journal: h.journal,
		Transitions: func(from uint64) incidents.Reader {
			return h.journal.Transitions(from).Named("incidents")
		},
		Note: func(ctx context.Context, alert, actor, note string) error {
			_, err := actions{h.engines, h.incidents}.Do(ctx, dashboards.Action{Do: "note", Alert: alert, Actor: actor, Note: note})
			return err
		},
		Rivers: incident.NewRivers(a.site.Devices),
		Log:    a.options.Log,
	})
}

// incidentRules is what the alert rules say of incidents.
func incidentRules(rules *alerts.Rules) incidents.Rules {
	return incidents.Rules{Joins: rules.Joins(), Checklist: rules.Checklist, Draft: rules.Draft}
}

// incidentDeps is what pages ask about incidents.
func (a *App) incidentDeps(h *house) *dashboards.IncidentDeps {
	return &dashboards.IncidentDeps{
		Book:    incidentBook{h.incidents},
		Storm:   h.incidents.Storm,
		Sensors: func(hazard string) []string { return h.incidents.Join(hazard).Sensors },
		Near:    nearby{a.site.Index}.near,
	}
}

// incidentBook brings what people check to the incidents.
type incidentBook struct{ *incidents.Incidents }

func (b incidentBook) Check(ctx context.Context, id string, c dashboards.Check) (citywatch.Checklist, error) {
	list, err := b.Incidents.Check(ctx, id, incident.Check{Item: c.Item, Done: c.Done, Actor: c.Actor, Seen: c.Version, At: c.At})
	switch {
	case errors.Is(err, incidents.ErrNotFound), errors.Is(err, incident.ErrNoItem):
		err = fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	case errors.Is(err, incident.ErrChecked):
		err = fmt.Errorf("%w: %w", dashboards.ErrConflict, err)
	}
	return list, err
}

// nearby tells what is near a place.
type nearby struct{ index *geo.Index }

func (n nearby) near(kind dashboards.NearKind, at orb.Point, k int, keep func(id string) bool) []dashboards.Near {
	found := n.index.Nearest(at, k, func(p geo.Place) bool { return string(p.Kind) == string(kind) && keep(p.ID) })
	out := make([]dashboards.Near, len(found))
	for i, f := range found {
		out[i] = dashboards.Near{ID: f.ID, Distance: f.Distance, Bearing: f.Bearing}
	}
	return out
}

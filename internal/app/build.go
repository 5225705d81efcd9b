package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
	"citywatch/alerts"
	"citywatch/dashboards"
	"citywatch/dashboards/hub"
	"citywatch/ingest"
	"citywatch/ingest/mqtt"
	"citywatch/ingest/push"
	"citywatch/internal/audit"
	"citywatch/internal/selfcheck"
	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
	"citywatch/internal/series/influx"
	"citywatch/internal/sim"
	"citywatch/internal/store"
)

// A database is either kind of time series store.
type database interface {
	Write(ctx context.Context, to series.Resolution, lines []byte) error
	Query(ctx context.Context, from series.Resolution, q string) (series.Result, error)
}

// openDatabase opens the embedded engine, or makes a client of InfluxDB, which
// need not be there yet. Existing opens no engine that is not there, and drops
// nothing of what is.
func (a *App) openDatabase(existing bool) (db database, closeDB func() error, err error) {
	o, log := a.site.Store, a.options.Log
	if o.Kind == store.Embedded {
		engine, err := embedded.Open(embedded.Options{
			Dir: o.Dir, Name: o.Name, Retention: o.Retention, MaxSeries: o.MaxSeries, Existing: existing, Logger: log,
		})
		if err != nil {
			return nil, nil, err
		}
		return engine, engine.Close, nil
	}
	client, err := influx.New(influx.Options{
		URL: o.URL, Name: o.Name, Org: o.Org, Retention: o.Retention,
		TokenFile: o.TokenFile, TokenEnv: o.TokenEnv, Username: o.Username, PasswordFile: o.PasswordFile,
		Logger: log,
	})
	if err != nil {
		return nil, nil, err
	}
	return client, func() error { client.Close(); return nil }, nil
}

func (a *App) newStore(h *house) *store.Store {
	return store.New(store.Parts{
		DB:          h.database,
		Checkpoints: h.journal,
		DeadLetters: h.journal,
		Entries: func(shard int, from uint64) store.Entries {
			return h.journal.Entries(shard, from).Named("store")
		},
		Shards:  h.journal.Shards(),
		Options: a.site.Store,
		Log:     a.options.Log,
		Metrics: a.metrics,
	})
}

func (a *App) newAudit(h *house) *audit.Log {
	return audit.New(filepath.Join(a.site.Data, audit.Folder), audit.Deps{
		Journal: h.journal,
		Transitions: func(from uint64) audit.Reader {
			return h.journal.Transitions(from).Named("audit")
		},
		Log: a.options.Log,
	})
}

// share brings what engines know to where it is needed, if who judges what has
// changed since the last start.
func (a *App) share(ctx context.Context, h *house) error {
	return alerts.Reshard(ctx, alerts.Resharding{
		Shards: h.journal.Shards(), Share: h.plan, Sum: h.plan.Sum(),
		Rules: a.site.Rules, Devices: h.registry, Journal: h.journal,
		Transitions: func(from uint64) alerts.Reader[citywatch.Transition] {
			return h.journal.Transitions(from)
		},
		Entries: func(shard int, from uint64) alerts.Reader[citywatch.Entry] {
			return h.journal.Entries(shard, from)
		},
		EntryBounds: h.journal.EntryBounds,
		Append:      h.journal.Append,
		Log:         a.options.Log,
	})
}

func (a *App) newEngine(h *house, shard int) *alerts.Engine {
	return alerts.New(a.site.Alerts, alerts.Deps{
		Shard:   shard,
		Rules:   a.site.Rules,
		Share:   h.plan,
		Devices: h.registry,
		Journal: h.journal,
		Entries: func(from uint64) alerts.Reader[citywatch.Entry] {
			return h.journal.Entries(shard, from).Named("alerts")
		},
		Transitions: func(from uint64) alerts.Reader[citywatch.Transition] {
			return h.journal.Transitions(from).Named("alerts")
		},
		Metrics: a.metrics,
		Log:     a.options.Log,
	})
}

// buildDoors makes everything by which readings come in.
func (a *App) buildDoors(h *house) (err error) {
	o := a.site.Ingest
	o.Shards, o.Route, o.Log, o.Metrics = h.journal.Shards(), h.plan.Route, a.options.Log, a.metrics
	h.pipeline = ingest.New(o, h.journal, h.registry)
	for _, so := range a.site.Sources {
		so.Log, so.Metrics = a.options.Log, a.metrics
		if h.edge != nil && so.URL == "tcp://"+a.site.Edge.Listen {
			so.URL = "tcp://" + h.edge.Addr() // it may have chosen its port itself
		}
		s, err := mqtt.New(so, h.pipeline)
		if err != nil {
			return fmt.Errorf("MQTT source %s: %w", so.Name, err)
		}
		h.sources = append(h.sources, s)
	}
	h.self = selfcheck.New(a.site.Self, selfcheck.Deps{
		Metrics:    a.metrics,
		Registerer: a.metrics,
		Deliver:    h.pipeline.Take,
		Ready:      func(ctx context.Context) bool { return h.ready(ctx).Ready },
		Log:        a.options.Log,
	})
	door, err := push.New(a.site.Push, h.pipeline)
	if err != nil {
		return err
	}
	h.push, h.figures = door, door.Figures(h.figure, a.site.Province.TimeZone)
	return nil
}

// figure returns the name of the value that an indicator's figure is.
func (h *house) figure(indicator string) (value string, is bool) {
	d, is := h.registry.Lookup(indicator)
	if !is || d.Indicator == nil {
		return "", false
	}
	class, is := h.registry.Class(d.Class)
	if !is || len(class.Quantities) == 0 {
		return "", false
	}
	return class.Quantities[0].Value, true
}

// buildPages makes everything that people see.
func (a *App) buildPages(h *house) (err error) {
	site := a.site
	stream := site.HTTP.Stream
	stream.Origins = site.HTTP.TrustedOrigins
	h.hub = hub.New(stream, hub.Deps{Now: a.now, Exercise: a.drill != nil, Source: h.picture, Storm: h.incidents.Storm, Due: promises{h}.due, Classes: site.Classes, Registerer: a.metrics})
	h.handler, err = dashboards.New(site.HTTP.Options, a.isolated(dashboards.Deps{
		Now:          a.now,
		Version:      a.options.Version,
		Province:     site.Province,
		Classes:      site.Classes,
		Zones:        site.Zones,
		Picture:      h.picture,
		Alerts:       actions{h.engines, h.incidents},
		History:      history{h.store, site.Province.TimeZone},
		DeadLetters:  deadLetters{h.journal, h.pipeline},
		Incidents:    a.incidentDeps(h),
		Teams:        teamBook{h.crews},
		KPIs:         h.crews.figures,
		Handovers:    handovers{h.handovers},
		Promises:     promises{h},
		Past:         a.pastDeps(h),
		Audit:        a.auditDeps(h),
		Field:        a.fieldDeps(h),
		Rules:        h.rules,
		Replays:      &recalls{site: site, rules: h.rules.inForceNow, open: h.journal, database: h.database},
		System:       h.system,
		Ready:        h.ready,
		Stream:       h.hub,
		Push:         h.push,
		Figures:      h.figures,
		Live:         h.viewers,
		Cameras:      h.video,
		Snapshots:    snapshots{h.snapshots},
		Recordings:   recordings{h.recorder},
		KeyFrame:     h.newestPicture,
		CameraValues: h.cameras.values(),
		Public:       h.public,
		Metrics:      a.metrics,
		Log:          a.options.Log,
	}))
	return err
}

// officerLooks leaves whoever watches the demonstration time to acknowledge an
// alert before the simulated officer does.
const officerLooks = 75 * time.Second

// sensors returns the devices that send their readings themselves.
func sensors(devices []citywatch.Device) []citywatch.Device {
	return slices.DeleteFunc(slices.Clone(devices), func(d citywatch.Device) bool { return d.Own() })
}

// simulate runs the simulated devices at the other end of the broker, and the
// operator at the other end of the API.
func (a *App) simulate(ctx context.Context, h *house) error {
	devices, err := sim.New(sim.Options{
		Broker: "mqtt://" + h.edge.Addr(), Devices: sensors(a.site.Devices), Seed: a.options.Simulate.Seed, Log: a.options.Log,
	})
	if err != nil {
		return err
	}
	officer := sim.Officer{
		Site: "http://" + visible(h.listener.Addr()), Name: "Trực ban mô phỏng", Looks: officerLooks,
	}
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return devices.Run(running) })
	g.Go(func() error { return officer.Run(running) })
	g.Go(func() error { return a.simulated.Run(running) })
	return g.Wait()
}

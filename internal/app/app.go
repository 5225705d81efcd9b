// Package app ties citywatch together: it is the only place that knows every
// part. The parts know one another through the small interfaces that each
// declares.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"citywatch/alerts"
	"citywatch/alerts/notify"
	"citywatch/dashboards/hub"
	"citywatch/dashboards/publicview"
	"citywatch/ingest"
	"citywatch/ingest/mqtt"
	"citywatch/ingest/push"
	"citywatch/internal/audit"
	"citywatch/internal/config"
	"citywatch/internal/drill"
	"citywatch/internal/edge"
	"citywatch/internal/handover"
	"citywatch/internal/incidents"
	"citywatch/internal/journal"
	"citywatch/internal/once"
	"citywatch/internal/partition"
	"citywatch/internal/past"
	"citywatch/internal/photos"
	"citywatch/internal/picture"
	"citywatch/internal/registry"
	"citywatch/internal/selfcheck"
	simcameras "citywatch/internal/sim/cameras"
	"citywatch/internal/store"
)

// Options are what an App needs besides the site.
type Options struct {
	Version string
	Log     *slog.Logger
	// Ready is called once, when everything runs, with the pages' address.
	Ready func(url string)
	// Reload asks for the rules to be read anew.
	Reload <-chan struct{}
	// Simulate adds simulated devices, for a demonstration.
	Simulate *Simulation
}

// A Simulation is the weather of a demonstration.
type Simulation struct {
	Seed uint64
}

// An App is a whole citywatch.
type App struct {
	site    *config.Site
	options Options
	metrics *prometheus.Registry
	// simulated are the cameras of a demonstration, and else nil.
	simulated *simcameras.Server
	// drill plays an exercise, and now is its clock; nil, and time.Now, else.
	drill *drill.Player
	now   func() time.Time
}

// New returns an App that does nothing until Run.
func New(site *config.Site, o Options) *App {
	a := &App{site: site, options: o, metrics: prometheus.NewRegistry(), now: time.Now}
	if o.Simulate != nil {
		a.simulated = simcameras.New(simcameras.Options{Listen: "127.0.0.1:0", Log: o.Log})
	}
	return a
}

// A house is the parts of a running App, in the order in which they were
// built: each uses only those above it.
type house struct {
	journal      *journal.Journal
	journalCheck journalCheck
	edge         *edge.Broker // nil without an embedded broker
	registry     *registry.Registry
	database     database
	// closeDatabase is nil until the database is open.
	closeDatabase func() error
	store         *store.Store
	audit         *audit.Log
	past          *past.Past
	incidents     *incidents.Incidents
	picture       *picture.Picture
	crews         *crews
	handovers     *handover.Book
	plan          *partition.Plan
	engines       []*alerts.Engine // by shard
	rules         *rulebook
	pipeline      *ingest.Pipeline
	rate          rate
	self          *selfcheck.Checker
	sources       []*mqtt.Source
	cameras
	public   *publicview.Public
	requests *once.Memory
	photos   *photos.Store
	notifier *notify.Notifier
	hub      *hub.Hub
	push     http.Handler
	figures  *push.Figures
	listener net.Listener
	handler  http.Handler
}

// Run builds the parts and runs them until ctx ends or one of them fails.
// Ending is the same as crashing, only tidier: the next start goes on from
// where each reader of the journal stood.
func (a *App) Run(ctx context.Context) error {
	a.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	h := &house{}
	err := a.build(ctx, h)
	if err == nil {
		err = runParts(ctx, a.parts(h))
	}
	return errors.Join(err, h.close())
}

// build opens what has to be open before anything runs.
func (a *App) build(ctx context.Context, h *house) (err error) {
	site, log := a.site, a.options.Log
	// First, for it is what most often fails, and costs nothing to undo.
	if h.listener, err = listen(site.HTTP.Listen); err != nil {
		return err
	}
	if h.journal, err = journal.Open(ctx, site.Journal, journal.Deps{Log: log, Metrics: a.metrics}); err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	if site.Edge != nil {
		if h.edge, err = edge.Open(ctx, *site.Edge, edge.Deps{Log: log, Metrics: a.metrics}); err != nil {
			return fmt.Errorf("starting the embedded broker: %w", err)
		}
	}
	if h.database, h.closeDatabase, err = a.openDatabase(false); err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	h.registry = registry.New(site.Classes, site.Devices, site.Config.Devices.MaxAuto)
	h.store = a.newStore(h)
	h.audit = a.newAudit(h)
	h.past = a.newPast(h)
	h.incidents = a.newIncidents(h)
	h.picture = picture.New(picture.Options{
		Journal: h.journal, Shards: h.journal.Shards(), Devices: h.registry, Incidents: h.incidents, Log: log,
	})
	h.crews = a.newCrews(h)
	h.plan = site.Plan(site.Rules)
	if err := a.share(ctx, h); err != nil {
		return err
	}
	for shard := range h.journal.Shards() {
		h.engines = append(h.engines, a.newEngine(h, shard))
	}
	h.rules = newRulebook(site, h.engines, a.metrics, log)
	h.rules.incidents, h.rules.plan = h.incidents, h.plan
	if err := a.buildDoors(h); err != nil {
		return err
	}
	if err := a.buildCameras(h); err != nil {
		return err
	}
	if err := a.openHandovers(h); err != nil {
		return fmt.Errorf("opening the handovers: %w", err)
	}
	if err := a.openPublic(h); err != nil {
		return fmt.Errorf("opening the public links: %w", err)
	}
	if err := a.buildField(h); err != nil {
		return err
	}
	return a.buildPages(h)
}

// close closes what build has opened, in the reverse order.
func (h *house) close() error {
	var errs []error
	if h.public != nil {
		errs = append(errs, h.public.Close())
	}
	if h.notifier != nil {
		errs = append(errs, h.notifier.Close())
	}
	if h.photos != nil {
		errs = append(errs, h.photos.Close())
	}
	if h.requests != nil {
		errs = append(errs, h.requests.Close())
	}
	if h.handovers != nil {
		errs = append(errs, h.handovers.Close())
	}
	if h.closeDatabase != nil {
		errs = append(errs, h.closeDatabase())
	}
	if h.edge != nil {
		errs = append(errs, h.edge.Close())
	}
	if h.journal != nil {
		errs = append(errs, h.journal.Close())
	}
	if h.listener != nil {
		_ = h.listener.Close() // the server has closed it, unless it never ran
	}
	return errors.Join(errs...)
}

// parts are listed in the order of starting: what keeps and shows first, what
// takes in last.
func (a *App) parts(h *house) []part {
	parts := []part{
		{"store", h.store.Run},
		{"audit", h.audit.Run},
		{"crews", h.crews.run},
		{"past", h.past.Run},
		{"picture", func(ctx context.Context) error { return h.picture.Run(ctx, watchers{h.hub, h.self}) }},
		{"hub", h.hub.Run},
		{"photos", h.photos.Run},
		{"notify", h.notifier.Run},
	}
	for _, e := range h.engines {
		parts = append(parts, part{"alerts", e.Run})
	}
	parts = append(parts,
		part{"rules", func(ctx context.Context) error { return h.rules.follow(ctx, a.options.Reload) }},
		part{"http", func(ctx context.Context) error { return a.serve(ctx, h) }},
	)
	if a.drill != nil {
		return append(parts, a.drillParts(h)...)
	}
	parts = append(parts,
		part{"clock", func(ctx context.Context) error { return tick(ctx, h.journal, a.options.Log) }},
		part{"ingest", h.pipeline.Run},
	)
	parts = append(parts, part{"self", h.self.Run})
	parts = append(parts, h.cameras.parts()...)
	parts = append(parts, part{"public", h.public.Run})
	parts = append(parts, part{"figures", func(ctx context.Context) error {
		return h.figures.Watch(ctx, a.site.Indicators, a.options.Log)
	}})
	for _, s := range h.sources {
		parts = append(parts, part{"mqtt", s.Run})
	}
	if a.options.Simulate != nil {
		parts = append(parts, part{"simulation", func(ctx context.Context) error { return a.simulate(ctx, h) }})
	}
	return parts
}

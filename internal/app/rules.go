package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch/alerts"
	"citywatch/dashboards"
	"citywatch/internal/config"
	"citywatch/internal/incidents"
	"citywatch/internal/partition"
)

// A rulebook knows the rules in force, and changes them in every engine when
// their files have changed.
type rulebook struct {
	site    *config.Site
	engines []*alerts.Engine // by shard
	log     *slog.Logger
	// incidents may be nil.
	incidents *incidents.Incidents
	// plan says which engine judges what; rules cannot change it while they run.
	plan *partition.Plan

	succeeded, changed prometheus.Gauge
	inForce            *prometheus.GaugeVec // by hash

	reloading sync.Mutex // held by the one that reloads
	mu        sync.Mutex // guards what follows
	rules     *alerts.Rules
	since     time.Time
}

func newRulebook(site *config.Site, engines []*alerts.Engine, reg prometheus.Registerer, log *slog.Logger) *rulebook {
	b := &rulebook{
		site: site, engines: engines, log: log, rules: site.Rules, since: time.Now(),
		succeeded: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "citywatch", Subsystem: "rules", Name: "last_reload_successful",
			Help: "1 if the rules in force are those in the files when these were last read, 0 if that failed.",
		}),
		changed: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "citywatch", Subsystem: "rules", Name: "in_force_since_seconds",
			Help: "When the rules in force were taken up, in seconds since 1970.",
		}),
		inForce: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "citywatch", Subsystem: "rules", Name: "in_force",
			Help: "How many rules are in force; hash tells them from others.",
		}, []string{"hash"}),
	}
	reg.MustRegister(b.succeeded, b.changed, b.inForce)
	b.succeeded.Set(1)
	b.show()
	return b
}

// show brings the metrics up to date.
func (b *rulebook) show() {
	b.inForce.Reset()
	b.inForce.WithLabelValues(b.rules.Hash()).Set(float64(b.rules.Len()))
	b.changed.Set(float64(b.since.Unix()))
}

// Rules returns the rules in force.
func (b *rulebook) Rules() dashboards.RuleBook {
	b.mu.Lock()
	rules, since := b.rules, b.since
	b.mu.Unlock()
	book := dashboards.RuleBook{Hash: rules.Hash(), Since: since, Rules: []dashboards.Rule{}}
	for _, d := range rules.Describe() {
		rule := dashboards.Rule{
			ID: d.ID, Name: d.Name, Hazard: d.Hazard, Hash: d.Hash, File: d.File, Version: d.Version,
			Detector: d.Detector, Devices: d.Devices, Unconfigured: []dashboards.UnconfiguredLevel{},
		}
		for _, u := range d.Unconfigured {
			rule.Unconfigured = append(rule.Unconfigured, dashboards.UnconfiguredLevel{Device: u.Device, Value: u.Value, Level: u.Level})
		}
		book.Rules = append(book.Rules, rule)
	}
	return book
}

// inForceNow returns the rules in force.
func (b *rulebook) inForceNow() *alerts.Rules {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rules
}

// Duties returns those that the rules in force escalate to.
func (b *rulebook) Duties() []string {
	return b.inForceNow().Duties()
}

// ReloadRules reads the files of rules and, if nothing is wrong in them, has
// every engine go on with what they say. It logs what came of it.
func (b *rulebook) ReloadRules(ctx context.Context) (dashboards.RuleBook, error) {
	b.reloading.Lock()
	defer b.reloading.Unlock()
	rules, err := b.site.ReadRules()
	if err == nil {
		err = b.fits(rules)
	}
	if err == nil {
		err = b.take(ctx, rules)
	}
	if err != nil {
		b.succeeded.Set(0)
		b.log.Error("the rules could not be read anew: those before stay in force", "err", err)
		var problems config.Problems
		if errors.As(err, &problems) {
			return dashboards.RuleBook{}, fmt.Errorf("%w: the rules before stay in force:\n%w", dashboards.ErrRefused, err)
		}
		return dashboards.RuleBook{}, translated(err)
	}
	b.succeeded.Set(1)
	b.mu.Lock()
	b.rules, b.since = rules, time.Now()
	b.mu.Unlock()
	b.show()
	if b.incidents != nil {
		if err := b.incidents.Reload(ctx, incidentRules(rules)); err != nil {
			b.log.Warn("incidents go by the new rules, but what was joined before could not be kept: a restart within the minute may join some of it anew", "err", err)
		}
	}
	b.log.Info("the rules have been read anew", "rules", rules.Len(), "hash", rules.Hash())
	return b.Rules(), nil
}

// fits reports whether the engines that there are see together what these rules
// judge together.
func (b *rulebook) fits(rules *alerts.Rules) error {
	if b.plan == nil || len(b.engines) == 1 {
		return nil
	}
	next := b.site.Plan(rules)
	if next.Sum() == b.plan.Sum() {
		return nil
	}
	at, _ := b.plan.Moved(next)
	return fmt.Errorf("%w: by the new rules %q is judged together with others than before, in another shard of the journal: they take effect at the next start", dashboards.ErrRefused, at)
}

// take has every engine go on with the rules, or none.
func (b *rulebook) take(ctx context.Context, rules *alerts.Rules) error {
	for i, e := range b.engines {
		err := e.Reload(ctx, rules)
		if err == nil {
			continue
		}
		for _, done := range b.engines[:i] {
			err = errors.Join(err, done.Reload(ctx, b.rules))
		}
		return err
	}
	return nil
}

// follow reads the rules anew whenever somebody says so. What goes wrong is in
// the log.
func (b *rulebook) follow(ctx context.Context, ask <-chan struct{}) error {
	for {
		select {
		case <-ask:
			_, _ = b.ReloadRules(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

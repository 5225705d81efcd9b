package selfcheck

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	dto "github.com/prometheus/client_model/go"

	"citywatch"
)

// Deps are what a Checker is given by its surroundings.
type Deps struct {
	// Metrics are citywatch's own.
	Metrics prometheus.Gatherer
	// Registerer takes the canary's; nil leaves it unregistered.
	Registerer prometheus.Registerer
	// Deliver takes readings about citywatch.
	Deliver func(ctx context.Context, readings []citywatch.Reading) error
	// Ready tells whether readings are taken.
	Ready func(ctx context.Context) bool
	Log   *slog.Logger
	Now   func() time.Time
}

// A Checker watches citywatch.
type Checker struct {
	options Options
	deps    Deps
	latency prometheus.Histogram
	beats   *heartbeat

	mu sync.Mutex
	// heard is when the last canary came back, took how long that was under
	// way.
	heard time.Time
	took  time.Duration
}

// New returns a Checker that does nothing until Run.
func New(o Options, d Deps) *Checker {
	if d.Now == nil {
		d.Now = time.Now
	}
	c := &Checker{
		options: o.WithDefaults(), deps: d,
		latency: promauto.With(d.Registerer).NewHistogram(prometheus.HistogramOpts{
			Name:    "citywatch_canary_seconds",
			Help:    "Time from the sending of a canary to a broker until the pages can show it.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
	}
	c.beats = &heartbeat{checker: c}
	return c
}

// Run makes readings, and keeps the heart beating, until ctx ends.
func (c *Checker) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { every(ctx, c.options.Every, c.tell) })
	if c.options.HeartbeatFile != "" {
		wg.Go(func() { every(ctx, c.options.HeartbeatEvery, c.beats.beat) })
	}
	wg.Wait()
	return nil
}

func every(ctx context.Context, d time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Readings hears of every reading when the pages can show it. It does not
// block.
func (c *Checker) Readings(rs []citywatch.Reading) {
	for i := range rs {
		if rs[i].Class == citywatch.CanaryClass {
			c.back(&rs[i])
		}
	}
}

func (c *Checker) back(r *citywatch.Reading) {
	now := c.deps.Now()
	took := max(now.Sub(r.Time), 0)
	c.latency.Observe(took.Seconds())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.took = now, took
}

// silentAfter counts canaries that did not come back.
const silentAfter = 3

// canary returns how long the last canary took, if one came back of late.
func (c *Checker) canary(now time.Time) (took time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.took, !c.heard.IsZero() && now.Sub(c.heard) <= silentAfter*c.options.Every
}

// tell makes a reading of how citywatch is. One that cannot be delivered is
// dropped: the next comes, and the heartbeat stops meanwhile.
func (c *Checker) tell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Every)
	defer cancel()
	now := c.deps.Now()
	r := citywatch.Reading{
		Device: citywatch.SystemID, Class: citywatch.SystemClass, Sector: string(citywatch.SectorDisaster),
		Time: now, Arrived: now, Values: c.values(now),
	}
	if len(r.Values) > 0 {
		_ = c.deps.Deliver(ctx, []citywatch.Reading{r})
	}
}

// A figure is a value that is made of a metric: the largest of its samples, or
// their sum, times a factor.
type figure struct {
	value, metric string
	sum           bool
	factor        float64
}

func figures() []figure {
	return []figure{
		{value: "alerts_lag", metric: "citywatch_alerts_lag_seconds"},
		{value: "store_lag", metric: "citywatch_store_behind_seconds"},
		{value: "backlog", metric: "citywatch_journal_reader_retention_used_ratio", factor: 100},
		{value: "disk_free", metric: "citywatch_journal_disk_free_bytes"},
		{value: "disk_full", metric: "citywatch_journal_disk_full"},
		{value: "refused", metric: "citywatch_ingest_refused_total", sum: true},
		{value: "mismatched", metric: "citywatch_alerts_mismatched_total", sum: true},
		{value: "failed_rules", metric: "citywatch_alerts_panics_total", sum: true},
		{value: "memory", metric: "process_resident_memory_bytes"},
	}
}

// values returns what is known, sorted by name.
func (c *Checker) values(now time.Time) []citywatch.Value {
	// What could be gathered is of use even where something could not.
	families, _ := c.deps.Metrics.Gather()
	found := map[string]*dto.MetricFamily{}
	for _, f := range families {
		found[f.GetName()] = f
	}
	var values []citywatch.Value
	for _, f := range figures() {
		if family := found[f.metric]; family != nil {
			values = append(values, citywatch.Value{Name: f.value, Number: f.of(family)})
		}
	}
	if took, ok := c.canary(now); ok {
		values = append(values, citywatch.Value{Name: "canary", Number: took.Seconds()})
	}
	slices.SortFunc(values, func(a, b citywatch.Value) int { return strings.Compare(a.Name, b.Name) })
	return values
}

func (f figure) of(family *dto.MetricFamily) float64 {
	var number float64
	for _, m := range family.GetMetric() {
		n := m.GetGauge().GetValue() + m.GetCounter().GetValue() // it is one of them
		if f.sum {
			number += n
		} else {
			number = max(number, n)
		}
	}
	if f.factor != 0 {
		number *= f.factor
	}
	return number
}

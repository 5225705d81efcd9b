package alerts

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"citywatch"
)

type metrics struct {
	evaluated, late, lagging, duplicates prometheus.Counter
	mismatched, panics                   prometheus.Counter
	transitions                          *prometheus.CounterVec // by reason
	retries, unsaved                     prometheus.Counter
	open, pending                        prometheus.Gauge
	saving, savedBytes                   prometheus.Gauge
	unconfigured                         prometheus.Gauge

	clock atomic.Int64 // the engine's clock, Unix nanoseconds
}

// newMetrics labels everything with the shard, for there is an engine for each.
func newMetrics(reg prometheus.Registerer, shard int, rules *Rules) *metrics {
	if reg != nil {
		reg = prometheus.WrapRegistererWith(prometheus.Labels{"shard": strconv.Itoa(shard)}, reg)
	}
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "citywatch", Subsystem: "alerts", Name: name, Help: help})
	}
	options := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Namespace: "citywatch", Subsystem: "alerts", Name: name, Help: help}
	}
	m := &metrics{
		evaluated:  counter("evaluated_total", "Readings evaluated, once for each rule that they concern."),
		late:       counter("late_total", "Readings measured before the newest that their rule had seen: they change nothing."),
		lagging:    counter("lagging_total", "Readings older on arrival than max_lag: they change nothing."),
		duplicates: counter("duplicates_total", "Readings that said the same as the newest once more."),
		mismatched: counter("mismatched_total", "Readings whose value was a text where its rule compares numbers, or a number where it compares texts."),
		panics:     counter("panics_total", "Rules that failed for a device and are not evaluated for it until the next start."),
		transitions: f.NewCounterVec(prometheus.CounterOpts{Namespace: "citywatch", Subsystem: "alerts",
			Name: "transitions_total", Help: "Changes of alerts, by what moved them."}, []string{"reason"}),
		retries:      counter("append_retries_total", "Transitions that the journal did not take at first."),
		unsaved:      counter("checkpoint_failures_total", "Checkpoints that could not be kept: after a crash more of the journal is read anew."),
		open:         f.NewGauge(options("open", "Alerts that need somebody.")),
		pending:      f.NewGauge(options("pending", "Rules whose condition is true for a device, but not yet for long enough.")),
		saving:       f.NewGauge(options("checkpoint_seconds", "Time it took to keep the last checkpoint.")),
		savedBytes:   f.NewGauge(options("checkpoint_bytes", "Size of the last checkpoint.")),
		unconfigured: f.NewGauge(options("unconfigured_levels", "Levels named by rules or stations' tables that have no bound.")),
	}
	m.rules(rules)
	f.NewGaugeFunc(options("lag_seconds", "How far the engine's clock is behind the real one."), func() float64 {
		if ns := m.clock.Load(); ns != 0 {
			return max(time.Since(time.Unix(0, ns)).Seconds(), 0)
		}
		return 0
	})
	return m
}

// rules shows what there is to say of the rules in force.
func (m *metrics) rules(rules *Rules) { m.unconfigured.Set(float64(len(rules.unconfigured))) }

// take adds what happened in the fold since the last time.
func (m *metrics) take(f *fold) {
	// Called behind every entry, most of which move few of them.
	add := func(c prometheus.Counter, n int) {
		if n > 0 {
			c.Add(float64(n))
		}
	}
	add(m.evaluated, f.stats.evaluated)
	add(m.late, f.stats.late)
	add(m.lagging, f.stats.lagging)
	add(m.duplicates, f.stats.duplicates)
	add(m.mismatched, f.stats.mismatched)
	add(m.panics, f.stats.panics)
	f.stats = stats{}
	m.open.Set(float64(len(f.open)))
	m.pending.Set(float64(f.pending))
	m.clock.Store(f.clk.Now.UnixNano())
}

func (m *metrics) appended(ts []citywatch.Transition) {
	for i := range ts {
		m.transitions.WithLabelValues(string(ts[i].Reason)).Inc()
	}
}

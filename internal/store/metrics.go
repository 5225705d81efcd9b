package store

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	stored    prometheus.Counter
	refused   *prometheus.CounterVec // kept
	expired   prometheus.Counter
	retries   prometheus.Counter
	degraded  prometheus.Gauge
	writes    prometheus.Histogram
	summaries prometheus.Counter
	summing   prometheus.Histogram
	unsummed  prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "citywatch_store_" + name, Help: help})
	}
	seconds := func(name, help string) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{
			Name: "citywatch_store_" + name, Help: help,
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		})
	}
	return &metrics{
		stored: counter("readings_total", "Readings stored, those stored again after a crash included."),
		refused: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_store_refused_readings_total",
			Help: "Readings that the time series store will never take, by whether they were kept as dead letters.",
		}, []string{"kept"}),
		expired: counter("expired_readings_total", "Readings not stored because they are older than the retention."),
		retries: counter("retries_total", "Calls to the time series store that failed and were repeated."),
		degraded: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_store_degraded", Help: "1 while the time series store does not take what it is given.",
		}),
		writes:    seconds("write_seconds", "Time for one write to the time series store."),
		summaries: counter("summaries_total", "Summaries of 5 minutes and of an hour written."),
		summing:   seconds("summary_seconds", "Time to sum up all windows that readings fell into."),
		unsummed:  counter("summary_failures_total", "Windows that could not be summed up because the time series store refused the question."),
	}
}

// behind registers how old the last is that a shard has stored, as at tells. It
// grows while the store is away, for the clock ticks in the journal too.
func behind(reg prometheus.Registerer, shard int, at func() time.Time) {
	promauto.With(reg).NewGaugeFunc(prometheus.GaugeOpts{
		Name: "citywatch_store_behind_seconds", Help: "Age of the last reading or tick that was stored.",
		ConstLabels: prometheus.Labels{"shard": strconv.Itoa(shard)},
	}, func() float64 { return max(0, time.Since(at()).Seconds()) })
}

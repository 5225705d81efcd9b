package journal

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	appends       *prometheus.CounterVec // result
	appendSeconds prometheus.Histogram
	entries       prometheus.Counter
	readings      prometheus.Counter
	bytes         prometheus.Counter
	transitions   prometheus.Counter
	deadLetters   prometheus.Counter

	corrupt      prometheus.Counter
	lost         *prometheus.CounterVec // reader
	readerResets *prometheus.CounterVec // reader
	readerUsed   *prometheus.GaugeVec   // reader, stream

	streamBytes *prometheus.GaugeVec // stream
	streamLimit *prometheus.GaugeVec // stream
	diskFree    prometheus.Gauge
	full        prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "citywatch_journal_" + name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "citywatch_journal_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Name: "citywatch_journal_" + name, Help: help})
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return f.NewGaugeVec(prometheus.GaugeOpts{Name: "citywatch_journal_" + name, Help: help}, labels)
	}
	return &metrics{
		appends: counters("appends_total", "Appends of readings, by result: ok, full, unavailable, error.", "result"),
		appendSeconds: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "citywatch_journal_append_seconds",
			Help:    "Time from an append of readings to its being on the disk.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
		entries:     counter("entries_total", "Entries written, ticks included; appends made at the same time share one."),
		readings:    counter("readings_total", "Readings written."),
		bytes:       counter("bytes_total", "Bytes of entries written."),
		transitions: counter("transitions_total", "Alert transitions written."),
		deadLetters: counter("dead_letters_total", "Refused messages written."),

		corrupt:      counter("corrupt_entries_total", "Entries that could not be understood and were skipped by a reader."),
		lost:         counters("lost_entries_total", "Entries that were dropped by the journal's limits before this reader had read them.", "reader"),
		readerResets: counters("reader_resets_total", "How often a reader had to ask the server anew.", "reader"),
		readerUsed:   gauges("reader_retention_used_ratio", "How much of the journal's limits the unread entries take: at 1 they are dropped.", "reader", "stream"),

		streamBytes: gauges("stream_bytes", "Size of a stream.", "stream"),
		streamLimit: gauges("stream_limit_bytes", "Size at which a stream drops its oldest entries; 0 for no limit.", "stream"),
		diskFree:    gauge("disk_free_bytes", "Free space on the journal's disk."),
		full:        gauge("disk_full", "1 while appends are refused because the disk is full."),
	}
}

func (m *metrics) appended(err error, readings int, took time.Duration) {
	m.appends.WithLabelValues(outcome(err)).Inc()
	if err == nil {
		m.readings.Add(float64(readings))
		m.appendSeconds.Observe(took.Seconds())
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrDiskFull):
		return "full"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	}
	return "error"
}

var lagDesc = prometheus.NewDesc("citywatch_journal_reader_lag_entries",
	"Entries that are written and not yet read.", []string{"reader", "stream"}, nil)

// Describe makes the readers a collector of how far behind they are, at the
// moment of asking.
func (s *readerSet) Describe(ch chan<- *prometheus.Desc) { ch <- lagDesc }

// Collect sends one gauge for each named reader; of several with the same name
// on the same stream, the one that is furthest behind.
func (s *readerSet) Collect(ch chan<- prometheus.Metric) {
	lags := map[[2]string]uint64{}
	for _, f := range s.list() {
		if f.reader.Load() != nil {
			key := [2]string{f.label(), f.name}
			lags[key] = max(lags[key], f.lag())
		}
	}
	for key, lag := range lags {
		ch <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, float64(lag), key[0], key[1])
	}
}

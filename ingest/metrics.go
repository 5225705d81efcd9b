package ingest

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"citywatch"
)

type metrics struct {
	// taken counts the readings that the journal has.
	taken atomic.Uint64

	messages, readings, retained *prometheus.CounterVec // by source
	refused                      *prometheus.CounterVec // by source and refusal
	letters                      *prometheus.CounterVec // by source and whether it was kept
	batch, duration              prometheus.Histogram
	retries, stalls              prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "citywatch", Subsystem: "ingest", Name: name, Help: help}
	}
	histogram := func(name, help string, buckets []float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Namespace: "citywatch", Subsystem: "ingest", Name: name, Help: help, Buckets: buckets}
	}
	return &metrics{
		messages: f.NewCounterVec(counter("messages_total", "Messages received."), []string{"source"}),
		readings: f.NewCounterVec(counter("readings_total", "Readings accepted."), []string{"source"}),
		retained: f.NewCounterVec(counter("retained_skipped_total",
			"Readings without a time of their own in messages that a broker had kept: of unknown age, and not taken."), []string{"source"}),
		refused: f.NewCounterVec(counter("refused_total", "Messages, and readings of messages, that were refused."), []string{"source", "refusal"}),
		letters: f.NewCounterVec(counter("dead_letters_total", "Refused messages, by whether they were kept."), []string{"source", "kept"}),
		batch: f.NewHistogram(histogram("batch_readings", "Readings in one entry of the journal.",
			prometheus.ExponentialBuckets(1, 2, 11))),
		duration: f.NewHistogram(histogram("append_seconds", "Time to append one entry to the journal.",
			prometheus.ExponentialBuckets(0.00025, 2, 14))),
		retries: f.NewCounter(counter("append_retries_total", "Appends to the journal that failed and were tried again.")),
		stalls:  f.NewCounter(counter("stalls_total", "Times a door was held back because the journal did not keep up.")),
	}
}

func (m *metrics) appended(readings int, took time.Duration) {
	m.taken.Add(uint64(readings))
	m.batch.Observe(float64(readings))
	m.duration.Observe(took.Seconds())
}

func (m *metrics) door(source string) doorMetrics {
	// It is there from the start, so that none refused reads as 0.
	m.refused.WithLabelValues(source, string(citywatch.RefusedDecode))
	return doorMetrics{
		messages: m.messages.WithLabelValues(source),
		readings: m.readings.WithLabelValues(source),
		retained: m.retained.WithLabelValues(source),
		refused:  m.refused.MustCurryWith(prometheus.Labels{"source": source}),
	}
}

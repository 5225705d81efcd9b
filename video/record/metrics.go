package record

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	bytes, parts, segments prometheus.Counter
	seconds                prometheus.Histogram
	failures               prometheus.Counter
	deleted                *prometheus.CounterVec // by reason
	undeleted              prometheus.Counter
	rescued                prometheus.Counter
	clips                  *prometheus.CounterVec // by result
	free                   prometheus.Gauge
	full                   prometheus.Gauge
	cameras                prometheus.Gauge
	undelivered            prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "citywatch_record_" + name, Help: help})
	}
	counters := func(name, label, help string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "citywatch_record_" + name, Help: help}, []string{label})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Name: "citywatch_record_" + name, Help: help})
	}
	return &metrics{
		bytes:    counter("written_bytes_total", "Bytes of recordings written."),
		parts:    counter("parts_total", "Parts of recordings written, each about a second of one camera."),
		segments: counter("segments_total", "Segments begun."),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: "citywatch_record_write_seconds", Help: "Time to hand one part to the system.",
			Buckets: []float64{.0001, .00025, .001, .0025, .01, .025, .1, .25, 1, 2.5, 10},
		}),
		failures:    counter("failures_total", "Times that something of a camera could not be recorded."),
		deleted:     counters("deleted_segments_total", "reason", "Segments deleted, because of their age or for room on the disk."),
		undeleted:   counter("delete_failures_total", "Segments that should have been deleted and could not be."),
		rescued:     counter("rescued_segments_total", "Segments that a crash had left unfinished."),
		clips:       counters("clips_total", "result", "Clips asked for, by result: ok, none, error."),
		free:        gauge("disk_free_bytes", "Free space on the disk of the recordings."),
		full:        gauge("disk_full", "1 while nothing is recorded because the disk is full."),
		cameras:     gauge("cameras", "Cameras of which something was recorded in the last seconds."),
		undelivered: counter("undelivered_readings_total", "Readings about the recorder that could not be handed on."),
	}
}

func (m *metrics) wrote(n int, took time.Duration) {
	m.parts.Inc()
	m.bytes.Add(float64(n))
	m.seconds.Observe(took.Seconds())
}

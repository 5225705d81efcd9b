package ffmpeg

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	children prometheus.Gauge
	results  *prometheus.CounterVec // result
	seconds  prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	return &metrics{
		children: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_ffmpeg_children", Help: "Running ffmpeg processes.",
		}),
		results: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_ffmpeg_conversions_total", Help: "Single pictures made, by how it went.",
		}, []string{"result"}),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: "citywatch_ffmpeg_conversion_seconds", Help: "Time to make a single picture, once a worker was free.",
			Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
	}
}

func (m *metrics) result(result string) { m.results.WithLabelValues(result).Inc() }

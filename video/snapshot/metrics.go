package snapshot

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	pictures   *prometheus.CounterVec // result
	seconds    prometheus.Histogram
	thumbnails prometheus.Counter
	old        prometheus.Counter
	failed     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "citywatch_snapshot_" + name, Help: help})
	}
	return &metrics{
		pictures: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_snapshot_pictures_total", Help: "Pictures made of key frames, by how it went.",
		}, []string{"result"}),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: "citywatch_snapshot_picture_seconds", Help: "Time to make a picture, that of waiting for a decoder included.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		thumbnails: counter("thumbnails_total", "Thumbnails kept."),
		old:        counter("thumbnails_skipped_total", "Thumbnails not taken because no newer key frame had come."),
		failed:     counter("thumbnail_failures_total", "Thumbnails that could not be made or kept."),
	}
}

func (m *metrics) made(err error, took time.Duration) {
	result := "failed"
	switch {
	case err == nil:
		result = "ok"
		m.seconds.Observe(took.Seconds())
	case errors.Is(err, context.Canceled):
		result = "canceled"
	case errors.Is(err, ErrNoFFmpeg):
		result = "missing"
	case errors.Is(err, ErrBusy):
		result = "busy"
	case errors.Is(err, ErrUndecodable):
		result = "undecodable"
	}
	m.pictures.WithLabelValues(result).Inc()
}

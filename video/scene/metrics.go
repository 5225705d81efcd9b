package scene

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	pictures prometheus.Counter
	judging  prometheus.Gauge
	failures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	return &metrics{
		pictures: f.NewCounter(prometheus.CounterOpts{Name: "citywatch_scene_pictures_total", Help: "Pictures judged."}),
		judging:  f.NewGauge(prometheus.GaugeOpts{Name: "citywatch_scene_decoders", Help: "Cameras whose stream is being decoded."}),
		failures: f.NewCounter(prometheus.CounterOpts{Name: "citywatch_scene_failures_total", Help: "Decoders that ended by themselves or had to be ended."}),
	}
}

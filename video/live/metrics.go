package live

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	viewers, streams         prometheus.Gauge
	fragments, skips, panics prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	return &metrics{
		viewers: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_live_viewers", Help: "Viewers of live pictures.",
		}),
		streams: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_live_streams", Help: "Streams that somebody views.",
		}),
		fragments: f.NewCounter(prometheus.CounterOpts{
			Name: "citywatch_live_fragments_total", Help: "Fragments made, each once for all viewers.",
		}),
		skips: f.NewCounter(prometheus.CounterOpts{
			Name: "citywatch_live_skips_total", Help: "Times that a viewer was too slow and went on at a later key frame.",
		}),
		panics: f.NewCounter(prometheus.CounterOpts{
			Name: "citywatch_live_panics_total", Help: "Streams that ended because their muxer panicked.",
		}),
	}
}

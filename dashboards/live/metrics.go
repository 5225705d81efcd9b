package live

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	viewers prometheus.Gauge
	left    *prometheus.CounterVec
	refused *prometheus.CounterVec
	bytes   prometheus.Counter
	delay   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	return &metrics{
		viewers: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_live_sockets", Help: "Websockets that live pictures are sent to.",
		}),
		left: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_live_sockets_left_total", Help: "Websockets of live pictures that ended, by reason.",
		}, []string{"reason"}),
		refused: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_live_sockets_refused_total", Help: "Viewers of live pictures that were not let in, by reason.",
		}, []string{"reason"}),
		bytes: f.NewCounter(prometheus.CounterOpts{
			Name: "citywatch_live_sent_bytes_total", Help: "Pictures sent to all viewers.",
		}),
		delay: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "citywatch_live_delay_seconds",
			Help:    "Time from a frame's arrival to its being written to one viewer, of frames that came while it watched.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
	}
}

package hub

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	clients     prometheus.Gauge
	joined      *prometheus.CounterVec
	left        *prometheus.CounterVec
	refused     *prometheus.CounterVec
	unencodable prometheus.Counter
	delay       prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	return &metrics{
		clients: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_hub_clients", Help: "Clients connected to the stream.",
		}),
		joined: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_hub_joined_total", Help: "Clients that connected, by what they were told first: a snapshot, or what they missed.",
		}, []string{"with"}),
		left: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_hub_left_total", Help: "Clients that left or were disconnected, by reason.",
		}, []string{"reason"}),
		refused: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_hub_refused_total", Help: "Clients that were not let in, by reason.",
		}, []string{"reason"}),
		unencodable: f.NewCounter(prometheus.CounterOpts{
			Name: "citywatch_hub_unencodable_total", Help: "Transitions that could not be told because JSON has no form for them.",
		}),
		delay: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "citywatch_hub_delay_seconds",
			Help:    "Time from the publishing of an alert's change to its being written to one client.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
	}
}

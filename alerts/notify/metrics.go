package notify

import "github.com/prometheus/client_golang/prometheus"

// metrics count what is told.
type metrics struct {
	sent    *prometheus.CounterVec // channel, result
	waiting prometheus.Gauge
	phones  prometheus.Gauge
	delay   prometheus.Histogram
}

// The results of telling somebody.
const (
	resultSent    = "sent"
	resultRetry   = "retry"
	resultGone    = "gone"
	resultRefused = "refused"
	resultExpired = "expired"
)

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "citywatch", Subsystem: "notify", Name: "attempts_total",
			Help: "Attempts to tell somebody of an alert, by channel and by what came of them.",
		}, []string{"channel", "result"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "citywatch", Subsystem: "notify", Name: "waiting",
			Help: "Messages that are still to be told to somebody.",
		}),
		phones: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "citywatch", Subsystem: "notify", Name: "subscriptions",
			Help: "Phones that are subscribed.",
		}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "citywatch", Subsystem: "notify", Name: "delay_seconds",
			Help:    "From a change of an alert until a push service or a webhook had it.",
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
		}),
	}
	if r != nil {
		r.MustRegister(m.sent, m.waiting, m.phones, m.delay)
	}
	return m
}

package video

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"citywatch"
)

type metrics struct {
	cameras                   *prometheus.GaugeVec // by state
	units, bytes, lost        prometheus.Counter
	reconnects                prometheus.Counter
	failures                  *prometheus.CounterVec // by state
	panics                    prometheus.Counter
	subscribers               prometheus.Gauge
	dropped                   prometheus.Counter
	readings                  prometheus.Counter
	undelivered, deliverFails prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, cached func() float64) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "citywatch_video_" + name, Help: help})
	}
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "citywatch_video_cached_bytes", Help: "Bytes of frames kept so that viewers begin at once.",
	}, cached)
	return &metrics{
		cameras: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citywatch_video_cameras", Help: "Cameras by state.",
		}, []string{"state"}),
		units:      counter("units_total", "Frames of pictures and sound received."),
		bytes:      counter("received_bytes_total", "Bytes of frames received."),
		lost:       counter("lost_total", "Packets and frames lost on the way from cameras."),
		reconnects: counter("reconnects_total", "Sessions that a camera had agreed to and that ended by themselves."),
		failures: f.NewCounterVec(prometheus.CounterOpts{
			Name: "citywatch_video_failed_sessions_total", Help: "Sessions that ended by themselves, by how the camera thereby is.",
		}, []string{"state"}),
		panics: counter("panics_total", "Sessions that ended because of a fault in citywatch itself."),
		subscribers: f.NewGauge(prometheus.GaugeOpts{
			Name: "citywatch_video_subscribers", Help: "Viewers, recordings and others that receive a stream.",
		}),
		dropped:      counter("dropped_units_total", "Frames that subscribers were too slow for."),
		readings:     counter("readings_total", "Readings about cameras delivered."),
		undelivered:  counter("dropped_readings_total", "Readings about cameras dropped because the ones before were not taken in time."),
		deliverFails: counter("failed_deliveries_total", "Deliveries of readings about cameras that failed."),
	}
}

// states returns every state, in the order in which they are told.
func states() []citywatch.CameraState {
	return []citywatch.CameraState{
		citywatch.CameraOnline, citywatch.CameraIdle, citywatch.CameraConnecting, citywatch.CameraFrozen, citywatch.CameraNoVideo,
		citywatch.CameraUnreachable, citywatch.CameraBadCredentials, citywatch.CameraUnsupported,
	}
}

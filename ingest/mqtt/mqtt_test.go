package mqtt_test

import (
	"testing"

	"citywatch/ingest/mqtt"
	"citywatch/internal/servertest"
)

func consumer() bool { return false }

func TestMessagesAreKeptAndAcknowledged(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	device := publisher(t, broker.URL, "device")
	for i := range 1000 {
		publish(t, device, "city/disaster/g1", numbered(i))
	}
	eventually(t, "all kept", func() bool { return in.distinct() == 1000 })
	eventually(t, "all acknowledged", func() bool { return s.States()[0].Unacknowledged == 0 })
}

package mqtt_test

import (
	"testing"
	"time"

	"citywatch/ingest/mqtt"
	"citywatch/internal/servertest"
)

// A canary comes back through the broker, falls silent with it, and is heard
// again when it is back.
func TestCanary(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	const every = 20 * time.Millisecond
	s, _ := in.source(t, mqtt.Options{URL: broker.URL, Name: "edge", ClientID: "ca/nh+o #1", CanaryEvery: every, Topics: []mqtt.Topic{{Filter: "none"}}})
	songs := func() int {
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.numbers[mqtt.CanaryDevice("edge")+" alive=1"]
	}
	eventually(t, "heard", func() bool { return songs() > 3 })
	broker.Kill()
	eventually(t, "lost", func() bool { return !s.States()[0].Connected })
	heard := songs()
	time.Sleep(5 * every)
	if n := songs(); n != heard {
		t.Errorf("%d came back through a dead broker", n-heard)
	}
	broker.Start()
	eventually(t, "heard again", func() bool { return songs() > heard+3 })
	if n := in.letterCount(); n > 0 {
		t.Errorf("%d canaries were refused", n)
	}
}

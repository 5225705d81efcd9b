package hub_test

import (
	"fmt"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/hub"
)

// BenchmarkFanOut publishes one alert to n clients and waits until all have it.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			bench := start(b, hub.Options{})
			got := make(chan uint64, n)
			for range n {
				c := bench.dial(b, "")
				c.next("snapshot")
				go func() {
					for {
						_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
						_, data, err := c.conn.ReadMessage()
						if err != nil {
							return
						}
						if string(data[:15]) == `{"type":"alert"` {
							got <- 1
						}
					}
				}()
			}
			a := alert("a", "z", 3)
			b.ReportAllocs()
			for b.Loop() {
				bench.publish(a, citywatch.ReasonRaised)
				a.Version++
				for range n {
					<-got
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/client")
		})
	}
}

// BenchmarkPublish is what publishing costs whoever publishes, however many
// listen.
func BenchmarkPublish(b *testing.B) {
	h := hub.New(hub.Options{}, hub.Deps{Source: newPicture()})
	t := citywatch.Transition{ID: "a/1", At: time.Now(), Reason: citywatch.ReasonFired, Alert: alert("a", "z", 3)}
	b.ReportAllocs()
	for b.Loop() {
		t.Seq++
		h.Transition(&t)
	}
}

// BenchmarkReadings is what a batch of 500 readings costs the journal's reader.
func BenchmarkReadings(b *testing.B) {
	h := hub.New(hub.Options{}, hub.Deps{Source: newPicture()})
	batch := make([]citywatch.Reading, 500)
	for i := range batch {
		batch[i].Device = fmt.Sprintf("device-%d", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Readings(batch)
	}
}

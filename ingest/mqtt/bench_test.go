package mqtt_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/mqtt"
	diskjournal "citywatch/internal/journal"
	"citywatch/internal/servertest"
)

// A counted journal counts the readings it was given.
type counted struct {
	journal
	readings, entries atomic.Int64
}

type journal interface {
	Append(ctx context.Context, shard int, readings []citywatch.Reading) (uint64, error)
	AppendDeadLetter(context.Context, citywatch.DeadLetter) error
}

func (c *counted) Append(ctx context.Context, shard int, readings []citywatch.Reading) (uint64, error) {
	seq, err := c.journal.Append(ctx, shard, readings)
	c.readings.Add(int64(len(readings)))
	c.entries.Add(1)
	return seq, err
}

// A timer is a journal that takes as long as one fsync and keeps nothing.
type timer struct{}

func (timer) Append(context.Context, int, []citywatch.Reading) (uint64, error) {
	time.Sleep(500 * time.Microsecond)
	return 1, nil
}

func (timer) AppendDeadLetter(context.Context, citywatch.DeadLetter) error { return nil }

// BenchmarkSource takes messages that wait in a real Mosquitto, and tells the
// processor time of this process alone. "bare" is the least that a client can
// do: subscribe, and have each message acknowledged at once.
func BenchmarkSource(b *testing.B) {
	b.Run("to the journal", func(b *testing.B) {
		j, err := diskjournal.Open(b.Context(), diskjournal.Options{Dir: b.TempDir()}, diskjournal.Deps{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = j.Close() })
		benchmarkSource(b, j)
	})
	b.Run("to nowhere", func(b *testing.B) { benchmarkSource(b, timer{}) })
	b.Run("bare", func(b *testing.B) {
		broker := queued(b)
		var n atomic.Int64
		measure(b, func() func() {
			o := paho.NewClientOptions().AddBroker(broker.URL).SetClientID("bench").SetCleanSession(false).
				SetDefaultPublishHandler(func(paho.Client, paho.Message) { n.Add(1) })
			c := paho.NewClient(o)
			c.Connect().Wait()
			return func() { c.Disconnect(1000) }
		}, &n)
	})
}

func benchmarkSource(b *testing.B, j journal) {
	broker := queued(b)
	c := &counted{journal: j}
	p := ingest.New(ingest.Options{}, c, everyone{})
	stopped := run(b, p.Run)
	defer stopped()
	s, err := mqtt.New(mqtt.Options{Name: "bench", URL: broker.URL, ClientID: "bench", Topics: []mqtt.Topic{{Filter: "city/#"}}}, p)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, func() func() { return run(b, s.Run) }, &c.readings)
	b.ReportMetric(float64(c.readings.Load())/float64(c.entries.Load()), "readings/entry")
}

func measure(b *testing.B, start func() (stop func()), n *atomic.Int64) {
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	stop := start()
	for n.Load() < int64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/msg")
	stop()
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// queued returns a broker in which b.N messages wait for the client "bench".
func queued(b *testing.B) *servertest.Broker {
	broker := servertest.Mosquitto(b, "persistence false")
	o := paho.NewClientOptions().AddBroker(broker.URL).SetClientID("bench").SetCleanSession(false)
	c := paho.NewClient(o)
	c.Connect().Wait()
	c.Subscribe("city/#", 1, nil).Wait()
	c.Disconnect(100)
	const senders = 2
	tokens := make(chan paho.Token, 1000)
	for i := range senders {
		device := publisher(b, broker.URL, fmt.Sprint("device", i))
		go func() {
			for j := i; j < b.N; j += senders {
				tokens <- device.Publish(fmt.Sprintf("city/disaster/g%d", j%5000), 1, false,
					fmt.Sprintf(`{"time":"2026-11-22T07:00:00+07:00","values":{"water_level":%d.25,"flow":12.5}}`, j%90))
			}
		}()
	}
	for range b.N {
		(<-tokens).Wait()
	}
	return broker
}

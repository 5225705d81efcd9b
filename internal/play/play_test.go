package play

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"citywatch/internal/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A message is what a subscriber sees of a row.
type message struct {
	Topic  string    `json:"-"`
	At     time.Time `json:"-"`
	Time   time.Time
	Values map[string]float64
}

func decodeMessage(t testing.TB, topic string, payload []byte) message {
	m := message{Topic: topic, At: time.Now()}
	if err := json.Unmarshal(payload, &m); err != nil {
		t.Errorf("%s: %v: %s", topic, err, payload)
	}
	return m
}

// A slowBroker acknowledges after a while, as those do that write to disk.
type slowBroker struct {
	t     testing.TB
	delay time.Duration
	fail  error

	mu       sync.Mutex
	inFlight map[string]bool
	messages []message
}

func (b *slowBroker) Publish(ctx context.Context, topic string, payload []byte) error {
	b.mu.Lock()
	if b.inFlight[topic] {
		b.t.Errorf("%s: a second message before the first is acknowledged", topic)
	}
	b.inFlight[topic] = true
	b.messages = append(b.messages, decodeMessage(b.t, topic, payload))
	b.mu.Unlock()
	if b.delay > 0 {
		time.Sleep(b.delay)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight[topic] = false
	return b.fail
}

func TestRowsAreOneAtATimeForEachStation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := recording(t)
		b := &slowBroker{t: t, delay: 3 * time.Second, inFlight: map[string]bool{}}
		p := player{recording: r, link: b}
		if err := p.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := int(p.published.Load()); n != len(r.Rows) || len(b.messages) != n {
			t.Errorf("%d published, %d heard, of %d", n, len(b.messages), len(r.Rows))
		}
	})
}

func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := recording(t)
		b := &slowBroker{t: t, inFlight: map[string]bool{}}
		begun := time.Now()
		p := player{recording: r, link: b, speed: 60}
		if err := p.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range b.messages {
			since, recorded := m.At.Sub(begun), m.Time.Sub(r.Rows[0].Time)
			if since != recorded/60 {
				t.Errorf("%s of %v after the first is played after %v", m.Topic, recorded, since)
			}
		}
	})
}

func TestAPlayStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		b := &slowBroker{t: t, inFlight: map[string]bool{}}
		p := player{recording: recording(t), link: b, speed: 1}
		_ = p.run(ctx)
		if n := p.published.Load(); n != 2 {
			t.Errorf("%d published in an hour and a half, want 2", n)
		}
	})
}

func TestAPlayEndsWithItsBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &slowBroker{t: t, inFlight: map[string]bool{}, fail: errors.New("go away")}
		p := player{recording: recording(t), link: b}
		if err := p.run(t.Context()); !errors.Is(err, b.fail) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestTopic(t *testing.T) {
	r := recording(t)
	r.mapping.Topic = "{sector}/{class}/{device}/up"
	topic, payload, err := r.mapping.message(r.Rows[0])
	const want = `{"time":"2025-11-20T00:00:00+07:00","values":{"water_level":4}}`
	if topic != "disaster/river_gauge/thuong-luu/up" || string(payload) != want || err != nil {
		t.Errorf("%s %s %v", topic, payload, err)
	}
}

// subscribe returns what a real broker hands on, by topic, once that many
// messages have come.
func subscribe(t *testing.T, broker string) func(count int) map[string][]message {
	t.Helper()
	var mu sync.Mutex
	heard, total := map[string][]message{}, 0
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker).SetClientID("subscriber").SetOrderMatters(true))
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	t.Cleanup(func() { client.Disconnect(250) })
	token := client.Subscribe("city/+/+", 1, func(_ mqtt.Client, m mqtt.Message) {
		mu.Lock()
		defer mu.Unlock()
		heard[m.Topic()] = append(heard[m.Topic()], decodeMessage(t, m.Topic(), m.Payload()))
		total++
	})
	if token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	return func(count int) map[string][]message {
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			mu.Lock()
			now, all := total, maps.Clone(heard)
			mu.Unlock()
			if now >= count || time.Now().After(deadline) {
				return all
			}
		}
	}
}

// TestPlay plays through a real broker, the real flood where it is present.
func TestPlay(t *testing.T) {
	for name, read := range map[string]func(testing.TB) *Recording{
		"synthetic": recording,
		"real":      func(t testing.TB) *Recording { return waterDashboardFile(t, parse(t, WaterDashboard())) },
	} {
		t.Run(name, func(t *testing.T) {
			broker := servertest.Mosquitto(t)
			heard := subscribe(t, broker.URL)
			r := read(t)
			begun := time.Now()
			n, err := r.Play(t.Context(), Options{Broker: broker.URL})
			if err != nil || n != len(r.Rows) {
				t.Fatalf("%d of %d published, %v", n, len(r.Rows), err)
			}
			t.Logf("%d rows in %v", n, time.Since(begun).Round(time.Millisecond))
			want := map[string][]message{}
			for _, row := range r.Rows {
				topic := "city/disaster/" + row.Station.ID
				want[topic] = append(want[topic], message{Time: row.Time, Values: map[string]float64{"water_level": row.Values[0].Number}})
			}
			got := heard(n)
			for topic, rows := range want {
				same := slices.EqualFunc(rows, got[topic], func(a, b message) bool {
					return a.Time.Equal(b.Time) && a.Values["water_level"] == b.Values["water_level"]
				})
				if !same {
					t.Errorf("%s: %d rows were played, and %d heard, or others", topic, len(rows), len(got[topic]))
				}
			}
		})
	}
}

func TestPlayWaitsForABrokerUntilItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	n, err := recording(t).Play(ctx, Options{Broker: "mqtt://127.0.0.1:1"})
	if n != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d published, %v", n, err)
	}
}

func TestPlayIsRefused(t *testing.T) {
	broker := servertest.Mosquitto(t, "allow_anonymous false")
	if _, err := recording(t).Play(t.Context(), Options{Broker: broker.URL}); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("played to a broker that wants nobody: %v", err)
	}
	if _, err := recording(t).Play(t.Context(), Options{Broker: "gopher://h"}); err == nil {
		t.Error("played to a gopher")
	}
}

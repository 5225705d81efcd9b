package uplink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"citywatch/internal/servertest"
	"citywatch/internal/sim/uplink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs the link until the test ends, or stop is called.
func run(t *testing.T, l *uplink.Link) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return stop
}

func newLink(t *testing.T, broker string, log *slog.Logger) *uplink.Link {
	t.Helper()
	l, err := uplink.New(uplink.Options{Broker: broker, ClientID: "link", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A listener is a persistent subscriber: what comes while it is away waits.
type listener struct {
	mu  sync.Mutex
	got map[string]int // by payload
}

func listen(t *testing.T, broker string) *listener {
	t.Helper()
	s := &listener{got: map[string]int{}}
	o := mqtt.NewClientOptions().AddBroker(broker).SetClientID("listener").
		SetCleanSession(false).SetAutoReconnect(true).SetMaxReconnectInterval(200 * time.Millisecond).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.got[string(m.Payload())]++
		})
	client := mqtt.NewClient(o)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	t.Cleanup(func() { client.Disconnect(250) })
	if token := client.Subscribe("t", 1, nil); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	return s
}

func (s *listener) missing(n int) (missing []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		if s.got[fmt.Sprint(i)] == 0 {
			missing = append(missing, i)
		}
	}
	return missing
}

func TestPublishOutlivesTheBroker(t *testing.T) {
	broker := servertest.Mosquitto(t)
	heard := listen(t, broker.URL)
	l := newLink(t, broker.URL, nil)
	run(t, l)

	const n = 60
	sent := make(chan int)
	go func() {
		defer close(sent)
		for i := range n {
			if err := l.Publish(t.Context(), "t", fmt.Append(nil, i)); err != nil {
				t.Errorf("publish %d: %v", i, err)
			}
			sent <- i
		}
	}()
	for i := range sent {
		if i == 20 {
			// Mosquitto saves every two seconds.
			time.Sleep(3 * time.Second)
			broker.Kill()
			time.Sleep(300 * time.Millisecond)
			broker.Start()
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for len(heard.missing(n)) > 0 && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if m := heard.missing(n); len(m) > 0 {
		t.Errorf("never heard: %v", m)
	}
}

func TestPublishEndsWithItsContext(t *testing.T) {
	l := newLink(t, "mqtt://127.0.0.1:1", nil)
	run(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Publish(ctx, "t", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("publish without a broker: %v", err)
	}
}

// TestAMessageThatTheBrokerHatesIsGivenUp sends what Mosquitto is told to
// refuse: it hangs up.
func TestAMessageThatTheBrokerHatesIsGivenUp(t *testing.T) {
	broker := servertest.Mosquitto(t, "max_packet_size 100")
	l := newLink(t, broker.URL, nil)
	run(t, l)
	if err := l.Publish(t.Context(), "t", make([]byte, 200)); !errors.Is(err, uplink.ErrUnacknowledged) {
		t.Errorf("publish of what is too large: %v", err)
	}
	if err := l.Publish(t.Context(), "t", make([]byte, 10)); err != nil {
		t.Errorf("publish after it: %v", err)
	}
}

func TestRefusedCredentials(t *testing.T) {
	broker := servertest.Mosquitto(t, "allow_anonymous false")
	l := newLink(t, strings.Replace(broker.URL, "tcp://", "mqtt://device:wrong-password@", 1), nil)
	err := l.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "device:xxxxx@") {
		t.Errorf("refused credentials: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("the password stands in the error: %v", err)
	}
}

func TestASilentBrokerDoesNotHoldUpTheStop(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l := newLink(t, "mqtt://"+silent.Addr().String(), nil)
	stop := run(t, l)
	time.Sleep(100 * time.Millisecond)
	begun := time.Now()
	if err := stop(); err != nil || time.Since(begun) > time.Second {
		t.Errorf("stopped after %v: %v", time.Since(begun), err)
	}
}

func TestAnOutageIsReportedOnce(t *testing.T) {
	var log bytes.Buffer
	l := newLink(t, "mqtt://user:secret@127.0.0.1:1", slog.New(slog.NewTextHandler(&log, nil)))
	stop := run(t, l)
	time.Sleep(700 * time.Millisecond) // a few attempts
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || strings.Contains(log.String(), "secret") {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"mqtt://h":            "",
		"tcp://h:1":           "",
		"mqtts://u:p@h":       "",
		"http://u:hidden@h":   "unknown scheme",
		"h:1883":              "unknown scheme",
		"mqtt://":             "no host",
		"mqtt://u:hidden@h:x": "not an address",
	} {
		_, err := uplink.New(uplink.Options{Broker: address})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", address, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden")):
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}

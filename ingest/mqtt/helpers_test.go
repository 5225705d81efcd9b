package mqtt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/mqtt"
)

func TestMain(m *testing.M) {
	if consumer() {
		return
	}
	goleak.VerifyTestMain(m)
}

// A disk is a journal in memory that can be full.
type disk struct {
	mu      sync.Mutex
	full    error
	numbers map[string]int // how often each value came, by device and number
	letters []citywatch.DeadLetter
}

func (d *disk) Append(_ context.Context, _ int, readings []citywatch.Reading) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return 0, d.full
	}
	if d.numbers == nil {
		d.numbers = map[string]int{}
	}
	for _, r := range readings {
		for _, v := range r.Values {
			d.numbers[fmt.Sprintf("%s %s=%v", r.Device, v.Name, v.Number)]++
		}
	}
	return 1, nil
}

func (d *disk) AppendDeadLetter(_ context.Context, l citywatch.DeadLetter) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.letters = append(d.letters, l)
	return nil
}

func (d *disk) setFull(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = err
}

// distinct counts the different values on the disk.
func (d *disk) distinct() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.numbers)
}

func (d *disk) has(value string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.numbers[value] > 0
}

func (d *disk) letterCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.letters)
}

// everyone is a registry that knows whoever is asked for, but ghosts.
type everyone struct{}

func (everyone) Lookup(id string) (*citywatch.Device, bool) {
	if strings.HasPrefix(id, "ghost") {
		return nil, false
	}
	return &citywatch.Device{ID: id, Class: "river_gauge", Zone: "z"}, true
}

func (everyone) Register(string, string, citywatch.Sector) (*citywatch.Device, error) {
	return nil, errors.New("nobody may")
}

// A safeLog can be written and read at once.
type safeLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// An intake is a pipeline on a disk that sources can be started on.
type intake struct {
	*disk
	pipeline *ingest.Pipeline
	log      *safeLog
	stop     func() // and wait
}

func newIntake(t testing.TB, d *disk) *intake {
	t.Helper()
	in := &intake{disk: d, log: &safeLog{}}
	in.pipeline = ingest.New(ingest.Options{Log: in.logger()}, d, everyone{})
	in.stop = run(t, in.pipeline.Run)
	return in
}

func (in *intake) logger() *slog.Logger { return slog.New(slog.NewTextHandler(in.log, nil)) }

// run runs f until the returned function is called, or the test ends.
func run(t testing.TB, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := f(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

// source starts a source of city/# with the options.
func (in *intake) source(t testing.TB, o mqtt.Options) (s *mqtt.Source, stop func()) {
	t.Helper()
	if o.Name == "" {
		o.Name = "test"
	}
	if o.Topics == nil {
		o.Topics = []mqtt.Topic{{Filter: "city/#"}}
	}
	o.Log = in.logger()
	s, err := mqtt.New(o, in.pipeline)
	if err != nil {
		t.Fatal(err)
	}
	return s, run(t, s.Run)
}

// connected waits until all the source's connections are made.
func connected(t testing.TB, s *mqtt.Source) {
	t.Helper()
	eventually(t, "connected", func() bool {
		for _, state := range s.States() {
			if !state.Connected {
				return false
			}
		}
		return true
	})
}

func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// publisher connects a device to the broker.
func publisher(t testing.TB, url, id string) paho.Client {
	t.Helper()
	o := paho.NewClientOptions().AddBroker(url).SetClientID(id).SetCleanSession(false).
		SetConnectRetry(true).SetConnectRetryInterval(100 * time.Millisecond).
		SetMaxReconnectInterval(200 * time.Millisecond).SetOrderMatters(false)
	c := paho.NewClient(o)
	if token := c.Connect(); !token.WaitTimeout(30*time.Second) || token.Error() != nil {
		t.Fatalf("connect: %v", token.Error())
	}
	t.Cleanup(func() { c.Disconnect(1000) })
	return c
}

// publish publishes and waits for the broker's acknowledgement.
func publish(t testing.TB, c paho.Client, topic, payload string) {
	t.Helper()
	if token := c.Publish(topic, 1, false, payload); !token.WaitTimeout(30*time.Second) || token.Error() != nil {
		t.Fatalf("publish: %v", token.Error())
	}
}

func numbered(n int) string { return fmt.Sprintf(`{"values":{"n":%d}}`, n) }

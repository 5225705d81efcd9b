package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/decode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A disk keeps entries and dead letters in memory. It takes time, and can be
// full.
type disk struct {
	took time.Duration // that an append takes

	mu      sync.Mutex
	full    error
	entries map[int][][]citywatch.Reading
	letters []citywatch.DeadLetter
}

func (d *disk) Append(ctx context.Context, shard int, readings []citywatch.Reading) (uint64, error) {
	if d.took > 0 {
		select {
		case <-time.After(d.took):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return 0, d.full
	}
	if d.entries == nil {
		d.entries = map[int][][]citywatch.Reading{}
	}
	d.entries[shard] = append(d.entries[shard], slices.Clone(readings))
	return uint64(len(d.entries[shard])), nil
}

func (d *disk) AppendDeadLetter(_ context.Context, l citywatch.DeadLetter) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return d.full
	}
	d.letters = append(d.letters, l)
	return nil
}

func (d *disk) setFull(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = err
}

// sizes returns how many readings each entry of shard 0 has.
func (d *disk) sizes() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	var sizes []int
	for _, e := range d.entries[0] {
		sizes = append(sizes, len(e))
	}
	return sizes
}

// readings returns all readings, in order within each shard.
func (d *disk) readings() []citywatch.Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []citywatch.Reading
	for _, shard := range d.entries {
		for _, e := range shard {
			all = append(all, e...)
		}
	}
	return all
}

func (d *disk) deadLetters() []citywatch.DeadLetter {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.letters)
}

// devices is a registry of "d0" to "d9", in zones "z0" to "z9", that lets in
// room more.
type devices struct {
	mu   sync.Mutex
	room int
	auto map[string]*citywatch.Device
}

func (d *devices) Lookup(id string) (*citywatch.Device, bool) {
	if len(id) == 2 && id[0] == 'd' {
		return &citywatch.Device{ID: id, Class: "river_gauge", Sector: citywatch.SectorDisaster, Zone: "z" + id[1:]}, true
	}
	if id == "serial-7" {
		return &citywatch.Device{ID: "d7", Class: "river_gauge", Sector: citywatch.SectorDisaster, Zone: "z7"}, true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	dev, ok := d.auto[id]
	return dev, ok
}

func (d *devices) Register(id, class string, sector citywatch.Sector) (*citywatch.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.auto) == d.room {
		return nil, fmt.Errorf("as many devices have registered themselves as are allowed")
	}
	if d.auto == nil {
		d.auto = map[string]*citywatch.Device{}
	}
	d.auto[id] = &citywatch.Device{ID: id, Class: class, Sector: sector, Auto: true}
	return d.auto[id], nil
}

// A bench is a running pipeline on a disk.
type bench struct {
	*ingest.Pipeline
	disk    *disk
	metrics *prometheus.Registry
	stop    func() // and wait
}

func start(t testing.TB, o ingest.Options, d *disk) *bench {
	t.Helper()
	b := &bench{disk: d, metrics: prometheus.NewRegistry()}
	o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	o.Metrics = b.metrics
	b.Pipeline = ingest.New(o, d, &devices{room: 2})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := b.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	b.stop = func() { cancel(); <-ended }
	t.Cleanup(b.stop)
	return b
}

// count returns the sum of a counter's samples with these label values.
func (b *bench) count(t testing.TB, name string, labels ...string) int {
	t.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != "citywatch_ingest_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			var have []string
			for _, l := range m.GetLabel() {
				have = append(have, l.GetValue())
			}
			if !slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(have, l) }) {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return int(sum)
}

// texts decodes lines such as "d1 level=3": one reading a line. A line that
// begins with "!" is refused, "panic" panics.
type texts struct{}

func (texts) Decode(dst []citywatch.Reading, m decode.Message) ([]citywatch.Reading, error) {
	var refused error
	for line := range strings.Lines(string(m.Payload)) {
		line = strings.TrimSpace(line)
		if line == "panic" {
			panic("at the decoder")
		}
		if strings.HasPrefix(line, "!") {
			refused = &decode.Error{Refusal: citywatch.RefusedDecode, Detail: "a line begins with !"}
			continue
		}
		r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
		device, value, _ := strings.Cut(line, " ")
		if at, ahead, ok := strings.Cut(device, "@"); ok {
			d, err := time.ParseDuration(ahead)
			if err != nil {
				return dst, err
			}
			device, r.Time, r.TimeAssumed = at, m.Arrived.Add(d), false
		}
		r.Device = device
		if name, number, ok := strings.Cut(value, "="); ok {
			v := citywatch.Value{Name: name}
			if _, err := fmt.Sscan(number, &v.Number); err != nil {
				v.Text = number
			}
			r.Values = []citywatch.Value{v}
		}
		dst = append(dst, r)
	}
	return dst, refused
}

func (b *bench) door() *ingest.Door {
	return b.Door(ingest.DoorOptions{Source: "test", Format: "texts", Decoder: texts{}})
}

func message(payload string) ingest.Message {
	return ingest.Message{Message: decode.Message{Topic: "a/b", Payload: []byte(payload), Arrived: time.Now()}}
}

// offer offers the message and returns where its end will be told.
func offer(t testing.TB, d *ingest.Door, payload string) <-chan error {
	t.Helper()
	return offerMessage(t.Context(), d, message(payload))
}

func offerMessage(ctx context.Context, d *ingest.Door, m ingest.Message) <-chan error {
	done := make(chan error, 2) // room to see a second call
	d.Offer(ctx, m, func(err error) { done <- err })
	return done
}

// isDone waits for the message's end and fails the test unless it is want.
func isDone(t testing.TB, done <-chan error, want error) {
	t.Helper()
	select {
	case err := <-done:
		if !errors.Is(err, want) {
			t.Fatalf("done with %v, want %v", err, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("never done")
	}
}

func isPending(t testing.TB, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		t.Fatalf("done too early, with %v", err)
	default:
	}
}

package alerts

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"citywatch"
	"citywatch/internal/registry"

	"github.com/paulmach/orb"
)

// A memory is a journal that outlives the engines reading it, so that a test
// can end one between any two steps. The real journal is used in
// journal_test.go.
type memory struct {
	mu          sync.Mutex
	more        chan struct{} // closed and renewed when an entry comes
	entries     []citywatch.Entry
	transitions []citywatch.Transition
	ids         map[string]int
	kept        map[string][]byte
	// takes is how many transitions are still written before the crash; -1 is
	// all.
	takes int
}

func newMemory() *memory {
	return &memory{ids: map[string]int{}, kept: map[string][]byte{}, takes: -1, more: make(chan struct{})}
}

// errCrash stands for the end of the process.
var errCrash = errors.New("crash")

func (m *memory) AppendTransitions(_ context.Context, ts []citywatch.Transition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range ts {
		t := &ts[i]
		if at, ok := m.ids[t.ID]; ok {
			t.Seq = m.transitions[at].Seq
			continue
		}
		if m.takes == 0 {
			return errCrash
		}
		if m.takes > 0 {
			m.takes--
		}
		t.Seq = uint64(len(m.transitions) + 1)
		m.ids[t.ID] = len(m.transitions)
		m.transitions = append(m.transitions, *t)
	}
	return nil
}

func (m *memory) TransitionBounds(context.Context) (first, last uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return 1, uint64(len(m.transitions)), nil
}

func (m *memory) Load(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[key], nil
}

func (m *memory) Save(_ context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[key] = data
	return nil
}

// append adds an entry and gives it its number.
func (m *memory) append(e citywatch.Entry) citywatch.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.Seq = uint64(len(m.entries) + 1)
	m.entries = append(m.entries, e)
	close(m.more)
	m.more = make(chan struct{})
	return e
}

func (m *memory) written() []citywatch.Transition {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.transitions)
}

type memoryReader[T any] struct {
	memory *memory
	next   int
	all    func() []T
}

func (r *memoryReader[T]) Close() {}

func (r *memoryReader[T]) Next(ctx context.Context) (T, error) {
	for {
		r.memory.mu.Lock()
		all, more := r.all(), r.memory.more
		r.memory.mu.Unlock()
		if r.next < len(all) {
			r.next++
			return all[r.next-1], nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

func (m *memory) deps(rules *Rules, devices devices) Deps {
	return Deps{
		Rules: rules, Devices: devices, Journal: m,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Entries: func(from uint64) Reader[citywatch.Entry] {
			return &memoryReader[citywatch.Entry]{m, int(from) - 1, func() []citywatch.Entry { return m.entries }}
		},
		Transitions: func(from uint64) Reader[citywatch.Transition] {
			return &memoryReader[citywatch.Transition]{m, int(from) - 1, func() []citywatch.Transition { return m.transitions }}
		},
	}
}

// A world is a rule file and a device file, as a person writes them.
type world struct {
	rules   *Rules
	devices *registry.Registry
	classes []citywatch.Class
	listed  []citywatch.Device
}

func newWorld(t testing.TB, devices, rules string) *world {
	t.Helper()
	w := &world{}
	var problems []citywatch.Problem
	w.classes, w.listed, _, problems = registry.Parse([]byte(devices), func(orb.Point) string { return "zone" })
	if len(problems) > 0 {
		t.Fatal("devices:", problems)
	}
	w.devices = registry.New(w.classes, w.listed, 10)
	w.rules = w.parse(t, rules)
	return w
}

func (w *world) parse(t testing.TB, rules string) *Rules {
	t.Helper()
	parsed, _, problems := Parse([]byte(rules), Catalogue{Classes: w.classes, Devices: w.listed, Zones: []citywatch.Zone{{ID: "zone"}}})
	if len(problems) > 0 {
		t.Fatal("rules:", problems)
	}
	return parsed
}

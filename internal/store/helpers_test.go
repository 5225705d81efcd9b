package store_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
	"citywatch/internal/store"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := feedForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// A memory is a journal of one shard that lasts as long as the test, whatever
// becomes of the stores that read it.
type memory struct {
	mu      sync.Mutex
	more    chan struct{} // closed when entries grows
	entries []citywatch.Entry
	read    uint64 // the last entry handed out
	saved   map[string][]byte
	letters []citywatch.DeadLetter
	refuse  error // of AppendDeadLetter
}

func newMemory() *memory { return &memory{more: make(chan struct{}), saved: map[string][]byte{}} }

func (m *memory) append(readings ...citywatch.Reading) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := citywatch.Entry{Seq: uint64(len(m.entries) + 1), Readings: readings}
	if len(readings) == 0 {
		e.Tick = time.Now()
	}
	m.entries = append(m.entries, e)
	close(m.more)
	m.more = make(chan struct{})
}

func (m *memory) Load(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved[key], nil
}

func (m *memory) Save(_ context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved[key] = slices.Clone(data)
	return nil
}

func (m *memory) AppendDeadLetter(_ context.Context, d citywatch.DeadLetter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	m.letters = append(m.letters, d)
	return nil
}

func (m *memory) dead() []citywatch.DeadLetter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
}

func (m *memory) readUpTo() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.read
}

func (m *memory) reader(_ int, from uint64) store.Entries {
	return &memoryReader{m: m, next: max(from, 1)}
}

type memoryReader struct {
	m    *memory
	next uint64
}

func (r *memoryReader) Close() {}

func (r *memoryReader) Next(ctx context.Context) (citywatch.Entry, error) {
	for {
		r.m.mu.Lock()
		more := r.m.more
		if r.next <= uint64(len(r.m.entries)) {
			e := r.m.entries[r.next-1]
			r.m.read = e.Seq
			r.next++
			r.m.mu.Unlock()
			return e, nil
		}
		r.m.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return citywatch.Entry{}, ctx.Err()
		}
	}
}

type database interface {
	Write(ctx context.Context, to series.Resolution, lines []byte) error
	Query(ctx context.Context, from series.Resolution, q string) (series.Result, error)
}

// A faulty database is a real one of which calls may fail.
type faulty struct {
	database
	// write returns the error of a write, or nil to let it through.
	write func(to series.Resolution, lines []byte) error
	query func(q string) error

	mu     sync.Mutex
	writes []int // how many lines each had
}

func (f *faulty) Write(ctx context.Context, to series.Resolution, lines []byte) error {
	f.mu.Lock()
	f.writes = append(f.writes, bytes.Count(lines, []byte("\n")))
	f.mu.Unlock()
	if f.write != nil {
		if err := f.write(to, lines); err != nil {
			return err
		}
	}
	if f.database == nil {
		return nil
	}
	return f.database.Write(ctx, to, lines)
}

func (f *faulty) Query(ctx context.Context, from series.Resolution, q string) (series.Result, error) {
	if f.query != nil {
		if err := f.query(q); err != nil {
			return nil, err
		}
	}
	if f.database == nil {
		return nil, nil
	}
	return f.database.Query(ctx, from, q)
}

// A logbook keeps what was logged.
type logbook struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *logbook) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.lines.String(), text)
}

func openEmbedded(t testing.TB, keep series.Retention) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(embedded.Options{Dir: t.TempDir(), Name: "citywatch", Retention: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func parts(m *memory, db database) store.Parts {
	o := store.DefaultOptions()
	o.Retention = series.Retention{}
	return store.Parts{DB: db, Checkpoints: m, DeadLetters: m, Entries: m.reader, Options: o}
}

// start runs a store until the test, or the returned function, ends it.
func start(t testing.TB, p store.Parts) (*store.Store, func()) {
	t.Helper()
	s := store.New(p)
	s.SetSumEvery(50 * time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return s, stop
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func reading(device string, at time.Time, level float64) citywatch.Reading {
	return citywatch.Reading{
		Device: device, Class: "river_gauge", Sector: "disaster", Zone: "p-lao-cai", Time: at, Arrived: time.Now(),
		Values: []citywatch.Value{{Name: "level", Number: level}},
	}
}

// counted returns how many readings are stored.
func counted(t testing.TB, db database) int {
	t.Helper()
	got, err := db.Query(t.Context(), series.Raw, `SELECT count(level) FROM river_gauge`)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		return 0
	}
	return int(got[0].Rows[0][1].(float64))
}

func stored(t testing.TB, db database, want int) {
	t.Helper()
	eventually(t, fmt.Sprint(want, " readings stored"), func() bool { return counted(t, db) >= want })
	if n := counted(t, db); n != want {
		t.Errorf("%d readings stored, want %d", n, want)
	}
}

func logTo(l *logbook) *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// runFor runs a store during f.
func runFor(t testing.TB, s *store.Store, f func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	f()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

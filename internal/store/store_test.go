package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
	"citywatch/ingest/decode"
	"citywatch/internal/series"
	"citywatch/internal/store"
)

func TestEveryReadingIsStored(t *testing.T) {
	m, db := newMemory(), openEmbedded(t, series.Retention{})
	now := time.Now().Truncate(time.Second)
	n := 0
	fill := func(entries int) {
		for range entries {
			var readings []citywatch.Reading
			for i := range 300 {
				readings = append(readings, reading(fmt.Sprint("device-", i), now.Add(time.Duration(-n)*time.Second), float64(n)))
			}
			n++
			m.append(readings...)
			m.append() // a tick
		}
	}
	fill(40)
	_, stop := start(t, parts(m, db))
	stored(t, db, 300*n)
	stop()

	// The next one goes on where the first stopped.
	again := m.readUpTo()
	fill(5)
	counting := &faulty{database: db}
	_, stop = start(t, parts(m, counting))
	stored(t, db, 300*n)
	stop()
	written := 0
	for _, lines := range counting.writes {
		written += lines
	}
	if again != 80 || written < 5*300 || written > 20*300 {
		t.Errorf("%d entries read; %d lines written in the second run, want about %d", again, written, 5*300)
	}
}

// TestCrash loses the place in the journal: everything is written again, and
// is there once.
func TestCrash(t *testing.T) {
	m, db := newMemory(), openEmbedded(t, series.Retention{})
	for i := range 100 {
		m.append(reading("thao", time.Unix(int64(1_700_000_000+i), 0), float64(i)))
	}
	for range 3 {
		_, stop := start(t, parts(m, db))
		stored(t, db, 100)
		stop()
		clear(m.saved)
	}
	if dead := m.dead(); len(dead) > 0 {
		t.Errorf("dead letters: %v", dead)
	}
}

// TestNewJournal has a place in a journal that is no more.
func TestNewJournal(t *testing.T) {
	m, db := newMemory(), openEmbedded(t, series.Retention{})
	m.saved["store/0"] = []byte(`{"stored":1000,"summed":990}`)
	for i := range 10 {
		m.append(reading("thao", time.Unix(int64(1_700_000_000+i), 0), float64(i)))
	}
	p := parts(m, db)
	p.Entries = func(shard int, from uint64) store.Entries {
		if from != 991 {
			t.Errorf("read from %d", from)
		}
		return m.reader(shard, 0) // as the journal does where it has no such entry
	}
	_, stop := start(t, p)
	stored(t, db, 10)
	stop()
	var place struct{ Stored uint64 }
	if err := json.Unmarshal(m.saved["store/0"], &place); err != nil || place.Stored != 10 {
		t.Errorf("saved %s, %v", m.saved["store/0"], err)
	}
}

func TestPoison(t *testing.T) {
	m := newMemory()
	db := &faulty{database: openEmbedded(t, series.Retention{}), write: func(_ series.Resolution, lines []byte) error {
		if bytes.Contains(lines, []byte("poison")) {
			return &series.Rejected{Reason: "it is poison"}
		}
		return nil
	}}
	var readings []citywatch.Reading
	var want []string
	for i := range 3000 {
		device := fmt.Sprint("device-", i)
		if i == 0 || i == 1 || i == 777 || i == 2999 {
			device = fmt.Sprint("poison-", i)
			want = append(want, device)
		}
		readings = append(readings, reading(device, time.Unix(1_700_000_000, 0), float64(i)))
	}
	m.append(readings...)
	_, stop := start(t, parts(m, db))
	stored(t, db, 3000-len(want))
	eventually(t, "dead letters", func() bool { return len(m.dead()) == len(want) })
	stop()
	var got []string
	for _, d := range m.dead() {
		got = append(got, d.Device)
		if d.Refusal != citywatch.RefusedStore || d.Detail != "it is poison" || d.Arrived.IsZero() {
			t.Errorf("dead letter %+v", d)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("dead letters of %q, want %q", got, want)
	}
	if n := len(db.writes); n > 100 {
		t.Errorf("%d writes to find %d lines among 3000", n, len(want))
	}
}

// TestDeadLetterCanBeSentAgain puts a dead letter through the decoder that it
// names.
func TestDeadLetterCanBeSentAgain(t *testing.T) {
	m := newMemory()
	db := &faulty{write: func(series.Resolution, []byte) error { return &series.Rejected{Reason: "no"} }}
	r := reading("lao-cai-thao", time.Unix(1_700_000_000, 123_000_000).UTC(), 80.12)
	r.Values = append(r.Values, citywatch.Value{Name: "state", Text: `say "fire"`})
	m.append(r)
	start(t, parts(m, db))
	eventually(t, "dead letter", func() bool { return len(m.dead()) == 1 })
	d := m.dead()[0]
	decoder, err := decode.New(decode.Options{Format: d.Decoder})
	if err != nil {
		t.Fatal(err)
	}
	got, err := decoder.Decode(nil, decode.Message{Topic: d.Topic, Payload: d.Payload, Arrived: d.Arrived})
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v from %s", got, err, d.Payload)
	}
	if got[0].Device != r.Device || !got[0].Time.Equal(r.Time) || !slices.Equal(got[0].Values, r.Values) {
		t.Errorf("got %+v, want %+v", got[0], r)
	}
}

// TestUndeadLetter cannot keep a refused reading at first: it waits, for it
// would be lost otherwise.
func TestUndeadLetter(t *testing.T) {
	m, log := newMemory(), &logbook{}
	m.refuse = errors.New("disk full")
	p := parts(m, &faulty{write: func(series.Resolution, []byte) error { return &series.Rejected{Reason: "no"} }})
	p.Log = logTo(log)
	m.append(reading("thao", time.Now(), 1))
	start(t, p)
	eventually(t, "a log line", func() bool { return log.count("disk full") == 1 })
	m.mu.Lock()
	m.refuse = nil
	m.mu.Unlock()
	eventually(t, "dead letter", func() bool { return len(m.dead()) == 1 })
}

// TestFloodOfPoison keeps what is needed to see what happens, and goes on.
func TestFloodOfPoison(t *testing.T) {
	m, registry, log := newMemory(), prometheus.NewRegistry(), &logbook{}
	p := parts(m, openEmbedded(t, series.Retention{}))
	p.Metrics, p.Log = registry, logTo(log)
	m.append(reading("thao", time.Unix(1_700_000_000, 0), 1))
	const flood = 20_000
	for range flood / 100 {
		var readings []citywatch.Reading
		for range 100 {
			r := reading("hostile", time.Unix(1_700_000_000, 0), 0)
			r.Values[0].Text = "poison"
			readings = append(readings, r)
		}
		m.append(readings...)
	}
	m.append(reading("thao", time.Unix(1_700_000_001, 0), 1))
	_, stop := start(t, p)
	stored(t, p.DB.(database), 2)
	stop()
	if n := len(m.dead()); n < 5000 || n > 10_000 {
		t.Errorf("%d dead letters", n)
	}
	if log.count("too many readings are refused") != 1 {
		t.Errorf("logged %s", log.lines.String())
	}
}

func TestTooLarge(t *testing.T) {
	m := newMemory()
	db := &faulty{database: openEmbedded(t, series.Retention{})}
	db.write = func(_ series.Resolution, lines []byte) error {
		if bytes.Count(lines, []byte("\n")) > 100 || bytes.Contains(lines, []byte("whale")) {
			return fmt.Errorf("413: %w", series.ErrTooLarge)
		}
		return nil
	}
	for e := range 20 {
		var readings []citywatch.Reading
		for i := range 500 {
			readings = append(readings, reading(fmt.Sprint("device-", i), time.Unix(int64(1_700_000_000+e), 0), 1))
		}
		m.append(readings...)
	}
	m.append(reading("whale", time.Unix(1_700_000_000, 0), 1))
	_, stop := start(t, parts(m, db))
	stored(t, db, 20*500)
	eventually(t, "dead letter", func() bool { return len(m.dead()) == 1 })
	stop()
	if refused := len(slices.DeleteFunc(db.writes, func(lines int) bool { return lines <= 100 })); refused > 10 {
		t.Errorf("%d writes were too large: it does not learn", refused)
	}
}

func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, log, registry := newMemory(), &logbook{}, prometheus.NewRegistry()
		var away atomic.Bool
		var lines atomic.Int64
		db := &faulty{write: func(_ series.Resolution, b []byte) error {
			if away.Load() {
				return errors.New("connection refused")
			}
			lines.Add(int64(bytes.Count(b, []byte("\n"))))
			return nil
		}}
		p := parts(m, db)
		p.Log, p.Metrics = logTo(log), registry
		s, _ := start(t, p)
		m.append(reading("thao", time.Now(), 1))
		time.Sleep(time.Second)
		if since, _ := s.Degraded(); lines.Load() != 1 || !since.IsZero() {
			t.Fatalf("%d lines, degraded since %v", lines.Load(), since)
		}

		away.Store(true)
		began := time.Now()
		for i := range 1000 {
			m.append(reading("thao", time.Now().Add(time.Duration(i)), 1), reading("chay", time.Now().Add(time.Duration(i)), 1))
			time.Sleep(time.Second)
		}
		since, reason := s.Degraded()
		if since.Sub(began) < 0 || since.Sub(began) > 2*time.Second || !strings.Contains(reason, "connection refused") {
			t.Errorf("degraded since %v (%v after it began): %s", since, since.Sub(began), reason)
		}
		if n := m.readUpTo(); n > 10 {
			t.Errorf("%d entries were read during the outage", n)
		}
		if got := metric(t, registry, "citywatch_store_behind_seconds"); got < 990 {
			t.Errorf("behind %v s", got)
		}

		away.Store(false)
		time.Sleep(30 * time.Second)
		if since, reason := s.Degraded(); !since.IsZero() || reason != "" {
			t.Errorf("still degraded since %v: %s", since, reason)
		}
		if lines.Load() != 2001 {
			t.Errorf("%d lines stored, want 2001", lines.Load())
		}
		if log.count("store fails") != 1 || log.count("is back") != 1 {
			t.Errorf("logged %s", log.lines.String())
		}
	})
}

// metric returns the value of a gauge or counter.
func metric(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestBackOff(t *testing.T) {
	for name, test := range map[string]struct {
		err      error
		min, max int // calls in ten minutes
	}{
		"unreachable":       {errors.New("connection refused"), 50, 110},
		"busy for a minute": {fmt.Errorf("429: %w", &series.Busy{After: time.Minute}), 10, 11},
		"busy for a year":   {fmt.Errorf("429: %w", &series.Busy{After: 365 * 24 * time.Hour}), 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, calls := newMemory(), 0
				m.append(reading("thao", time.Now(), 1))
				_, stop := start(t, parts(m, &faulty{write: func(series.Resolution, []byte) error { calls++; return test.err }}))
				time.Sleep(10 * time.Minute)
				stop()
				if calls < test.min || calls > test.max {
					t.Errorf("%d calls in ten minutes, want %d to %d", calls, test.min, test.max)
				}
			})
		})
	}
}

func TestUnauthorizedIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, log := newMemory(), &logbook{}
		p := parts(m, &faulty{write: func(series.Resolution, []byte) error { return fmt.Errorf("401: %w", series.ErrUnauthorized) }})
		p.Log = logTo(log)
		m.append(reading("thao", time.Now(), 1))
		start(t, p)
		time.Sleep(300 * time.Millisecond)
		if log.count("credentials") != 1 || len(m.dead()) != 0 {
			t.Errorf("logged %q; dead letters %v", log.lines.String(), m.dead())
		}
	})
}

func TestIdleSavesSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		saves := &countingSaves{memory: m}
		p := parts(m, &faulty{})
		p.Checkpoints = saves
		_, stop := start(t, p)
		for range 600 {
			m.append()
			time.Sleep(time.Second)
		}
		stop()
		if saves.n > 12 {
			t.Errorf("%d saves in ten minutes in which only the clock ticked", saves.n)
		}
		var place struct{ Stored, Summed uint64 }
		if err := json.Unmarshal(m.saved["store/0"], &place); err != nil || place.Stored < 500 || place.Summed != place.Stored {
			t.Errorf("saved %s, %v", m.saved["store/0"], err)
		}
	})
}

type countingSaves struct {
	*memory
	n int
}

func (c *countingSaves) Save(ctx context.Context, key string, data []byte) error {
	c.n++
	return c.memory.Save(ctx, key, data)
}

// TestSchema refuses what would make the store refuse, or grow for ever, before
// it gets there.
func TestSchema(t *testing.T) {
	db := openEmbedded(t, series.Retention{})
	at := time.Unix(1_700_000_000, 0)
	before, _ := series.AppendReading(nil, &citywatch.Reading{Class: "river_gauge", Device: "old", Time: at,
		Values: []citywatch.Value{{Name: "state", Text: "ok"}}})
	if err := db.Write(t.Context(), series.Raw, before); err != nil {
		t.Fatal(err)
	}
	m, watched := newMemory(), &faulty{database: db}
	p := parts(m, watched)
	p.Options.MaxFields = 3
	with := func(device, name string, number float64, text string) citywatch.Reading {
		r := reading(device, at, 1)
		r.Values = append(r.Values, citywatch.Value{Name: name, Number: number, Text: text})
		return r
	}
	m.append(
		with("a", "state", 1, ""),   // a text before citywatch came
		with("b", "state", 0, "ok"), //
		with("c", "x", 1, ""),       // the third name
		with("d", "x", 0, "one"),    // a number just now
		with("e", "y", 1, ""),       // the fourth name
		with("f", "device", 1, ""),  // the fourth name, which is stored as device_
	)
	start(t, p)
	stored(t, db, 2)
	eventually(t, "dead letters", func() bool { return len(m.dead()) == 4 })
	var got []string
	for _, d := range m.dead() {
		got = append(got, d.Device+": "+d.Detail)
	}
	for i, want := range []string{`a: value "state" is a text`, `d: value "x" is a number`, `e: value "y" would be a name more than the 3`, `f: value "device"`} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("got %s\nwant %s", got[i], want)
		}
	}
	if len(watched.writes) != 1 {
		t.Errorf("%d writes", len(watched.writes))
	}
}

func TestExpired(t *testing.T) {
	m, log := newMemory(), &logbook{}
	keep := series.Retention{Raw: 24 * time.Hour}
	db := openEmbedded(t, keep)
	p := parts(m, db)
	p.Options.Retention, p.Log = keep, logTo(log)
	registry := prometheus.NewRegistry()
	p.Metrics = registry
	for i := range 500 {
		m.append(reading("thao", time.Now().Add(-25*time.Hour+time.Duration(i)), 1))
	}
	m.append(reading("thao", time.Now(), 1))
	start(t, p)
	stored(t, db, 1)
	if n := metric(t, registry, "citywatch_store_expired_readings_total"); n != 500 {
		t.Errorf("%v counted", n)
	}
	if n := log.count("older than the retention"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	if len(m.dead()) > 0 {
		t.Errorf("dead letters: %v", m.dead())
	}
}

func TestShards(t *testing.T) {
	shards := []*memory{newMemory(), newMemory(), newMemory()}
	db := openEmbedded(t, series.Retention{})
	p := parts(shards[0], db)
	p.Shards = len(shards)
	p.Entries = func(shard int, from uint64) store.Entries { return shards[shard].reader(shard, from) }
	for i, m := range shards {
		for n := range 10 * (i + 1) {
			m.append(reading(fmt.Sprint("device-", i), time.Unix(int64(1_700_000_000+n), 0), 1))
		}
	}
	_, stop := start(t, p)
	stored(t, db, 60)
	stop()
	for i := range shards {
		if len(shards[0].saved[fmt.Sprint("store/", i)]) == 0 {
			t.Errorf("shard %d: its place was not kept", i)
		}
	}
}

func BenchmarkStore(b *testing.B) {
	m := newMemory()
	const perEntry, devices = 500, 5000
	counting := &faulty{database: openEmbedded(b, series.Retention{})}
	var lines atomic.Int64
	counting.write = func(to series.Resolution, p []byte) error {
		if to == series.Raw {
			lines.Add(int64(bytes.Count(p, []byte("\n"))))
		}
		return nil
	}
	at := time.Now().Add(-time.Hour)
	ids := make([]string, devices)
	for i := range ids {
		ids[i] = fmt.Sprint("device-", i)
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += perEntry {
		readings := make([]citywatch.Reading, perEntry)
		for i := range readings {
			at = at.Add(200 * time.Microsecond)
			readings[i] = reading(ids[(n+i)%devices], at, float64(n+i))
		}
		m.append(readings...)
	}
	want := int64((b.N + perEntry - 1) / perEntry * perEntry)
	s := store.New(parts(m, counting))
	b.ResetTimer()
	runFor(b, s, func() {
		for lines.Load() < want {
			time.Sleep(time.Millisecond)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}

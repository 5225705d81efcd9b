package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/journal"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// open opens a journal in dir that is closed with the test.
func open(t testing.TB, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), o, journal.Deps{Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// readings are n readings of n devices, the i-th measured i seconds after
// start.
func readings(n int) []citywatch.Reading {
	rs := make([]citywatch.Reading, n)
	for i := range rs {
		at := start.Add(time.Duration(i) * time.Second)
		rs[i] = citywatch.Reading{
			Device: fmt.Sprintf("gauge-%d", i), Class: "river_gauge", Zone: "lao-cai", Sector: "disaster",
			Time: at, Arrived: at.Add(1234567 * time.Nanosecond),
			Values: []citywatch.Value{{Name: "battery", Number: 3.6}, {Name: "water_level", Number: 80 + float64(i)/100}},
		}
	}
	return rs
}

// soon is a context for what must not take long.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// mustAppend appends a batch and returns its entry.
func mustAppend(t testing.TB, j *journal.Journal, rs []citywatch.Reading) uint64 {
	t.Helper()
	seq, err := j.Append(soon(t), 0, rs)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func mustNext(t testing.TB, r *journal.EntryReader) citywatch.Entry {
	t.Helper()
	e, err := r.Next(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAppendedReadingsComeBack(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	want := readings(3)
	if seq := mustAppend(t, j, want); seq != 1 {
		t.Errorf("the first entry is %d", seq)
	}
	if seq, err := j.Tick(soon(t), 0, start); err != nil || seq != 2 {
		t.Errorf("the tick is entry %d, %v", seq, err)
	}
	r := j.Entries(0, 1)
	defer r.Close()
	if diff := cmp.Diff(citywatch.Entry{Seq: 1, Readings: want}, mustNext(t, r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(citywatch.Entry{Seq: 2, Tick: start}, mustNext(t, r)); diff != "" {
		t.Error(diff)
	}
	if r.Lost() != 0 {
		t.Errorf("%d entries lost", r.Lost())
	}
}

func TestLargeAppendIsSplitInOrder(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	want := readings(12000)
	last := mustAppend(t, j, want)
	if last < 2 {
		t.Errorf("%d readings in %d entries", len(want), last)
	}
	r := j.Entries(0, 1)
	defer r.Close()
	var got []citywatch.Reading
	for range last {
		got = append(got, mustNext(t, r).Readings...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOrderUnderConcurrency holds that an append made after another has
// returned lies behind it, and that none is missing, however many gather.
func TestOrderUnderConcurrency(t *testing.T) {
	const writers, appends = 16, 60
	j := open(t, journal.Options{Dir: t.TempDir()})
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := range appends {
				rs := readings(1 + i%3)
				for k := range rs {
					rs[k].Device = fmt.Sprint("writer-", w)
					rs[k].Values[0].Number = float64(i)
				}
				if _, err := j.Append(soon(t), 0, rs); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	ticks := 0
	work.Go(func() {
		for ; ticks < appends; ticks++ {
			if _, err := j.Tick(soon(t), 0, start.Add(time.Duration(ticks)*time.Second)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	work.Wait()
	_, last, err := j.EntryBounds(soon(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	if last >= writers*appends {
		t.Errorf("%d appends did not share any of %d entries", writers*appends, last)
	}
	next := map[string]float64{}
	r := j.Entries(0, 1)
	defer r.Close()
	for seq := uint64(1); seq <= last; seq++ {
		e := mustNext(t, r)
		if e.Seq != seq {
			t.Fatalf("entry %d comes where %d should", e.Seq, seq)
		}
		if !e.Tick.IsZero() {
			ticks--
		}
		for _, reading := range e.Readings {
			n, want := reading.Values[0].Number, next[reading.Device]
			if n != want && n != want-1 {
				t.Fatalf("%s: %v comes where %v should", reading.Device, n, want)
			}
			next[reading.Device] = n + 1
		}
	}
	for w, n := range next {
		if n != appends {
			t.Errorf("%s: %v of %d appends found", w, n, appends)
		}
	}
	if ticks != 0 || len(next) != writers {
		t.Errorf("%d ticks and %d writers are missing", ticks, writers-len(next))
	}
}

func TestShardsAreApart(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir(), Shards: 2})
	if _, err := j.Append(soon(t), 1, readings(2)); err != nil {
		t.Fatal(err)
	}
	for shard, want := range []uint64{0, 1} {
		first, last, err := j.EntryBounds(soon(t), shard)
		if err != nil || first != 1 || last != want {
			t.Errorf("shard %d: %d to %d, %v; want 1 to %d", shard, first, last, err, want)
		}
	}
	if _, err := j.Append(soon(t), 2, readings(1)); !errors.Is(err, journal.ErrNoShard) {
		t.Errorf("a shard that there is not: %v", err)
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	if _, err := j.Append(soon(t), 0, nil); err == nil {
		t.Error("an append of nothing was accepted")
	}
	rs := readings(2)
	rs[1].Device = ""
	if _, err := j.Append(soon(t), 0, rs); err == nil {
		t.Error("a reading without a device was accepted")
	}
	if err := j.AppendTransitions(soon(t), []citywatch.Transition{{}}); err == nil {
		t.Error("a transition without an id was accepted")
	}
	if _, last, err := j.EntryBounds(soon(t), 0); err != nil || last != 0 {
		t.Errorf("something was written: %d, %v", last, err)
	}
}

func TestCheckpoints(t *testing.T) {
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir})
	if data, err := j.Load(soon(t), "store/0"); data != nil || err != nil {
		t.Errorf("nothing was saved, got %q, %v", data, err)
	}
	large := bytes.Repeat([]byte("state of a device; "), 1<<20)
	for _, data := range [][]byte{[]byte("1"), {}, large, []byte("2")} {
		if err := j.Save(soon(t), "store/0", data); err != nil {
			t.Fatal(err)
		}
		if got, err := j.Load(soon(t), "store/0"); err != nil || !bytes.Equal(got, data) {
			t.Errorf("saved %d bytes, got %d, %v", len(data), len(got), err)
		}
	}
	noise := make([]byte, 9<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	if err := j.Save(soon(t), "store/0", noise); !errors.Is(err, journal.ErrTooLarge) {
		t.Errorf("9 MiB that do not compress: %v", err)
	}
	if err := j.Save(soon(t), "not a key", nil); err == nil {
		t.Error("a key with spaces was accepted")
	}
	if err := j.Writable(soon(t)); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, journal.Options{Dir: dir}).Load(soon(t), "store/0"); err != nil || string(got) != "2" {
		t.Errorf("after a restart: %q, %v", got, err)
	}
}

func TestDeadLetters(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	var want []citywatch.DeadLetter
	for i := range 5 {
		d := citywatch.DeadLetter{
			Source: "broker", Topic: "city/disaster/gauge", Decoder: "json", Arrived: start,
			Refusal: citywatch.RefusedDecode, Detail: fmt.Sprint("number ", i), Payload: []byte{0, 0xff, byte(i)},
		}
		if err := j.AppendDeadLetter(soon(t), d); err != nil {
			t.Fatal(err)
		}
		d.Seq = uint64(i + 1)
		want = append(want, d)
	}
	page, err := j.DeadLetters(soon(t), 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := j.DeadLetters(soon(t), page[2].Seq+1, 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, append(page, rest...)); diff != "" {
		t.Error(diff)
	}
	for range 2 { // the second time it is gone already
		if err := j.DeleteDeadLetter(soon(t), 2); err != nil {
			t.Fatal(err)
		}
	}
	got, err := j.DeadLetters(soon(t), 2, 1)
	if err != nil || len(got) != 1 || got[0].Seq != 3 {
		t.Errorf("behind a deleted one: %+v, %v", got, err)
	}
	if got, err := j.DeadLetters(soon(t), 6, 10); err != nil || len(got) != 0 {
		t.Errorf("behind the last: %+v, %v", got, err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	mustAppend(t, j, readings(1))
	r := j.Entries(0, 1)
	mustNext(t, r)
	waiting := make(chan error)
	go func() {
		_, err := r.Next(context.Background())
		waiting <- err
	}()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, journal.ErrClosed) {
		t.Errorf("a reader that waited got %v", err)
	}
	if _, err := j.Append(soon(t), 0, readings(1)); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("an append got %v", err)
	}
	if err := j.Save(soon(t), "key", nil); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("a checkpoint got %v", err)
	}
	if err := j.Close(); err != nil {
		t.Errorf("the second close: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	j, err := journal.Open(t.Context(), journal.Options{Dir: t.TempDir()}, journal.Deps{Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := j.Entries(0, 1).Named("store")
	defer r.Close()
	for range 3 {
		mustAppend(t, j, readings(10))
	}
	mustNext(t, r)
	if got := gauge(t, reg, "citywatch_journal_readings_total"); got != 30 {
		t.Errorf("%v readings are counted, 30 were written", got)
	}
	if got := gauge(t, reg, "citywatch_journal_reader_lag_entries"); got != 2 {
		t.Errorf("a reader that has read one of three entries is %v behind", got)
	}
}

// gauge returns the value of a metric that has only one.
func gauge(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name && len(f.Metric) == 1 {
			return f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
		}
	}
	return -1
}

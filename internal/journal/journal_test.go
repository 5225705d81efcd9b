package journal_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/journal"
)

func TestMain(m *testing.M) {
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

func TestAppendedReadingsComeBack(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	j := open(t, journal.Options{Dir: t.TempDir()})
	want := readings(3)
	seq, err := j.Append(ctx, 0, want)
	if err != nil || seq != 1 {
		t.Fatal(seq, err)
	}
	if seq, err := j.Tick(ctx, 0, start); err != nil || seq != 2 {
		t.Fatal(seq, err)
	}
	r := j.Entries(0, 1)
	defer r.Close()
	e, err := r.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(e)
	e, err = r.Next(ctx)
	t.Log(e, err)
}

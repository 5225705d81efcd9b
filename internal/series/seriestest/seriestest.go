// Package seriestest holds the tests that every time series store has to pass,
// be it in this process or a server of any generation.
package seriestest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/series"
)

// DB is a time series store; see package series.
type DB interface {
	Write(ctx context.Context, to series.Resolution, lines []byte) error
	Query(ctx context.Context, from series.Resolution, q string) (series.Result, error)
}

// Keep is the retention that the tested store has to be opened with. It is the
// shortest that every generation takes.
func Keep() series.Retention {
	return series.Retention{Raw: 72 * time.Hour, FiveMinutes: 30 * 24 * time.Hour}
}

// Run tests db, which has to be empty.
func Run(t *testing.T, db DB) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"what is written is read", testRoundTrip},
		{"hostile names and texts", testHostile},
		{"the same again changes nothing", testAgain},
		{"a revision replaces", testRevision},
		{"late data finds its place", testLate},
		{"resolutions are apart", testResolutions},
		{"windows without data are nil", testGaps},
		{"grouped by tags", testGroups},
		{"an unknown measurement is empty", testUnknown},
		{"a faulty query is an error", testFaultyQuery},
		{"a type conflict is refused for good, the rest is stored", testConflict},
		{"what is no line is refused for good", testNoLine},
		{"older than the retention is refused for good", testExpired},
		{"an ended context ends the call", testContext},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, suite{db: db, class: strings.ReplaceAll(test.name, " ", "_"), now: time.Now().Truncate(time.Hour)})
		})
	}
}

// A suite is what one test has: a measurement of its own in the common store.
type suite struct {
	db    DB
	class string
	now   time.Time
}

func (s suite) reading(device string, at time.Time, level float64) citywatch.Reading {
	return citywatch.Reading{
		Device: device, Class: s.class, Sector: "disaster", Zone: "p-lao-cai", Time: at, Arrived: at,
		Values: []citywatch.Value{{Name: "level", Number: level}},
	}
}

// Lines are the lines of readings.
func Lines(readings ...citywatch.Reading) []byte {
	var lines []byte
	for i := range readings {
		lines, _ = series.AppendReading(lines, &readings[i])
	}
	return lines
}

func (s suite) write(t *testing.T, readings ...citywatch.Reading) {
	t.Helper()
	if err := s.db.Write(t.Context(), series.Raw, Lines(readings...)); err != nil {
		t.Fatal(err)
	}
}

// query answers q with its first %s replaced by the measurement.
func (s suite) query(t *testing.T, q string, args ...any) series.Result {
	t.Helper()
	args = append([]any{series.Ident(s.class)}, args...)
	result, err := s.db.Query(t.Context(), series.Raw, fmt.Sprintf(q, args...))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (s suite) want(t *testing.T, got series.Result, want ...[]any) {
	t.Helper()
	var rows [][]any
	for _, table := range got {
		rows = append(rows, table.Rows...)
	}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("got  %v\nwant %v", rows, want)
	}
}

func (s suite) count(t *testing.T, want int) {
	t.Helper()
	result := s.query(t, "SELECT count(level) FROM %s")
	if len(result) != 1 || len(result[0].Rows) != 1 || result[0].Rows[0][1] != float64(want) {
		t.Errorf("stored %v, want %d", result, want)
	}
}

func testRoundTrip(t *testing.T, s suite) {
	r := s.reading("thao", s.now.Add(123456789), 80.12)
	r.Values = append(r.Values, citywatch.Value{Name: "state", Text: "fire"}, citywatch.Value{Name: "whole", Number: 3})
	s.write(t, r)
	got := s.query(t, "SELECT level, state, whole, device, sector, zone FROM %s")
	s.want(t, got, []any{r.Time.UnixNano(), 80.12, "fire", 3.0, "thao", "disaster", "p-lao-cai"})
	if got[0].Name != s.class || got[0].Column("whole") != 3 || got[0].Column("none") != -1 {
		t.Errorf("got %+v", got[0])
	}
}

func testHostile(t *testing.T, s suite) {
	names := []string{`a b`, `a,b=c`, `"q"`, `'s'`, `b\`, "n\nl", "\x00\x7f", "ế", "\xff", `' OR '1'='1`, "#", "-- x", "/re/", "${x}"}
	for i, name := range names {
		r := s.reading(name, s.now.Add(-time.Duration(i)*time.Second), 0)
		r.Values = []citywatch.Value{{Name: "v" + name, Number: float64(i)}, {Name: "text", Text: "t" + name + "\n\"\\"}}
		s.write(t, r)
	}
	for i, name := range names {
		got := s.query(t, "SELECT %[2]s, text FROM %[1]s WHERE device = %[3]s",
			series.Ident(series.FieldName("v"+name)), series.String(name))
		text := "t" + strings.ToValidUTF8(name, "\uFFFD") + "\n\"\\"
		s.want(t, got, []any{s.now.Add(-time.Duration(i) * time.Second).UnixNano(), float64(i), text})
	}
}

func testAgain(t *testing.T, s suite) {
	for range 3 {
		s.write(t, s.reading("thao", s.now, 1), s.reading("chay", s.now, 2), s.reading("thao", s.now.Add(1), 3))
	}
	s.count(t, 3)
}

func testRevision(t *testing.T, s suite) {
	s.write(t, s.reading("thao", s.now, 1))
	s.write(t, s.reading("thao", s.now, 2))
	s.want(t, s.query(t, "SELECT level FROM %s"), []any{s.now.UnixNano(), 2.0})
}

func testLate(t *testing.T, s suite) {
	first, last := s.now.Add(-50*time.Hour), s.now.Add(-time.Minute)
	s.write(t, s.reading("thao", last, 2))
	s.write(t, s.reading("thao", first, 1))
	s.want(t, s.query(t, "SELECT level FROM %s"), []any{first.UnixNano(), 1.0}, []any{last.UnixNano(), 2.0})
}

func testResolutions(t *testing.T, s suite) {
	for i, r := range series.Resolutions() {
		if err := s.db.Write(t.Context(), r, Lines(s.reading("thao", s.now, float64(i)))); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range series.Resolutions() {
		got, err := s.db.Query(t.Context(), r, "SELECT level FROM "+series.Ident(s.class))
		if err != nil {
			t.Fatal(err)
		}
		s.want(t, got, []any{s.now.UnixNano(), float64(i)})
	}
}

func testGaps(t *testing.T, s suite) {
	start := s.now.Add(-time.Hour)
	s.write(t, s.reading("thao", start, 1), s.reading("thao", start.Add(4*time.Minute), 3), s.reading("thao", start.Add(11*time.Minute), 5))
	got := s.query(t, "SELECT mean(level), min(level), max(level), count(level), last(level) FROM %s WHERE time >= %d AND time < %d GROUP BY time(5m) fill(null)",
		start.UnixNano(), start.Add(15*time.Minute).UnixNano())
	if len(got) != 1 || len(got[0].Rows) != 3 {
		t.Fatalf("got %v", got)
	}
	s.want(t, series.Result{{Rows: [][]any{got[0].Rows[0], got[0].Rows[2]}}},
		[]any{start.UnixNano(), 2.0, 1.0, 3.0, 2.0, 3.0},
		[]any{start.Add(10 * time.Minute).UnixNano(), 5.0, 5.0, 5.0, 1.0, 5.0})
	gap := got[0].Rows[1]
	// How many there were of nothing: 1.8 says null, the others 0.
	if gap[1] != nil || gap[2] != nil || gap[3] != nil || gap[5] != nil || gap[4] != nil && gap[4] != 0.0 {
		t.Errorf("the gap is %v", gap)
	}
}

func testGroups(t *testing.T, s suite) {
	moved := s.reading("thao", s.now.Add(time.Second), 2)
	moved.Zone = ""
	s.write(t, s.reading("thao", s.now, 1), moved, s.reading("chay", s.now, 3))
	got := s.query(t, "SELECT level FROM %s GROUP BY device, zone")
	var names []string
	for _, table := range got {
		names = append(names, table.Tags["device"]+"@"+table.Tags["zone"])
	}
	if want := []string{"chay@p-lao-cai", "thao@", "thao@p-lao-cai"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func testUnknown(t *testing.T, s suite) {
	s.want(t, s.query(t, "SELECT level FROM %s"))
}

func testFaultyQuery(t *testing.T, s suite) {
	r := s.reading("thao", s.now, 1)
	r.Values = append(r.Values, citywatch.Value{Name: "state", Text: "fire"})
	s.write(t, r)
	for _, q := range []string{"", "SELECT", "SELECT level FROM", `SELECT "level FROM x`, "SELECT nonsense(level) FROM " + series.Ident(s.class), "SELECT mean(state) FROM " + series.Ident(s.class)} {
		got, err := s.db.Query(t.Context(), series.Raw, q)
		if rejected := new(series.Rejected); !errors.As(err, &rejected) || rejected.Reason == "" {
			t.Errorf("%q: got %v, %v, want a *Rejected that says why", q, got, err)
		}
	}
}

func wantRejected(t *testing.T, err error) {
	t.Helper()
	var rejected *series.Rejected
	if !errors.As(err, &rejected) || rejected.Reason == "" {
		t.Errorf("got %v, want a *Rejected that says why", err)
	}
}

func testConflict(t *testing.T, s suite) {
	s.write(t, s.reading("thao", s.now, 1))
	wrong := s.reading("chay", s.now, 0)
	wrong.Values[0].Text = "high"
	err := s.db.Write(t.Context(), series.Raw, Lines(s.reading("thao", s.now.Add(1), 2), wrong, s.reading("thao", s.now.Add(2), 3)))
	wantRejected(t, err)
	// The others may or may not be stored now; written alone they are.
	s.write(t, s.reading("thao", s.now.Add(1), 2), s.reading("thao", s.now.Add(2), 3))
	wantRejected(t, s.db.Write(t.Context(), series.Raw, Lines(wrong)))
	s.count(t, 3)
}

func testNoLine(t *testing.T, s suite) {
	for _, line := range []string{"x\n", "x y\n", ",a=b c=1\n", "x v=NaN 1\n", "x v=1 notatime\n"} {
		wantRejected(t, s.db.Write(t.Context(), series.Raw, []byte(line)))
	}
}

func testExpired(t *testing.T, s suite) {
	old := s.reading("thao", s.now.Add(-1000*time.Hour), 1)
	wantRejected(t, s.db.Write(t.Context(), series.Raw, Lines(old, s.reading("thao", s.now, 2))))
	wantRejected(t, s.db.Write(t.Context(), series.Raw, Lines(old)))
	s.write(t, s.reading("thao", s.now, 2))
	s.count(t, 1)
}

func testContext(t *testing.T, s suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.db.Write(ctx, series.Raw, Lines(s.reading("thao", s.now, 1))); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if _, err := s.db.Query(ctx, series.Raw, "SELECT level FROM "+series.Ident(s.class)); !errors.Is(err, context.Canceled) {
		t.Errorf("query: %v", err)
	}
}

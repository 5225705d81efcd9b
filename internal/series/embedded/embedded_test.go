package embedded_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
	"citywatch/internal/series/seriestest"
)

func open(t testing.TB, o embedded.Options) *embedded.DB {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Name == "" {
		o.Name = "citywatch"
	}
	db, err := embedded.Open(o)
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

func reading(device string, at time.Time, level float64) citywatch.Reading {
	return citywatch.Reading{
		Device: device, Class: "river_gauge", Sector: "disaster", Zone: "p-lao-cai", Time: at, Arrived: at,
		Values: []citywatch.Value{{Name: "level", Number: level}},
	}
}

func count(t *testing.T, db *embedded.DB, class string) int {
	t.Helper()
	got, err := db.Query(t.Context(), series.Raw, "SELECT count(level) FROM "+series.Ident(class))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		return 0
	}
	return int(got[0].Rows[0][1].(float64))
}

func TestSuite(t *testing.T) {
	seriestest.Run(t, open(t, embedded.Options{Retention: seriestest.Keep()}))
}

func TestQueryChangesNothing(t *testing.T) {
	db := open(t, embedded.Options{})
	if err := db.Write(t.Context(), series.Raw, seriestest.Lines(reading("thao", time.Now(), 1))); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"DROP DATABASE citywatch_raw", "DROP MEASUREMENT river_gauge", "DELETE FROM river_gauge",
		"DROP SERIES FROM river_gauge", "CREATE DATABASE x", "SELECT level INTO y FROM river_gauge",
		"SELECT level FROM river_gauge; DROP MEASUREMENT river_gauge", "SHOW STATS", "SHOW DIAGNOSTICS", "SHOW USERS", "KILL QUERY 1",
	} {
		if got, err := db.Query(t.Context(), series.Raw, q); err == nil {
			t.Errorf("%s: %v", q, got)
		}
	}
	if n := count(t, db, "river_gauge"); n != 1 {
		t.Errorf("%d points are left", n)
	}
	for _, q := range []string{"SHOW FIELD KEYS", "SHOW MEASUREMENTS", "SHOW TAG VALUES WITH KEY = device"} {
		if got, err := db.Query(t.Context(), series.Raw, q); err != nil || len(got) == 0 {
			t.Errorf("%s: %v, %v", q, got, err)
		}
	}
}

func TestReopen(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := t.TempDir()
	for i, keep := range []time.Duration{0, 24 * time.Hour, 2000 * time.Hour, 0} {
		db := open(t, embedded.Options{Dir: dir, Retention: series.Retention{Raw: keep}})
		if n := count(t, db, "river_gauge"); n != i {
			t.Errorf("opened with %d points, want %d", n, i)
		}
		if err := db.Write(t.Context(), series.Raw, seriestest.Lines(reading("thao", time.Now(), 1))); err != nil {
			t.Errorf("retention %v: %v", keep, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, embedded.Options{Dir: dir})
	if _, err := embedded.Open(embedded.Options{Dir: dir, Name: "citywatch"}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestClosed(t *testing.T) {
	db := open(t, embedded.Options{})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var rejected *series.Rejected
	if err := db.Write(t.Context(), series.Raw, seriestest.Lines(reading("thao", time.Now(), 1))); err == nil || errors.As(err, &rejected) {
		t.Errorf("write: %v", err)
	}
	if _, err := db.Query(t.Context(), series.Raw, "SHOW MEASUREMENTS"); err == nil {
		t.Error("query: no error")
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := embedded.Open(embedded.Options{Dir: filepath.Join(t.TempDir(), "a\x00b"), Name: "x"}); err == nil {
		t.Error("an impossible folder: no error")
	}
	dir := t.TempDir()
	if _, err := embedded.Open(embedded.Options{Dir: dir, Name: "x", Retention: series.Retention{Raw: time.Minute}}); err == nil {
		t.Error("a retention under an hour: no error")
	}
	// A failed Open leaves the folder free.
	open(t, embedded.Options{Dir: dir})
}

func TestMaxSeries(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	const most = 5
	for start := range 2 {
		db := open(t, embedded.Options{Dir: dir, MaxSeries: most})
		for i := range 2 * most {
			err := db.Write(t.Context(), series.Raw, seriestest.Lines(reading(fmt.Sprint("device-", i), now.Add(time.Duration(start)), 1)))
			var rejected *series.Rejected
			if i < most && err != nil || i >= most && !errors.As(err, &rejected) {
				t.Errorf("start %d, device %d: %v", start, i, err)
			}
		}
		if n := count(t, db, "river_gauge"); n != (start+1)*most {
			t.Errorf("start %d: %d points, want %d", start, n, (start+1)*most)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRetention shortens the retention of what is stored.
func TestRetention(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	db := open(t, embedded.Options{Dir: dir})
	if err := db.Write(t.Context(), series.Raw, seriestest.Lines(
		reading("thao", now.Add(-1000*time.Hour), 1), reading("thao", now.Add(-time.Hour), 2))); err != nil {
		t.Fatal(err)
	}
	db.Expire()
	if n := count(t, db, "river_gauge"); n != 2 {
		t.Errorf("%d points, want both", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, embedded.Options{Dir: dir, Retention: series.Retention{Raw: 24 * time.Hour}})
	db.Expire()
	if n := count(t, db, "river_gauge"); n != 1 {
		t.Errorf("%d points, want the one of an hour ago", n)
	}
	// The window whose series are all gone takes new ones.
	if err := db.Write(t.Context(), series.Raw, seriestest.Lines(reading("thao", now, 3))); err != nil {
		t.Error(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, fields := range []int{1, 5} {
		b.Run(fmt.Sprint(fields, " fields"), func(b *testing.B) {
			db := open(b, embedded.Options{})
			const lines, devices = 5000, 1000
			readings := make([]citywatch.Reading, devices)
			for i := range readings {
				readings[i] = reading(fmt.Sprint("device-", i), time.Now().Add(-time.Hour), 80.12)
				for f := 1; f < fields; f++ {
					readings[i].Values = append(readings[i].Values, citywatch.Value{Name: fmt.Sprint("value_", f), Number: float64(i) / 3})
				}
			}
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = buf[:0]
				for i := range lines {
					r := &readings[i%devices]
					r.Time = r.Time.Add(time.Millisecond)
					buf, _ = series.AppendReading(buf, r)
				}
				if err := db.Write(b.Context(), series.Raw, buf); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*lines)/b.Elapsed().Seconds(), "points/s")
		})
	}
}

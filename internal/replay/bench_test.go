package replay_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"citywatch"
	"citywatch/alerts"
	"citywatch/internal/journal"
	"citywatch/internal/replay"
	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
)

// A day of 200 gauges that measure once a minute, and ticks: what is replayed
// a second, from the files of a journal and from the embedded store.
func BenchmarkDay(b *testing.B) {
	const gauges, minutes = 200, 24 * 60
	dir := b.TempDir()
	var devices []citywatch.Device
	for i := range gauges {
		devices = append(devices, citywatch.Device{ID: fmt.Sprintf("g-%d", i), Class: "gauge", Sector: citywatch.SectorDisaster, Period: time.Minute})
	}
	rules, _, problems := alerts.Parse([]byte(flood+silent), alerts.Catalogue{
		Classes: []citywatch.Class{{ID: "gauge", Sector: citywatch.SectorDisaster, Period: time.Minute}}, Devices: devices,
	})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	j, err := journal.Open(b.Context(), journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		b.Fatal(err)
	}
	db, err := embedded.Open(embedded.Options{Dir: b.TempDir(), Name: "replay"})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rs := make([]citywatch.Reading, gauges)
	for minute := range minutes {
		at := start.Add(time.Duration(minute) * time.Minute)
		var lines []byte
		for i := range rs {
			rs[i] = reading(devices[i].ID, at, 70+float64(minute%120)/10)
			lines, _ = series.AppendReading(lines, &rs[i])
		}
		if _, err := j.Append(b.Context(), 0, rs); err != nil {
			b.Fatal(err)
		}
		if err := db.Write(b.Context(), series.Raw, lines); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	o := options(rules)
	o.To, o.Devices = start.Add(24*time.Hour), [][]citywatch.Device{devices}
	measure := func(b *testing.B, source func() replay.Source) {
		b.ReportAllocs()
		for b.Loop() {
			src := source()
			if out, err := replay.Run(context.Background(), src, o); err != nil || out.Readings != gauges*minutes {
				b.Fatal(out, err)
			}
			src.Close()
		}
		b.ReportMetric(float64(gauges*minutes*b.N)/b.Elapsed().Seconds(), "readings/s")
	}
	b.Run("journal", func(b *testing.B) {
		f, err := journal.OpenFolder(journal.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		measure(b, func() replay.Source { return replay.FromFolder(f, time.Time{}, o.To) })
	})
	b.Run("store", func(b *testing.B) {
		measure(b, func() replay.Source {
			src, err := replay.FromStore(b.Context(), db, start, o.To, 10*time.Second)
			if err != nil {
				b.Fatal(err)
			}
			return src
		})
	})
}

package alerts

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/servertest"
)

// TestRecordFlood takes in a recorded flood and compares every station's level
// at every reading with what the data's publisher computed, from 1 to 3.
func TestRecordFlood(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join(servertest.SharedData(t), "river", "water_data_full_combined.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	devices, readings := readFlood(t, file)
	w := newWorld(t, devices, `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: device}
`)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	differ := 0
	for i, r := range readings {
		f.apply(&citywatch.Entry{Seq: uint64(i + 1), Readings: []citywatch.Reading{r.Reading}})
		if got := levelOf(f, "flood", r.Device); got != min(r.want, 3) {
			differ++
			t.Errorf("%s at %v: level %d, the publisher says %d", r.Device, r.Time, got, r.want)
		}
	}
	t.Logf("%d readings, %d differ; %d transitions", len(readings), differ, len(f.out))
	if len(readings) < 4000 {
		t.Errorf("only %d readings", len(readings))
	}
}

type floodReading struct {
	citywatch.Reading
	want citywatch.Level
}

// readFlood returns the stations as a device file, and the readings in the
// order of their times.
func readFlood(t *testing.T, r io.Reader) (devices string, readings []floodReading) {
	t.Helper()
	rows := csv.NewReader(r)
	head, err := rows.Read()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	tables := map[string]string{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		get := func(name string) string { return row[column[name]] }
		if get("type") != "River" {
			continue
		}
		id := get("Mã trạm/LakeCode")
		tables[id] = fmt.Sprintf("{1: %s, 2: %s, 3: %s}", get("BĐ1 (m)"), get("BĐ2 (m)"), get("BĐ3 (m)"))
		at, err := time.Parse("2006-01-02 15:04", get("Thời gian (UTC)"))
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(-7 * time.Hour) // the heading is wrong
		level, err1 := strconv.ParseFloat(get("Mực nước (m)"), 64)
		want, err2 := strconv.ParseFloat(get("Cảnh báo value (0-4)"), 64)
		if err1 != nil || err2 != nil {
			t.Fatal(row)
		}
		readings = append(readings, floodReading{want: citywatch.Level(want), Reading: citywatch.Reading{
			Device: id, Class: "river_gauge", Time: at, Arrived: at,
			Values: []citywatch.Value{{Name: "water_level", Number: level}},
		}})
	}
	slices.SortStableFunc(readings, func(a, b floodReading) int { return a.Time.Compare(b.Time) })
	var file strings.Builder
	file.WriteString("classes:\n  - {id: river_gauge, name: {vi: Trạm, en: Gauge}, sector: disaster, period: 1h}\ndevices:\n")
	for id, table := range tables {
		fmt.Fprintf(&file, "  - {id: %q, class: river_gauge, at: [103.97, 22.48], bounds: {water_level: %s}}\n", id, table)
	}
	return file.String(), readings
}

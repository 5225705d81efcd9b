package play

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/servertest"
)

func recording(t testing.TB) *Recording {
	t.Helper()
	r, err := ReadFile("testdata/flood.csv", flood(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines tells a recording's rows, one a line.
func (r *Recording) lines() string {
	var b strings.Builder
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%d %s %s", row.Line, row.Station.ID, row.Time.Format(time.RFC3339))
		for _, v := range row.Values {
			fmt.Fprintf(&b, " %s=%v", v.Name, v.Number)
		}
		if row.Answered {
			fmt.Fprintf(&b, " level %d", row.Answer)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestRowsComeInTheOrderOfTime(t *testing.T) {
	r := recording(t)
	want := `3 thuong-luu 2025-11-20T00:00:00+07:00 water_level=4 level 1
2 da-ngam 2025-11-20T01:00:00+07:00 water_level=9.5 level 0
6 da-ngam 2025-11-20T02:00:00+07:00 water_level=11 level 2
17 thuong-luu 2025-11-20T02:00:00+07:00 water_level=5.5
18 thuong-luu 2025-11-20T02:00:00+07:00 water_level=5.5
19 thuong-luu 2025-11-20T02:00:00+07:00 water_level=5.6
5 da-ngam 2025-11-20T03:00:00+07:00 water_level=12.5 level 3
21 thuong-luu 2025-11-20T06:00:00+07:00 water_level=3.9 level 0
`
	if d := cmp.Diff(want, r.lines()); d != "" {
		t.Error(d)
	}
	if r.Filtered != 1 || r.Repeats != 1 || r.Revisions != 1 {
		t.Errorf("%d filtered, %d repeats, %d revisions; want one of each", r.Filtered, r.Repeats, r.Revisions)
	}
}

func TestBadRowsAreListedWithTheirLine(t *testing.T) {
	var got strings.Builder
	for _, bad := range recording(t).Bad {
		fmt.Fprintln(&got, bad)
	}
	want := `line 7: mực nước: "NaN" is not a number
line 8: mực nước: "0x1p3" is not a number
line 9: lúc: "20/11/2025" is not a time written as 2006-01-02 15:04
line 10: wrong number of fields
line 11: nothing was measured: every value is empty
line 12: cấp: 1.5 is not a level
line 13: station da-ngam: its alarm level 3 of water_level changes
line 14: station da-ngam: its position changes
line 15: the stations "Đá Ngầm" and "Đà Ngâm" have the same id da-ngam; use another column as device
line 16: trạm: no id can be made of "***"
line 20: extraneous or missing " in quoted-field
`
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Error(d)
	}
}

func TestStations(t *testing.T) {
	bound := func(x float64) *float64 { return &x }
	want := []*Station{
		{ID: "da-ngam", Name: "Đá Ngầm", Alias: "1", Position: &orb.Point{108.5, 15.25},
			Bounds: map[string]citywatch.Bounds{"water_level": {1: bound(10), 2: bound(11), 3: bound(12)}}},
		{ID: "thuong-luu", Name: "Thượng Lưu", Alias: "2", Position: &orb.Point{108.25, 15.5},
			Bounds: map[string]citywatch.Bounds{"water_level": {1: bound(4), 2: nil, 3: bound(6)}}},
	}
	if d := cmp.Diff(want, recording(t).Stations); d != "" {
		t.Error(d)
	}
}

func TestMissingColumnsAreNamed(t *testing.T) {
	m := flood(t)
	m.Device, m.Alias = "tạm", "số hiệu của trạm"
	_, err := ReadFile("testdata/flood.csv", m)
	if err == nil {
		t.Fatal("read without its columns")
	}
	for _, want := range []string{`no column "tạm" (did you mean "trạm"?)`, `no column "số hiệu của trạm"`, "flood.csv"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %s", err, want)
		}
	}
}

func TestNothingToRead(t *testing.T) {
	if _, err := Read(strings.NewReader(""), flood(t)); err == nil {
		t.Error("an empty file is read")
	}
	if _, err := ReadFile("testdata/none.csv", flood(t)); err == nil {
		t.Error("a missing file is read")
	}
}

func TestSeparator(t *testing.T) {
	m := Mapping{Separator: ";", Device: "d", Topic: defaultTopic, Values: map[string]string{"v": "v"}, Time: TimeColumn{Column: "t", Layout: time.RFC3339}}
	r, err := Read(strings.NewReader("d;t;v\nx;2025-11-20T00:00:00Z;1.5\n"), m)
	if err != nil || len(r.Rows) != 1 || len(r.Bad) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// waterDashboardFile reads the recorded flood where it is present.
func waterDashboardFile(t testing.TB, m Mapping) *Recording {
	t.Helper()
	r, err := ReadFile(filepath.Join(servertest.SharedData(t), "river", "water_data_full_combined.csv"), m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestARealFlood holds the answers of the data's publisher against plain
// arithmetic on its alarm tables, row by row: where they differ, no engine
// could agree with them.
func TestARealFlood(t *testing.T) {
	r := waterDashboardFile(t, parse(t, WaterDashboard()))
	if len(r.Rows) != 4373 || len(r.Stations) != 16 || r.Filtered != 962 {
		t.Errorf("%d rows of %d stations, %d filtered; want 4373 of 16, 962", len(r.Rows), len(r.Stations), r.Filtered)
	}
	if len(r.Bad)+r.Repeats+r.Revisions != 0 {
		t.Errorf("%d bad, %d repeats, %d revisions: %v", len(r.Bad), r.Repeats, r.Revisions, r.Bad)
	}
	counts := map[citywatch.Level]int{}
	for _, row := range r.Rows {
		var level citywatch.Level
		for l, bound := range row.Station.Bounds["water_level"] {
			if bound == nil {
				t.Fatalf("%s has no bound for level %d", row.Station.ID, l)
			}
			if row.Values[0].Number >= *bound {
				level = max(level, l)
			}
		}
		if !row.Answered || row.Answer != level {
			t.Errorf("line %d: %s at %s: the file says level %d, arithmetic %d", row.Line, row.Station.ID, row.Time, row.Answer, level)
		}
		counts[row.Answer]++
	}
	if want := map[citywatch.Level]int{0: 3013, 1: 759, 2: 303, 3: 298}; !cmp.Equal(counts, want) {
		t.Errorf("levels %v, want %v", counts, want)
	}
	first, last := r.Rows[0].Time, r.Rows[len(r.Rows)-1].Time
	if first.UTC() != time.Date(2025, 11, 12, 18, 0, 0, 0, time.UTC) || last.UTC() != time.Date(2025, 12, 4, 2, 0, 0, 0, time.UTC) {
		t.Errorf("from %v to %v", first, last)
	}
}

// TestAnswersAboveTheAlarmLevels explains the fifth answer: it is not an alarm
// level but the highest water ever measured.
func TestAnswersAboveTheAlarmLevels(t *testing.T) {
	m := parse(t, WaterDashboard())
	m.Answer.Max = 0
	m.Values["peak"] = "Mực nước lịch sử (m)"
	records := 0
	for _, row := range waterDashboardFile(t, m).Rows {
		i := slices.IndexFunc(row.Values, func(v citywatch.Value) bool { return v.Name == "peak" })
		level := row.Values[len(row.Values)-1].Number
		above := i >= 0 && level >= row.Values[i].Number
		if above != (row.Answer == 4) {
			t.Errorf("line %d: %v", row.Line, row)
		}
		if above {
			records++
		}
	}
	if records != 45 {
		t.Errorf("%d readings at or above the highest before, want 45", records)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("d,t,v\nx,2025-11-20T00:00:00Z,1.5\n"))
	f.Add([]byte("\xef\xbb\xbfd,t,v\n\"x\",,\n"))
	m := Mapping{Separator: ",", Device: "d", Topic: defaultTopic, Values: map[string]string{"v": "v"}, Time: TimeColumn{Column: "t", Layout: time.RFC3339}}
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := Read(bytes.NewReader(src), m)
		if err != nil {
			return
		}
		for i, row := range r.Rows {
			if len(row.Values) == 0 || row.Station == nil || row.Station.ID == "" || row.Values[0].Number != row.Values[0].Number {
				t.Errorf("%+v", row)
			}
			if i > 0 && row.Time.Before(r.Rows[i-1].Time) {
				t.Errorf("%v after %v", row.Time, r.Rows[i-1].Time)
			}
		}
	})
}

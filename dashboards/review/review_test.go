package review_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/review"
)

// A book is a history of readings, joined as a store joins them.
type book struct {
	zone *time.Location
	at   map[string]map[int64]float64 // value → nanoseconds → number
	err  error
}

func newBook() *book {
	return &book{zone: time.FixedZone("+07", 7*3600), at: map[string]map[int64]float64{}}
}

// write notes a value every ten seconds from the one moment up to the other.
func (b *book) write(value string, from, to time.Time, number float64) {
	if b.at[value] == nil {
		b.at[value] = map[int64]float64{}
	}
	for ; from.Before(to); from = from.Add(10 * time.Second) {
		b.at[value][from.UnixNano()] = number
	}
}

func (b *book) history(_ context.Context, q review.Query) ([]review.Point, error) {
	if b.err != nil {
		return nil, b.err
	}
	var out []review.Point
	for at := q.From; at.Before(q.To); at = at.Add(q.Every) {
		var sum, n, last float64
		for t := at; t.Before(at.Add(q.Every)) && t.Before(q.To); t = t.Add(10 * time.Second) {
			if v, is := b.at[q.Value][t.UnixNano()]; is {
				sum += v
				n++
				last = v
			}
		}
		switch {
		case n == 0:
		case q.Fn == "count":
			out = append(out, review.Point{Time: at, Value: n})
		case q.Fn == "last":
			out = append(out, review.Point{Time: at, Value: last})
		default:
			out = append(out, review.Point{Time: at, Value: sum / n})
		}
	}
	return out, nil
}

func (b *book) reviewer() review.Reviewer { return review.Reviewer{History: b.history, Zone: b.zone} }

// on is a moment of November 2026 by the local clock; the 16th is a Monday.
func (b *book) on(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, b.zone)
}

func camera() review.Camera {
	return review.Camera{ID: "sa-pa", Name: "Sa Pa", Zone: "sa-pa", Period: 10 * time.Second}
}

func near(v *float64, want float64) bool { return v != nil && math.Abs(*v-want) < 1e-6 }

func TestStanding(t *testing.T) {
	b := newBook()
	// Ten hours: up for six, down for two, nothing known of two.
	b.write("up", b.on(16, 0, 0), b.on(16, 6, 0), 1)
	b.write("up", b.on(16, 6, 0), b.on(16, 8, 0), 0)
	// Judged for one of them, half of it usable.
	b.write("usable", b.on(16, 0, 0), b.on(16, 0, 30), 1)
	b.write("usable", b.on(16, 0, 30), b.on(16, 1, 0), 0)
	s, err := b.reviewer().Standing(t.Context(), camera(), b.on(16, 0, 0), b.on(16, 10, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !near(s.Up.Value, 0.75) || math.Abs(s.Up.Measured-0.8) > 1e-9 {
		t.Errorf("up %v, measured %v; want 0.75 of 0.8", s.Up.Value, s.Up.Measured)
	}
	if !near(s.Usable.Value, 0.5) || math.Abs(s.Usable.Measured-0.1) > 1e-9 {
		t.Errorf("usable %v, measured %v; want 0.5 of 0.1", s.Usable.Value, s.Usable.Measured)
	}
}

// TestUnmeasured: what was never measured is neither bad nor good.
func TestUnmeasured(t *testing.T) {
	b := newBook()
	s, err := b.reviewer().Standing(t.Context(), camera(), b.on(16, 0, 0), b.on(17, 0, 0))
	if err != nil || s.Up.Value != nil || s.Up.Measured != 0 || s.Usable.Value != nil {
		t.Errorf("of nothing it says %+v, %v", s, err)
	}
	b.err = errors.New("the store is away")
	if _, err = b.reviewer().Standing(t.Context(), camera(), b.on(16, 0, 0), b.on(17, 0, 0)); !errors.Is(err, b.err) {
		t.Errorf("a store that is away is told as %v", err)
	}
}

func TestHours(t *testing.T) {
	b := newBook()
	b.write("activity", b.on(22, 9, 0), b.on(22, 9, 30), 0.3) // the hour goes on
	b.write("activity", b.on(15, 9, 0), b.on(15, 10, 0), 0.2)
	b.write("activity", b.on(14, 9, 0), b.on(14, 10, 0), 0.9) // another weekday
	for day := 18; day <= 21; day++ {
		b.write("usable", b.on(day, 6, 0), b.on(day, 9, 0), 1)
		b.write("brightness", b.on(day, 6, 0), b.on(day, 9, 0), 0.5)
		b.write("contrast", b.on(day, 6, 0), b.on(day, 7, 0), 0.2) // fog
		b.write("contrast", b.on(day, 7, 0), b.on(day, 8, 0), 0.58)
		b.write("contrast", b.on(day, 8, 0), b.on(day, 9, 0), 0.6)
		b.write("usable", b.on(day, 22, 0), b.on(day, 23, 0), 1) // a clear night
		b.write("brightness", b.on(day, 22, 0), b.on(day, 23, 0), 0.05)
		b.write("contrast", b.on(day, 22, 0), b.on(day, 23, 0), 0.9)
	}
	b.write("usable", b.on(21, 12, 0), b.on(21, 13, 0), 1) // one day is not enough
	b.write("brightness", b.on(21, 12, 0), b.on(21, 13, 0), 0.9)
	b.write("contrast", b.on(21, 12, 0), b.on(21, 13, 0), 0.9)

	h, err := b.reviewer().Hours(t.Context(), camera(), b.on(22, 9, 30), b.on(22, 9, 30))
	if err != nil {
		t.Fatal(err)
	}
	if h.Day != "2026-11-22" || h.Before != "2026-11-15" || len(h.Hours) != 24 || !h.Hours[9].From.Equal(b.on(22, 9, 0)) {
		t.Fatalf("it tells of %s against %s in %d hours", h.Day, h.Before, len(h.Hours))
	}
	nine := h.Hours[9]
	if !near(nine.Activity.Value, 0.3) || nine.Activity.Measured != 1 {
		t.Errorf("of an hour that is half over: %+v", nine.Activity)
	}
	if !near(nine.Before.Value, 0.2) || nine.Before.Measured != 1 {
		t.Errorf("the same weekday before: %+v", nine.Before)
	}
	if h.Hours[10].Activity.Value != nil {
		t.Error("an hour that is yet to come has a number")
	}
	var best []int
	for _, v := range h.Views {
		if v.Best {
			best = append(best, v.Hour)
		}
	}
	if len(best) != 2 || best[0] != 7 || best[1] != 8 || !h.Enough {
		t.Errorf("the best hours are %v (enough %v), want 7 and 8", best, h.Enough)
	}
	if v := h.Views[6]; v.Days != 4 || !near(v.Contrast, 0.2) {
		t.Errorf("of the foggy hour: %+v", v)
	}
}

func TestNotEnough(t *testing.T) {
	b := newBook()
	b.write("usable", b.on(21, 7, 0), b.on(21, 8, 0), 1)
	b.write("brightness", b.on(21, 7, 0), b.on(21, 8, 0), 0.5)
	b.write("contrast", b.on(21, 7, 0), b.on(21, 8, 0), 0.5)
	h, err := b.reviewer().Hours(t.Context(), camera(), b.on(22, 9, 0), b.on(22, 9, 0))
	if err != nil || h.Enough || h.Views[7].Best {
		t.Errorf("one day makes a best hour: %+v, %v", h.Views[7], err)
	}
}

func TestWeekNames(t *testing.T) {
	r := newBook().reviewer()
	for name, want := range map[string]string{
		"2026-W01": "2025-12-29", "2026-W47": "2026-11-16", "2026-W53": "2026-12-28", "2025-W01": "2024-12-30",
	} {
		begin, err := r.Week(name)
		if err != nil || begin.Format(time.DateOnly) != want || review.WeekName(begin) != name {
			t.Errorf("%s begins on %s (%v), want %s", name, begin.Format(time.DateOnly), err, want)
		}
	}
	for _, name := range []string{"", "2026-W00", "2026-W54", "2025-W53", "2026-47", "2026-W4", "x2026-W47"} {
		if _, err := r.Week(name); !errors.Is(err, review.ErrWeek) {
			t.Errorf("%q is answered with %v", name, err)
		}
	}
}

func lodging() review.Figure {
	target := 60.0
	return review.Figure{
		ID: "phong-sa-pa", Name: "Công suất phòng Sa Pa", Class: "lodging", Value: "occupancy",
		Label: citywatch.Text{VI: "Công suất phòng", EN: "Room occupancy"}, Unit: "%",
		Of: citywatch.Indicator{Target: &target, Better: citywatch.Higher, Owner: "Phòng Lưu trú", Source: "=Báo cáo"},
	}
}

func report(t *testing.T, b *book, now time.Time) review.Report {
	t.Helper()
	r := b.reviewer()
	out, err := r.Report(t.Context(), review.Subject{
		Cameras: []review.Camera{camera()}, Figures: []review.Figure{lodging()}, Begin: b.on(16, 0, 0), Now: now,
		Recorded: func(_ string, from, to time.Time) (time.Duration, bool) { return to.Sub(from) / 4, true },
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReport(t *testing.T) {
	b := newBook()
	b.write("up", b.on(9, 0, 0), b.on(16, 0, 0), 1)
	b.write("up", b.on(16, 0, 0), b.on(17, 0, 0), 1)
	b.write("up", b.on(16, 3, 0), b.on(16, 3, 20), 0)
	b.write("up", b.on(16, 8, 0), b.on(16, 8, 10), 0)
	delete(b.at["up"], b.on(16, 9, 0).UnixNano())
	b.write("activity", b.on(16, 10, 0), b.on(16, 11, 0), 0.2)
	b.write("activity", b.on(16, 11, 0), b.on(16, 11, 10), 0.9) // too little of the hour
	now := b.on(18, 0, 0)
	out := report(t, b, now)
	if out.Week != "2026-W47" || !out.Until.Equal(now) || !out.To.Equal(b.on(23, 0, 0)) || len(out.Method) < 5 {
		t.Fatalf("the report is of %s, %v to %v, until %v", out.Week, out.From, out.To, out.Until)
	}
	p := out.Points[0]
	if p.Outages.Count != 2 || p.Outages.Total != 30*60 || p.Outages.Longest != 20*60 || !p.Outages.At.Equal(b.on(16, 3, 0)) {
		t.Errorf("outages %+v", p.Outages)
	}
	if math.Abs(p.Up.Measured-0.5) > 0.001 || p.Up.Value == nil || math.Abs(*p.Up.Value-(1-0.5/24)) > 0.001 || !near(p.UpBefore.Value, 1) {
		t.Errorf("up %v of %v, before %v", *p.Up.Value, p.Up.Measured, *p.UpBefore.Value)
	}
	if p.Usable.Value != nil {
		t.Errorf("the picture that nobody judged is usable for %v", *p.Usable.Value)
	}
	if p.Busiest == nil || !p.Busiest.From.Equal(b.on(16, 10, 0)) {
		t.Errorf("the busiest hour is %+v", p.Busiest)
	}
	if p.Recorded == nil || *p.Recorded != 12 {
		t.Errorf("recorded for %v h", p.Recorded)
	}
}

// TestSilenceIsNoOutage: a gap in the readings parts what lies on its sides.
func TestSilenceIsNoOutage(t *testing.T) {
	b := newBook()
	b.write("up", b.on(16, 3, 0), b.on(16, 3, 10), 0)
	b.write("up", b.on(16, 3, 30), b.on(16, 3, 40), 0)
	p := report(t, b, b.on(18, 0, 0)).Points[0]
	if p.Outages.Count != 2 || p.Outages.Total != 20*60 {
		t.Errorf("outages %+v", p.Outages)
	}
}

// TestFigures: of each day the last figure counts, and a day without one is not
// 0.
func TestFigures(t *testing.T) {
	b := newBook()
	tell := func(at time.Time, v float64) { b.write("occupancy", at, at.Add(10*time.Second), v) }
	tell(b.on(10, 8, 0), 50)
	tell(b.on(16, 0, 0), 40) // Monday, from its first second
	tell(b.on(16, 23, 59), 70)
	tell(b.on(18, 7, 0), 64)
	out := report(t, b, b.on(19, 12, 0))
	if len(out.Indicators) != 1 || len(out.Indicators[0].Days) != 7 {
		t.Fatalf("the report tells of %+v", out.Indicators)
	}
	f := out.Indicators[0]
	if f.Days[0].Day != "2026-11-16" || !near(f.Days[0].Value, 70) || f.Days[1].Value != nil || !near(f.Days[2].Value, 64) || f.Days[6].Value != nil {
		t.Errorf("the days are %+v", f.Days)
	}
	if !near(f.Mean, 67) || f.Told != 2 || !near(f.MeanBefore, 50) || f.ToldBefore != 1 || f.Met == nil || !*f.Met {
		t.Errorf("the week is %+v", f)
	}
	empty := report(t, newBook(), b.on(19, 12, 0)).Indicators[0]
	if empty.Mean != nil || empty.Met != nil || empty.Told != 0 {
		t.Errorf("of nothing it says %+v", empty)
	}
	var table bytes.Buffer
	if err := review.WriteCSV(&table, &out, false, b.zone); err != nil {
		t.Fatal(err)
	}
	want := "phong-sa-pa;Công suất phòng Sa Pa;Công suất phòng;%;70;;64;;;;;67,0;2;50,0;60;có;Phòng Lưu trú;'=Báo cáo\r\n"
	if !strings.Contains(table.String(), want) {
		t.Errorf("the table holds %s", table.String())
	}
}

func TestCSV(t *testing.T) {
	b := newBook()
	b.write("up", b.on(16, 0, 0), b.on(16, 12, 0), 1)
	b.write("up", b.on(16, 12, 0), b.on(16, 18, 0), 0)
	r := report(t, b, b.on(17, 0, 0))
	r.Points[0].Name = "=cmd|' /C calc'!A0"
	for _, c := range []struct {
		english  bool
		comma    rune
		up, not  string
		headline string
	}{
		{false, ';', "66,67", "chưa đo", "Báo cáo tuần các điểm camera du lịch"},
		{true, ',', "66.67", "not measured", "Weekly report of the tourism camera points"},
	} {
		var out bytes.Buffer
		if err := review.WriteCSV(&out, &r, c.english, b.zone); err != nil {
			t.Fatal(err)
		}
		text, marked := strings.CutPrefix(out.String(), "\ufeff")
		read := csv.NewReader(strings.NewReader(text))
		read.Comma, read.FieldsPerRecord = c.comma, -1
		rows, err := read.ReadAll()
		if err != nil || !marked {
			t.Fatalf("it cannot be read: %v, mark %v", err, marked)
		}
		if rows[0][0] != c.headline || rows[0][1] != "2026-W47" {
			t.Errorf("it begins with %q", rows[0])
		}
		point := rows[5]
		if len(point) != len(rows[4]) || point[2] != c.up || point[5] != c.not || point[8] != "1" || point[9] != "360" {
			t.Errorf("the point is %q", point)
		}
		if !strings.HasPrefix(point[1], "'=") {
			t.Errorf("a spreadsheet would compute %q", point[1])
		}
		if last := rows[len(rows)-1][0]; len(last) < 30 {
			t.Errorf("it ends with %q, not with how it was computed", last)
		}
	}
}

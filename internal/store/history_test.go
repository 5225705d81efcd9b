package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/series"
	"citywatch/internal/store"
)

// testHistory stores three days of one gauge that measures every 10 minutes but
// not from 06:00 to 07:00 on the second day, and asks for it in many ways.
func testHistory(t *testing.T, db database) {
	m := newMemory()
	start0 := time.Now().UTC().Truncate(24 * time.Hour).Add(-4 * 24 * time.Hour)
	at := func(d time.Duration) time.Time { return start0.Add(d) }
	const h = time.Hour
	n := 0
	for d := time.Duration(0); d < 72*h; d += 10 * time.Minute {
		if d >= 30*h && d < 31*h {
			continue
		}
		r := reading("thao", at(d), float64(d/(10*time.Minute)))
		if d%h == 0 {
			r.Values = append(r.Values, citywatch.Value{Name: "state", Text: fmt.Sprint("at ", d)})
		}
		m.append(r, reading("chay", at(d), -1))
		n += 2
	}
	s, _ := start(t, parts(m, db))
	stored(t, db, n)
	eventually(t, "summaries", func() bool {
		got, err := db.Query(t.Context(), series.OneHour, "SELECT level_count FROM river_gauge WHERE device = 'thao'")
		if err != nil || len(got) != 1 || len(got[0].Rows) != 71 {
			return false
		}
		for _, row := range got[0].Rows {
			if row[1] != 6.0 {
				return false
			}
		}
		return true
	})
	hanoi := time.FixedZone("+07", 7*3600)
	for _, test := range []struct {
		name  string
		query store.HistoryQuery
		want  string // hours since the start: value; - for a gap
	}{
		{"as measured", store.HistoryQuery{From: at(29*h + 40*time.Minute), To: at(31*h + 10*time.Minute)}, "29.67:178 29.83:179 31:186"},
		{"windows", store.HistoryQuery{From: at(29 * h), To: at(31*h + 30*time.Minute), Every: 30 * time.Minute}, "29:175 29.5:178 30:- 30.5:- 31:187"},
		{"min", store.HistoryQuery{From: at(29 * h), To: at(32 * h), Every: h, Fn: store.Min}, "29:174 30:- 31:186"},
		{"max", store.HistoryQuery{From: at(29 * h), To: at(32 * h), Every: h, Fn: store.Max}, "29:179 30:- 31:191"},
		{"last", store.HistoryQuery{From: at(29 * h), To: at(32 * h), Every: h, Fn: store.Last}, "29:179 30:- 31:191"},
		{"count", store.HistoryQuery{From: at(29 * h), To: at(32 * h), Every: h, Fn: store.Count}, "29:6 30:- 31:6"},
		{"sum", store.HistoryQuery{From: at(0), To: at(2 * h), Every: h, Fn: store.Sum}, "0:15 1:51"},
		{"odd windows", store.HistoryQuery{From: at(0), To: at(h), Every: 7 * 60 * time.Second}, ""},
		{"from the summaries", store.HistoryQuery{From: at(0), To: at(72 * h), Every: 12 * h}, "0:35.5 12:107.5 24:179.23 36:251.5 48:323.5 60:395.5"},
		{"days in Hà Nội", store.HistoryQuery{From: at(0), To: at(72 * h), Every: 24 * h, Fn: store.Count, Zone: hanoi}, "-7:102 17:138 41:144 65:42"},
		{"a day in Hà Nội, of readings", store.HistoryQuery{From: at(17 * h), To: at(41 * h), Every: 24 * h, Fn: store.Count, Zone: hanoi}, "17:138"},
		{"a text", store.HistoryQuery{Value: "state", From: at(h), To: at(3 * h)}, `1:"at 1h0m0s" 2:"at 2h0m0s"`},
		{"another device", store.HistoryQuery{Device: "chay", From: at(0), To: at(h), Every: h}, "0:-1"},
		{"no such device", store.HistoryQuery{Device: "nobody", From: at(0), To: at(2 * h), Every: h}, "0:- 1:-"},
		{"no such value", store.HistoryQuery{Value: "rain", From: at(0), To: at(h)}, ""},
		{"no such class", store.HistoryQuery{Class: "x", From: at(0), To: at(h)}, ""},
		{"hostile", store.HistoryQuery{Device: "' OR '1'='1", From: at(0), To: at(h)}, ""},
		{"in the future", store.HistoryQuery{From: at(1000 * h), To: at(1001 * h), Every: h}, "1000:-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := test.query
			if q.Class == "" {
				q.Class = "river_gauge"
			}
			if q.Device == "" {
				q.Device = "thao"
			}
			if q.Value == "" {
				q.Value = "level"
			}
			points, err := s.History(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if test.name == "odd windows" {
				checkWindows(t, points, q.Every)
				return
			}
			if got := describe(points, start0); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// checkWindows finds windows that count from 1970, with all six readings.
func checkWindows(t *testing.T, points []store.Point, every time.Duration) {
	t.Helper()
	found := 0
	for i, p := range points {
		if p.Time.UnixNano()%int64(every) != 0 || i > 0 && p.Time.Sub(points[i-1].Time) != every {
			t.Errorf("a window begins at %v", p.Time)
		}
		if p.Number != nil {
			found++
		}
	}
	if found != 6 {
		t.Errorf("%d windows with readings, want 6", found)
	}
}

func describe(points []store.Point, start time.Time) string {
	var words []string
	for _, p := range points {
		value := "-"
		if p.Number != nil {
			value = fmt.Sprint(math.Round(*p.Number*100) / 100)
		} else if p.Text != "" {
			value = fmt.Sprintf("%q", p.Text)
		}
		words = append(words, fmt.Sprint(math.Round(p.Time.Sub(start).Hours()*100)/100, ":", value))
	}
	return strings.Join(words, " ")
}

func TestHistory(t *testing.T) { testHistory(t, openEmbedded(t, series.Retention{})) }

// TestHistoryResolution asks for times of which only summaries are left.
func TestHistoryResolution(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	for _, test := range []struct {
		name     string
		from, to time.Duration // before now
		every    time.Duration
		want     series.Resolution
		points   int // about
	}{
		{"an hour of readings", time.Hour, 0, 0, series.Raw, 0},
		{"a day by minutes", day, 0, time.Minute, series.Raw, 1440},
		{"a week by the hour", 7 * day, 0, time.Hour, series.FiveMinutes, 7 * 24},
		{"a week by 7 minutes", 7 * day, 0, 7 * time.Minute, series.Raw, 1440},
		{"a quarter by the hour", 90 * day, 0, time.Hour, series.OneHour, 90 * 24},
		{"an old hour of readings", 40 * day, 40*day - time.Hour, 0, series.FiveMinutes, 12},
		{"an old hour by minutes", 40 * day, 40*day - time.Hour, time.Minute, series.FiveMinutes, 12},
		{"an old hour by 7 minutes", 40 * day, 40*day - time.Hour, 7 * time.Minute, series.FiveMinutes, 6},
		{"a very old day", 400 * day, 399 * day, time.Minute, series.OneHour, 24},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := series.Resolution(-1)
			p := parts(newMemory(), resolutions(func(r series.Resolution) { asked = r }))
			p.Options.Retention = series.DefaultRetention()
			points, err := store.New(p).History(t.Context(), store.HistoryQuery{
				Class: "c", Device: "d", Value: "v", From: now.Add(-test.from), To: now.Add(-test.to), Every: test.every,
			})
			if err != nil || asked != test.want || len(points) < test.points || len(points) > test.points+1 {
				t.Errorf("%d points from %v, %v; want %d from %v", len(points), asked, err, test.points, test.want)
			}
		})
	}
}

// resolutions is a database that has nothing and notes what it is asked.
type resolutions func(series.Resolution)

func (f resolutions) Write(context.Context, series.Resolution, []byte) error { return nil }

func (f resolutions) Query(_ context.Context, r series.Resolution, _ string) (series.Result, error) {
	f(r)
	return nil, nil
}

func TestHistoryRefuses(t *testing.T) {
	now := time.Now()
	good := store.HistoryQuery{Class: "c", Device: "d", Value: "v", From: now.Add(-time.Hour), To: now}
	s := store.New(parts(newMemory(), resolutions(func(series.Resolution) { t.Error("it was asked") })))
	for name, change := range map[string]func(*store.HistoryQuery){
		"no class":         func(q *store.HistoryQuery) { q.Class = "" },
		"no device":        func(q *store.HistoryQuery) { q.Device = "" },
		"no value":         func(q *store.HistoryQuery) { q.Value = "" },
		"backwards":        func(q *store.HistoryQuery) { q.From, q.To = q.To, q.From },
		"function":         func(q *store.HistoryQuery) { q.Fn = "median); DROP" },
		"negative every":   func(q *store.HistoryQuery) { q.Every = -time.Second },
		"every too fine":   func(q *store.HistoryQuery) { q.Every = time.Millisecond },
		"every not whole":  func(q *store.HistoryQuery) { q.Every = 1500 * time.Millisecond },
		"too many windows": func(q *store.HistoryQuery) { q.From, q.Every = now.Add(-24*time.Hour), time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			q := good
			change(&q)
			if points, err := s.History(t.Context(), q); !errors.Is(err, store.ErrQuestion) {
				t.Errorf("%d points, %v", len(points), err)
			}
		})
	}
}

// TestHistoryOfTooMuch does not cut readings off: the end of them is what a
// person looks at.
func TestHistoryOfTooMuch(t *testing.T) {
	m, db := newMemory(), openEmbedded(t, series.Retention{})
	var readings []citywatch.Reading
	for i := range store.MaxPoints + 1 {
		readings = append(readings, reading("thao", time.Unix(int64(1_700_000_000+i), 0), 1))
	}
	m.append(readings...)
	s, _ := start(t, parts(m, db))
	stored(t, db, len(readings))
	q := store.HistoryQuery{Class: "river_gauge", Device: "thao", Value: "level",
		From: readings[0].Time, To: readings[len(readings)-1].Time.Add(1)}
	if points, err := s.History(t.Context(), q); !errors.Is(err, store.ErrQuestion) {
		t.Errorf("%d points, %v", len(points), err)
	}
	q.From = readings[1].Time
	if points, err := s.History(t.Context(), q); err != nil || len(points) != store.MaxPoints {
		t.Errorf("%d points, %v", len(points), err)
	}
}

func TestHistoryWhileTheStoreIsAway(t *testing.T) {
	away := errors.New("connection refused")
	s := store.New(parts(newMemory(), &faulty{query: func(string) error { return away }}))
	q := store.HistoryQuery{Class: "c", Device: "d", Value: "v", From: time.Now().Add(-time.Hour), To: time.Now()}
	if _, err := s.History(t.Context(), q); !errors.Is(err, away) {
		t.Errorf("readings: %v", err)
	}
	q.Every = time.Minute
	if _, err := s.History(t.Context(), q); !errors.Is(err, away) || errors.Is(err, store.ErrQuestion) {
		t.Errorf("windows: %v", err)
	}
}

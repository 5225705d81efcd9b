package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/series"
	"citywatch/internal/store"
)

// testMoment stores three gauges, one of which falls silent and one of which
// sends its battery seldom, and asks how they were at several moments.
func testMoment(t *testing.T, db database) {
	m := newMemory()
	start0 := time.Now().UTC().Truncate(time.Hour).Add(-6 * time.Hour)
	at := func(minutes float64) time.Time { return start0.Add(time.Duration(minutes * float64(time.Minute))) }
	n := 0
	for minute := 0; minute < 120; minute += 10 {
		r := reading("thao", at(float64(minute)), float64(minute))
		if minute == 40 {
			r.Values = append(r.Values, citywatch.Value{Name: "state", Text: "ok"})
		}
		m.append(r)
		n++
		if minute < 30 {
			m.append(reading("chay", at(float64(minute)), float64(-minute)))
			n++
		}
	}
	moved := reading("thao", at(5), 1000)
	moved.Zone = "elsewhere" // it was registered in another zone once
	m.append(moved)
	s, _ := start(t, parts(m, db))
	stored(t, db, n+1)
	for _, test := range []struct {
		name   string
		at     time.Time
		within time.Duration
		want   string
	}{
		{"a moment between readings", at(25), time.Hour, "chay: level=-20 5m; thao: level=20 5m"},
		{"the moment of a reading", at(20), time.Hour, "chay: level=-20 0s; thao: level=20 0s"},
		{"one is silent", at(65), 30 * time.Minute, "thao: level=60 5m state=ok 25m"},
		{"the older zone's", at(8), time.Hour, "chay: level=0 8m; thao: level=1000 3m"},
		{"before all", at(-1), time.Hour, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := s.At(t.Context(), "river_gauge", test.at, test.within)
			if err != nil {
				t.Fatal(err)
			}
			if text := describeValues(got, test.at); text != test.want {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
	if got, err := s.At(t.Context(), "no_such_class", at(60), time.Hour); err != nil || len(got) != 0 {
		t.Errorf("of no class: %v, %v", got, err)
	}
}

func describeValues(values map[string][]citywatch.LastValue, at time.Time) string {
	var devices []string
	for _, device := range []string{"chay", "thao"} {
		if len(values[device]) == 0 {
			continue
		}
		text := device + ":"
		for _, v := range values[device] {
			shown := v.Text
			if !v.IsText() {
				shown = fmt.Sprint(v.Number)
			}
			text += fmt.Sprintf(" %s=%s %s", v.Name, shown, strings.TrimSuffix(at.Sub(v.Time).String(), "0s"))
		}
		devices = append(devices, strings.ReplaceAll(text+";", " ;", " 0s;"))
	}
	return strings.TrimSuffix(strings.Join(devices, " "), ";")
}

func TestMoment(t *testing.T) { testMoment(t, openEmbedded(t, series.Retention{})) }

// TestMomentOfSummaries: of a moment whose readings are not kept any more, the
// last of each 5 minutes is told, never one that came after it.
func TestMomentOfSummaries(t *testing.T) {
	at := time.Now().Add(-40 * 24 * time.Hour).UTC().Truncate(time.Hour).Add(12 * time.Minute)
	var asked series.Resolution
	var text string
	db := answers(func(r series.Resolution, q string) series.Result {
		asked, text = r, q
		return series.Result{{
			Tags: map[string]string{"device": "thao"}, Columns: []string{"time", "level_last", "level_mean"},
			Rows: [][]any{{at.Truncate(time.Hour).Add(5 * time.Minute).UnixNano(), 81.5, 81.0}},
		}}
	})
	p := parts(newMemory(), db)
	p.Options.Retention = series.DefaultRetention()
	got, err := store.New(p).At(t.Context(), "river_gauge", at, time.Hour)
	if err != nil || asked != series.FiveMinutes {
		t.Fatalf("asked %v, %v", asked, err)
	}
	if want := fmt.Sprintf("time <= %d", at.Add(-5*time.Minute).UnixNano()); !strings.Contains(text, want) {
		t.Errorf("asked %q, which lacks %s", text, want)
	}
	if text := describeValues(got, at); text != "thao: level=81.5 2m" {
		t.Errorf("got %s", text)
	}
}

// answers is a database that has what the function returns.
type answers func(series.Resolution, string) series.Result

func (f answers) Write(context.Context, series.Resolution, []byte) error { return nil }

func (f answers) Query(_ context.Context, r series.Resolution, q string) (series.Result, error) {
	return f(r, q), nil
}

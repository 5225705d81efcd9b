package store_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"citywatch"
	"citywatch/internal/series"
	"citywatch/internal/store"
)

// A model holds what was measured, and sums it up the simple way.
type model map[modelKey]citywatch.Reading

type modelKey struct {
	device string
	at     int64
}

func (m model) add(readings ...citywatch.Reading) {
	for _, r := range readings {
		m[modelKey{r.Device, r.Time.UnixNano()}] = r
	}
}

// lines returns every summary as text, sorted.
func (m model) lines(r series.Resolution) []string {
	type key struct {
		series.Key
		start int64
		value string
	}
	groups := map[key][]citywatch.Reading{}
	for _, reading := range m {
		for _, v := range reading.Values {
			k := key{series.Key{Device: reading.Device, Zone: reading.Zone}, reading.Time.Truncate(r.Window()).UnixNano(), v.Name}
			groups[k] = append(groups[k], reading)
		}
	}
	var lines []string
	for k, readings := range groups {
		slices.SortFunc(readings, func(a, b citywatch.Reading) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
		low, high, sum, last := math.Inf(1), math.Inf(-1), 0.0, 0.0
		for _, reading := range readings {
			n, _ := reading.Number(k.value)
			low, high, sum, last = min(low, n), max(high, n), sum+n, n
		}
		lines = append(lines, line(k.Device, k.Zone, k.start, k.value, [5]float64{sum / float64(len(readings)), low, high, float64(len(readings)), last}))
	}
	slices.Sort(lines)
	return lines
}

func line(device, zone string, start int64, value string, n [5]float64) string {
	return fmt.Sprintf("%s %s %s %s mean %.9f min %v max %v count %v last %v",
		device, zone, time.Unix(0, start).UTC().Format(time.TimeOnly), value, n[0], n[1], n[2], n[3], n[4])
}

// summaries returns those that are stored, as lines does.
func summaries(t *testing.T, db database, r series.Resolution, values ...string) []string {
	t.Helper()
	var lines []string
	for _, value := range values {
		columns := ""
		for _, fn := range []string{"mean", "min", "max", "count", "last"} {
			columns += fmt.Sprintf(", %q", value+"_"+fn)
		}
		result, err := db.Query(t.Context(), r, "SELECT "+columns[2:]+" FROM river_gauge GROUP BY device, zone")
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range result {
			for _, row := range table.Rows {
				var n [5]float64
				for i := range n {
					n[i], _ = row[i+1].(float64) // nil while it is just being written
				}
				lines = append(lines, line(table.Tags["device"], table.Tags["zone"], row[0].(int64), value, n))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func wantSummaries(t *testing.T, db database, m model, values ...string) {
	t.Helper()
	for _, r := range []series.Resolution{series.FiveMinutes, series.OneHour} {
		want, deadline := m.lines(r), time.Now().Add(30*time.Second)
		got := summaries(t, db, r, values...)
		for !slices.Equal(got, want) && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
			got = summaries(t, db, r, values...)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("summaries of %v, - wanted, + stored:\n%s", r, diff)
		}
	}
}

// TestSummaries measures at random over four hours: late, repeated, revised and
// from a device that moves, while the store is stopped and started at random,
// sometimes as after a crash.
func TestSummaries(t *testing.T) {
	testSummaries(t, openEmbedded(t, series.Retention{}))
}

func testSummaries(t *testing.T, db database) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	m, all := newMemory(), model{}
	base := time.Now().Add(-5 * time.Hour).Truncate(time.Hour)
	for range 4 {
		before := m.saved["store/0"]
		_, stop := start(t, parts(m, db))
		for range 20 {
			var readings []citywatch.Reading
			for range random.IntN(40) {
				r := reading(fmt.Sprint("device-", random.IntN(70)), base.Add(time.Duration(random.IntN(4*3600))*time.Second), float64(random.IntN(1000))/8)
				r.Zone = []string{"p-lao-cai", ""}[random.IntN(2)]
				if random.IntN(3) == 0 {
					r.Values = append(r.Values, citywatch.Value{Name: "rain, mm", Number: float64(random.IntN(100))})
				}
				if _, seen := all[modelKey{r.Device, r.Time.UnixNano()}]; seen {
					continue // of another zone it would be another series
				}
				all.add(r)
				readings = append(readings, r)
			}
			m.append(readings...)
			if random.IntN(5) == 0 {
				m.append(readings...)
			}
		}
		time.Sleep(time.Duration(random.IntN(600)) * time.Millisecond)
		stop()
		if random.IntN(2) == 0 { // as after a crash: the last place was not kept
			m.saved["store/0"] = before
		}
	}
	_, stop := start(t, parts(m, db))
	stored(t, db, len(all))
	wantSummaries(t, db, all, "level", "rain, mm")
	stop()
}

func TestSummaryOfRevision(t *testing.T) {
	m, db, all := newMemory(), openEmbedded(t, series.Retention{}), model{}
	at := time.Now().Add(-2 * time.Hour)
	start(t, parts(m, db))
	for _, level := range []float64{1, 7, 3} {
		r := reading("thao", at, level)
		all.add(r)
		m.append(r)
		wantSummaries(t, db, all, "level")
	}
}

// TestSummariesAfterCrash has stored readings that no summary knows.
func TestSummariesAfterCrash(t *testing.T) {
	m, db, all := newMemory(), openEmbedded(t, series.Retention{}), model{}
	for i := range 10 {
		r := reading("thao", time.Unix(int64(1_700_000_000+60*i), 0), float64(i))
		all.add(r)
		m.append(r)
	}
	p := parts(m, db)
	s := store.New(p)
	s.SetSumEvery(time.Hour) // never gets to it
	runFor(t, s, func() { stored(t, db, 10) })
	var place struct{ Stored, Summed uint64 }
	if err := json.Unmarshal(m.saved["store/0"], &place); err != nil || place.Stored != 10 || place.Summed != 0 {
		t.Fatalf("saved %s, %v", m.saved["store/0"], err)
	}
	counting := &faulty{database: db}
	start(t, parts(m, counting))
	wantSummaries(t, db, all, "level")
	if n := counting.count(); n > 2*2 {
		t.Errorf("%d writes: readings were written again", n)
	}
}

// count returns how many writes there were.
func (f *faulty) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.writes)
}

// TestSummaryRefused has one value that cannot be summed up; the others can.
func TestSummaryRefused(t *testing.T) {
	m, real, all, log := newMemory(), openEmbedded(t, series.Retention{}), model{}, &logbook{}
	db := &faulty{database: real, query: func(q string) error {
		if strings.Contains(q, `"bad`) && !strings.Contains(q, "SHOW") {
			return fmt.Errorf("query: %w", &series.Rejected{Reason: "unsupported mean iterator type: string"})
		}
		return nil
	}}
	p := parts(m, db)
	p.Log = logTo(log)
	start(t, p)
	r := reading("thao", time.Now().Add(-time.Hour), 1)
	all.add(r)
	r.Values = []citywatch.Value{{Name: "bad", Number: 1}, {Name: "level", Number: 1}}
	m.append(r)
	wantSummaries(t, real, all, "level")
	eventually(t, "a log line", func() bool { return log.count("cannot be computed") == 1 })
}

// TestSummaryOutage cannot ask for a while: the summaries come later.
func TestSummaryOutage(t *testing.T) {
	m, real, all := newMemory(), openEmbedded(t, series.Retention{}), model{}
	asked := make(chan struct{}, 1000)
	db := &faulty{database: real, query: func(string) error {
		asked <- struct{}{}
		if len(asked) < 6 {
			return errors.New("connection refused")
		}
		return nil
	}}
	s, _ := start(t, parts(m, db))
	r := reading("thao", time.Now().Add(-time.Hour), 1)
	all.add(r)
	m.append(r)
	eventually(t, "degraded", func() bool { since, _ := s.Degraded(); return !since.IsZero() })
	wantSummaries(t, real, all, "level")
	eventually(t, "well again", func() bool { since, _ := s.Degraded(); return since.IsZero() })
}

// TestManyWindows sums up a backlog that is more than may wait.
func TestManyWindows(t *testing.T) {
	m, db := newMemory(), openEmbedded(t, series.Retention{})
	const devices, windows = 210, 60
	for w := range windows {
		var readings []citywatch.Reading
		for d := range devices {
			readings = append(readings, reading(fmt.Sprint("device-", d), time.Unix(int64(1_700_000_000+300*w), 0), float64(w)))
		}
		m.append(readings...)
	}
	s := store.New(parts(m, db))
	s.SetSumEvery(time.Hour) // only for want of room
	s.SetManyWindows(10_000)
	runFor(t, s, func() {
		eventually(t, "summaries", func() bool {
			result, err := db.Query(t.Context(), series.FiveMinutes, "SELECT count(level_mean) FROM river_gauge")
			return err == nil && len(result) == 1 && result[0].Rows[0][1].(float64) >= 40*devices
		})
	})
}

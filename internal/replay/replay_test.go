package replay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
	"citywatch/alerts"
	"citywatch/internal/journal"
	"citywatch/internal/replay"
	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
	"citywatch/internal/series/influx"
	"citywatch/internal/servertest"
)

var start = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

const flood = `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: {1: 80, 2: 82}, recover: {margin: 0.5}}
`

const silent = `  - id: silent
    name: {vi: Mất tín hiệu, en: Silent}
    hazard: device
    select: {class: gauge}
    silence: {periods: 3, level: 1}
`

func devices() []citywatch.Device {
	return []citywatch.Device{
		{ID: "a", Class: "gauge", Sector: citywatch.SectorDisaster, Zone: "bac-ha", Period: time.Minute},
		{ID: "b", Class: "gauge", Sector: citywatch.SectorDisaster, Period: time.Minute},
	}
}

func parse(t *testing.T, text string) *alerts.Rules {
	t.Helper()
	rules, _, problems := alerts.Parse([]byte(text), alerts.Catalogue{
		Classes: []citywatch.Class{
			{ID: "gauge", Sector: citywatch.SectorDisaster, Period: time.Minute},
			{ID: citywatch.SystemClass, Sector: citywatch.SectorDisaster, Period: 10 * time.Second},
		},
		Devices: devices(),
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return rules
}

// A station measures a level once a minute.
type station struct {
	id     string
	levels []float64 // 0 is none
}

// history is what two stations measure: one rises twice over 80 and once over
// 82, the other is not heard for a while.
func history() []station {
	return []station{
		{"a", []float64{79, 80.2, 81, 82.5, 81, 79.2, 79, 79, 80.4, 80.3, 79, 79}},
		{"b", []float64{70, 70, 70.1, 0, 0, 0, 0, 70.2, 70, 70, 70, 70}},
	}
}

// entries are the stations' readings with the ticks between, as the journal
// would have them.
func entries(stations []station) []citywatch.Entry {
	var out []citywatch.Entry
	add := func(e citywatch.Entry) {
		e.Seq = uint64(len(out) + 1)
		out = append(out, e)
	}
	minutes := len(stations[0].levels)
	for second := range minutes * 60 {
		at := start.Add(time.Duration(second) * time.Second)
		add(citywatch.Entry{Tick: at})
		if second%60 != 0 {
			continue
		}
		var rs []citywatch.Reading
		for _, s := range stations {
			if v := s.levels[second/60]; v != 0 {
				rs = append(rs, reading(s.id, at, v))
			}
		}
		add(citywatch.Entry{Readings: rs})
	}
	return out
}

func reading(id string, at time.Time, level float64) citywatch.Reading {
	zone := ""
	if id == "a" {
		zone = "bac-ha"
	}
	return citywatch.Reading{
		Device: id, Class: "gauge", Zone: zone, Sector: "disaster", Time: at, Arrived: at,
		Values: []citywatch.Value{{Name: "device", Text: "radar"}, {Name: "level", Number: level}},
	}
}

// A list is a history in memory.
type list []citywatch.Entry

func (l *list) Next(context.Context) (shard int, e citywatch.Entry, err error) {
	if len(*l) == 0 {
		return 0, e, io.EOF
	}
	e = (*l)[0]
	*l = (*l)[1:]
	return 0, e, nil
}

func (l *list) Close() {}

// options tell of everything.
func options(rules *alerts.Rules) replay.Options {
	return replay.Options{
		From: start, To: start.Add(time.Hour), Rules: rules, Devices: [][]citywatch.Device{devices()},
		Seen: time.Second, Events: 1000, Differences: 1000,
	}
}

func run(t *testing.T, src replay.Source, o replay.Options) *citywatch.Replay {
	t.Helper()
	defer src.Close()
	out, err := replay.Run(t.Context(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lines are the timeline, a line for each change.
func lines(r *citywatch.Replay) []string {
	var out []string
	for _, e := range r.Timeline {
		out = append(out, fmt.Sprintf("%v %s/%s %s %d %s %s", e.Time.Sub(start).Round(time.Second), e.Rule, e.Of, e.Reason, e.Level, e.Notice, e.Why))
	}
	return out
}

var happened = []string{
	"1m0s flood/a fired 1 sound level = 80.2 ≥ 80",
	"3m0s flood/a raised 2 sound level = 82.5 ≥ 82",
	"4m0s flood/a lowered 1 quiet level = 81 ≥ 80",
	"5m0s flood/a recovered 1 quiet level = 79.2 < 80",
	"5m1s silent/b fired 1 sound ",
	"7m0s silent/b recovered 1 quiet ",
	"8m0s flood/a fired 1 sound level = 80.4 ≥ 80",
	"10m0s flood/a recovered 1 quiet level = 79 < 80",
}

func TestTimelineAndCounts(t *testing.T) {
	src := list(entries(history()))
	r := run(t, &src, options(parse(t, flood+silent)))
	if diff := cmp.Diff(happened, lines(r)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	hour := func(minutes float64) float64 { return time.Duration(minutes * float64(time.Minute)).Hours() }
	want := []citywatch.ReplayRule{
		{Rule: "flood", Name: citywatch.Text{VI: "Lũ", EN: "Flood"}, Counts: &citywatch.ReplayCounts{
			Alerts: 2, Levels: map[citywatch.Level]int{1: 1, 2: 1}, Sound: 3, Quiet: 3, Hours: hour(6),
		}},
		{Rule: "silent", Name: citywatch.Text{VI: "Mất tín hiệu", EN: "Silent"}, Counts: &citywatch.ReplayCounts{
			Alerts: 1, Levels: map[citywatch.Level]int{1: 1}, Sound: 1, Quiet: 1, Hours: hour(1) + (59 * time.Second).Hours(),
		}},
	}
	about := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
	if diff := cmp.Diff(want, r.Rules, about); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if r.Readings != 20 || !r.Begins.Equal(start) {
		t.Errorf("%d readings since %s", r.Readings, r.Begins)
	}
}

// Nothing is told of the time before, but what it left is known.
func TestOfTheTimeBeforeNothingIsTold(t *testing.T) {
	src := list(entries(history()))
	o := options(parse(t, flood))
	o.From = start.Add(2 * time.Minute)
	r := run(t, &src, o)
	if diff := cmp.Diff(append(append([]string{}, happened[1:4]...), happened[6:]...), lines(r)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	c := r.Rules[0].Counts
	if c.Alerts != 1 || c.Carried != 1 || c.Hours-(5*time.Minute).Hours() > 1e-9 || (5*time.Minute).Hours()-c.Hours > 1e-9 {
		t.Errorf("counts %+v", c)
	}
}

// Where nobody sees an alert it goes on, and what comes back is the same.
func TestNobodySees(t *testing.T) {
	src := list(entries(history()))
	o := options(parse(t, flood))
	o.Seen = 0
	if c := run(t, &src, o).Rules[0].Counts; c.Alerts != 1 {
		t.Errorf("%d alerts", c.Alerts)
	}
}

// What latches is reset when it is over, so that the next one counts.
func TestWhatLatchesIsReset(t *testing.T) {
	src := list(entries(history()))
	r := run(t, &src, options(parse(t, flood+"    latch: true\n")))
	if c := r.Rules[0].Counts; c.Alerts != 2 {
		t.Errorf("%d alerts:\n%v", c.Alerts, lines(r))
	}
}

func TestTheTimelineIsBounded(t *testing.T) {
	src := list(entries(history()))
	o := options(parse(t, flood+silent))
	o.Events = 3
	told := 0
	o.Event = func(*citywatch.ReplayEvent) { told++ }
	r := run(t, &src, o)
	if len(r.Timeline) != 3 || r.Omitted != len(happened)-3 || told != len(happened) {
		t.Errorf("%d on the timeline, %d omitted, %d told", len(r.Timeline), r.Omitted, told)
	}
}

func TestAReplayEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	src := list(entries(history()))
	o := options(parse(t, flood))
	o.Share = 0.01
	o.Event = func(*citywatch.ReplayEvent) { cancel() }
	if _, err := replay.Run(ctx, &src, o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The journal's own server, its files, and the time series store tell the same
// story of the same readings.
func TestAllHistoriesTellTheSame(t *testing.T) {
	written := entries(history())
	dir := t.TempDir()
	j, err := journal.Open(t.Context(), journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	for _, e := range written {
		if e.Tick.IsZero() {
			_, err = j.Append(t.Context(), 0, e.Readings)
		} else {
			_, err = j.Tick(t.Context(), 0, e.Tick)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rules := parse(t, flood+silent)
	from, to := time.Time{}, start.Add(time.Hour)
	live, err := replay.FromJournal(t.Context(), j, from, to)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := journal.OpenFolder(journal.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]replay.Source{"server": live, "files": replay.FromFolder(folder, from, to)}
	for name, db := range map[string]database{
		"embedded": newEmbedded(t), "influxdb 1.8": connect(t, servertest.Influx1(t)), "influxdb 2": connect(t, servertest.Influx2(t)),
	} {
		fill(t, db, written, nil)
		sources[name], err = replay.FromStore(t.Context(), db, start.Add(-time.Hour), to, 10*time.Second)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for name, src := range sources {
		want := happened
		if diff := cmp.Diff(want, lines(run(t, src, options(rules)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A database is a time series store of any kind.
type database interface {
	Write(ctx context.Context, to series.Resolution, lines []byte) error
	Query(ctx context.Context, from series.Resolution, q string) (series.Result, error)
}

func newEmbedded(t *testing.T) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(embedded.Options{Dir: t.TempDir(), Name: "replay"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func connect(t *testing.T, server *servertest.Influx) *influx.DB {
	t.Helper()
	o := influx.Options{URL: server.URL, Org: server.Org, Name: "replay"}
	if server.Token != "" {
		o.TokenFile = filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(o.TokenFile, []byte(server.Token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := influx.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// fill writes the entries' readings, and more.
func fill(t *testing.T, db database, written []citywatch.Entry, more []citywatch.Reading) {
	t.Helper()
	var text []byte
	for _, e := range written {
		more = append(more, e.Readings...)
	}
	for i := range more {
		text, _ = series.AppendReading(text, &more[i])
	}
	if err := db.Write(t.Context(), series.Raw, text); err != nil {
		t.Fatal(err)
	}
}

// stored is an embedded store with the readings, and more.
func stored(t *testing.T, written []citywatch.Entry, more []citywatch.Reading) *embedded.DB {
	t.Helper()
	db := newEmbedded(t)
	fill(t, db, written, more)
	return db
}

// A reading comes out of the store as it went in, but for what the store does
// not have; many at one moment, and pages within, lose none.
func TestTheStoreLosesNone(t *testing.T) {
	const many = 21_000 // more than a page, all but the first few at one moment
	var rs []citywatch.Reading
	for i := range many {
		r := reading(fmt.Sprintf("g-%d", i), start.Add(time.Second), float64(i))
		if i < 10 {
			r.Time = start.Add(time.Duration(i) * time.Millisecond)
		}
		r.Arrived = r.Time
		rs = append(rs, r)
	}
	db := stored(t, nil, rs)
	src, err := replay.FromStore(t.Context(), db, start.Add(-time.Hour), start.Add(time.Hour), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]citywatch.Reading{}
	for {
		_, e, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range e.Readings {
			if _, twice := got[r.Device]; twice {
				t.Fatalf("%s came twice", r.Device)
			}
			got[r.Device] = r
		}
	}
	if len(got) != many {
		t.Fatalf("%d readings of %d", len(got), many)
	}
	if diff := cmp.Diff(rs[many-1], got[rs[many-1].Device]); diff != "" {
		t.Errorf("-in +out:\n%s", diff)
	}
}

// While citywatch did not run nobody was silent: the store tells by what
// citywatch said of itself.
func TestTheStoreKnowsWhenCitywatchWasDown(t *testing.T) {
	stations := []station{
		{"a", []float64{70, 70, 70, 0, 0, 0, 0, 0, 0, 70, 70, 70}},
		{"b", []float64{70, 70, 70, 0, 0, 0, 0, 0, 0, 70, 70, 70}},
	}
	written := entries(stations)
	said := func(up func(time.Duration) bool) []citywatch.Reading {
		var own []citywatch.Reading
		for at := time.Duration(0); at < 12*time.Minute; at += 10 * time.Second {
			if up(at) {
				own = append(own, citywatch.Reading{
					Device: citywatch.SystemID, Class: citywatch.SystemClass, Sector: "disaster", Time: start.Add(at), Arrived: start.Add(at),
					Values: []citywatch.Value{{Name: "disk_free", Number: 1}},
				})
			}
		}
		return own
	}
	rules := parse(t, "rules:\n"+silent)
	for name, test := range map[string]struct {
		up   func(time.Duration) bool
		want int
	}{
		"it ran":     {func(time.Duration) bool { return true }, 2},
		"it was off": {func(at time.Duration) bool { return at < 150*time.Second || at > 530*time.Second }, 0},
	} {
		src, err := replay.FromStore(t.Context(), stored(t, written, said(test.up)), start, start.Add(12*time.Minute), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if c := run(t, src, options(rules)).Rules[0].Counts; c.Alerts != test.want {
			t.Errorf("%s: %d alerts, not %d", name, c.Alerts, test.want)
		}
	}
}

package alerts

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/servertest"
)

const lateRules = `rules:
  - id: at-once
    name: {vi: a, en: a}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: device}
  - id: patient
    name: {vi: b, en: b}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: device, for: 50s, recover: {margin: 2, for: 70s}}
`

// An arrival is a reading and when it comes.
type arrival struct {
	at      time.Time
	reading citywatch.Reading
}

// A listener feeds a fold, and may end it and go on with what it kept.
type listener struct {
	world *world
	fold  *fold
	seq   uint64
	now   time.Time
	heard []citywatch.Transition
}

func newListener(w *world, o Options) *listener {
	l := &listener{world: w, fold: newFold(o, newMemory().deps(w.rules, w.devices))}
	l.fold.start()
	return l
}

func (l *listener) apply(e citywatch.Entry) {
	l.seq++
	e.Seq = l.seq
	l.fold.apply(&e)
	l.heard = append(l.heard, l.fold.out...)
	l.fold.out = l.fold.out[:0]
}

// until lets time pass: citywatch runs for the first minute and the last, and
// in between where that is not long.
func (l *listener) until(at time.Time) {
	const step = 4 * time.Second
	if l.now.IsZero() {
		l.now = at.Add(-step)
	}
	for l.now = l.now.Add(step); l.now.Before(at); l.now = l.now.Add(step) {
		if rest := at.Sub(l.now); rest > 2*time.Hour {
			l.now = at.Add(-time.Minute)
		}
		l.apply(citywatch.Entry{Tick: l.now})
	}
	l.now = at
	l.apply(citywatch.Entry{Tick: at})
}

func (l *listener) restart(t *testing.T) {
	b, err := json.Marshal(l.fold.checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	l.fold = newFold(l.fold.options, newMemory().deps(l.world.rules, l.world.devices))
	if _, err := l.fold.load(b); err != nil {
		t.Fatal(err)
	}
	l.fold.start()
}

func (l *listener) key(rule, device string) *key {
	for _, k := range l.fold.keys {
		if k.id == (keyID{rule, device}) {
			return k
		}
	}
	return nil
}

func toldLevel(k *key) citywatch.Level {
	if k.Episode == nil {
		return citywatch.None
	}
	return k.Episode.Level
}

// levelIn returns the level that a past gives for a time.
func levelIn(all []LevelAt, at time.Time) citywatch.Level {
	level := citywatch.None
	for _, l := range all {
		if l.Time.After(at) {
			break
		}
		level = l.Level
	}
	return level
}

// TestOutage: what was measured in two days comes at once, in its order or
// shuffled, and doubled. It is one event for each key, and calls nobody.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, lateRules)
	r := rand.New(rand.NewPCG(1, 5))
	for range 20 {
		l := newListener(w, Options{})
		l.until(day)
		var kept []citywatch.Reading
		for i := range 280 { // every ten minutes
			kept = append(kept, citywatch.Reading{
				Device: "a", Class: "gauge", Time: day.Add(time.Duration(i) * 10 * time.Minute), Arrived: day.Add(48 * time.Hour),
				Values: []citywatch.Value{{Name: "level", Number: r.Float64() * 40}},
			})
		}
		kept = append(kept, kept...)
		if r.IntN(2) == 0 {
			r.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
		}
		l.until(day.Add(48 * time.Hour))
		for part := range slices.Chunk(kept, 50) {
			l.apply(citywatch.Entry{Readings: part})
		}
		l.until(l.now.Add(2 * tellAfter))
		made := map[string]int{}
		for _, tr := range l.heard {
			made[tr.Alert.Rule]++
			if tr.Notice == citywatch.NoticeSound || tr.Backlog == nil || tr.Backlog.Peak == nil {
				t.Errorf("%s: notice %q, backlog %+v", tr.Reason, tr.Notice, tr.Backlog)
			}
		}
		if made["at-once"] != 1 || made["patient"] > 1 {
			t.Errorf("%v changes were made", made)
		}
		if n := len(l.key("at-once", "a").Past.Marks); n > 32*defaultRemember {
			t.Errorf("%d marks are remembered", n)
		}
	}
}

// TestMemoryIsBounded: whatever comes, no more is remembered than is said.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, lateRules)
	l := newListener(w, Options{})
	r := rand.New(rand.NewPCG(1, 6))
	for i := range 2_500 {
		at := day.Add(time.Duration(i) * 20 * time.Second)
		l.apply(citywatch.Entry{Tick: at})
		l.apply(citywatch.Entry{Readings: []citywatch.Reading{{
			Device: "a", Class: "gauge", Time: at.Add(-time.Duration(r.IntN(900)) * time.Second), Arrived: at,
			Values: []citywatch.Value{{Name: "level", Number: float64(i % 40)}},
		}}})
		for _, k := range l.fold.keys {
			if len(k.Past.Marks) > defaultRemember*catchingUp {
				t.Fatalf("%d marks after %d readings", len(k.Past.Marks), i)
			}
		}
	}
	for i := range 2 * defaultRemember {
		at := day.Add(30 * 24 * time.Hour).Add(time.Duration(i) * 20 * time.Second)
		l.until(at)
		l.apply(citywatch.Entry{Readings: []citywatch.Reading{{Device: "a", Class: "gauge", Time: at, Arrived: at, Values: []citywatch.Value{{Name: "level", Number: 1}}}}})
	}
	if p := l.key("at-once", "a").Past; cap(p.Marks) > 2*defaultRemember {
		t.Errorf("room for %d marks is left after it has caught up", cap(p.Marks))
	}
}

// TestFloodShuffled plays the recorded flood with its readings delayed by up to
// twelve hours and some of them twice: every station's level at every reading
// is the one of the ordered record, with no more remembered than usual.
func TestFloodShuffled(t *testing.T) {
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
    threshold: {value: water_level, levels: device, recover: {margin: 0.1, for: 3h}}
`)
	want := floodLevels(t, w, readings, punctual(readings))
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 7))
		var arrivals []arrival
		for _, m := range readings {
			for range 1 + r.IntN(2) {
				arrivals = append(arrivals, arrival{m.Time.Add(time.Duration(r.Int64N(int64(12 * time.Hour)))), m.Reading})
			}
		}
		slices.SortFunc(arrivals, func(a, b arrival) int { return a.at.Compare(b.at) })
		got := floodLevels(t, w, readings, arrivals)
		differ := 0
		for i := range want {
			if want[i] != got[i] {
				differ++
				t.Errorf("%s at %v: level %d, in order it is %d", readings[i].Device, readings[i].Time, got[i], want[i])
			}
		}
		t.Logf("%d readings, %d arrivals, %d levels differ", len(readings), len(arrivals), differ)
	}
}

func punctual(readings []floodReading) []arrival {
	all := make([]arrival, len(readings))
	for i, r := range readings {
		all[i] = arrival{r.Time, r.Reading}
	}
	return all
}

// floodLevels returns the level at every reading, as it is known thirteen hours
// later.
func floodLevels(t *testing.T, w *world, readings []floodReading, arrivals []arrival) []citywatch.Level {
	t.Helper()
	l := newListener(w, Options{})
	levels := make([]citywatch.Level, 0, len(readings))
	keys := map[string]*key{}
	for _, k := range l.fold.keys {
		keys[k.id.device] = k
	}
	settle := func(until time.Time) {
		for len(levels) < len(readings) && !readings[len(levels)].Time.After(until) {
			m := readings[len(levels)]
			k := keys[m.Device]
			levels = append(levels, levelIn(k.Past.levels(k.check), m.Time))
		}
	}
	for _, a := range arrivals {
		settle(a.at.Add(-13 * time.Hour))
		if a.at.Sub(l.now) > 15*time.Minute {
			for i := range 20 {
				l.apply(citywatch.Entry{Tick: a.at.Add(time.Duration(i-20) * 4 * time.Second)})
			}
			l.now = a.at
		}
		a.reading.Arrived = a.at
		l.apply(citywatch.Entry{Readings: []citywatch.Reading{a.reading}})
	}
	settle(readings[len(readings)-1].Time)
	sounds := 0
	for _, tr := range l.heard {
		if tr.Notice == citywatch.NoticeSound {
			sounds++
			if e := tr.Alert.Evidence; tr.At.Sub(e[len(e)-1].Time) > 2*time.Hour+time.Minute {
				t.Errorf("%s %s: people are called at %v about %v", tr.Reason, tr.ID, tr.At, e[len(e)-1].Time)
			}
		}
	}
	t.Logf("%d changes, %d of them with a sound", len(l.heard), sounds)
	return levels
}

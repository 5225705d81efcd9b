package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
)

const propertyDevices = `classes:
  - id: gauge
    name: {vi: Trạm, en: Gauge}
    sector: disaster
    period: 20s
    quantities: [{value: level, name: {vi: Mức, en: Level}, unit: m, decimals: 1}]
devices:
  - {id: a, class: gauge, at: [103.97, 22.48], bounds: {level: {1: 10, 2: 20, 3: 30}}}
  - {id: b, class: gauge, at: [103.97, 22.48], bounds: {level: {1: 15, 2: null, 3: 25}}}
`

const propertyRules = `inhibit:
  - {source: silent, target: [at-once, rising, fell], same: [device]}
  - {source: word, target: [stuck, low, silent], same: [zone]}
rules:
  - id: at-once
    name: {vi: a, en: a}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: device}
    escalate: [{after: 20s, to: first}, {after: 60s, to: second, level: 2}]
  - id: patient
    name: {vi: b, en: b}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: device, for: 50s, recover: {margin: 2, for: 70s}}
  - id: low
    name: {vi: c, en: c}
    hazard: drought
    select: {class: gauge}
    threshold: {value: level, levels: {1: 8, 4: 3}, direction: below, for: 15s, recover: {margin: 1, for: 0s}}
  - id: word
    name: {vi: d, en: d}
    hazard: fire
    select: {class: gauge}
    state: {value: word, levels: {fire: 4, fault: 2}, for: 5s}
    latch: true
  - id: silent
    name: {vi: e, en: e}
    hazard: device
    select: {class: gauge}
    silence: {periods: 3, level: 2}
  - id: rising
    name: {vi: f, en: f}
    hazard: flood
    select: {class: gauge}
    rate: {value: level, over: 60s, levels: {1: 100, 3: 500}, min_points: 2, recover: {margin: 50, for: 10s}}
  - id: falling
    name: {vi: g, en: g}
    hazard: flood
    select: {class: gauge}
    rate: {value: level, over: 90s, levels: {2: -200}, direction: below, for: 5s}
  - id: fell
    name: {vi: h, en: h}
    hazard: rain
    select: {class: gauge}
    accumulate: {value: level, of: amount, windows: {40s: {1: 40, 2: 60}, 180s: {2: 150, 3: 220}}, completeness: 0.5, recover: {margin: 10}}
  - id: counted
    name: {vi: i, en: i}
    hazard: rain
    select: {class: gauge}
    accumulate: {value: level, of: counter, windows: {90s: {1: 20, 2: 40}}, completeness: 0.3, recover: {margin: 2, for: 20s}}
  - id: stuck
    name: {vi: k, en: k}
    hazard: device
    select: {class: gauge}
    stuck: {value: level, after: 25s, tolerance: 2, level: 1}
`

// A moment is an entry, and perhaps what a person does behind it.
type moment struct {
	entry citywatch.Entry
	act   func(f *fold, key string)
	key   string
	// rules are those that are in force from here on; nil are those before.
	rules *Rules
}

// randomHistory makes some hours of two or three devices: walks over and under
// the bounds, holes, late and doubled readings, stops of citywatch, people.
func randomHistory(r *rand.Rand, n int) []moment {
	now := day
	walk := map[string]float64{"a": 12, "b": 12, "c": 12}
	quiet := map[string]time.Time{}
	var sent []citywatch.Reading
	moments := make([]moment, n)
	for i := range moments {
		m := &moments[i]
		now = now.Add(time.Duration(r.IntN(4000)) * time.Millisecond)
		switch dice := r.IntN(100); {
		case dice < 35:
			m.entry.Tick = now
		case dice == 35:
			now = now.Add(time.Duration(r.IntN(200)) * time.Second)
			m.entry.Tick = now
		default:
			for range 1 + r.IntN(3) {
				if reading := randomReading(r, now, walk, quiet); reading.Device != "" {
					m.entry.Readings = append(m.entry.Readings, reading)
				}
			}
			if len(sent) > 0 && r.IntN(10) == 0 {
				m.entry.Readings = append(m.entry.Readings, sent[r.IntN(len(sent))])
			}
			sent = append(sent, m.entry.Readings...)
			if len(m.entry.Readings) == 0 {
				m.entry.Tick = now
			}
		}
		if r.IntN(12) == 0 {
			m.key = []string{"at-once", "patient", "low", "word", "silent", "rising", "fell", "counted", "stuck"}[r.IntN(9)] + "~" + string("abc"[r.IntN(3)])
			m.act = randomAction(r, now)
		}
	}
	return moments
}

func randomReading(r *rand.Rand, now time.Time, walk map[string]float64, quiet map[string]time.Time) citywatch.Reading {
	device := string("aabbc"[r.IntN(5)])
	if now.Before(quiet[device]) {
		return citywatch.Reading{}
	}
	if r.IntN(60) == 0 {
		quiet[device] = now.Add(time.Duration(r.IntN(300)) * time.Second)
	}
	walk[device] = min(max(walk[device]+r.NormFloat64()*4, 0), 40)
	reading := citywatch.Reading{
		Device: device, Class: "gauge", Sector: "disaster", Arrived: now, Time: now.Add(-time.Duration(r.IntN(3)*r.IntN(30)) * time.Second),
		Values: []citywatch.Value{{Name: "level", Number: float64(int(walk[device]*2)) / 2}},
	}
	if r.IntN(3) == 0 {
		reading.Time, reading.TimeAssumed = now, true
	}
	if r.IntN(4) == 0 {
		reading.Values = append(reading.Values, citywatch.Value{Name: "word", Text: []string{"normal", "normal", "fault", "fire"}[r.IntN(4)]})
	}
	return reading
}

// openOf returns the id of the open alert whose id begins with key.
func openOf(f *fold, key string) string {
	for id := range f.open {
		if len(id) > len(key) && id[:len(key)+1] == key+"~" {
			return id
		}
	}
	return ""
}

// randomAction is what somebody does about a key, which may well be refused.
func randomAction(r *rand.Rand, now time.Time) func(f *fold, key string) {
	a := Action{
		Verb: []Verb{
			Acknowledge, Acknowledge, Reset, Reset, Assign, Dispatch, OnScene, Contain, Close, FalseAlarm,
			AddNote, Shelve, Shelve, Unshelve, OutOfService, BackInService, BackInService,
		}[r.IntN(17)],
		Actor: []string{"lan", "minh"}[r.IntN(2)],
		Note:  []string{"", "note", "note"}[r.IntN(3)],
		To:    []string{"", "team", "other"}[r.IntN(3)],
	}
	if r.IntN(4) > 0 {
		a.Until = now.Add(time.Duration(r.IntN(300)) * time.Second)
	}
	if a.Verb == OutOfService && r.IntN(2) == 0 {
		a.From = now.Add(time.Duration(r.IntN(200)) * time.Second)
	}
	return func(f *fold, key string) {
		a := a
		_, a.Device, _ = strings.Cut(key, "~")
		a.Alert = openOf(f, key)
		_, _ = f.do(a)
	}
}

// live runs an engine over a history. With crashes, the process ends now and
// then: before, within and behind the writing of transitions, with checkpoints
// at other times. An action counts once its transition is written.
func live(t *testing.T, w *world, history []moment, crashes *rand.Rand) []citywatch.Transition {
	t.Helper()
	ctx := context.Background()
	m, rules := newMemory(), w.rules
	var e *Engine
	catchUp := func() {
		e = New(Options{}, m.deps(rules, w.devices))
		if err := e.restore(ctx); err != nil {
			t.Fatal(err)
		}
		for _, entry := range m.entries[e.fold.last.Seq:] {
			e.apply(&entry)
			if err := e.flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	catchUp()
	// commit writes what is due, or ends the process in the middle of it.
	commit := func() (survived bool) {
		if crashes != nil && len(e.fold.out) > 0 && crashes.IntN(4) == 0 {
			m.takes = crashes.IntN(len(e.fold.out) + 1)
			_ = m.AppendTransitions(ctx, e.fold.out)
			m.takes = -1
			catchUp()
			return false
		}
		if err := e.flush(ctx); err != nil {
			t.Fatal(err)
		}
		return true
	}
	for _, h := range history {
		entry := m.append(h.entry)
		e.apply(&entry)
		commit()
		for h.act != nil {
			h.act(e.fold, h.key)
			if commit() || len(e.fold.open) == 0 {
				break
			}
		}
		if h.rules != nil {
			rules = h.rules
			reloaded(t, e, rules)
		}
		if crashes != nil && crashes.IntN(40) == 0 {
			e.save(ctx, (&saver{engine: e}).snapshot())
		}
		if crashes != nil && crashes.IntN(40) == 0 {
			catchUp()
		}
	}
	return m.written()
}

func byID(ts []citywatch.Transition) []citywatch.Transition {
	ts = slices.Clone(ts)
	slices.SortFunc(ts, func(a, b citywatch.Transition) int { return cmp.Compare(a.ID, b.ID) })
	for i := range ts {
		ts[i].Seq = 0
	}
	return ts
}

// sameTransitions reports the first difference.
func sameTransitions(t *testing.T, want, got []citywatch.Transition) {
	t.Helper()
	want, got = byID(want), byID(got)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got) || i < len(want) && want[i].ID < got[i].ID:
			t.Fatalf("missing: %s", text(want[i]))
		case i >= len(want) || got[i].ID < want[i].ID:
			t.Fatalf("too many: %s", text(got[i]))
		case text(want[i]) != text(got[i]):
			t.Fatalf("\nwant %s\ngot  %s", text(want[i]), text(got[i]))
		}
	}
}

func text(t citywatch.Transition) string {
	state := t.State
	t.State = nil
	b, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return string(b) + string(state)
}

// TestKilledAnywhere: wherever the process ends, every transition is made once
// and is the same, down to the engine's own state.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	made, reasons := 0, map[citywatch.Reason]int{}
	for seed := range uint64(12) {
		history := randomHistory(rand.New(rand.NewPCG(seed, 1)), 500)
		want := live(t, w, history, nil)
		made += len(want)
		for i := range want {
			reasons[want[i].Reason]++
		}
		for run := range uint64(crashRuns) {
			sameTransitions(t, want, live(t, w, history, rand.New(rand.NewPCG(seed, run))))
		}
	}
	if made < 300 {
		t.Errorf("only %d transitions were made: the histories are too quiet to show anything", made)
	}
	for _, r := range []citywatch.Reason{
		citywatch.ReasonFired, citywatch.ReasonRaised, citywatch.ReasonRelapsed, citywatch.ReasonRecovered, citywatch.ReasonStale,
		citywatch.ReasonAcknowledged, citywatch.ReasonAssigned, citywatch.ReasonDispatched, citywatch.ReasonOnScene,
		citywatch.ReasonContained, citywatch.ReasonClosed, citywatch.ReasonFalseAlarm, citywatch.ReasonNoted,
		citywatch.ReasonShelved, citywatch.ReasonUnshelved, citywatch.ReasonSuppressed, citywatch.ReasonUnsuppressed,
		citywatch.ReasonOutOfService, citywatch.ReasonBackInService, citywatch.ReasonEscalated,
	} {
		if reasons[r] < 5 {
			t.Errorf("%s came about only %d times: the histories do not show it", r, reasons[r])
		}
	}
	t.Log(reasons)
}

// withoutCorrections drops readings with the time of an earlier one: the value
// that was corrected, coming once more, would be a correction in its turn.
func withoutCorrections(history []moment) {
	type at struct {
		device string
		time   time.Time
	}
	seen := map[at]bool{}
	for i := range history {
		e := &history[i].entry
		e.Readings = slices.DeleteFunc(e.Readings, func(r citywatch.Reading) bool {
			key := at{r.Device, r.Time}
			double := seen[key]
			seen[key] = true
			return double
		})
	}
}

// withoutPlaces takes out of transitions where in the journal they come from.
func withoutPlaces(ts []citywatch.Transition) []citywatch.Transition {
	ts = slices.Clone(ts)
	names, counts := map[string]string{}, map[string]int{}
	for i := range ts {
		a := &ts[i].Alert
		if names[a.ID] == "" {
			key := a.Rule + "~" + a.Device
			counts[key]++
			names[a.ID] = fmt.Sprintf("%s~%d", key, counts[key])
		}
		a.ID, a.SuppressedBy = names[a.ID], names[a.SuppressedBy]
		ts[i].Before.SuppressedBy = names[ts[i].Before.SuppressedBy]
		ts[i].ID = fmt.Sprintf("%s.%d", a.ID, a.Version)
		ts[i].State = nil
	}
	return ts
}

// TestEverythingTwice: a journal that repeats readings, at once or much later,
// moves nothing.
func TestEverythingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		history := randomHistory(r, 200)
		withoutCorrections(history)
		var twice []moment
		for i, h := range history {
			twice = append(twice, h)
			for _, again := range []int{i, max(0, i-r.IntN(50))} {
				if readings := history[again].entry.Readings; len(readings) > 0 {
					twice = append(twice, moment{entry: citywatch.Entry{Readings: readings}})
				}
			}
		}
		want, got := live(t, w, history, nil), live(t, w, twice, nil)
		sameTransitions(t, withoutPlaces(want), withoutPlaces(got))
	}
}

// TestAgainstReference compares levels at every reading with an evaluator that
// looks through the whole history each time.
func TestAgainstReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	bounds := map[string]map[citywatch.Level]float64{"a": {1: 10, 2: 20, 3: 30}, "b": {1: 15, 3: 25}}
	compared := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
		f.start()
		references := map[string]*reference{}
		for device, b := range bounds {
			references["at-once"+device] = &reference{says: newestBy(b, 0)}
			references["patient"+device] = &reference{says: newestBy(b, 2), wait: 50 * time.Second, recover: 70 * time.Second}
		}
		now, value := day, 12.0
		for seq := uint64(1); seq < 120; seq++ {
			now = now.Add(time.Duration(1+r.IntN(40)) * time.Second)
			value = min(max(value+r.NormFloat64()*4, 0), 40)
			device := string("ab"[r.IntN(2)])
			f.apply(&citywatch.Entry{Seq: seq, Readings: []citywatch.Reading{{
				Device: device, Class: "gauge", Time: now, Arrived: now, Values: []citywatch.Value{{Name: "level", Number: value}},
			}}})
			for _, rule := range []string{"at-once", "patient"} {
				want := references[rule+device].level(measured{device, now, value})
				if got := levelOf(f, rule, device); got != want {
					t.Fatalf("seed %d, reading %d: %s of %s has level %d, want %d", seed, seq, rule, device, got, want)
				}
				compared++
			}
		}
	}
	t.Log(compared, "levels compared")
}

// levelOf returns what the values say, whatever people were told.
func levelOf(f *fold, rule, device string) citywatch.Level {
	for _, k := range f.keys {
		if k.id == (keyID{rule, device}) && k.Episode != nil {
			return k.Episode.Says
		}
	}
	return citywatch.None
}

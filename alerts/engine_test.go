package alerts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
)

const engineDevices = `classes:
  - {id: gauge, name: {vi: Trạm, en: Gauge}, sector: disaster, period: 1m}
devices:
  - {id: a, class: gauge, at: [103.97, 22.48]}
`

const engineRules = `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: {1: 10, 3: 20, 4: null}}
  - id: latched
    name: {vi: Cháy, en: Fire}
    hazard: fire
    select: {class: gauge}
    state: {value: state, levels: {fire: 4}}
    latch: true
`

func levelAt(at time.Time, level float64) citywatch.Entry {
	return citywatch.Entry{Readings: []citywatch.Reading{{
		Device: "a", Class: "gauge", Sector: "disaster", Time: at, Arrived: at, Values: []citywatch.Value{{Name: "level", Number: level}},
	}}}
}

// running starts an engine and returns how to end it.
func running(t *testing.T, e *Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	synctest.Wait()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error("Run:", err)
		}
	}
}

func TestRunFollowsTheJournalAndTakesActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		reg := prometheus.NewPedanticRegistry()
		deps := m.deps(w.rules, w.devices)
		deps.Metrics = reg
		e := New(Options{}, deps)
		deps.Shard = 1
		New(Options{}, deps) // another shard's, on the same registry
		stop := running(t, e)
		m.append(levelAt(time.Now(), 15))
		synctest.Wait()
		ts := m.written()
		if len(ts) != 1 || ts[0].Reason != citywatch.ReasonFired {
			t.Fatalf("%+v", ts)
		}
		id := ts[0].Alert.ID

		seen, err := e.Acknowledge(t.Context(), Action{Alert: id, Actor: "lan", Version: 1})
		if err != nil || seen.Handling != citywatch.Acknowledged || seen.HandledBy != "lan" {
			t.Errorf("%+v, %v", seen, err)
		}
		if got := m.written(); len(got) != 2 || got[1].Actor != "lan" {
			t.Errorf("the journal does not have it when Acknowledge returns: %+v", got)
		}
		var conflict *ConflictError
		if _, err := e.Acknowledge(t.Context(), Action{Alert: id, Actor: "minh"}); !errors.Is(err, ErrConflict) || !errors.As(err, &conflict) || conflict.By != "lan" {
			t.Error("the second to press was told:", err)
		}
		if _, err := e.Reset(t.Context(), Action{Alert: id, Actor: "lan"}); !errors.Is(err, ErrNotLatched) {
			t.Error("reset of what does not latch:", err)
		}
		if _, err := e.Acknowledge(t.Context(), Action{Alert: "nothing"}); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		for name, want := range map[string]float64{
			"citywatch_alerts_open": 1, "citywatch_alerts_pending": 0, "citywatch_alerts_unconfigured_levels": 1,
			"citywatch_alerts_evaluated_total": 1, "citywatch_alerts_lag_seconds": 0,
			"citywatch_alerts_transitions_total{fired}": 1, "citywatch_alerts_transitions_total{acknowledged}": 1,
		} {
			if got := metric(t, reg, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		stop()
		if _, err := e.Acknowledge(t.Context(), Action{Alert: id}); !errors.Is(err, ErrStopped) {
			t.Error("after the end:", err)
		}
	})
}

// metric returns the value of a metric named as in name{label}.
func metric(t *testing.T, reg prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	name, label, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Errorf("there is no metric %s", name)
	return 0
}

func TestRunGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		stop := running(t, New(Options{}, m.deps(w.rules, w.devices)))
		m.append(levelAt(time.Now(), 15))
		synctest.Wait()
		stop()
		if m.kept["alerts.0"] == nil {
			t.Fatal("no checkpoint was kept at the end")
		}
		// What came before the checkpoint is not read again.
		m.entries[0] = citywatch.Entry{Seq: 1, Readings: []citywatch.Reading{{Device: "a", Values: []citywatch.Value{{Name: "level", Number: 99}}}}}
		stop = running(t, New(Options{}, m.deps(w.rules, w.devices)))
		time.Sleep(time.Minute)
		m.append(levelAt(time.Now(), 25))
		synctest.Wait()
		stop()
		ts := m.written()
		if len(ts) != 2 || ts[1].Reason != citywatch.ReasonRaised || ts[1].Alert.ID != ts[0].Alert.ID || ts[1].Alert.Version != 2 {
			t.Errorf("%+v", ts)
		}
	})
}

// A refusing journal takes no transitions for a while.
type refusing struct {
	*memory
	refuse atomic.Bool
	asked  atomic.Int32
}

func (r *refusing) AppendTransitions(ctx context.Context, ts []citywatch.Transition) error {
	r.asked.Add(1)
	if r.refuse.Load() {
		return errors.New("no room on the disk")
	}
	return r.memory.AppendTransitions(ctx, ts)
}

// TestRunOutlastsAJournalThatDoesNotWrite: transitions wait for it, in their
// order, and no checkpoint is kept beyond them.
func TestRunOutlastsAJournalThatDoesNotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		r := &refusing{memory: m}
		r.refuse.Store(true)
		var log strings.Builder
		deps := m.deps(w.rules, w.devices)
		deps.Journal, deps.Log = r, slog.New(slog.NewTextHandler(&log, nil))
		e := New(Options{}, deps)
		stop := running(t, e)
		m.append(levelAt(time.Now(), 15))
		time.Sleep(10 * time.Minute)
		m.append(levelAt(time.Now(), 25))
		if n := r.asked.Load(); n < 100 || n > 150 {
			t.Errorf("asked %d times in 10 min", n)
		}
		if m.kept["alerts.0"] != nil {
			t.Error("a checkpoint was kept while transitions were not written")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := e.Acknowledge(ctx, Action{Alert: "x"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("an action while nothing can be written:", err)
		}
		r.refuse.Store(false)
		time.Sleep(10 * time.Second)
		if ts := m.written(); len(ts) != 2 || ts[0].Reason != citywatch.ReasonFired || ts[1].Reason != citywatch.ReasonRaised {
			t.Errorf("%+v", ts)
		}
		stop()
		if n := strings.Count(log.String(), "\n"); n == 0 || n > 150 {
			t.Errorf("%d lines were logged:\n%.300s", n, log.String())
		}
	})
}

func TestRunKeepsACheckpointEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		stop := running(t, New(Options{}, m.deps(w.rules, w.devices)))
		m.append(levelAt(time.Now(), 15))
		time.Sleep(checkpointEvery + time.Second)
		if data, _ := m.Load(t.Context(), "alerts.0"); data == nil {
			t.Error("none after a minute")
		}
		stop()
	})
}

// TestADamagedCheckpointIsNoLoss: everything in it comes from the journal.
func TestADamagedCheckpointIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		stop := running(t, New(Options{}, m.deps(w.rules, w.devices)))
		m.append(levelAt(time.Now(), 15))
		synctest.Wait()
		stop()
		for _, damage := range []string{"{", `{"version":99}`} {
			m.kept["alerts.0"] = []byte(damage)
			stop = running(t, New(Options{}, m.deps(w.rules, w.devices)))
			stop()
			if ts := m.written(); len(ts) != 1 {
				t.Errorf("after %q: %+v", damage, ts)
			}
		}
	})
}

// TestWhatPeopleDoHasATime: an engine that was started just now, and has read
// no entry yet, puts nobody's action before what it is about.
func TestWhatPeopleDoHasATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		e := New(Options{}, m.deps(w.rules, w.devices))
		stop := running(t, e)
		// There is nothing yet that tells the time.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if _, err := e.Do(ctx, Action{Verb: OutOfService, Device: "a", Actor: "lan", Note: "x"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("at no time:", err)
		}
		cancel()
		m.append(levelAt(time.Now(), 15))
		synctest.Wait()
		stop()
		m.kept, m.entries = map[string][]byte{}, nil // killed before it kept anything
		e = New(Options{}, m.deps(w.rules, w.devices))
		stop = running(t, e)
		defer stop()
		fired := m.written()[0]
		seen, err := e.Acknowledge(t.Context(), Action{Alert: fired.Alert.ID, Actor: "lan", Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		if at := m.written()[1].At; at.Before(fired.At) || !seen.Updated.Equal(at) {
			t.Errorf("raised at %v, seen at %v, updated at %v", fired.At, at, seen.Updated)
		}
	})
}

// TestAJournalThatBeginsAnew keeps the open alerts and does not leave the
// engine blind to entries whose numbers it believes to know.
func TestAJournalThatBeginsAnew(t *testing.T) {
	w, m := newWorld(t, engineDevices, engineRules), newMemory()
	e := New(Options{}, m.deps(w.rules, w.devices))
	if err := e.restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := day
	for seq, level := range map[uint64]float64{1000: 15} {
		entry := levelAt(at, level)
		entry.Seq = seq
		e.apply(&entry)
	}
	entry := levelAt(at.Add(time.Minute), 25)
	entry.Seq = 1
	e.apply(&entry)
	if out := e.fold.out; len(out) != 2 || out[1].Reason != citywatch.ReasonRaised {
		t.Errorf("%+v", out)
	}
}

// TestAFailingRuleFailsAlone: a panic in one rule for one device stops neither
// the other rules nor the other devices.
func TestAFailingRuleFailsAlone(t *testing.T) {
	w, m := newWorld(t, engineDevices+"  - {id: b, class: gauge, at: [103.97, 22.48]}\n", engineRules), newMemory()
	f := newFold(Options{}, m.deps(w.rules, w.devices))
	f.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	f.start()
	broken := *f.targets["a"].keys[0].check // one of its own
	broken.judge = failing{}
	f.targets["a"].keys[0].check = &broken
	e := citywatch.Entry{Seq: 1}
	for _, device := range []string{"a", "b"} {
		e.Readings = append(e.Readings, citywatch.Reading{Device: device, Class: "gauge", Time: day, Arrived: day,
			Values: []citywatch.Value{{Name: "level", Number: 15}, {Name: "state", Text: "fire"}}})
	}
	f.apply(&e)
	e.Seq = 2
	f.apply(&e)
	var got []string
	for _, t := range f.out {
		got = append(got, fmt.Sprintf("%s %s", t.Alert.Rule, t.Alert.Device))
	}
	if s := strings.Join(got, ", "); s != "latched a, flood b, latched b" {
		t.Error(s)
	}
	if f.stats.panics != 1 {
		t.Errorf("%d panics counted", f.stats.panics)
	}
}

type failing struct{}

func (failing) judge(citywatch.Value) (verdict, bool) { panic("a mistake in a rule") }

func TestMaxLag(t *testing.T) {
	w := newWorld(t, engineDevices, engineRules)
	for _, c := range []struct {
		max, lag time.Duration
		fires    bool
	}{
		{0, 24 * time.Hour, true}, // recorded data may be played
		{10 * time.Minute, 10 * time.Minute, true},
		{10 * time.Minute, 11 * time.Minute, false},
		{time.Minute, 2 * time.Minute, true}, // two periods are always allowed
		{time.Minute, 3 * time.Minute, false},
	} {
		f := newFold(Options{MaxLag: c.max}, newMemory().deps(w.rules, w.devices))
		f.start()
		e := levelAt(day, 15)
		e.Seq, e.Readings[0].Arrived = 1, day.Add(c.lag)
		f.apply(&e)
		for i := range 10 { // what comes late is told a little later
			f.apply(&citywatch.Entry{Seq: uint64(2 + i), Tick: day.Add(c.lag + time.Duration(i)*time.Second)})
		}
		if fired := len(f.out) > 0; fired != c.fires {
			t.Errorf("max_lag %v, lag %v: fired %v", c.max, c.lag, fired)
		}
	}
	if len((Options{MaxLag: -1}).Problems()) != 1 || len((Options{}).Problems()) != 0 {
		t.Error("Problems")
	}
}

// TestSilentMeansTheSameEverywhere: an alert is stale exactly when the picture
// calls its device silent.
func TestSilentMeansTheSameEverywhere(t *testing.T) {
	d := citywatch.Device{ID: "d", Class: "c", Period: time.Minute}
	c := compile(&rule{Threshold: &threshold{Value: "v", Levels: citywatch.Bounds{1: new(float64)}}}, &d)
	if d.FreshnessAt(c.limit) == citywatch.Silent || d.FreshnessAt(c.limit+1) != citywatch.Silent {
		t.Errorf("stale after %v, which is %v", c.limit, d.FreshnessAt(c.limit))
	}
}

func TestEvidencePositionAndHash(t *testing.T) {
	w, m := newWorld(t, engineDevices, engineRules), newMemory()
	f := newFold(Options{}, m.deps(w.rules, w.devices))
	f.start()
	e := levelAt(day, 15)
	e.Seq = 1
	f.apply(&e)
	a := f.out[0].Alert
	if a.Position != w.listed[0].Position || a.Zone != "zone" || a.Sector != "disaster" || a.Hazard != "flood" || a.Name.VI != "Lũ" || a.RuleHash != w.rules.rules[0].hash {
		t.Errorf("%+v", a)
	}
	if len(a.Evidence) != 1 || a.Evidence[0].Device != "a" || a.Evidence[0].Number != 15 || *a.Evidence[0].Bound != 10 {
		t.Errorf("%+v", a.Evidence)
	}
	if a.ID != "flood~a~20261122T000000Z-1-0" || f.out[0].ID != a.ID+".1" {
		t.Errorf("%s, %s", a.ID, f.out[0].ID)
	}
	// A device that says where it is.
	e = levelAt(day.Add(time.Minute), 25)
	e.Seq, e.Readings[0].Position = 2, &orb.Point{104, 22}
	f.apply(&e)
	if a := f.out[1].Alert; a.Position != (orb.Point{104, 22}) {
		t.Errorf("%+v", a.Position)
	}
}

// TestShardsKeepApart: the transitions of all shards lie in one stream, and an
// engine takes over its own alone.
func TestShardsKeepApart(t *testing.T) {
	w, m := newWorld(t, engineDevices, engineRules), newMemory()
	engine := func(shard int) *Engine {
		deps := m.deps(w.rules, w.devices)
		deps.Shard = shard
		e := New(Options{}, deps)
		if err := e.restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := engine(1)
	entry := levelAt(day, 15)
	entry.Seq = 1
	e.apply(&entry)
	if err := e.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for shard, want := range map[int]int{0: 0, 1: 1} {
		if open := len(engine(shard).fold.open); open != want {
			t.Errorf("shard %d took over %d alerts, want %d", shard, open, want)
		}
	}
}

package alerts

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
)

// reloaded has an engine that nothing runs go on with other rules.
func reloaded(t *testing.T, e *Engine, rules *Rules) {
	t.Helper()
	reply := make(chan error, 1)
	if err := (&saver{engine: e}).reload(context.Background(), reload{rules, reply}); err != nil {
		t.Fatal(err)
	}
	if err := <-reply; err != nil {
		t.Fatal(err)
	}
}

// TestReloadedAndKilledAnywhere: rules that are changed again and again, while
// the process ends anywhere, make each transition once and the same.
func TestReloadedAndKilledAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	// Other bounds, other waits, one rule fewer, another value.
	other := w.parse(t, strings.NewReplacer(
		"for: 50s, recover: {margin: 2, for: 70s}", "for: 10s, recover: {margin: 1, for: 5s}",
		"levels: {1: 8, 4: 3}", "levels: {2: 9}",
		"silent", "quiet",
		"latch: true", "latch: false",
	).Replace(propertyRules))
	made := 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 5))
		history := randomHistory(r, 600)
		for i := range history {
			if r.IntN(60) == 0 {
				history[i].rules = []*Rules{w.rules, other}[r.IntN(2)]
			}
		}
		want := live(t, w, history, nil)
		made += len(want)
		for run := range uint64(crashRuns) {
			sameTransitions(t, want, live(t, w, history, rand.New(rand.NewPCG(seed, run))))
		}
	}
	if made < 200 {
		t.Errorf("only %d transitions were made", made)
	}
}

// TestReloadOfTheSameRules changes nothing, whenever it comes.
func TestReloadOfTheSameRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 6))
		history := randomHistory(r, 600)
		want := live(t, w, history, nil)
		for i := range history {
			if r.IntN(30) == 0 {
				history[i].rules = w.rules
			}
		}
		sameTransitions(t, want, live(t, w, history, nil))
	}
}

// unwilling is a journal that keeps nothing while it is told so.
type unwilling struct {
	*memory
	full bool
}

func (u *unwilling) Save(ctx context.Context, key string, data []byte) error {
	if u.full {
		return errors.New("no space left on device")
	}
	return u.memory.Save(ctx, key, data)
}

// TestReloadWhileRunning: the engine goes on with the new rules, or with those
// before and says why.
func TestReloadWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t, engineDevices, engineRules), newMemory()
		reg, journal := prometheus.NewPedanticRegistry(), &unwilling{memory: m}
		deps := m.deps(w.rules, w.devices)
		deps.Metrics, deps.Journal = reg, journal
		e := New(Options{}, deps)
		stop := running(t, e)
		m.append(levelAt(time.Now(), 15))
		synctest.Wait()

		lower := w.parse(t, strings.Replace(engineRules, "1: 10, 3: 20, 4: null", "2: 12", 1))
		journal.full = true
		if err := e.Reload(t.Context(), lower); err == nil || !strings.Contains(err.Error(), "no space left on device") {
			t.Error("without space:", err)
		}
		m.append(levelAt(time.Now().Add(time.Second), 16))
		synctest.Wait()
		if ts := m.written(); len(ts) != 1 || ts[0].Alert.Level != 1 {
			t.Errorf("the rules before are not in force: %+v", ts)
		}
		journal.full = false
		if err := e.Reload(t.Context(), lower); err != nil {
			t.Fatal(err)
		}
		m.append(levelAt(time.Now().Add(2*time.Second), 17))
		synctest.Wait()
		ts := m.written()
		if len(ts) != 2 || ts[1].Reason != citywatch.ReasonRaised || ts[1].Alert.Level != 2 || ts[1].Alert.RuleHash == ts[0].Alert.RuleHash {
			t.Errorf("the new rules are not in force: %+v", ts)
		}
		if got := metric(t, reg, "citywatch_alerts_unconfigured_levels"); got != 0 {
			t.Errorf("%v levels without a bound; the new rules have none", got)
		}
		stop()
		if err := e.Reload(t.Context(), lower); !errors.Is(err, ErrStopped) {
			t.Error("after the end:", err)
		}
	})
}

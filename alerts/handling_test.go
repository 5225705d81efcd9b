package alerts

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"citywatch"
)

// TestWhatPeopleCannotDo: whatever people do in a random history, nothing that
// is so vanishes, nobody is kept from being called without a reason that stands,
// and every transition says who, why, and how it was before.
func TestWhatPeopleCannotDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, propertyRules)
	seen := map[string]int{}
	for seed := range uint64(peoplesHistories) {
		f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
		f.start()
		last := map[string]citywatch.Standing{}
		for i, m := range randomHistory(rand.New(rand.NewPCG(seed, 7)), 600) {
			m.entry.Seq = uint64(i + 1)
			f.apply(&m.entry)
			if m.act != nil {
				m.act(f, m.key)
			}
			for _, fault := range append(f.faults(seen), follows(last, f.out)...) {
				t.Fatalf("seed %d, entry %d: %s", seed, i+1, fault)
			}
			f.out = f.out[:0]
		}
	}
	for _, what := range []string{"alert", "false alarm", "explained", "shelved", "out of service"} {
		if seen[what] < 20 {
			t.Errorf("%s was seen only %d times: the histories do not show it", what, seen[what])
		}
	}
}

// faults returns what must not be, and counts what there is.
func (f *fold) faults(seen map[string]int) (faults []string) {
	wrong := func(k *key, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%v: %s", k.id, fmt.Sprintf(format, args...)))
	}
	for _, k := range f.keys {
		ep := k.Episode
		if ep == nil {
			continue
		}
		if ep.Alert == nil {
			if ep.Level > citywatch.None && ep.Level > ep.Dismissed {
				wrong(k, "it has level %d, and there is no alert", ep.Level)
			}
			if ep.Dismissed > citywatch.None {
				seen["false alarm"]++
			}
			continue
		}
		a := ep.Alert
		seen["alert"]++
		if a.Condition != citywatch.Normal && a.Level < ep.Level {
			wrong(k, "it has level %d, and the alert says %d", ep.Level, a.Level)
		}
		if s := a.Shelved; s != nil {
			seen["shelved"]++
			if a.Hazard == "fire" || a.Level >= 4 || f.clk.Now.Sub(s.Until) > 2*citywatch.TickEvery && !f.clk.Ticked.Before(s.Until) && k.Pos != f.last {
				wrong(k, "level %d of hazard %s is put aside until %v, and it is %v", a.Level, a.Hazard, s.Until, f.clk.Now)
			}
		}
		if a.OutOfService != f.served(k) {
			wrong(k, "out of service is %v", a.OutOfService)
		}
		if a.OutOfService {
			seen["out of service"]++
		}
		if m := a.Maintenance; m != nil {
			over := func(at time.Time) bool {
				return !at.IsZero() && f.clk.Now.Sub(at) > 2*citywatch.TickEvery && !f.clk.Ticked.Before(at) && k.Pos != f.last
			}
			if over(m.Until) || over(m.From) && !k.worked() {
				wrong(k, "it is worked on from %v until %v, and it is %v", m.From, m.Until, f.clk.Now)
			}
			if !k.worked() {
				seen["planned"]++
			}
		}
		if a.SuppressedBy != "" {
			seen["explained"]++
			f.rooted(k, wrong)
		}
	}
	return faults
}

// rooted follows the explanations of a key's alert to one about which people
// are called.
func (f *fold) rooted(k *key, wrong func(*key, string, ...any)) {
	a := k.Episode.Alert
	for range 10 {
		by, ok := f.open[a.SuppressedBy]
		switch {
		case !ok:
			wrong(k, "what explains it is not open")
			return
		case !stands(by.Episode.Alert) || by.Episode.Alert.Level < a.Level:
			wrong(k, "%+v explains level %d", by.Episode.Alert, a.Level)
			return
		case by.Episode.Alert.SuppressedBy == "":
			if by.Episode.Alert.Quiet() {
				wrong(k, "nobody is called about what explains it")
			}
			return
		}
		a = by.Episode.Alert
	}
	wrong(k, "the explanations have no end")
}

// follows returns what is wrong with transitions after those before.
func follows(last map[string]citywatch.Standing, ts []citywatch.Transition) (faults []string) {
	for i := range ts {
		t := &ts[i]
		if t.Before != last[t.Alert.ID] {
			faults = append(faults, fmt.Sprintf("%s does not say how it was before: %+v", t.ID, t.Before))
		}
		last[t.Alert.ID] = t.Alert.Standing()
		people := t.Reason == citywatch.ReasonAcknowledged || t.Reason == citywatch.ReasonClosed ||
			t.Reason == citywatch.ReasonFalseAlarm || t.Reason == citywatch.ReasonShelved || t.Reason == citywatch.ReasonNoted
		aside := t.Alert.Overlay
		aside.Flapping = false // what rises while it flaps says something after all
		switch {
		case people && t.Actor == "":
			faults = append(faults, fmt.Sprintf("%s: %s by nobody", t.ID, t.Reason))
		case t.Actor != "" && t.Notice == citywatch.NoticeSound:
			faults = append(faults, fmt.Sprintf("%s: what %s did calls people", t.ID, t.Actor))
		case t.Notice == citywatch.NoticeSound && aside.Quiet():
			faults = append(faults, fmt.Sprintf("%s: %s calls people in spite of %+v", t.ID, t.Reason, t.Alert.Overlay))
		case t.Reason == citywatch.ReasonFalseAlarm && t.Note == "", t.Reason == citywatch.ReasonShelved && t.Note == "":
			faults = append(faults, fmt.Sprintf("%s: %s without a reason", t.ID, t.Reason))
		}
	}
	return faults
}

// TestConflictsSayWho: of two who have seen the same, the second is told of the
// first; notes hold nobody up; what one does again changes nothing.
func TestConflictsSayWho(t *testing.T) {
	w := newWorld(t, engineDevices, engineRules)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	e := levelAt(day, 15)
	e.Seq = 1
	f.apply(&e)
	id := f.out[0].Alert.ID
	note := Action{Verb: AddNote, Alert: id, Actor: "hoa", Note: "x"}
	if _, err := f.do(note); err != nil {
		t.Fatal(err)
	}
	first := Action{Verb: Dispatch, Alert: id, Actor: "lan", Version: 1, To: "team"}
	after, err := f.do(first)
	if err != nil || after.Version != 3 {
		t.Fatal(after, err)
	}
	for _, verb := range []Verb{Acknowledge, Assign, Dispatch, OnScene, Contain, Close, FalseAlarm, Shelve, Unshelve, Reset} {
		_, err := f.do(Action{Verb: verb, Alert: id, Actor: "minh", Version: 2, To: "other", Note: "x", Until: day.Add(time.Hour)})
		var conflict *ConflictError
		if !errors.As(err, &conflict) || conflict.By != "lan" || conflict.Alert.Version != 3 {
			t.Errorf("%s after lan: %v", verb, err)
		}
	}
	for _, again := range []Action{note, first} {
		if same, err := f.do(again); err != nil || same.Version != 3 {
			t.Errorf("%s once more makes version %d, %v", again.Verb, same.Version, err)
		}
	}
	if _, err := f.do(Action{Verb: "explode", Alert: id, Actor: "lan"}); !errors.Is(err, ErrIncomplete) {
		t.Errorf("an unknown verb: %v", err)
	}
	if len(f.out) != 3 {
		t.Errorf("%d transitions were made, want 3", len(f.out))
	}
}

// TestPromisesAreBounded: an alert is told of in every frame.
func TestPromisesAreBounded(t *testing.T) {
	w := newWorld(t, engineDevices, engineRules)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	e := levelAt(day, 15)
	e.Seq = 1
	f.apply(&e)
	id := f.out[0].Alert.ID
	for i := range maxPromises + 1 {
		before := len(f.out[len(f.out)-1].Alert.Promises)
		_, err := f.do(Action{Verb: AddNote, Alert: id, Actor: "lan", Note: fmt.Sprint(i), Until: day.Add(time.Hour)})
		if full := i == maxPromises; errors.Is(err, ErrRefused) != full || err != nil && !full {
			t.Fatalf("promise %d: %v", i, err)
		}
		if i == 1 && len(f.out[1].Alert.Promises) != before {
			t.Error("a promise was written into the transition before it")
		}
	}
}

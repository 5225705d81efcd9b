package replay

import (
	"errors"
	"time"

	"citywatch"
	"citywatch/alerts"
)

// officer is who sees the alerts of a replay.
const officer = "replay"

// An engine is the alert engine with one set of rules over one shard, and
// somebody who sees its alerts.
type engine struct {
	rules *alerts.Rules
	sim   *alerts.Simulation
	book  *book
	seen  time.Duration
	// unseen are alerts that somebody is to look at, in the order of time;
	// latched those that wait to be over.
	unseen  []look
	latched map[string]time.Time
	// nextReset is when the latched ones are tried next.
	nextReset time.Time
}

// A look is when somebody looks at an alert.
type look struct {
	due   time.Time
	alert string
}

func newEngine(rules *alerts.Rules, sim *alerts.Simulation, b *book, seen time.Duration) *engine {
	return &engine{rules: rules, sim: sim, book: b, seen: seen, latched: map[string]time.Time{}}
}

func (e *engine) apply(entry *citywatch.Entry) error {
	if err := e.take(e.sim.Apply(entry)); err != nil {
		return err
	}
	if e.seen <= 0 {
		return nil
	}
	return e.look(when(entry))
}

// take writes transitions into the book, and has somebody look at what asks for
// it.
func (e *engine) take(ts []citywatch.Transition) error {
	for i := range ts {
		t := &ts[i]
		if err := e.book.note(t); err != nil {
			return err
		}
		if e.seen > 0 && t.Actor == "" && t.Alert.Handling == citywatch.New && t.Alert.Open() {
			e.unseen = append(e.unseen, look{t.At.Add(e.seen), t.Alert.ID})
		}
	}
	return nil
}

// look does what somebody does who is at the desk all the time.
func (e *engine) look(now time.Time) error {
	n := 0
	for n < len(e.unseen) && !e.unseen[n].due.After(now) {
		id := e.unseen[n].alert
		n++
		ts, err := e.sim.Acknowledge(alerts.Action{Alert: id, Actor: officer})
		if taken := e.take(ts); taken != nil {
			return taken
		}
		if err != nil {
			continue // it is not open any more
		}
		for i := range ts {
			if e.rules.Latches(ts[i].Alert.Rule) && ts[i].Alert.Open() {
				e.latched[id] = now
			}
		}
	}
	if n > 0 {
		e.unseen = append(e.unseen[:0], e.unseen[n:]...)
	}
	if len(e.latched) == 0 || now.Before(e.nextReset) {
		return nil
	}
	e.nextReset = now.Add(e.seen)
	return e.reset()
}

// reset ends what latched and is over.
func (e *engine) reset() error {
	for id := range e.latched {
		ts, err := e.sim.Reset(alerts.Action{Alert: id, Actor: officer})
		if taken := e.take(ts); taken != nil {
			return taken
		}
		if !errors.Is(err, alerts.ErrStillTrue) {
			delete(e.latched, id)
		}
	}
	return nil
}

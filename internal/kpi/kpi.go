// Package kpi measures how people fare with the alerts: how often they are
// called, how long it takes until they act, and how often it was for nothing.
package kpi

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"citywatch"
)

const (
	// Keep is how far back the figures can be asked for.
	Keep = 31 * 24 * time.Hour
	// bin is the time that calls are counted in, flood how many of them in one,
	// for each operator, are too many.
	bin   = 10 * time.Minute
	flood = 10
	// An alert that changes chatters times within chatterIn does.
	chatters  = 3
	chatterIn = time.Minute
	// standing is how long an alert may be open.
	standing = 24 * time.Hour
	// atMost bounds what is remembered of each kind, whatever happens; the
	// oldest is forgotten first.
	atMost = 500_000
)

// A Board is safe for concurrent use.
type Board struct {
	operators int

	mu    sync.Mutex
	since time.Time
	open  map[string]*course
	calls []call
	took  [stages][]sample
	ended []ending
	noisy []time.Time
}

// The stages that people are timed to.
const (
	acknowledge = iota
	dispatch
	onScene
	closing
	stages
)

// A course is what is remembered of an open alert.
type course struct {
	begun  time.Time
	called time.Time
	// done are the stages reached since it was called.
	done [stages]bool
	// changes are when it last changed, by itself.
	changes [chatters]time.Time
	noisy   bool
}

type call struct {
	at    time.Time
	level citywatch.Level
}

type sample struct {
	at      time.Time
	seconds float64
}

type ending struct {
	at    time.Time
	rule  string
	false bool
}

// New returns a board for a shift of so many.
func New(operators int) *Board {
	return &Board{operators: max(1, operators), open: map[string]*course{}}
}

// Transition takes in the next change of an alert.
func (b *Board) Transition(t *citywatch.Transition) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		b.since = t.At
	}
	a := &t.Alert
	c := b.open[a.ID]
	if c == nil {
		c = &course{begun: t.At}
		b.open[a.ID] = c
	}
	if t.Actor == "" {
		b.change(c, t.At)
	}
	if t.Notice == citywatch.NoticeSound {
		b.calls = add(b.calls, call{t.At, a.Level})
		if a.Handling == citywatch.New && (c.called.IsZero() || c.done[acknowledge]) {
			c.called, c.done = t.At, [stages]bool{}
		}
	}
	if t.Actor != "" {
		b.acted(c, t)
	}
	if !a.Open() {
		b.ended = add(b.ended, ending{t.At, a.Rule, a.Handling == citywatch.FalseAlarm})
		delete(b.open, a.ID)
	}
}

// change notes that the alert has changed by itself.
func (b *Board) change(c *course, at time.Time) {
	copy(c.changes[:], c.changes[1:])
	c.changes[chatters-1] = at
	if first := c.changes[0]; !c.noisy && !first.IsZero() && at.Sub(first) <= chatterIn {
		c.noisy = true
		b.noisy = add(b.noisy, at)
	}
}

// acted notes how long it took somebody to do that.
func (b *Board) acted(c *course, t *citywatch.Transition) {
	if c.called.IsZero() {
		return // nobody was called, so nobody was slow
	}
	at := t.At
	if !t.Pressed.IsZero() {
		at = t.Pressed
	}
	reached := func(stage int) {
		if !c.done[stage] {
			c.done[stage] = true
			b.took[stage] = add(b.took[stage], sample{t.At, max(0, at.Sub(c.called).Seconds())})
		}
	}
	if t.Alert.Handling != citywatch.New {
		reached(acknowledge)
	}
	switch t.Reason {
	case citywatch.ReasonDispatched:
		reached(dispatch)
	case citywatch.ReasonOnScene:
		reached(onScene)
	case citywatch.ReasonClosed, citywatch.ReasonFalseAlarm:
		reached(closing)
	}
}

func add[T any](list []T, one T) []T {
	if len(list) >= atMost {
		list = append(list[:0], list[atMost/10:]...)
	}
	return append(list, one)
}

// Figures returns those of the time from from to to.
func (b *Board) Figures(from, to time.Time) citywatch.KPIs {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(to.Add(-Keep))
	k := citywatch.KPIs{From: from, To: to, Since: b.since, Operators: b.operators, Rules: []citywatch.KPIRule{}}
	within := func(at time.Time) bool { return !at.Before(from) && !at.After(to) }
	b.count(&k, within)
	for _, at := range b.noisy {
		if within(at) {
			k.Chattering++
		}
	}
	for _, c := range b.open {
		if to.Sub(c.begun) > standing {
			k.Standing++
		}
	}
	for stage, out := range map[int]*citywatch.KPITime{acknowledge: &k.Acknowledge, dispatch: &k.Dispatch, onScene: &k.OnScene, closing: &k.Close} {
		*out = times(b.took[stage], within)
	}
	k.Rules = append(k.Rules, falseOnes(b.ended, within)...)
	return k
}

// count counts the calls, in tens of minutes from the end on.
func (b *Board) count(k *citywatch.KPIs, within func(time.Time) bool) {
	bins := map[int]int{}
	for _, c := range b.calls {
		if !within(c.at) {
			continue
		}
		k.Calls++
		bins[int(k.To.Sub(c.at)/bin)]++
		if c.level.Valid() {
			k.Levels[c.level-1]++
		}
	}
	if k.Calls > 0 {
		for i := range k.Levels {
			k.Levels[i] /= float64(k.Calls)
		}
	}
	// Time of which nothing is known is not a quiet one.
	known := k.To.Sub(k.From)
	if b.since.After(k.From) {
		known = k.To.Sub(b.since)
	}
	n := max(1, math.Ceil(float64(known)/float64(bin)))
	k.Rate = float64(k.Calls) / n / float64(k.Operators)
	floods := 0
	for _, calls := range bins {
		rate := float64(calls) / float64(k.Operators)
		k.RateMax = max(k.RateMax, rate)
		if rate >= flood {
			floods++
		}
	}
	k.Flood = float64(floods) / n
}

// forget drops what lies before a time.
func (b *Board) forget(before time.Time) {
	b.calls = slices.DeleteFunc(b.calls, func(c call) bool { return c.at.Before(before) })
	b.ended = slices.DeleteFunc(b.ended, func(e ending) bool { return e.at.Before(before) })
	b.noisy = slices.DeleteFunc(b.noisy, func(at time.Time) bool { return at.Before(before) })
	for i := range b.took {
		b.took[i] = slices.DeleteFunc(b.took[i], func(s sample) bool { return s.at.Before(before) })
	}
}

func times(samples []sample, within func(time.Time) bool) citywatch.KPITime {
	var seconds []float64
	for _, s := range samples {
		if within(s.at) {
			seconds = append(seconds, s.seconds)
		}
	}
	if len(seconds) == 0 {
		return citywatch.KPITime{}
	}
	slices.Sort(seconds)
	rank := func(share float64) float64 { return seconds[int(math.Ceil(share*float64(len(seconds))))-1] }
	return citywatch.KPITime{Count: len(seconds), Median: rank(0.5), P90: rank(0.9), Max: seconds[len(seconds)-1]}
}

func falseOnes(ended []ending, within func(time.Time) bool) []citywatch.KPIRule {
	byRule := map[string]*citywatch.KPIRule{}
	for _, e := range ended {
		if !within(e.at) {
			continue
		}
		r := byRule[e.rule]
		if r == nil {
			r = &citywatch.KPIRule{Rule: e.rule}
			byRule[e.rule] = r
		}
		r.Ended++
		if e.false {
			r.False++
		}
	}
	var rules []citywatch.KPIRule
	for _, r := range byRule {
		r.FalseShare = float64(r.False) / float64(r.Ended)
		rules = append(rules, *r)
	}
	slices.SortFunc(rules, func(x, y citywatch.KPIRule) int {
		return cmp.Or(cmp.Compare(y.False, x.False), cmp.Compare(y.Ended, x.Ended), cmp.Compare(x.Rule, y.Rule))
	})
	return rules
}

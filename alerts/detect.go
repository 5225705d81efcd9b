package alerts

import (
	"maps"
	"math"
	"slices"
	"time"

	"citywatch"
)

// A check is one rule compiled for one device.
type check struct {
	rule *rule
	// value is the name of the watched value; empty for silence.
	value string
	// judge tells what a value means by itself, window what the last of them
	// mean together. Both are nil for silence, which is told from time alone.
	judge  judge
	window window
	// zone is set for a key that is a zone's, not a device's.
	zone *zonal
	// kind is set for a device that is one of several by which a thing is
	// known, gathers for what rests on other rules: these are judged together.
	kind    *kind
	gathers bool
	// limit is how long the data may not come before the device counts as
	// silent (for a silence rule) or the alert as stale (for the others).
	limit time.Duration
	// patience is how old data may be and still say something about now.
	patience time.Duration
	// live is how long after it was measured a value may come and still be
	// about now.
	live time.Duration
	// keeping bounds what is remembered of the values; sum tells the check
	// from those before it.
	keeping keeping
	sum     uint32
	// plain is set where steady knows what to do, alone where no other device
	// has a say.
	plain, alone bool
	// grace is how long the device has to be heard again after citywatch was
	// not running.
	grace time.Duration
}

// timed reports whether the check is about time alone.
func (c *check) timed() bool { return c.judge == nil && c.window == nil }

// backfills reports whether a value that comes late changes what is made of
// those around it. What events say goes by their ids, not by the time.
func (c *check) backfills() bool { return c.window != nil && c.rule.External == nil }

// judgedWithOthers reports whether what becomes of the alert is decided by more
// than its own key's values.
func (c *check) judgedWithOthers() bool { return c.kind != nil || c.gathers }

// A judge tells what one value means for the levels of a rule.
type judge interface {
	// judge reports false for a value that is not of the kind the rule is
	// about.
	judge(v citywatch.Value) (verdict, bool)
}

// A verdict is what one value says. A level that is held but not reached lies
// within the recovery margin: it is kept where it is, but does not begin.
type verdict struct {
	reached citywatch.Level // the highest level that the value reaches
	held    citywatch.Level // the highest level that the value does not clear
}

// silentPeriods is how many periods without data make a device's last value
// worthless: the same as citywatch.Silent means.
const silentPeriods = 5

// unknownPeriod stands for the period of a device that nobody listed and whose
// class has none.
const unknownPeriod = 10 * time.Minute

// compile returns the check of d by r, or nil if r cannot say anything about
// it: no level of it has a bound.
func compile(r *rule, d *citywatch.Device) *check {
	if r = r.in(d); r == nil {
		return nil
	}
	period := d.Period
	if period <= 0 {
		period = unknownPeriod
	}
	c := &check{rule: r, value: r.value(), grace: period, patience: silentPeriods * period, limit: silentPeriods * period}
	switch {
	case r.Threshold != nil:
		bounds := r.Threshold.Levels
		if bounds == nil {
			bounds = d.Bounds[r.Threshold.Value]
		}
		steps := r.widen(newLadder(bounds, r.Threshold.Below, r.Threshold.Margin))
		if len(steps.steps) == 0 {
			return nil
		}
		c.judge = steps
	case r.States != nil:
		c.judge = texts(r.States.Levels)
	case r.Rate != nil:
		c.window = &rising{r.widen(newLadder(r.Rate.Levels, r.Rate.Below, r.Rate.Margin)), r.Rate.Over, r.Rate.MinPoints}
	case r.Accumulate != nil:
		w := r.Accumulate.window(period)
		for _, s := range w.sums {
			r.widen(s.ladder)
		}
		c.window = w
	case r.External != nil:
		c.window = events{}
	case r.All != nil:
		return nil // it rests on other rules' devices
	case r.Corroborate != nil:
		if c.kind = r.Corroborate.of(d); c.kind == nil {
			return nil
		}
		c.value, c.judge = c.kind.Value, c.kind.judge()
	case r.Stuck != nil:
		c.window = &still{r.Stuck.After, c.patience, r.Stuck.Tolerance, r.Stuck.Level}
	case r.Silence.After > 0:
		c.limit = r.Silence.After
	default:
		c.limit = time.Duration(r.Silence.Periods) * period
	}
	return c
}

// A ladder judges numbers by the bounds of levels, the highest level first.
type ladder struct {
	steps []step
	// sign is -1 where low numbers are the bad ones: the numbers and bounds
	// are then compared with their signs turned.
	sign float64
}

type step struct {
	level citywatch.Level
	// reach is where the level begins, clear what the value must be under to
	// leave it; both times sign.
	reach, clear float64
}

func newLadder(b citywatch.Bounds, below bool, margin float64) *ladder {
	l := &ladder{sign: 1}
	if below {
		l.sign = -1
	}
	for _, level := range slices.Backward(slices.Sorted(maps.Keys(b))) {
		if bound := b[level]; bound != nil {
			reach := *bound * l.sign
			l.steps = append(l.steps, step{level: level, reach: reach, clear: rounded(reach - margin)})
		}
	}
	return l
}

// rounded takes away what binary fractions add to a difference of decimals, so
// that 83.5 with a margin of 0.1 is left below 83.4 and not at it.
func rounded(f float64) float64 {
	const decimals = 1e9
	if r := math.Round(f*decimals) / decimals; !math.IsInf(r, 0) {
		return r
	}
	return f
}

func (l *ladder) judge(v citywatch.Value) (verdict, bool) {
	if v.IsText() {
		return verdict{}, false
	}
	n := v.Number * l.sign
	var found verdict
	for i := range l.steps {
		s := &l.steps[i]
		if n < s.clear {
			continue
		}
		found.held = max(found.held, s.level)
		if n >= s.reach {
			found.reached = s.level
			break
		}
	}
	return found, true
}

// bound returns the bound at which a level begins.
func (l *ladder) bound(level citywatch.Level) *float64 {
	for _, s := range l.steps {
		if s.level == level {
			b := s.reach * l.sign
			return &b
		}
	}
	return nil
}

// texts judges texts; one that is not listed has no level.
type texts map[string]citywatch.Level

func (t texts) judge(v citywatch.Value) (verdict, bool) {
	level := t[v.Text]
	return verdict{level, level}, v.IsText()
}

package replay

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"citywatch"
)

// maxCompared bounds the alerts that are kept to be compared: some 100 bytes
// each.
const maxCompared = 200_000

// A book keeps what one set of rules did.
type book struct {
	o      *Options
	counts map[string]*citywatch.ReplayCounts // by rule
	open   map[string]*story                  // by alert
	// over are the alerts that are closed, kept only to be compared.
	compared bool
	over     []*story

	events  []citywatch.ReplayEvent
	omitted int
}

// A story is one alert from the first that was heard of it.
type story struct {
	id, rule, of, zone string
	name               citywatch.Text
	raised, ended      time.Time
	// active is since when it is, zero while it is not.
	active        time.Time
	hours         time.Duration
	level         citywatch.Level // the highest in the time
	retrospective bool
	carried       bool // raised before the time
}

func newBook(o *Options, compared bool) *book {
	return &book{o: o, counts: map[string]*citywatch.ReplayCounts{}, open: map[string]*story{}, compared: compared}
}

// of returns the counts of a rule.
func (b *book) of(rule string) *citywatch.ReplayCounts {
	c := b.counts[rule]
	if c == nil {
		c = &citywatch.ReplayCounts{Levels: map[citywatch.Level]int{}}
		b.counts[rule] = c
	}
	return c
}

// note takes in a transition.
func (b *book) note(t *citywatch.Transition) error {
	a := &t.Alert
	s := b.open[a.ID]
	if s == nil {
		s = &story{id: a.ID, rule: a.Rule, of: a.Of(), zone: a.Zone, name: a.Name, raised: t.At, carried: t.At.Before(b.o.From)}
		b.open[a.ID] = s
	}
	s.retrospective = a.Retrospective
	active := a.Condition != citywatch.Normal && !a.Retrospective
	switch {
	case active && s.active.IsZero():
		s.active, s.ended = t.At, time.Time{}
	case !active && !s.active.IsZero():
		s.hours += b.within(s.active, t.At)
		s.active, s.ended = time.Time{}, t.At
	}
	if !t.At.Before(b.o.From) {
		s.level = max(s.level, a.Level)
		b.tell(t)
	} else if active {
		s.level = a.Level // what it has when the time begins
	}
	if a.Open() {
		return nil
	}
	delete(b.open, a.ID)
	return b.close(s)
}

// within is how much of the time between two moments is told of.
func (b *book) within(from, to time.Time) time.Duration {
	if from.Before(b.o.From) {
		from = b.o.From
	}
	if to.After(b.o.To) {
		to = b.o.To
	}
	return max(to.Sub(from), 0)
}

// tell counts a transition, and puts it on the timeline unless it is what the
// officer of the replay does.
func (b *book) tell(t *citywatch.Transition) {
	c := b.of(t.Alert.Rule)
	switch t.Notice {
	case citywatch.NoticeSound:
		c.Sound++
	case citywatch.NoticeQuiet:
		c.Quiet++
	}
	if t.Actor == officer {
		return
	}
	e := event(t)
	if b.o.Event != nil && !b.compared {
		b.o.Event(&e)
	}
	if len(b.events) >= b.o.Events {
		b.omitted++
		return
	}
	b.events = append(b.events, e)
}

// close brings a finished story into the counts.
func (b *book) close(s *story) error {
	if s.carried && s.hours == 0 && (s.ended.Before(b.o.From) || s.retrospective) {
		return nil // over before the time
	}
	c := b.of(s.rule)
	c.Hours += s.hours.Hours()
	switch {
	case s.carried:
		c.Carried++
	case s.retrospective:
		c.Retrospective++
	default:
		c.Alerts++
		c.Levels[s.level]++
	}
	if !b.compared {
		return nil
	}
	if len(b.over) >= maxCompared {
		return fmt.Errorf("%w (%d)", ErrTooMany, maxCompared)
	}
	b.over = append(b.over, s)
	return nil
}

// finish ends the stories that go on at the end of what is known.
func (b *book) finish(at time.Time) {
	for _, id := range slices.Sorted(maps.Keys(b.open)) {
		s := b.open[id]
		if !s.active.IsZero() {
			s.hours += b.within(s.active, at)
		}
		_ = b.close(s) // those that are open are few
	}
	clear(b.open)
}

func event(t *citywatch.Transition) citywatch.ReplayEvent {
	a := &t.Alert
	return citywatch.ReplayEvent{
		Time: t.At, Alert: a.ID, Rule: a.Rule, Name: a.Name, Of: a.Of(), Zone: a.Zone,
		Level: a.Level, Reason: t.Reason, Notice: t.Notice, Why: why(t),
	}
}

// why says what a transition rests on, in signs that need no translation.
func why(t *citywatch.Transition) string {
	var parts []string
	for i := range t.Alert.Evidence {
		if e := &t.Alert.Evidence[i]; e.Value != "" {
			parts = append(parts, says(e, t.Alert.Device))
		}
	}
	if b := t.Backlog; b != nil {
		parts = append(parts, fmt.Sprintf("+%d (%s…%s)", b.Readings, b.From.Format(time.RFC3339), b.To.Format(time.RFC3339)))
	}
	return strings.Join(parts, ", ")
}

func says(e *citywatch.Evidence, device string) string {
	var b strings.Builder
	if e.Device != "" && e.Device != device {
		b.WriteString(e.Device + " ")
	}
	name := e.Value
	if e.Fn != "" {
		name = e.Fn + "(" + name
		if e.Over > 0 {
			name += " " + time.Duration(e.Over*float64(time.Second)).String()
		}
		name += ")"
	}
	b.WriteString(name + " = ")
	if e.Text != "" {
		b.WriteString(e.Text)
	} else {
		b.WriteString(strconv.FormatFloat(e.Number, 'g', 8, 64))
	}
	if e.Unit != "" && e.Unit != "1" && e.Text == "" {
		b.WriteString(" " + e.Unit)
	}
	if e.Bound != nil {
		sign := " ≥ "
		if e.Number < *e.Bound {
			sign = " < "
		}
		b.WriteString(sign + strconv.FormatFloat(*e.Bound, 'g', 8, 64))
	}
	return b.String()
}

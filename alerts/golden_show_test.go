package alerts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// show writes the transitions that are new.
func (s *script) show() {
	for _, t := range s.memory.transitions[s.shown:] {
		s.shown++
		a := t.Alert
		key := a.Rule + "/" + a.Of()
		if !slices.Contains(s.ids[key], a.ID) {
			s.ids[key] = append(s.ids[key], a.ID)
		}
		fmt.Fprintf(&s.out, "> %s %s %s", stamp(t.At), t.Reason, key)
		if n := slices.Index(s.ids[key], a.ID) + 1; n > 1 {
			fmt.Fprintf(&s.out, "#%d", n)
		}
		fmt.Fprintf(&s.out, " v%d level %d %s %s", a.Version, a.Level, a.Condition, a.Handling)
		if a.HandledBy != "" {
			fmt.Fprintf(&s.out, " by %s", a.HandledBy)
		}
		if a.Stale {
			fmt.Fprint(&s.out, " stale")
		}
		fmt.Fprintf(&s.out, " since %s", stamp(a.Since))
		fmt.Fprint(&s.out, s.aside(&t))
		if t.Reason == citywatch.ReasonFired || t.Reason == citywatch.ReasonRaised || t.Reason == citywatch.ReasonConfirmed {
			for _, e := range a.Evidence {
				fmt.Fprintf(&s.out, ", %s", evidence(e))
			}
		}
		if !a.Open() {
			fmt.Fprint(&s.out, ", closed")
		}
		fmt.Fprintln(&s.out)
	}
}

// aside is what lies over the alert, and who is told of the transition.
func (s *script) aside(t *citywatch.Transition) string {
	var text strings.Builder
	a := &t.Alert
	if a.Assigned != "" {
		fmt.Fprintf(&text, ", team %s", a.Assigned)
	}
	if a.Shelved != nil {
		fmt.Fprintf(&text, ", shelved until %s by %s", stamp(a.Shelved.Until), a.Shelved.By)
	}
	if m := a.Maintenance; m != nil && a.Condition != citywatch.Normal {
		if a.Condition == citywatch.Pending {
			fmt.Fprintf(&text, ", from %s", stamp(m.From))
		}
		if !m.Until.IsZero() {
			fmt.Fprintf(&text, ", until %s", stamp(m.Until))
		}
	}
	if a.SuppressedBy != "" {
		by := "?"
		for key, ids := range s.ids {
			if slices.Contains(ids, a.SuppressedBy) {
				by = key
			}
		}
		fmt.Fprintf(&text, ", explained by %s", by)
	}
	if a.OutOfService {
		fmt.Fprint(&text, ", out of service")
	}
	for _, p := range a.Promises {
		fmt.Fprintf(&text, ", promised by %s until %s: %s", p.By, stamp(p.Due), p.Note)
	}
	if a.Escalation > 0 {
		fmt.Fprintf(&text, ", escalation %d", a.Escalation)
	}
	if t.To != "" {
		fmt.Fprintf(&text, ", to %s", t.To)
	}
	if t.Note != "" {
		fmt.Fprintf(&text, ", %q", t.Note)
	}
	if b := t.Backlog; b != nil {
		fmt.Fprintf(&text, ", back with %d readings of %s to %s", b.Readings, stamp(b.From), stamp(b.To))
		if b.Peak != nil {
			fmt.Fprintf(&text, ", peak level %d: %s", b.Level, evidence(*b.Peak))
		}
	}
	switch usual := usualNotice(t); {
	case t.Notice == usual:
	case t.Notice == citywatch.NoticeNone:
		fmt.Fprint(&text, ", nobody is called")
	default:
		fmt.Fprintf(&text, ", %s", t.Notice)
	}
	return text.String()
}

// usualNotice is the notice that scripts do not write down.
func usualNotice(t *citywatch.Transition) citywatch.Notice {
	switch t.Reason {
	case citywatch.ReasonFired, citywatch.ReasonRaised:
		return citywatch.NoticeSound
	case citywatch.ReasonLowered, citywatch.ReasonRecovering, citywatch.ReasonRecovered, citywatch.ReasonStale,
		citywatch.ReasonFreshAgain, citywatch.ReasonLooksBack, citywatch.ReasonFlapping, citywatch.ReasonSteady:
		if t.Actor == "" {
			return citywatch.NoticeQuiet
		}
	}
	return citywatch.NoticeNone
}

func stamp(t time.Time) string {
	if d := int(t.Sub(day)/(24*time.Hour)) + 1; d > 1 {
		return fmt.Sprintf("%d/%s", d, t.Format("15:04:05"))
	}
	return t.Format("15:04:05")
}

func evidence(e citywatch.Evidence) string {
	text := fmt.Sprintf("%s=%v%s at %s", e.Value, e.Number, e.Unit, stamp(e.Time))
	if e.Text != "" {
		text = fmt.Sprintf("%s=%s at %s", e.Value, e.Text, stamp(e.Time))
	}
	if e.Fn != "" {
		text = fmt.Sprintf("%s of %s in %v = %v at %s", e.Fn, e.Value, time.Duration(e.Over*float64(time.Second)), e.Number, stamp(e.Time))
	}
	if e.Bound != nil {
		text += fmt.Sprintf(" over %v", *e.Bound)
	}
	return text
}

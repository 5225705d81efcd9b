package ruletest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/alerts"
)

// A Site is what tests are run with.
type Site struct {
	Rules   *alerts.Rules
	Options alerts.Options
	Devices []citywatch.Device
}

// An Outcome is what became of a test.
type Outcome struct {
	Test *Test
	// Transitions are what happened, of the rules that the test looks at.
	Transitions []citywatch.Transition
	// Failure is empty where that is what was expected, and else says what
	// was not.
	Failure string
}

// Run runs a test. The error is one in the test itself.
func Run(t *Test, site Site) (Outcome, error) {
	start := t.Start
	if start.IsZero() {
		start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	r := runner{test: t, start: start, sim: alerts.NewSimulation(site.Rules, site.Options, site.Devices), devices: map[string]*citywatch.Device{}}
	for i := range site.Devices {
		r.devices[site.Devices[i].ID] = &site.Devices[i]
	}
	events, err := r.events()
	if err != nil {
		return Outcome{}, fmt.Errorf("%s: %w", t.Name, err)
	}
	if err := r.run(events); err != nil {
		return Outcome{}, fmt.Errorf("%s: %w", t.Name, err)
	}
	return Outcome{Test: t, Transitions: r.made, Failure: r.compare()}, nil
}

// An event is a reading that arrives, or something a person does.
type event struct {
	at      time.Duration
	reading *citywatch.Reading
	deed    *Deed
}

type runner struct {
	test    *Test
	start   time.Time
	sim     *alerts.Simulation
	devices map[string]*citywatch.Device
	seq     uint64
	made    []citywatch.Transition
}

// events returns what happens, in the order of arrival.
func (r *runner) events() ([]event, error) {
	var all []event
	add := func(device string, measured, arrives time.Duration, values []citywatch.Value) error {
		d, ok := r.devices[device]
		if !ok {
			return fmt.Errorf("no device %q is listed", device)
		}
		all = append(all, event{at: arrives, reading: &citywatch.Reading{
			Device: d.ID, Class: d.Class, Zone: d.Zone, Sector: string(d.Sector),
			Time: r.start.Add(measured), Arrived: r.start.Add(arrives), Values: values,
		}})
		return nil
	}
	for _, s := range r.test.Series {
		samples, err := s.expand()
		if err != nil {
			return nil, err
		}
		for i, v := range samples {
			at := s.From + time.Duration(i)*s.Every
			if v.none {
				continue
			}
			if err := add(s.Device, at, at+s.Delay, []citywatch.Value{v.Value}); err != nil {
				return nil, err
			}
		}
	}
	for _, one := range r.test.Readings {
		values, err := valuesOf(one.Values)
		if err != nil {
			return nil, err
		}
		measured := one.At
		if one.Measured != nil {
			measured = *one.Measured
		}
		if err := add(one.Device, measured, one.At, values); err != nil {
			return nil, err
		}
	}
	for i := range r.test.People {
		all = append(all, event{at: r.test.People[i].At, deed: &r.test.People[i]})
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return all, nil
}

func valuesOf(written map[string]any) ([]citywatch.Value, error) {
	var values []citywatch.Value
	for _, name := range slices.Sorted(maps.Keys(written)) {
		v := citywatch.Value{Name: name}
		switch w := written[name].(type) {
		case string:
			v.Text = w
		case float64:
			v.Number = w
		case int64:
			v.Number = float64(w)
		case uint64:
			v.Number = float64(w)
		default:
			return nil, fmt.Errorf("the value %s is neither a number nor a text", name)
		}
		values = append(values, v)
	}
	return values, nil
}

// run lets time pass, second by second, with what happens in it.
func (r *runner) run(events []event) error {
	until := r.until(events)
	for at := time.Duration(0); at <= until; at += citywatch.TickEvery {
		down := slices.ContainsFunc(r.test.Down, func(s Span) bool { return at >= s.From && at < s.To })
		if !down {
			r.apply(citywatch.Entry{Tick: r.start.Add(at)})
		}
		for len(events) > 0 && events[0].at < at+citywatch.TickEvery {
			e := events[0]
			events = events[1:]
			if down {
				continue // nobody took it in
			}
			if e.reading != nil {
				r.apply(citywatch.Entry{Readings: []citywatch.Reading{*e.reading}})
			} else if err := r.act(e.deed); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) until(events []event) time.Duration {
	if r.test.Until > 0 {
		return r.test.Until
	}
	last := time.Duration(0)
	if n := len(events); n > 0 {
		last = events[n-1].at
	}
	for _, e := range r.test.Expect {
		last = max(last, e.At)
	}
	return last + citywatch.TickEvery
}

func (r *runner) apply(e citywatch.Entry) {
	r.seq++
	e.Seq = r.seq
	r.note(r.sim.Apply(&e))
}

func (r *runner) act(d *Deed) error {
	do, what := r.sim.Acknowledge, d.Acknowledge
	if what == "" {
		do, what = r.sim.Reset, d.Reset
	}
	rule, device, _ := strings.Cut(what, "/")
	ts, err := do(alerts.Action{Alert: r.sim.Open(rule, device), Actor: d.By})
	if err != nil {
		return fmt.Errorf("after %v, %s about %s: %w", d.At, d.By, what, err)
	}
	r.note(ts)
	return nil
}

func (r *runner) note(ts []citywatch.Transition) {
	for _, t := range ts {
		rules, alert := r.test.Rules, t.Alert.Rule+"/"+t.Alert.Of()
		if len(rules) == 0 || slices.Contains(rules, t.Alert.Rule) || slices.Contains(rules, alert) {
			r.made = append(r.made, t)
		}
	}
}

// compare returns "" or how what happened differs from what was expected.
func (r *runner) compare() string {
	if len(r.made) == len(r.test.Expect) {
		same := true
		for i := range r.made {
			same = same && r.test.Expect[i].met(&r.made[i], r.start)
		}
		if same {
			return ""
		}
	}
	var b strings.Builder
	for i := range max(len(r.made), len(r.test.Expect)) {
		var got, want string
		met := false
		if i < len(r.made) {
			got = Line(&r.made[i], r.start)
		}
		if i < len(r.test.Expect) {
			want = r.test.Expect[i].String()
			met = i < len(r.made) && r.test.Expect[i].met(&r.made[i], r.start)
		}
		switch {
		case met:
			fmt.Fprintf(&b, "    %s\n", got)
		default:
			if want != "" {
				fmt.Fprintf(&b, "  - %s\n", want)
			}
			if got != "" {
				fmt.Fprintf(&b, "  + %s\n", got)
			}
		}
	}
	return "expected (-) is not what happens (+):\n" + b.String()
}

func (e *Expectation) met(t *citywatch.Transition, start time.Time) bool {
	passed := t.At.Sub(start)
	return passed >= e.At && passed < e.At+2*citywatch.TickEvery &&
		e.Alert == t.Alert.Rule+"/"+t.Alert.Of() && e.Is == t.Reason &&
		(e.Level == citywatch.None || e.Level == t.Alert.Level) &&
		(e.Notice == nil || *e.Notice == t.Notice) && (e.To == "" || e.To == t.To)
}

func (e *Expectation) String() string {
	s := fmt.Sprintf("%v %s %s", e.At, e.Alert, e.Is)
	if e.Level != citywatch.None {
		s += fmt.Sprintf(" level %d", e.Level)
	}
	if e.Notice != nil {
		s += fmt.Sprintf(" notice %q", *e.Notice)
	}
	if e.To != "" {
		s += fmt.Sprintf(" to %q", e.To)
	}
	return s
}

// Line says what a transition is, in a line, with the time since start.
func Line(t *citywatch.Transition, start time.Time) string {
	s := fmt.Sprintf("%v %s/%s %s level %d", t.At.Sub(start).Truncate(time.Second), t.Alert.Rule, t.Alert.Of(), t.Reason, t.Alert.Level)
	if t.Notice != citywatch.NoticeNone {
		s += fmt.Sprintf(" notice %q", t.Notice)
	}
	if t.To != "" {
		s += fmt.Sprintf(" to %q", t.To)
	}
	return s
}

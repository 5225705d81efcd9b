package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"citywatch"
	"citywatch/alerts/incident"
)

// Rules is a set of valid rules. It is never changed.
type Rules struct {
	rules        []*rule
	units        map[quantity]string
	unconfigured []Unconfigured
	inhibitions  []inhibition
	ranks        map[string]int // by the id of the rule
	joins        []incident.Join
	devices      []int // how many each rule is about
}

// An Unconfigured level is one that a rule or a station's table names without
// a bound. It can never be reached, which people must be able to see.
type Unconfigured struct {
	Rule string `json:"rule"`
	// Device is empty where the rule's own levels are meant.
	Device string `json:"device,omitempty"`
	Value  string `json:"value"`
	// Level is None where the device has no table at all.
	Level citywatch.Level `json:"level"`
}

// Len returns how many rules there are.
func (rs *Rules) Len() int { return len(rs.rules) }

// Unconfigured returns every level without a bound, in the order of the rules.
func (rs *Rules) Unconfigured() []Unconfigured { return slices.Clone(rs.unconfigured) }

// A quantity is one value of one class of devices.
type quantity struct{ class, value string }

// A rule in the form that is hashed: what it means, not how it was written.
type rule struct {
	ID     string         `json:"id"`
	Name   citywatch.Text `json:"name"`
	Hazard string         `json:"hazard"`
	Select selection      `json:"select"`

	// Exactly one of these is set.
	Threshold  *threshold  `json:"threshold,omitempty"`
	Rate       *rate       `json:"rate,omitempty"`
	Accumulate *accumulate `json:"accumulate,omitempty"`
	Stuck      *stuck      `json:"stuck,omitempty"`
	States     *states     `json:"states,omitempty"`
	Silence    *silence    `json:"silence,omitempty"`

	Corroborate *corroborate `json:"corroborate,omitempty"`
	All         *allOf       `json:"all,omitempty"`
	External    *external    `json:"external,omitempty"`

	Aggregate *aggregate `json:"aggregate,omitempty"`
	// Overrides say where it differs, Schedule when it applies: always, if it
	// is empty.
	Overrides []override `json:"overrides,omitempty"`
	Schedule  []shift    `json:"schedule,omitempty"`
	// Recoveries are the levels that are left in another way than the others.
	// Whole keeps the highest level until all are left.
	Recoveries map[citywatch.Level]recovery `json:"recoveries,omitempty"`
	Whole      bool                         `json:"whole,omitempty"`

	// For is how long a level must be reached before it counts, Recover how
	// long it must be cleared before it no longer does.
	For     time.Duration `json:"for"`
	Recover time.Duration `json:"recover"`
	Latch   bool          `json:"latch"`

	Escalate []escalation `json:"escalate,omitempty"`

	// Checklist is what people are to do; it does not change what the rule is.
	Checklist []citywatch.Text `json:"-"`
	// draft says that nobody who answers for it has looked through Checklist.
	draft bool

	hash string
	// file is where it stands, version what that file calls its version.
	file, version string
	// clock is the time zone of the schedule.
	clock *time.Location
}

// A selection is met by the devices that meet each of its parts; an empty part
// is met by all.
type selection struct {
	Class   string           `json:"class,omitempty"`
	Devices []string         `json:"devices,omitempty"`
	Zones   []string         `json:"zones,omitempty"`
	Sector  citywatch.Sector `json:"sector,omitempty"`
}

// A threshold compares a number with the bounds of levels.
type threshold struct {
	Value string `json:"value"`
	// Levels is nil where every device has its own table.
	Levels citywatch.Bounds `json:"levels"`
	Below  bool             `json:"below"`
	Margin float64          `json:"margin"`
}

// A rate compares with the bounds of levels how much a number changes in an
// hour, as it was over some time.
type rate struct {
	Value  string           `json:"value"`
	Over   time.Duration    `json:"over"`
	Levels citywatch.Bounds `json:"levels"`
	Below  bool             `json:"below,omitempty"`
	Margin float64          `json:"margin,omitempty"`
	// MinPoints is how many readings it takes to tell.
	MinPoints int `json:"min_points"`
}

// accumulate compares with the bounds of levels how much came together, over
// several times.
type accumulate struct {
	Value string `json:"value"`
	// Counter is set for a value that counts up for ever, and else each
	// reading is what came since the one before.
	Counter bool             `json:"counter,omitempty"`
	Windows []accumulateOver `json:"windows"` // the shortest first
	Margin  float64          `json:"margin,omitempty"`
	// Completeness is which share of the expected readings has to be there
	// before a level may be left.
	Completeness float64 `json:"completeness"`
}

type accumulateOver struct {
	Over   time.Duration    `json:"over"`
	Levels citywatch.Bounds `json:"levels"`
}

func (a *accumulate) window(every time.Duration) *total {
	w := &total{counter: a.Counter, every: every, complete: a.Completeness}
	for _, o := range a.Windows {
		w.sums = append(w.sums, sum{o.Over, newLadder(o.Levels, false, a.Margin)})
	}
	return w
}

// stuck is met by a number that has not changed for some time, although it is
// reported.
type stuck struct {
	Value     string          `json:"value"`
	After     time.Duration   `json:"after"`
	Tolerance float64         `json:"tolerance,omitempty"`
	Level     citywatch.Level `json:"level"`
}

// states gives a level to some of the texts that a value can be.
type states struct {
	Value  string                     `json:"value"`
	Levels map[string]citywatch.Level `json:"levels"`
}

// A silence is met by a device that is not heard for Periods times its period,
// or for After.
type silence struct {
	Periods int             `json:"periods,omitempty"`
	After   time.Duration   `json:"after,omitempty"`
	Level   citywatch.Level `json:"level"`
}

// selects reports whether the rule is about d.
func (s *selection) selects(d *citywatch.Device) bool {
	return (s.Class == "" || s.Class == d.Class) &&
		(s.Sector == "" || s.Sector == d.Sector) &&
		(len(s.Devices) == 0 || slices.Contains(s.Devices, d.ID)) &&
		(len(s.Zones) == 0 || slices.Contains(s.Zones, d.Zone))
}

// value returns the name of the value that the rule watches, or "" where it
// watches for any.
func (r *rule) value() string {
	switch {
	case r.Threshold != nil:
		return r.Threshold.Value
	case r.Rate != nil:
		return r.Rate.Value
	case r.Accumulate != nil:
		return r.Accumulate.Value
	case r.Stuck != nil:
		return r.Stuck.Value
	case r.States != nil:
		return r.States.Value
	case r.External != nil:
		return r.External.Severity
	}
	return ""
}

// detector names the kind of condition that the rule watches for.
func (r *rule) detector() string {
	switch {
	case r.Threshold != nil:
		return "threshold"
	case r.Rate != nil:
		return "rate"
	case r.Accumulate != nil:
		return "accumulate"
	case r.Stuck != nil:
		return "stuck"
	case r.States != nil:
		return "state"
	case r.Corroborate != nil:
		return "corroborate"
	case r.All != nil:
		return "all"
	case r.External != nil:
		return "external"
	}
	return "silence"
}

// contentHash is the same for two rules that mean the same, however they are
// written: the fields stand in a fixed order and maps are sorted.
func (r *rule) contentHash() string {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // plain values only, and every number is finite
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

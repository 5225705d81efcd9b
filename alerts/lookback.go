package alerts

import (
	"time"

	"citywatch"
)

// LookBack is how long before a moment data may lie and still matter to what
// the rules say of these devices at that moment. An alert may be older.
func (rs *Rules) LookBack(devices []citywatch.Device) time.Duration {
	period := unknownPeriod
	for i := range devices {
		period = max(period, devices[i].Period)
	}
	longest := time.Duration(0)
	for _, r := range rs.rules {
		longest = max(longest, r.lookBack(period))
	}
	return longest + silentPeriods*period
}

func (r *rule) lookBack(period time.Duration) time.Duration {
	back := time.Duration(0)
	switch {
	case r.Rate != nil:
		back = r.Rate.Over * 3 / 2
	case r.Accumulate != nil:
		back = r.Accumulate.Windows[len(r.Accumulate.Windows)-1].Over
	case r.Stuck != nil:
		back = r.Stuck.After
	case r.Silence != nil:
		back = max(r.Silence.After, time.Duration(r.Silence.Periods)*period)
	case r.Corroborate != nil:
		back = r.Corroborate.Over
		for _, k := range r.Corroborate.Kinds {
			back = max(back, k.Decay)
		}
	case r.All != nil:
		back = r.All.Within
	}
	recover := r.Recover
	for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
		recover = max(recover, r.recovers(level))
	}
	wait := max(r.For, recover)
	for _, o := range r.Overrides {
		for _, d := range []*time.Duration{o.For, o.Recover} {
			if d != nil {
				wait = max(wait, *d)
			}
		}
	}
	return back + wait
}

// Latches reports whether the rule's alerts stay until somebody resets them.
func (rs *Rules) Latches(id string) bool {
	for _, r := range rs.rules {
		if r.ID == id {
			return r.Latch
		}
	}
	return false
}

package replay

import (
	"context"
	"time"

	"citywatch"
	"citywatch/alerts"
)

// A run is one replay under way: each shard has an engine for each set of
// rules.
type run struct {
	o       *Options
	engines [][]*engine // by shard, then by set of rules
	books   []*book     // by set of rules

	began    time.Time
	readings int64
	first    time.Time
	at       time.Time
	// worked is when the present stretch of work began, told when progress was
	// last told.
	worked, told time.Time
}

func newRun(o *Options) *run {
	r := &run{o: o, began: time.Now()}
	r.worked, r.told = r.began, r.began
	sets := []*alerts.Rules{o.Rules}
	if o.Other != nil {
		sets = append(sets, o.Other)
	}
	for range sets {
		r.books = append(r.books, newBook(o, len(sets) > 1))
	}
	for shard, devices := range o.Devices {
		var engines []*engine
		for i, rules := range sets {
			engines = append(engines, newEngine(rules, alerts.NewShardSimulation(rules, o.Alerts, devices, shard, o.Plan), r.books[i], o.Seen))
		}
		r.engines = append(r.engines, engines)
	}
	return r
}

func (r *run) entry(shard int, e *citywatch.Entry) error {
	r.readings += int64(len(e.Readings))
	r.at = when(e)
	if r.first.IsZero() {
		r.first = r.at
	}
	for _, engine := range r.engines[shard%len(r.engines)] {
		if err := engine.apply(e); err != nil {
			return err
		}
	}
	return nil
}

// when is the time of an entry: that of the tick, or the arrival of its last
// reading.
func when(e *citywatch.Entry) time.Time {
	if n := len(e.Readings); e.Tick.IsZero() && n > 0 {
		return e.Readings[n-1].Arrived
	}
	return e.Tick
}

const (
	// stretch is how long a replay works before it lets others work, tellEvery
	// how often it says how far it has come.
	stretch   = 10 * time.Millisecond
	tellEvery = time.Second
)

// pace leaves time to the live engine, and tells how far the replay has come.
func (r *run) pace(ctx context.Context) error {
	if r.o.Share == 0 && r.o.Progress == nil {
		return nil
	}
	now := time.Now()
	if r.o.Progress != nil && now.Sub(r.told) >= tellEvery {
		r.told = now
		r.o.Progress(Progress{At: r.at, Readings: r.readings, Took: now.Sub(r.began)})
	}
	worked := now.Sub(r.worked)
	if r.o.Share <= 0 || r.o.Share >= 1 || worked < stretch {
		return nil
	}
	rest := time.NewTimer(time.Duration(float64(worked) * (1 - r.o.Share) / r.o.Share))
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.worked = time.Now()
	return nil
}

func (r *run) report() *citywatch.Replay {
	o := r.o
	for _, b := range r.books {
		b.finish(r.at)
	}
	out := &citywatch.Replay{
		From: o.From, To: o.To, Begins: r.first, RulesHash: o.Rules.Hash(),
		Readings: r.readings, Seconds: time.Since(r.began).Seconds(),
		Timeline: r.books[0].events, Omitted: r.books[0].omitted,
		Rules: []citywatch.ReplayRule{}, Notes: []citywatch.Text{},
	}
	if out.Timeline == nil {
		out.Timeline = []citywatch.ReplayEvent{}
	}
	for _, d := range o.Rules.Describe() {
		out.Rules = append(out.Rules, citywatch.ReplayRule{Rule: d.ID, Name: d.Name, Counts: r.books[0].of(d.ID)})
	}
	if o.Other == nil {
		return out
	}
	out.OtherHash = o.Other.Hash()
	out.Rules = withOther(out.Rules, o.Other, r.books[1])
	out.Diff = compare(r.books[0], r.books[1], o.Differences)
	return out
}

// withOther adds the counts of the other rules to those of the rules.
func withOther(rules []citywatch.ReplayRule, other *alerts.Rules, b *book) []citywatch.ReplayRule {
	at := map[string]int{}
	for i := range rules {
		at[rules[i].Rule] = i
	}
	for _, d := range other.Describe() {
		i, both := at[d.ID]
		if !both {
			i = len(rules)
			rules = append(rules, citywatch.ReplayRule{Rule: d.ID, Name: d.Name})
		}
		rules[i].Other = b.of(d.ID)
	}
	return rules
}

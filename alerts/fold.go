package alerts

import (
	"cmp"
	"log/slog"
	"runtime/debug"
	"time"

	"citywatch"
)

// A fold turns the entries of one shard into transitions. It does no I/O and
// has no goroutine: what it knows after an entry depends on that entry and the
// ones before it, and on what people did in between.
type fold struct {
	shard int
	// share is nil where there is one engine; causes are those of it.
	share   Share
	causes  map[string]bool
	rules   *Rules
	devices devices
	maxLag  time.Duration
	options Options
	log     *slog.Logger

	clk clock
	// last is the end of the last entry taken in.
	last    citywatch.Position
	targets map[string]*target // by device id
	keys    []*key
	fresh   []key             // room for those that come
	checks  map[string]*check // the plain ones, by what they do
	// due holds for each of keys when elapse must look at it. It is looked
	// through whole at every tick: for 100,000 keys that takes some 50 µs, and
	// unlike a heap it costs a steady reading only one store.
	due []time.Duration
	// patient holds for each of keys whether a snapshot may take it later, saving
	// is the one being made.
	patient []bool
	saving  *snapshot
	open    map[string]*key // by the id of the open alert
	overlays
	gatherings
	// at is the place of what is being taken in, as gatherings are told it.
	at citywatch.Position
	// written is the last place of which the journal has a transition.
	written citywatch.Position
	// acted is the last place behind which a person did something, as far as
	// the journal tells at a start.
	acted citywatch.Position
	// latest is the time of the last transition that the journal had at the start.
	latest   time.Time
	maxShelf time.Duration
	// unclaimed holds what was restored and has no rule or device (yet).
	unclaimed map[keyID]*key

	// pending counts the keys whose condition is.
	pending int

	out   []citywatch.Transition
	stats stats
}

// A keyID names a key for all time.
type keyID struct{ rule, device string }

// A key is one rule for one device, with what is known of it.
type key struct {
	// check is nil while the key is unclaimed.
	check *check
	// broken is set after a panic: the key is left as it is.
	broken bool
	// pending is whether the fold counts it as such.
	pending bool
	// mute is set where another engine tells what becomes of it.
	mute bool
	slot int32
	state
	id     keyID
	device *citywatch.Device
	// value is the name of the value that the state is about.
	value string
	// feeds are those that rest on the key.
	feeds []*junction
}

// A target is a device with the keys that its readings concern.
type target struct {
	device *citywatch.Device
	maxLag time.Duration // 0 is unlimited
	keys   []*key
	// foreign is set for a device that another engine judges.
	foreign bool
}

// stats count what happened since they were last taken.
type stats struct {
	evaluated, late, lagging, duplicates, mismatched, panics int
}

func newFold(o Options, d Deps) *fold {
	return &fold{
		shard: d.Shard, share: d.Share, rules: d.Rules, devices: d.Devices, maxLag: o.MaxLag, options: o, log: d.Log,
		targets: map[string]*target{}, checks: map[string]*check{}, open: map[string]*key{}, unclaimed: map[keyID]*key{},
		overlays: newOverlays(), gatherings: newGatherings(d.Rules), maxShelf: cmp.Or(o.MaxShelf, defaultMaxShelf),
	}
}

// adopt prepares the keys of a device, with what was restored of them.
func (f *fold) adopt(d *citywatch.Device) *target {
	if f.foreign(d) {
		return f.elsewhere(d)
	}
	t := &target{device: d, maxLag: f.lag(d)}
	for _, r := range f.rules.rules {
		if !r.Select.selects(d) {
			continue
		}
		if r.Aggregate != nil {
			if k := f.zoneKey(r, d); k != nil {
				t.keys = append(t.keys, k)
				f.enter(k)
			}
			continue
		}
		if c := compile(r, d); c != nil {
			c.lanes(&f.options, d)
			k := f.key(f.shared(c), d)
			t.keys = append(t.keys, k)
			f.enter(k)
		}
	}
	if _, ok := f.unclaimed[keyID{serviceRule, d.ID}]; ok {
		f.key(serviceCheck(), d)
	}
	f.targets[d.ID] = t
	return t
}

// lag is how late a reading of the device may come and still count; 0 is
// unlimited.
func (f *fold) lag(d *citywatch.Device) time.Duration {
	if f.maxLag > 0 {
		return max(f.maxLag, 2*d.Period)
	}
	return 0
}

func (f *fold) key(c *check, d *citywatch.Device) *key {
	id := keyID{c.rule.ID, d.ID}
	k, restored := f.unclaimed[id]
	if restored {
		delete(f.unclaimed, id)
		if k.value != c.value {
			k.forget()
		}
		k.review(c)
	} else {
		k = f.newKey(id)
		k.Up = f.clk.Up
	}
	k.check, k.device, k.value = c, d, c.value
	f.schedule(k)
	return k
}

// newKey adds a key that nobody claims yet.
func (f *fold) newKey(id keyID) *key {
	if len(f.fresh) == 0 {
		f.fresh = make([]key, 64) // those of one device lie side by side
	}
	k := &f.fresh[0]
	f.fresh = f.fresh[1:]
	k.id, k.slot = id, int32(len(f.keys))
	f.keys = append(f.keys, k)
	f.due = append(f.due, never)
	f.patient = append(f.patient, false)
	return k
}

// unlisted makes a device of what a reading says, for one that is not in the
// registry.
func unlisted(r *citywatch.Reading) *citywatch.Device {
	return &citywatch.Device{ID: r.Device, Class: r.Class, Zone: r.Zone, Sector: citywatch.Sector(r.Sector), Auto: true}
}

// apply takes in the next entry.
func (f *fold) apply(e *citywatch.Entry) {
	if !e.Tick.IsZero() {
		f.tick(e.Tick, citywatch.Position{Seq: e.Seq})
		f.gather(citywatch.Position{Seq: e.Seq}, true)
	}
	for i := range e.Readings {
		pos := citywatch.Position{Seq: e.Seq, Index: i}
		f.reading(&e.Readings[i], pos)
		f.gather(pos, false)
	}
	f.last = citywatch.Position{Seq: e.Seq, Index: max(len(e.Readings)-1, 0)}
	f.settle()
}

func (f *fold) reading(r *citywatch.Reading, pos citywatch.Position) {
	f.clk.arrival(r.Arrived)
	t, ok := f.targets[r.Device]
	if !ok {
		d, listed := f.devices.Lookup(r.Device)
		if !listed || d.ID != r.Device {
			d = unlisted(r)
		}
		t = f.adopt(d)
	}
	o := newSample(r, pos)
	if t.maxLag > 0 && o.lag-o.rest > t.maxLag {
		f.stats.lagging++
		return
	}
	for _, k := range t.keys {
		f.observe(k, r, &o)
	}
}

// observe shows a reading to a key. A panic in it stops that key alone.
func (f *fold) observe(k *key, r *citywatch.Reading, read *sample) {
	if k.broken || !read.pos.After(k.Pos) {
		return
	}
	defer f.guard(k)
	f.changes(k)
	if k.check.plain && f.steady(k, r, read) {
		return
	}
	o := *read
	var v verdict
	if k.check.rule.External != nil {
		f.happen(k, r, &o)
		return
	}
	if !k.check.timed() {
		value := find(r, k.check.value)
		if value == nil {
			return
		}
		ok := !value.IsText()
		if k.check.judge != nil {
			v, ok = k.check.judge.judge(*value)
		}
		if !ok {
			f.stats.mismatched++
			return
		}
		o.value = *value
		if k.check.kind != nil {
			f.testify(k, v, &o)
			return
		}
		o.old = o.lag > k.check.live
		if k.check.zone != nil {
			f.tellZone(k, r.Device, &o)
			return
		}
		if k.check.window != nil {
			f.window(k, &o)
			return
		}
	}
	if !k.check.timed() && !k.check.rule.during(o.time) {
		v = verdict{} // whatever it says, nobody is to be called for it then
	}
	switch k.order(&o, &f.clk) {
	case late:
		f.late(k, v, &o)
		return
	case duplicate:
		f.stats.duplicates++
		return
	}
	f.stats.evaluated++
	f.moved(k, k.state.observe(k.check, v, &o, &f.clk))
}

// late shows a key a value that was measured before the newest.
func (f *fold) late(k *key, v verdict, o *sample) {
	reason, was := k.state.late(k.check, v, o, &f.clk)
	switch was {
	case late:
		f.stats.late++
	case duplicate:
		f.stats.duplicates++
	default:
		f.stats.evaluated++
		f.moved(k, reason)
	}
}

// find returns the named value of r, or nil.
func find(r *citywatch.Reading, name string) *citywatch.Value {
	for i := range r.Values {
		if r.Values[i].Name == name {
			return &r.Values[i]
		}
	}
	return nil
}

// guard keeps a panic in one key's evaluation from ending the others'.
func (f *fold) guard(k *key) {
	p := recover()
	if p == nil {
		return
	}
	k.broken = true
	f.due[k.slot] = never
	f.stats.panics++
	f.log.Error("an alert rule failed and is not evaluated for this device until the next start",
		"rule", k.id.rule, "device", k.id.device, "panic", p, "stack", string(debug.Stack()))
}

func (f *fold) tick(at time.Time, pos citywatch.Position) {
	if f.clk.tick(at) {
		for _, k := range f.keys {
			f.schedule(k)
		}
	}
	var now []*key
	for slot, due := range f.due {
		if due < f.clk.Up {
			now = append(now, f.keys[slot])
		}
	}
	f.explainersFirst(now)
	for _, k := range now {
		f.elapse(k, pos)
	}
}

func (f *fold) elapse(k *key, pos citywatch.Position) {
	if k.broken || !pos.After(k.Pos) {
		return
	}
	defer f.guard(k)
	f.changes(k)
	var reason citywatch.Reason
	if k.check == nil {
		if f.dueUnclaimed(k) < f.clk.Up {
			reason = k.abandoned()
		}
	} else if !k.check.judgedWithOthers() && !f.waits(k, pos) {
		reason = k.state.elapse(k.check, &f.clk)
	}
	if reason != "" {
		k.Pos = pos
	} else if c, ok := f.overdue(k); ok {
		k.Pos = pos
		f.change(k, c)
	}
	f.moved(k, reason)
}

// moved follows up what a key was told: the transition, and when to look at it
// next.
func (f *fold) moved(k *key, reason citywatch.Reason) {
	f.feed(k)
	if reason != "" {
		f.transition(k, reason, "")
	}
	k.rest()
	f.schedule(k)
}

func (f *fold) schedule(k *key) {
	f.patient[k.slot] = k.patient()
	if pending := k.Episode != nil && k.Episode.Condition == citywatch.Pending; pending != k.pending {
		k.pending = pending
		if f.pending--; pending {
			f.pending += 2
		}
	}
	switch {
	case k.broken:
		f.due[k.slot] = never
	case k.check == nil:
		f.due[k.slot] = f.dueUnclaimed(k)
	case k.check.judgedWithOthers():
		f.due[k.slot] = never
	default:
		f.due[k.slot] = k.due(k.check, &f.clk)
	}
	if ep := k.Episode; ep != nil && ep.Alert != nil && !k.broken {
		f.due[k.slot] = min(f.due[k.slot], f.dueHandling(k))
	}
}

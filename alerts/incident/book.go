package incident

import (
	"cmp"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

const (
	// keepFor is how long a closed incident is remembered, and keepAlerts how
	// many alerts the closed ones may have together: the oldest go first.
	keepFor    = 366 * 24 * time.Hour
	keepAlerts = 20_000
	// maxTimeline is how many events an incident keeps: the first, and the
	// newest. The audit has them all.
	maxTimeline = 1000
)

// Options are what a Book goes by.
type Options struct {
	// Joins are filled up with Defaults.
	Joins []Join
	// Rivers may be nil.
	Rivers *Rivers
	Storm  StormOptions
}

// A Book is every incident that is open, and those that were. It is not safe
// for concurrent use.
type Book struct {
	joins []Join
	atlas atlas
	storm storm

	// last is the transition up to which it knows the journal, now the latest
	// time that any of them had.
	last uint64
	now  time.Time
	// count numbers the incidents, and alerts the alerts.
	count, alerts uint64

	records map[string]*record
	members map[string]*member
	// closed are the closed ones in the order of closing.
	closed       []*record
	closedAlerts int
}

// A record is what a Book keeps of one incident.
type record struct {
	id, hazard string
	number     uint64
	members    []*member // in the order of joining
	open       int       // of the members
	version    int
	updated    time.Time
	closed     time.Time // zero while open
	timeline   []citywatch.IncidentEvent
	skipped    int
	places     map[string]*place // by device
}

// A member is an alert in its incident.
type member struct {
	citywatch.IncidentAlert
	record *record
	number uint64
	came   time.Time
	// isTrue is set while its condition is, as far as anybody will tell.
	isTrue bool
	// fold is the key of its row in a storm.
	fold string
}

// NewBook returns an empty Book.
func NewBook(o Options) *Book {
	if o.Rivers == nil {
		o.Rivers = NewRivers(nil)
	}
	return &Book{
		joins:   Filled(o.Joins),
		atlas:   atlas{rivers: o.Rivers, buckets: map[string][]*place{}},
		storm:   newStorm(o.Storm),
		records: map[string]*record{},
		members: map[string]*member{},
	}
}

// Last returns the sequence number of the last transition that the book knows.
func (b *Book) Last() uint64 { return b.last }

// Of returns the id of the incident that an alert belongs to, or "".
func (b *Book) Of(alert string) string {
	if m := b.members[alert]; m != nil {
		return m.record.id
	}
	return ""
}

// Apply takes in a transition. It returns the incident that the alert belongs
// to, and whether people are called: what the transition says, but in a storm.
// A transition that is known already changes nothing.
func (b *Book) Apply(t *citywatch.Transition) (incident string, notice citywatch.Notice) {
	if t.Seq != 0 && t.Seq <= b.last {
		return b.Of(t.Alert.ID), t.Notice
	}
	b.last = max(b.last, t.Seq)
	if t.At.After(b.now) {
		b.now = t.At
	}
	b.storm.advance(b.now)
	m := b.members[t.Alert.ID]
	if m == nil {
		if t.Alert.Version > 1 && !t.Alert.Open() {
			return "", t.Notice // of an incident that is long forgotten
		}
		m = b.admit(&t.Alert)
	}
	r := m.record
	wasOpen, wasLevel := m.Open, m.Level
	b.update(m, &t.Alert)
	r.tell(t)
	notice = b.storm.take(t, m, wasOpen, wasLevel, b.members)
	b.settle(r, m.Open, wasOpen)
	b.forget()
	return r.id, notice
}

// admit finds the incident of an alert that is new, or begins one.
func (b *Book) admit(a *citywatch.Alert) *member {
	j := find(b.joins, a.Hazard)
	s := spanOf(a, b.now)
	r := b.atlas.oldest(j, a, s, b.now)
	if r == nil {
		b.count++
		r = &record{id: a.Hazard + "~" + a.ID, hazard: a.Hazard, number: b.count, closed: b.now, places: map[string]*place{}}
		b.records[r.id] = r
		b.closed = append(b.closed, r) // until settle sees that it is open
	}
	b.alerts++
	m := &member{
		record: r, number: b.alerts, came: b.now, fold: b.foldOf(j, a),
		IncidentAlert: citywatch.IncidentAlert{
			ID: a.ID, Rule: a.Rule, Name: a.Name, Device: a.Device, Zone: a.Zone, Sector: a.Sector, Since: s.from, Last: s.to,
		},
	}
	b.members[a.ID] = m
	r.members = append(r.members, m)
	if !r.closed.IsZero() {
		b.closedAlerts++
	}
	p := r.places[a.Device]
	if p == nil {
		p = &place{incident: r, device: a.Device, zone: a.Zone, position: a.Position, from: s.from, to: s.to}
		r.places[a.Device] = p
		b.atlas.add(j, p)
	}
	p.extend(s)
	return m
}

func (p *place) extend(s span) {
	if s.from.Before(p.from) {
		p.from = s.from
	}
	if s.to.After(p.to) {
		p.to = s.to
	}
}

// foldOf returns the row that an alert is folded into.
func (b *Book) foldOf(j *Join, a *citywatch.Alert) string {
	basin := b.atlas.rivers.basin(a.Device)
	switch {
	case basin != "" && (j.By == ByRiver || j.By == ByBasin):
		return "basin/" + basin
	case a.Zone == "":
		return "rest/"
	}
	return "zone/" + a.Zone
}

// update brings a member up to the alert.
func (b *Book) update(m *member, a *citywatch.Alert) {
	p := m.record.places[m.Device]
	was := m.isTrue
	m.isTrue = a.Condition != citywatch.Normal && a.Open() // what is closed, nobody watches
	switch {
	case m.isTrue && !was:
		p.truths++
	case was && !m.isTrue:
		p.truths--
	}
	if m.isTrue || was {
		m.Last = b.now
		p.extend(span{m.Last, m.Last})
	}
	m.Position, m.Level, m.Peak = a.Position, a.Level, max(m.Peak, a.Level)
	m.Condition, m.Handling, m.HandledBy, m.Stale = a.Condition, a.Handling, a.HandledBy, a.Stale
	m.Updated, m.Version, m.Open = b.now, a.Version, a.Open()
}

// tell adds a transition to the timeline.
func (r *record) tell(t *citywatch.Transition) {
	r.version++
	if len(r.timeline) >= maxTimeline {
		// The first stays, and a quarter goes at once: not one by one.
		r.timeline = slices.Delete(r.timeline, 1, 1+maxTimeline/4)
		r.skipped += maxTimeline / 4
	}
	r.timeline = append(r.timeline, citywatch.IncidentEvent{
		At: t.At, Alert: t.Alert.ID, Reason: t.Reason, Level: t.Alert.Level, Actor: t.Actor, Pressed: t.Pressed, Note: t.Note, To: t.To,
	})
}

// settle opens or closes an incident of which a member was opened or closed.
func (b *Book) settle(r *record, isOpen, wasOpen bool) {
	r.updated = b.now
	switch {
	case isOpen && !wasOpen:
		r.open++
	case wasOpen && !isOpen:
		r.open--
	}
	if (r.open == 0) == !r.closed.IsZero() {
		return
	}
	if r.open == 0 {
		r.closed = b.now
		b.closed = append(b.closed, r)
		b.closedAlerts += len(r.members)
		return
	}
	r.closed = time.Time{}
	at := len(b.closed) - 1 // nearly always: it is new, or was closed just now
	for b.closed[at] != r {
		at--
	}
	b.closed = slices.Delete(b.closed, at, at+1)
	b.closedAlerts -= len(r.members)
}

// takes reports whether anything may still join: people must not be told that
// what they found to be nothing goes on.
func (r *record) takes() bool {
	return r.open > 0 || slices.ContainsFunc(r.members, func(m *member) bool { return m.Handling != citywatch.FalseAlarm })
}

// forget drops the oldest closed incidents beyond what is kept.
func (b *Book) forget() {
	for len(b.closed) > 1 && (b.closedAlerts > keepAlerts || b.now.Sub(b.closed[0].closed) > keepFor) {
		r := b.closed[0]
		b.closed = b.closed[1:]
		b.closedAlerts -= len(r.members)
		j := find(b.joins, r.hazard)
		for _, p := range r.places {
			b.atlas.remove(j, p)
		}
		for _, m := range r.members {
			delete(b.members, m.ID)
		}
		delete(b.records, r.id)
	}
}

// Rewind is for a journal that begins anew: the places remembered are of another
// one.
func (b *Book) Rewind() { b.last = 0 }

// SetJoins has other joins count from now on. What has joined stays joined.
func (b *Book) SetJoins(joins []Join) {
	b.joins = Filled(joins)
	b.atlas.buckets = map[string][]*place{}
	for _, r := range b.inOrder() {
		j := find(b.joins, r.hazard)
		for _, p := range r.inOrder() {
			b.atlas.add(j, p)
		}
	}
}

// inOrder returns the incidents in the order in which they began.
func (b *Book) inOrder() []*record {
	all := make([]*record, 0, len(b.records))
	for _, r := range b.records {
		all = append(all, r)
	}
	slices.SortFunc(all, func(x, y *record) int { return cmp.Compare(x.number, y.number) })
	return all
}

// inOrder returns the places in the order in which the incident reached them.
func (r *record) inOrder() []*place {
	seen := make(map[*place]bool, len(r.places))
	var all []*place
	for _, m := range r.members {
		if p := r.places[m.Device]; p != nil && !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	return all
}

// worse reports whether m is to be looked at before n.
func (m *member) worse(n *member) bool {
	if m.Open != n.Open {
		return m.Open
	}
	return m.Level > n.Level || m.Level == n.Level && m.number < n.number
}

// noPlace is the position of a device that has none.
var noPlace orb.Point

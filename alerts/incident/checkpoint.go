package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

const checkpointVersion = 1

// A checkpoint is everything that a book knows.
type checkpoint struct {
	Version int          `json:"version"`
	Last    uint64       `json:"last"`
	Now     time.Time    `json:"now"`
	Count   uint64       `json:"count"`
	Alerts  uint64       `json:"alerts"`
	Records []keptRecord `json:"records"`
	// Closed are the ids of the closed ones in the order of closing.
	Closed []string  `json:"closed"`
	Storm  keptStorm `json:"storm"`
}

type keptRecord struct {
	ID       string                    `json:"id"`
	Hazard   string                    `json:"hazard"`
	Number   uint64                    `json:"number"`
	Version  int                       `json:"version"`
	Updated  time.Time                 `json:"updated"`
	Closed   time.Time                 `json:"closed,omitzero"`
	Members  []keptMember              `json:"members"`
	Places   []keptPlace               `json:"places"`
	Timeline []citywatch.IncidentEvent `json:"timeline"`
	Skipped  int                       `json:"skipped,omitempty"`
}

type keptMember struct {
	citywatch.IncidentAlert
	Number uint64    `json:"number"`
	Came   time.Time `json:"came"`
	IsTrue bool      `json:"is_true,omitempty"`
	Fold   string    `json:"fold"`
}

// A keptPlace is where an incident was first told of by a device. When follows
// from the alerts.
type keptPlace struct {
	Device   string    `json:"device"`
	Zone     string    `json:"zone,omitempty"`
	Position orb.Point `json:"position"`
}

type keptStorm struct {
	On     bool                `json:"on"`
	Since  time.Time           `json:"since,omitzero"`
	Recent []second            `json:"recent"`
	Folds  map[string]keptFold `json:"folds"`
}

type keptFold struct {
	Max     citywatch.Level `json:"max"`
	Sounded time.Time       `json:"sounded,omitzero"`
}

// A Snapshot is a book at one moment, to be written while the book goes on.
type Snapshot struct{ kept checkpoint }

// Snapshot copies what the book knows.
func (b *Book) Snapshot() *Snapshot {
	c := checkpoint{
		Version: checkpointVersion, Last: b.last, Now: b.now, Count: b.count, Alerts: b.alerts,
		Storm: keptStorm{On: b.storm.on, Since: b.storm.since, Recent: slices.Clone(b.storm.recent), Folds: map[string]keptFold{}},
	}
	for _, r := range b.inOrder() {
		c.Records = append(c.Records, r.kept())
	}
	for _, r := range b.closed {
		c.Closed = append(c.Closed, r.id)
	}
	for key, f := range b.storm.folds {
		c.Storm.Folds[key] = keptFold{f.max, f.sounded}
	}
	return &Snapshot{c}
}

func (r *record) kept() keptRecord {
	k := keptRecord{
		ID: r.id, Hazard: r.hazard, Number: r.number, Version: r.version, Updated: r.updated, Closed: r.closed,
		Timeline: slices.Clone(r.timeline), Skipped: r.skipped,
	}
	for _, m := range r.members {
		k.Members = append(k.Members, keptMember{m.IncidentAlert, m.number, m.came, m.isTrue, m.fold})
	}
	for _, p := range r.inOrder() {
		k.Places = append(k.Places, keptPlace{p.device, p.zone, p.position})
	}
	return k
}

// Encode writes the snapshot; Load reads it.
func (s *Snapshot) Encode() ([]byte, error) { return json.Marshal(s.kept) }

// Load has an empty book know what a snapshot knew. On an error it is empty
// still.
func (b *Book) Load(data []byte) error {
	var c checkpoint
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	if c.Version != checkpointVersion {
		return fmt.Errorf("the checkpoint has version %d; this program reads version %d", c.Version, checkpointVersion)
	}
	next := &Book{
		joins: b.joins, atlas: atlas{rivers: b.atlas.rivers, buckets: map[string][]*place{}}, storm: newStorm(b.storm.options),
		records: map[string]*record{}, members: map[string]*member{},
		last: c.Last, now: c.Now, count: c.Count, alerts: c.Alerts,
	}
	for i := range c.Records {
		if err := next.loadRecord(&c.Records[i]); err != nil {
			return fmt.Errorf("incident %q: %w", c.Records[i].ID, err)
		}
	}
	if err := next.loadClosed(c.Closed); err != nil {
		return err
	}
	next.loadStorm(&c.Storm)
	*b = *next
	return nil
}

// loadClosed takes over the order in which incidents were closed.
func (b *Book) loadClosed(ids []string) error {
	listed := map[string]bool{}
	for _, id := range ids {
		r := b.records[id]
		if r == nil || r.open > 0 || listed[id] {
			return fmt.Errorf("incident %q is listed as closed", id)
		}
		listed[id] = true
		b.closed = append(b.closed, r)
		b.closedAlerts += len(r.members)
	}
	for id, r := range b.records {
		if closed := r.open == 0; closed != listed[id] || closed == r.closed.IsZero() {
			return fmt.Errorf("incident %q is both open and closed", id)
		}
	}
	return nil
}

func (b *Book) loadRecord(k *keptRecord) error {
	r := &record{
		id: k.ID, hazard: k.Hazard, number: k.Number, version: k.Version, updated: k.Updated, closed: k.Closed,
		timeline: k.Timeline, skipped: k.Skipped, places: map[string]*place{},
	}
	if b.records[r.id] != nil || len(k.Members) == 0 {
		return errors.New("it is there twice, or empty")
	}
	b.records[r.id] = r
	for _, p := range k.Places {
		r.places[p.Device] = &place{incident: r, device: p.Device, zone: p.Zone, position: p.Position}
	}
	for i := range k.Members {
		m := &member{
			record: r, IncidentAlert: k.Members[i].IncidentAlert, number: k.Members[i].Number,
			came: k.Members[i].Came, isTrue: k.Members[i].IsTrue, fold: k.Members[i].Fold,
		}
		p := r.places[m.Device]
		if p == nil || b.members[m.ID] != nil {
			return fmt.Errorf("alert %q is there twice, or nowhere", m.ID)
		}
		r.members = append(r.members, m)
		b.members[m.ID] = m
		if m.Open {
			r.open++
		}
		if p.from.IsZero() {
			p.from, p.to = m.Since, m.Last
		}
		p.extend(span{m.Since, m.Last})
		if m.isTrue {
			p.truths++
		}
	}
	j := find(b.joins, r.hazard)
	for _, p := range r.inOrder() {
		b.atlas.add(j, p)
	}
	return nil
}

func (b *Book) loadStorm(k *keptStorm) {
	s := &b.storm
	s.on, s.since, s.recent = k.On, k.Since, k.Recent
	for _, at := range k.Recent {
		s.sum += at.Count
	}
	for _, m := range b.members {
		if !m.Open {
			continue
		}
		f := s.folds[m.fold]
		if f == nil {
			kept := k.Folds[m.fold]
			f = &fold{max: kept.Max, sounded: kept.Sounded}
			s.folds[m.fold] = f
		}
		f.open++
	}
}

// Package incidents keeps the incidents: it holds the book into which alerts
// are joined, restores it from the journal, and takes what people do on
// checklists.
//
// Whoever reads the journal's transitions hands each to Transition before
// showing it to anybody, so that no alert is ever seen without its incident.
package incidents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"citywatch"
	"citywatch/alerts/incident"
)

// Where the book and the checks are kept over restarts.
const (
	bookKey   = "incidents"
	checksKey = "incidents-checks"
)

// A Reader returns the journal's transitions in their order.
type Reader interface {
	Next(context.Context) (citywatch.Transition, error)
	Close()
}

// A Journal is what is asked of the journal.
type Journal interface {
	TransitionBounds(context.Context) (first, last uint64, err error)
	Epoch() string
	Load(ctx context.Context, key string) ([]byte, error)
	Save(ctx context.Context, key string, data []byte) error
}

// Options configure Incidents.
type Options struct {
	Storm incident.StormOptions `yaml:"storm"`
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	ps := o.Storm.Problems()
	for i := range ps {
		ps[i].Path = "$.storm" + strings.TrimPrefix(ps[i].Path, "$")
	}
	return ps
}

// Deps are what Incidents are given by their surroundings.
type Deps struct {
	Journal Journal
	// Transitions reads the journal from a sequence number on.
	Transitions func(from uint64) Reader
	// Note, where it is not nil, writes what somebody checked into an alert's own
	// history, which the audit follows.
	Note func(ctx context.Context, alert, actor, note string) error
	// Rivers may be nil.
	Rivers *incident.Rivers
	Log    *slog.Logger
}

// Rules are what the alert rules say of incidents.
type Rules struct {
	Joins []incident.Join
	// Checklist returns what is to be done about an alert of a rule.
	Checklist func(rule string) []citywatch.Text
	// Draft reports whether that is a draft only; nil says no.
	Draft func(rule string) bool
}

// Incidents are all incidents, as far as the transitions have been handed in.
// They are safe for concurrent use.
type Incidents struct {
	deps Deps

	mu        sync.RWMutex
	book      *incident.Book
	checklist func(rule string) []citywatch.Text
	draft     func(rule string) bool // may be nil
	checks    incident.Checks
	// kept is the last transition that the kept book knows.
	kept uint64

	// checking is held while a check is made and kept: one after the other.
	checking sync.Mutex
}

// New returns Incidents that know nothing; Restore tells them.
func New(o Options, rules Rules, deps Deps) *Incidents {
	n := &Incidents{
		deps: deps, checklist: rules.Checklist, draft: rules.Draft,
		book: incident.NewBook(incident.Options{Joins: rules.Joins, Rivers: deps.Rivers, Storm: o.Storm}),
	}
	if n.checklist == nil {
		n.checklist = func(string) []citywatch.Text { return nil }
	}
	return n
}

// keptBook is a book with the journal that it counts in.
type keptBook struct {
	Epoch string          `json:"epoch"`
	Book  json.RawMessage `json:"book"`
}

// Restore takes over what was kept, and reads from the journal what came after
// that, up to and with transition upTo. What comes then is handed in.
func (n *Incidents) Restore(ctx context.Context, upTo uint64) error {
	if err := n.restoreBook(ctx); err != nil {
		return fmt.Errorf("incidents: %w", err)
	}
	if err := n.catchUp(ctx, upTo); err != nil {
		return fmt.Errorf("incidents: reading the transitions: %w", err)
	}
	data, err := n.deps.Journal.Load(ctx, checksKey)
	if err != nil || data == nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := json.Unmarshal(data, &n.checks); err != nil {
		// Nobody else has them, so nothing is written over them.
		return fmt.Errorf("incidents: what was checked on the checklists cannot be read: %w", err)
	}
	return nil
}

func (n *Incidents) restoreBook(ctx context.Context) error {
	data, err := n.deps.Journal.Load(ctx, bookKey)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if data == nil {
		return nil
	}
	var kept keptBook
	if err = json.Unmarshal(data, &kept); err == nil {
		err = n.book.Load(kept.Book)
	}
	if err != nil {
		// Nothing is lost that the journal still has.
		n.deps.Log.Warn("the kept incidents cannot be read; reading all transitions", "err", err)
		return nil
	}
	if kept.Epoch != n.deps.Journal.Epoch() {
		n.deps.Log.Warn("the journal begins anew: incidents are kept, and its transitions are taken from the start")
		n.book.Rewind()
	}
	n.kept = n.book.Last()
	return nil
}

// catchUp reads what others know already.
func (n *Incidents) catchUp(ctx context.Context, upTo uint64) error {
	first, last, err := n.deps.Journal.TransitionBounds(ctx)
	if err != nil {
		return err
	}
	from := max(n.book.Last()+1, first)
	last = min(last, upTo)
	if from > last {
		return nil
	}
	r := n.deps.Transitions(from)
	defer r.Close()
	for {
		t, err := r.Next(ctx)
		if err != nil {
			return err
		}
		if t.Seq > last {
			return nil
		}
		n.Transition(&t)
		if t.Seq == last {
			return nil
		}
	}
}

// Transition takes in a transition, and sets the incident of its alert and, in
// a storm, whether it still calls people.
func (n *Incidents) Transition(t *citywatch.Transition) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t.Alert.Incident, t.Notice = n.book.Apply(t)
}

// Of returns the id of the incident that an alert belongs to, or "".
func (n *Incidents) Of(alert string) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.book.Of(alert)
}

// Save keeps what is known, if that is more than was kept.
func (n *Incidents) Save(ctx context.Context) error {
	n.mu.RLock()
	last := n.book.Last()
	if last == n.kept {
		n.mu.RUnlock()
		return nil
	}
	snapshot := n.book.Snapshot()
	n.mu.RUnlock()
	return n.keep(ctx, snapshot, last)
}

func (n *Incidents) keep(ctx context.Context, snapshot *incident.Snapshot, last uint64) error {
	book, err := snapshot.Encode()
	if err != nil {
		return err
	}
	data, err := json.Marshal(keptBook{n.deps.Journal.Epoch(), book})
	if err != nil {
		return err
	}
	if err := n.deps.Journal.Save(ctx, bookKey, data); err != nil {
		return err
	}
	n.mu.Lock()
	n.kept = last
	n.mu.Unlock()
	return nil
}

// Reload has other rules count from now on. What was joined by the rules before
// is kept at once, so that a restart does not join it anew; an error says that
// it could not be.
func (n *Incidents) Reload(ctx context.Context, rules Rules) error {
	n.mu.Lock()
	last, snapshot := n.book.Last(), n.book.Snapshot()
	n.book.SetJoins(rules.Joins)
	if rules.Checklist != nil {
		n.checklist, n.draft = rules.Checklist, rules.Draft
	}
	n.mu.Unlock()
	return n.keep(ctx, snapshot, last)
}

// List returns the open incidents, worst first, and with them up to closed of
// those that were closed last.
func (n *Incidents) List(closed int) []citywatch.Incident {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return append(n.book.Open(), n.book.Closed(closed, nil)...)
}

// Past returns what there was before at the place of an incident.
func (n *Incidents) Past(id string, limit int) []citywatch.Incident {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.book.Past(id, limit)
}

// File returns all that is known of an incident, and whether there is one.
func (n *Incidents) File(id string) (citywatch.IncidentFile, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	f, ok := n.book.File(id)
	if !ok {
		return f, false
	}
	f.Checklist = n.checks.Checklist(id, n.items(id))
	for _, e := range n.checks.Events(id) {
		if !slices.ContainsFunc(f.Timeline, func(t citywatch.IncidentEvent) bool {
			return t.Reason == citywatch.ReasonNoted && t.Actor == e.Actor && t.Note == e.Note
		}) {
			f.Timeline = append(f.Timeline, e) // no alert was open to note it at
		}
	}
	slices.SortStableFunc(f.Timeline, func(a, b citywatch.IncidentEvent) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return f, true
}

// Join returns by what alerts of a hazard belong together.
func (n *Incidents) Join(hazard string) incident.Join {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.book.Join(hazard)
}

// Storm returns whether there is a storm at now, and what there is, folded.
func (n *Incidents) Storm(now time.Time) citywatch.Storm {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.book.Storm(now)
}

// items returns the checklist of an incident untouched; the lock is held.
func (n *Incidents) items(id string) []citywatch.CheckItem {
	items := incident.Items(n.book.Rules(id), n.checklist)
	for i := range items {
		items[i].Draft = n.draft != nil && n.draft(items[i].Rule)
	}
	return items
}

// ErrNotFound means that there is no such incident.
var ErrNotFound = errors.New("no such incident")

// Check notes what somebody did on the checklist of an incident, and returns it
// when that is on the disk. The errors are ErrNotFound, incident.ErrNoItem,
// incident.ErrChecked where somebody else was quicker, and the journal's, after
// which nothing has changed.
func (n *Incidents) Check(ctx context.Context, id string, c incident.Check) (citywatch.Checklist, error) {
	n.checking.Lock()
	defer n.checking.Unlock()
	m, err := n.make(id, c)
	if err != nil || m.data == nil {
		return m.list, err
	}
	if err := n.deps.Journal.Save(ctx, checksKey, m.data); err != nil {
		n.mu.Lock()
		n.checks.Undo(id)
		n.mu.Unlock()
		return citywatch.Checklist{}, err
	}
	if n.deps.Note != nil && m.alert != "" {
		if err := n.deps.Note(ctx, m.alert, c.Actor, m.note); err != nil {
			n.deps.Log.Error("what was checked is kept, but stands in no alert's history", "incident", id, "alert", m.alert, "by", c.Actor, "err", err)
		}
	}
	return m.list, nil
}

// A making is a check that is made, but not kept yet.
type making struct {
	list citywatch.Checklist
	// data is what is to be kept; nil where nothing changed.
	data []byte
	// alert is the open one to note it at, if there is any.
	alert, note string
}

func (n *Incidents) make(id string, c incident.Check) (making, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f, ok := n.book.File(id)
	if !ok {
		return making{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	items := n.items(id)
	changed, err := n.checks.Make(id, items, c)
	if err != nil {
		return making{}, err
	}
	m := making{list: n.checks.Checklist(id, items)}
	if !changed {
		return m, nil
	}
	events := n.checks.Events(id)
	m.note = events[len(events)-1].Note
	if f.Members[0].Open {
		m.alert = f.Members[0].ID
	}
	n.checks.Keep(n.book.Has)
	if m.data, err = json.Marshal(&n.checks); err != nil {
		n.checks.Undo(id)
	}
	return m, err
}

package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"citywatch"
)

// The errors of checking.
var (
	// ErrNoItem means that the checklist has no such item.
	ErrNoItem = errors.New("the checklist has no such item")
	// ErrChecked means that somebody else changed the item since it was seen.
	// The error is a *CheckedError.
	ErrChecked = errors.New("the item has changed")
)

// A CheckedError says who was quicker. It is ErrChecked.
type CheckedError struct{ Item citywatch.CheckItem }

// Error says who was quicker.
func (e *CheckedError) Error() string {
	return fmt.Sprintf("%q: %s was quicker", e.Item.VI, e.Item.By)
}

// Is reports whether target is ErrChecked.
func (e *CheckedError) Is(target error) bool { return target == ErrChecked }

// A Check is that a person did, or undid, one thing on a checklist.
type Check struct {
	Item  string `json:"item"`
	Done  bool   `json:"done"`
	Actor string `json:"actor"`
	// Seen is the version of the checklist that the person saw. What others
	// did to other items since does no harm.
	Seen int `json:"seen"`
	// At is when.
	At time.Time `json:"at"`
}

// Checks are what people did on the checklists of incidents. The zero Checks
// are ready to use; they are not safe for concurrent use.
type Checks struct {
	made map[string][]made // by incident, in order: the nth made version n
}

// A made check keeps the item's words: what was done stays readable after its
// rule has been changed.
type made struct {
	Check
	Rule string         `json:"rule"`
	Text citywatch.Text `json:"text"`
}

// Items returns the checklist of rules, in their order, as nobody has touched
// it. What two rules ask for in the same words stands there once.
func Items(rules []string, checklist func(rule string) []citywatch.Text) []citywatch.CheckItem {
	items := []citywatch.CheckItem{}
	for _, rule := range rules {
		for _, text := range checklist(rule) {
			sum := sha256.Sum256([]byte(text.VI + "\n" + text.EN))
			id := hex.EncodeToString(sum[:6])
			if !slices.ContainsFunc(items, func(i citywatch.CheckItem) bool { return i.ID == id }) {
				items = append(items, citywatch.CheckItem{ID: id, Rule: rule, Text: text})
			}
		}
	}
	return items
}

// Checklist returns the items as they stand, and after them what was done of
// items that their rules no longer have.
func (c *Checks) Checklist(incident string, items []citywatch.CheckItem) citywatch.Checklist {
	list := citywatch.Checklist{Items: slices.Clone(items)}
	for n, m := range c.made[incident] {
		at := slices.IndexFunc(list.Items, func(i citywatch.CheckItem) bool { return i.ID == m.Item })
		if at < 0 {
			at = len(list.Items)
			list.Items = append(list.Items, citywatch.CheckItem{ID: m.Item, Rule: m.Rule, Text: m.Text})
		}
		item := &list.Items[at]
		item.Done, item.By, item.At, item.Version = m.Done, m.Actor, m.At, n+1
		list.Version = n + 1
	}
	return list
}

// Make adds a check. Checking what the same person has checked already changes
// nothing; what another changed since it was seen is an ErrChecked.
func (c *Checks) Make(incident string, items []citywatch.CheckItem, check Check) (changed bool, err error) {
	list := c.Checklist(incident, items)
	at := slices.IndexFunc(list.Items, func(i citywatch.CheckItem) bool { return i.ID == check.Item })
	if at < 0 {
		return false, fmt.Errorf("%w: %q", ErrNoItem, check.Item)
	}
	item := list.Items[at]
	switch {
	case item.Done == check.Done && (item.By == check.Actor || item.Version == 0):
		return false, nil
	case item.Version > check.Seen:
		return false, &CheckedError{item}
	case item.Done == check.Done:
		return false, nil
	}
	if c.made == nil {
		c.made = map[string][]made{}
	}
	c.made[incident] = append(c.made[incident], made{check, item.Rule, item.Text})
	return true, nil
}

// Undo takes back the last check of an incident, which could not be kept.
func (c *Checks) Undo(incident string) {
	if n := len(c.made[incident]); n > 0 {
		c.made[incident] = c.made[incident][:n-1]
	}
}

// Events returns the checks of an incident for its timeline.
func (c *Checks) Events(incident string) []citywatch.IncidentEvent {
	var events []citywatch.IncidentEvent
	for _, m := range c.made[incident] {
		note := "✓ " + m.Text.VI
		if !m.Done {
			note = "✗ " + m.Text.VI
		}
		events = append(events, citywatch.IncidentEvent{At: m.At, Reason: citywatch.ReasonChecked, Actor: m.Actor, Note: note})
	}
	return events
}

// Keep forgets the checks of incidents that are forgotten.
func (c *Checks) Keep(known func(incident string) bool) {
	for id := range c.made {
		if !known(id) {
			delete(c.made, id)
		}
	}
}

// MarshalJSON writes all checks.
func (c *Checks) MarshalJSON() ([]byte, error) { return json.Marshal(c.made) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Checks) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &c.made) }

package alerts

import (
	"fmt"
	"slices"
	"time"

	"citywatch"
)

// A cause is why an alert changes.
type cause struct {
	reason citywatch.Reason
	// actor is empty for the engine; note and to are for people.
	actor, note, to string
	notice          citywatch.Notice
	// pressed and request are of a person's action.
	pressed time.Time
	request string
	// handling is set where only people's side changes: what the engine knows
	// of the condition is not brought into the alert anew.
	handling bool
}

// transition makes a transition because of what became of the condition.
func (f *fold) transition(k *key, reason citywatch.Reason, actor string) {
	f.change(k, cause{reason: reason, actor: actor, handling: actor != ""})
}

// change makes the next version of the key's alert, the first if it has none,
// and adds it to what goes to the journal.
func (f *fold) change(k *key, c cause) {
	if k.mute {
		return // the other engine makes it
	}
	ep := k.Episode
	f.refresh(k)
	if ep.Alert == nil {
		ep.Alert = f.newAlert(k)
		ep.Alert.Retrospective = c.reason == citywatch.ReasonLooksBack
		f.opened(k)
	}
	a := ep.Alert
	at := f.clk.Now
	if c.actor != "" {
		at = f.now()
	}
	a.Version++
	a.Updated = at
	if !c.handling {
		f.update(k, c.reason)
		ep.Acted.Did, ep.Noted = "", "" // the same once more is about something else
	}
	a.Condition, a.Stale = ep.Condition, ep.Stale
	if a.Condition == citywatch.Pending && k.id.rule != serviceRule {
		a.Condition = citywatch.Normal // pending anew; the alert is of what was before
	}
	f.call(k, &c)
	t := citywatch.Transition{
		ID: fmt.Sprintf("%s.%d", a.ID, a.Version), At: at,
		Reason: c.reason, Actor: c.actor, Pressed: c.pressed, Request: c.request, Note: c.note, To: c.to, Notice: c.notice, Before: ep.told, Backlog: k.told(), Alert: *a,
	}
	ep.told = a.Standing()
	t.Alert.Evidence = slices.Clone(a.Evidence)
	t.Alert.Promises = slices.Clone(a.Promises)
	f.touched(k)
	if !a.Open() {
		f.ended(k)
	}
	if c.actor != "" && (c.reason == citywatch.ReasonRecovered || a.Handling == citywatch.Closed) {
		k.parted()
	}
	t.State = f.state(k)
	f.out = append(f.out, t)
}

// now is the time at which a person does something. An engine that was started
// just now, and reads entries again, knows from the transitions that it is later
// than its clock says.
func (f *fold) now() time.Time {
	if f.latest.After(f.clk.Now) {
		return f.latest
	}
	return f.clk.Now
}

// ended parts the key from an alert that nobody is needed for any more. What is
// still so, although there was nothing, goes on being watched.
func (f *fold) ended(k *key) {
	f.closed(k)
	ep := k.Episode
	handling := ep.Alert.Handling
	ep.Alert, ep.told = nil, citywatch.Standing{}
	ep.Acted, ep.Noted, ep.Called = acted{}, "", call{}
	switch {
	case handling == citywatch.FalseAlarm && k.check != nil && k.check.judgedWithOthers():
		k.Denied = f.newest(k)
		*ep = episode{standing: normal()}
	case handling == citywatch.FalseAlarm:
		ep.Dismissed = ep.Level
	case handling == citywatch.Closed && ep.Level > citywatch.None:
		k.Events = nil // somebody has seen that they are over
		*ep = episode{standing: normal()}
	}
	k.rest()
}

// update brings into the alert what the engine knows, and asks people to look
// where there is something new to see.
func (f *fold) update(k *key, reason citywatch.Reason) {
	ep := k.Episode
	a := ep.Alert
	rose := reason == citywatch.ReasonFired || reason == citywatch.ReasonRaised || reason == citywatch.ReasonConfirmed
	if rose || k.check == nil {
		a.Handling, a.HandledBy = citywatch.New, ""
	}
	if rose || k.check == nil || reason == citywatch.ReasonRelapsed && a.Condition == citywatch.Normal {
		ep.Asked = a.Version
	}
	if ep.Level > citywatch.None {
		a.Level = ep.Level
	}
	if rose {
		a.Overlay = f.overlay(k)
	}
	if k.check == nil {
		return
	}
	a.RuleHash = k.check.rule.hash
	if k.check.judgedWithOthers() {
		f.told(k, reason)
		return
	}
	k.lookedBack(rose)
	switch {
	case reason == citywatch.ReasonLooksBack:
		a.Evidence = f.peak(k)
	case k.check.zone != nil:
		f.toldOfZone(k, reason)
	case reason != citywatch.ReasonStale:
		a.Evidence = f.evidence(k, reason == citywatch.ReasonFired)
	}
	if k.At != nil {
		a.Position = *k.At
	}
}

// evidence returns the value that made the change and, for an alert that took
// its time to fire, the one with which it began.
func (f *fold) evidence(k *key, fired bool) []citywatch.Evidence {
	if k.check.value == "" {
		return []citywatch.Evidence{} // silence has none
	}
	evidence := []citywatch.Evidence{k.evidence(k.check, k.Episode.Alert.Level)}
	if first := k.Episode.First; fired && first.Time.Before(k.Last) && !first.Time.IsZero() {
		evidence = []citywatch.Evidence{first, evidence[0]}
	}
	for i := range evidence {
		evidence[i].Device = k.id.device
		evidence[i].Unit = f.rules.units[quantity{k.device.Class, evidence[i].Value}]
	}
	return evidence
}

// newAlert begins an occurrence. Its id is made of where in the journal it was
// found, and when: no two are the same, not even after the journal has begun
// anew, and no counter need be remembered for keys at which nothing is the
// matter.
func (f *fold) newAlert(k *key) *citywatch.Alert {
	const second = "20060102T150405Z"
	r, d := k.check.rule, k.device
	return &citywatch.Alert{
		ID:   fmt.Sprintf("%s~%s~%s-%d-%d", r.ID, d.ID, f.clk.Now.UTC().Format(second), k.Pos.Seq, k.Pos.Index),
		Rule: r.ID, Name: r.Name, Hazard: r.Hazard,
		Device: k.check.named(d), Zone: d.Zone, Sector: d.Sector, Position: d.Position,
		Handling: citywatch.New,
		Since:    k.Episode.began(k.Last),
		Evidence: []citywatch.Evidence{},
		Exercise: f.options.Exercise,
	}
}

// abandonedAfter is how long an alert may be without its device or rule before
// it is marked stale, where the rule still exists: a device that registers
// itself is only known again when it has published.
const abandonedAfter = silentPeriods * unknownPeriod

// dueUnclaimed returns when a key that nobody claims goes stale.
func (f *fold) dueUnclaimed(k *key) time.Duration {
	ep := k.Episode
	if ep == nil || ep.Alert == nil || ep.Level == citywatch.None || ep.Stale {
		return never
	}
	if !f.ruleExists(k.id.rule) {
		return -1
	}
	return max(k.Up, f.clk.Resumed) + abandonedAfter
}

// abandoned marks an alert stale that nothing evaluates any more. It becomes
// new again, for only people can end it now.
func (k *key) abandoned() citywatch.Reason {
	ep := k.Episode
	return ep.settle(ep.Level, ep.Condition != citywatch.Recovering, true)
}

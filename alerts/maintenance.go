package alerts

import (
	"cmp"
	"fmt"
	"time"

	"citywatch"
)

// serviceRule is the id of the rule that stands for devices being worked on. No
// rule of a file may have it.
const serviceRule = "out-of-service"

// farthestService is how far ahead work on a device can be planned, or end.
const farthestService = 366 * 24 * time.Hour

// serviceCheck never fires by itself: people begin its alerts, and they or the
// end of a window end them, which so stand on the wall, in the audit and in the
// handover, and are restored, like all others.
func serviceCheck() *check {
	return &check{
		rule: &rule{
			ID: serviceRule, Hazard: "device",
			Name: citywatch.Text{VI: "Thiết bị ngừng phục vụ", EN: "Device out of service"},
		},
		limit: never / 2,
	}
}

// maintenance returns the window that the action asks for. Without a time it
// begins at once, and lasts until somebody ends it.
func (a *Action) maintenance(now time.Time) (citywatch.Maintenance, error) {
	w := citywatch.Maintenance{From: now, Until: a.Until}
	if a.From.After(now) {
		w.From = a.From
	}
	for _, t := range []struct {
		name string
		at   time.Time
	}{{"from", w.From}, {"until", w.Until}} {
		if t.at.Sub(now) > farthestService {
			return w, fmt.Errorf("%w: %s %s is more than a year away", ErrIncomplete, t.name, t.at.Format(time.RFC3339))
		}
	}
	switch {
	case a.Until.IsZero():
	case !a.Until.After(now):
		return w, fmt.Errorf("%w: until %s is over", ErrIncomplete, a.Until.Format(time.RFC3339))
	case !a.Until.After(w.From):
		return w, fmt.Errorf("%w: until %s does not lie after from %s", ErrIncomplete, a.Until.Format(time.RFC3339), w.From.Format(time.RFC3339))
	}
	return w, nil
}

// takeOut takes a device out of service, at once or from a time on: until it is
// back, nobody is called about any of its alerts. A device has one window, which
// may be moved.
func (f *fold) takeOut(a Action) (citywatch.Alert, error) {
	t, ok := f.targets[a.Device]
	if !ok || t.foreign {
		return citywatch.Alert{}, fmt.Errorf("%w: device %q is not known", ErrNotFound, a.Device)
	}
	window, err := a.maintenance(f.clk.Now)
	k := f.service[a.Device]
	if k != nil {
		// The same once more is told what came of it, even when its time is over.
		if done, again := k.again(&a); again {
			return done, nil
		}
		if a.Version == 0 && k.Episode.Alert.HandledBy != a.Actor {
			return citywatch.Alert{}, &ConflictError{By: k.Episode.Alert.HandledBy, Alert: *k.Episode.Alert}
		}
		if err := k.Episode.outdated(&a); err != nil {
			return citywatch.Alert{}, err
		}
	}
	if err != nil {
		return citywatch.Alert{}, err
	}
	if a.Note == "" {
		return citywatch.Alert{}, fmt.Errorf("%w: note is missing: what is being done to the device?", ErrIncomplete)
	}
	if k == nil {
		k = f.openService(t.device)
	} else if was := k.Episode.Alert.Maintenance; was != nil && k.worked() && !window.From.After(f.clk.Now) {
		window.From = was.From // it goes on
	}
	k.Episode.Alert.Maintenance = &window
	f.setService(k)
	k.moved(&a, citywatch.Acknowledged)
	return f.act(k, &a, cause{reason: citywatch.ReasonOutOfService}), nil
}

// again reports whether the action changes nothing about the window: it is what
// its author did last, or says no time and so has nothing to add.
func (k *key) again(a *Action) (citywatch.Alert, bool) {
	ep := k.Episode
	plain := a.From.IsZero() && a.Until.IsZero() && a.Version == 0
	same := ep.Acted.Did == a.did() || plain && k.worked() && ep.Alert.HandledBy == a.Actor
	return *ep.Alert, same
}

// openService opens the alert of a window.
func (f *fold) openService(d *citywatch.Device) *key {
	k := f.serviceKey(d)
	if f.last.After(k.Pos) {
		k.Pos = f.last
	} else {
		k.Pos.Index++ // it has just been back, and the alert's id has to be another
	}
	k.Episode = &episode{}
	k.Episode.Reached[citywatch.MinLevel] = f.clk.Now
	k.Episode.Alert = f.newAlert(k)
	k.Episode.Alert.Level = citywatch.MinLevel
	f.opened(k)
	return k
}

// setService brings the key's condition to what the window says of now: what is
// planned is pending.
func (f *fold) setService(k *key) {
	level := citywatch.MinLevel
	window := k.Episode.Alert.Maintenance
	if window != nil && window.From.After(f.clk.Now) {
		level = citywatch.None
	}
	if level > citywatch.None && !k.worked() && window != nil {
		k.Episode.Alert.Since = window.From
	}
	k.Episode.settle(level, true, k.Episode.Stale)
}

// worked reports whether the window of a key that stands for one has begun.
func (k *key) worked() bool { return k.Episode.Level > citywatch.None }

// endService ends the key's window.
func (k *key) endService() {
	k.Episode.Reached = since{}
	k.Episode.settle(citywatch.None, false, false)
}

// takeBack brings a device back into service, or calls off what was planned.
func (f *fold) takeBack(a Action) (citywatch.Alert, error) {
	k := f.service[a.Device]
	if k == nil {
		return citywatch.Alert{}, fmt.Errorf("%w: device %q is not out of service", ErrNotFound, a.Device)
	}
	k.endService()
	k.moved(&a, citywatch.Closed)
	return f.act(k, &a, cause{reason: citywatch.ReasonBackInService}), nil
}

// serviceDue begins or ends a window whose time has come. Who is called then is
// the business of the device's other alerts.
func (f *fold) serviceDue(k *key) (cause, bool) {
	window := k.Episode.Alert.Maintenance
	switch {
	case window == nil:
	case !window.Until.IsZero() && !f.clk.Now.Before(window.Until):
		k.endService()
		k.Episode.Alert.Handling = citywatch.Closed
		return cause{reason: citywatch.ReasonBackInService, handling: true}, true
	case !k.worked() && !f.clk.Now.Before(window.From):
		f.setService(k)
		return cause{reason: citywatch.ReasonOutOfService, handling: true}, true
	}
	return cause{}, false
}

// nextService returns when serviceDue might do something, never if not by
// itself.
func (f *fold) nextService(k *key) time.Duration {
	window := k.Episode.Alert.Maintenance
	if window == nil {
		return never
	}
	at := window.Until
	if !k.worked() {
		at = window.From
	}
	if at.IsZero() {
		return never
	}
	return f.clk.Up + at.Sub(f.clk.Now) - citywatch.TickEvery
}

// serviceKey returns the key that stands for a device being worked on.
func (f *fold) serviceKey(d *citywatch.Device) *key {
	for _, k := range f.keys {
		if k.id == (keyID{serviceRule, d.ID}) {
			return k
		}
	}
	return f.key(serviceCheck(), d)
}

// servicesFirst orders the keys that stand for windows before all others: what
// fires at the tick at which a window ends calls people.
func servicesFirst(a, b *key) int {
	of := func(k *key) int {
		if k.id.rule == serviceRule {
			return 0
		}
		return 1
	}
	return cmp.Compare(of(a), of(b))
}

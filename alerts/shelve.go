package alerts

import (
	"fmt"
	"time"

	"citywatch"
)

// defaultMaxShelf is how long an alert may be put aside: a shift.
const defaultMaxShelf = 8 * time.Hour

// unshelvable is the hazard, and the level, that nobody may put aside.
const (
	unshelvableHazard = "fire"
	unshelvableLevel  = citywatch.Level(4)
)

// shelve puts an alert aside until a time, or until another time.
func (k *key) shelve(a *Action, now time.Time, longest time.Duration) (cause, error) {
	alert := k.Episode.Alert
	switch {
	case alert.Hazard == unshelvableHazard:
		return cause{}, fmt.Errorf("%w: a fire cannot be put aside", ErrRefused)
	case alert.Level >= unshelvableLevel:
		return cause{}, fmt.Errorf("%w: what has level %d or more cannot be put aside", ErrRefused, unshelvableLevel)
	case a.Note == "":
		return cause{}, fmt.Errorf("%w: note is missing: why is it put aside?", ErrIncomplete)
	case a.Until.IsZero():
		return cause{}, fmt.Errorf("%w: until is missing: when is it to be looked at again?", ErrIncomplete)
	case !a.Until.After(now):
		return cause{}, fmt.Errorf("%w: until %s is over", ErrIncomplete, a.Until.Format(time.RFC3339))
	case a.Until.Sub(now) > longest:
		return cause{}, fmt.Errorf("%w: until %s is further away than %v", ErrIncomplete, a.Until.Format(time.RFC3339), longest)
	}
	// A new one: the transitions before have the one there was.
	alert.Shelved = &citywatch.Shelf{Until: a.Until, By: a.Actor, Reason: a.Note}
	return cause{reason: citywatch.ReasonShelved}, nil
}

// unshelve takes an alert up again. Whoever does is looking at it, so that
// nobody need be called.
func (k *key) unshelve(*Action) (cause, error) {
	alert := k.Episode.Alert
	if alert.Shelved == nil {
		return cause{}, fmt.Errorf("%w: it is not put aside", ErrRefused)
	}
	alert.Shelved = nil
	return cause{reason: citywatch.ReasonUnshelved, notice: citywatch.NoticeQuiet}, nil
}

// serviceRule is the id of the rule that stands for devices being worked on. No
// rule of a file may have it.
const serviceRule = "out-of-service"

// serviceCheck never fires by itself: people begin and end its alerts, which so
// stand on the wall, in the audit and in the handover, and are restored, like
// all others.
func serviceCheck() *check {
	return &check{
		rule: &rule{
			ID: serviceRule, Hazard: "device",
			Name: citywatch.Text{VI: "Thiết bị ngừng phục vụ", EN: "Device out of service"},
		},
		limit: never / 2,
	}
}

// takeOut takes a device out of service: until it is back, nobody is called
// about any of its alerts.
func (f *fold) takeOut(a Action) (citywatch.Alert, error) {
	t, ok := f.targets[a.Device]
	if !ok || t.foreign {
		return citywatch.Alert{}, fmt.Errorf("%w: device %q is not known", ErrNotFound, a.Device)
	}
	if k := f.service[a.Device]; k != nil {
		if alert := k.Episode.Alert; alert.HandledBy != a.Actor {
			return citywatch.Alert{}, &ConflictError{By: alert.HandledBy, Alert: *alert}
		}
		return *k.Episode.Alert, nil
	}
	if a.Note == "" {
		return citywatch.Alert{}, fmt.Errorf("%w: note is missing: what is being done to the device?", ErrIncomplete)
	}
	k := f.serviceKey(t.device)
	if f.last.After(k.Pos) {
		k.Pos = f.last
	} else {
		k.Pos.Index++ // it has just been back, and the alert's id has to be another
	}
	k.Episode = &episode{standing: standing{Condition: citywatch.Active, Level: citywatch.MinLevel}}
	k.Episode.Reached[citywatch.MinLevel] = f.clk.Now
	alert := f.newAlert(k)
	alert.Level = citywatch.MinLevel
	k.Episode.Alert = alert
	k.moved(&a, citywatch.Acknowledged)
	f.opened(k)
	return f.act(k, &a, cause{reason: citywatch.ReasonOutOfService}), nil
}

// takeBack brings a device back into service.
func (f *fold) takeBack(a Action) (citywatch.Alert, error) {
	k := f.service[a.Device]
	if k == nil {
		return citywatch.Alert{}, fmt.Errorf("%w: device %q is not out of service", ErrNotFound, a.Device)
	}
	k.Episode.Reached = since{}
	k.Episode.settle(citywatch.None, false, false)
	k.moved(&a, citywatch.Closed)
	return f.act(k, &a, cause{reason: citywatch.ReasonBackInService}), nil
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

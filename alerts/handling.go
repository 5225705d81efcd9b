package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"citywatch"
)

// A Verb is a thing that people do about an alert or a device.
type Verb string

// The verbs.
const (
	Acknowledge   Verb = "acknowledge"     // has seen it
	Assign        Verb = "assign"          // gives it to a team
	Dispatch      Verb = "dispatch"        // a team is on its way
	OnScene       Verb = "on_scene"        // a team is there
	Contain       Verb = "contained"       // it no longer spreads
	Close         Verb = "close"           // nothing is left to do
	FalseAlarm    Verb = "false_alarm"     // there was nothing
	AddNote       Verb = "note"            // writes something down
	Shelve        Verb = "shelve"          // puts it aside until a time
	Unshelve      Verb = "unshelve"        // takes it up again
	Reset         Verb = "reset"           // ends what latched
	OutOfService  Verb = "out_of_service"  // a device is being worked on
	BackInService Verb = "back_in_service" // or no longer
)

// An Action is what a person does about an alert, or about a device.
type Action struct {
	Verb Verb
	// Alert is the id of an open alert, Device that of a device: which of them
	// is meant tells the verb.
	Alert, Device string
	// Actor is who does it.
	Actor string
	// Version is the version of the alert that the person saw, or 0 if that
	// does not matter. An action on an alert that has since risen, or come
	// back, or about which somebody else has done something, is refused;
	// lesser changes in between do no harm. Notes are never refused for it.
	Version int
	// Note is what the person writes. False alarms, shelving, taking out of
	// service and closing what no data says is over need one.
	Note string
	// To is the team that Assign and Dispatch are about.
	To string
	// Until is the end of shelving and of being out of service, and when what a
	// note promises is due. From is when being out of service is to begin, if
	// that is later.
	From, Until time.Time
	// Pressed is when the person did it, if that is told later, and Request the
	// key of the request by which it is: both are written down, nothing else.
	Pressed time.Time
	Request string
}

// The errors of actions.
var (
	// ErrNotFound means that no alert with that id is open in this engine, or
	// that it does not know the device.
	ErrNotFound = errors.New("no such open alert")
	// ErrConflict means that the alert is no longer what the person saw. The
	// error is a *ConflictError.
	ErrConflict = errors.New("the alert has changed")
	// ErrNotLatched means that the alert is not one that waits to be reset.
	ErrNotLatched = errors.New("the alert does not wait for a reset")
	// ErrStillTrue means that what raised the alert is still so.
	ErrStillTrue = errors.New("what raised the alert is still so")
	// ErrRefused means that it is not allowed, or not possible as the alert
	// stands. The text says why.
	ErrRefused = errors.New("not possible")
	// ErrIncomplete means that the action lacks something, or has something
	// that cannot be. The text says what.
	ErrIncomplete = errors.New("the action is incomplete")
	// ErrStopped means that the engine has stopped. Whether the action
	// was taken will be seen.
	ErrStopped = errors.New("the alert engine has stopped")
)

// A ConflictError says how the alert has changed. It is ErrConflict.
type ConflictError struct {
	// By is who was quicker; empty if it was the engine.
	By string
	// Alert is the alert as it is now.
	Alert citywatch.Alert
}

// Error says who was quicker.
func (e *ConflictError) Error() string {
	if e.By == "" {
		return fmt.Sprintf("alert %s has risen to level %d since", e.Alert.ID, e.Alert.Level)
	}
	return fmt.Sprintf("alert %s: %s was quicker", e.Alert.ID, e.By)
}

// Is reports whether target is ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// acted is what a person did last about an alert.
type acted struct {
	By string `json:"by"`
	// Version is the version of the alert that came of it, Did what it was: it
	// is known again when it comes once more.
	Version int    `json:"version"`
	Did     string `json:"did"`
}

// did tells one action from another, but not from itself.
func (a *Action) did() string {
	text := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%d", a.Verb, a.Actor, a.To, a.Note, a.Until.UnixNano())
	if !a.From.IsZero() {
		text = fmt.Appendf(text, "\x00%d", a.From.UnixNano())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// do carries out an action. The same from the same person once more, as when
// the answer was lost, changes nothing and is no error.
func (f *fold) do(a Action) (citywatch.Alert, error) {
	defer f.settle()
	switch a.Verb {
	case OutOfService:
		return f.takeOut(a)
	case BackInService:
		return f.takeBack(a)
	}
	k, ok := f.open[a.Alert]
	if !ok {
		return citywatch.Alert{}, ErrNotFound
	}
	ep := k.Episode
	if did := a.did(); did == ep.Acted.Did || did == ep.Noted {
		return *ep.Alert, nil
	}
	if err := ep.outdated(&a); err != nil {
		return citywatch.Alert{}, err
	}
	if k.id.rule == serviceRule && a.Verb != AddNote {
		return citywatch.Alert{}, fmt.Errorf("%w: it stands for a device that is out of service, and ends when that is back", ErrRefused)
	}
	f.refresh(k)
	c, err := f.carryOut(k, &a)
	if err != nil || c.reason == "" {
		return *ep.Alert, err
	}
	return f.act(k, &a, c), nil
}

// outdated returns the conflict if the person cannot have seen what the action
// is about.
func (ep *episode) outdated(a *Action) error {
	switch {
	case a.Version == 0 || a.Verb == AddNote:
		return nil
	case a.Version < ep.Asked:
		return &ConflictError{Alert: *ep.Alert}
	case a.Version < ep.Acted.Version && a.Actor != ep.Acted.By:
		return &ConflictError{By: ep.Acted.By, Alert: *ep.Alert}
	}
	return nil
}

// carryOut changes the alert as the verb says, unless that cannot be. A cause
// without a reason says that nothing is to be changed.
func (f *fold) carryOut(k *key, a *Action) (cause, error) {
	switch a.Verb {
	case Acknowledge:
		return k.acknowledge(a)
	case Reset:
		return k.reset(a)
	case Assign:
		return k.assign(a)
	case Dispatch, OnScene, Contain:
		return k.advance(a)
	case Close:
		return k.close(a)
	case FalseAlarm:
		return k.falseAlarm(a)
	case AddNote:
		return k.note(a, f.now())
	case Shelve:
		return k.shelve(a, f.now(), f.maxShelf)
	case Unshelve:
		return k.unshelve(a)
	}
	return cause{}, fmt.Errorf("%w: there is no action %q", ErrIncomplete, a.Verb)
}

// act makes the transition of a person's action, which lies after everything
// that the engine has taken in.
func (f *fold) act(k *key, a *Action, c cause) citywatch.Alert {
	if f.last.After(k.Pos) {
		k.Pos = f.last
	}
	if did := a.did(); a.Verb == AddNote {
		k.Episode.Noted = did
	} else {
		k.Episode.Acted = acted{By: a.Actor, Version: k.Episode.Alert.Version + 1, Did: did}
	}
	c.actor, c.note, c.handling = a.Actor, a.Note, true
	c.pressed, c.request = a.Pressed, a.Request
	f.feed(k)
	f.change(k, c)
	f.concern(k)
	f.schedule(k)
	return f.out[len(f.out)-1].Alert
}

package alerts

import (
	"errors"
	"fmt"

	"citywatch"
)

// An Action is what a person does about an alert.
type Action struct {
	// Alert is the id of an open alert.
	Alert string
	// Actor is who does it.
	Actor string
	// Version is the version of the alert that the person saw, or 0 if that
	// does not matter. An action on an alert that has since risen, or come
	// back, is refused; lesser changes in between do no harm.
	Version int
}

// The errors of actions.
var (
	// ErrNotFound means that no alert with that id is open in this engine.
	ErrNotFound = errors.New("no such open alert")
	// ErrConflict means that the alert is no longer what the person saw. The
	// error is a *ConflictError.
	ErrConflict = errors.New("the alert has changed")
	// ErrNotLatched means that the alert is not one that waits to be reset.
	ErrNotLatched = errors.New("the alert does not wait for a reset")
	// ErrStillTrue means that what raised the alert is still so.
	ErrStillTrue = errors.New("what raised the alert is still so")
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

// wanted returns the key whose open alert the action is about, as the person
// saw it.
func (f *fold) wanted(a Action) (*key, error) {
	k, ok := f.open[a.Alert]
	if !ok {
		return nil, ErrNotFound
	}
	if ep := k.Episode; a.Version != 0 && a.Version < ep.Asked {
		return nil, &ConflictError{Alert: *ep.Alert}
	}
	return k, nil
}

// acknowledge notes that somebody has seen an alert. Doing it twice is no
// error for the same person.
func (f *fold) acknowledge(a Action) (citywatch.Alert, error) {
	k, err := f.wanted(a)
	if err != nil {
		return citywatch.Alert{}, err
	}
	alert := k.Episode.Alert
	if alert.Handling != citywatch.New {
		if alert.HandledBy == a.Actor {
			return *alert, nil
		}
		return citywatch.Alert{}, &ConflictError{By: alert.HandledBy, Alert: *alert}
	}
	alert.Handling, alert.HandledBy = citywatch.Acknowledged, a.Actor
	if k.check == nil && k.Episode.Stale {
		// Nothing evaluates it any more, so nothing else would ever end it.
		alert.Handling = citywatch.Closed
	}
	return f.act(k, citywatch.ReasonAcknowledged, a.Actor), nil
}

// reset ends an alert of a latched rule whose cause is gone, or no longer
// known. Who resets it has seen it.
func (f *fold) reset(a Action) (citywatch.Alert, error) {
	k, err := f.wanted(a)
	if err != nil {
		return citywatch.Alert{}, err
	}
	ep := k.Episode
	switch {
	case k.check == nil || !k.check.rule.Latch || ep.Level == citywatch.None:
		return citywatch.Alert{}, ErrNotLatched
	case ep.Reached != since{} && !ep.Stale:
		return citywatch.Alert{}, ErrStillTrue
	}
	if ep.Alert.Handling == citywatch.New {
		ep.Alert.Handling, ep.Alert.HandledBy = citywatch.Acknowledged, a.Actor
	}
	ep.Reached = since{}
	ep.settle(citywatch.None, false, false)
	return f.act(k, citywatch.ReasonRecovered, a.Actor), nil
}

// act makes the transition of a person's action, which lies after everything
// that the engine has taken in.
func (f *fold) act(k *key, reason citywatch.Reason, actor string) citywatch.Alert {
	if f.last.After(k.Pos) {
		k.Pos = f.last
	}
	f.transition(k, reason, actor)
	f.schedule(k)
	return f.out[len(f.out)-1].Alert
}

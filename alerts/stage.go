package alerts

import (
	"fmt"
	"time"

	"citywatch"
)

// seen says that whoever acts has seen the alert.
func (k *key) seen(a *Action) {
	if k.Episode.Alert.Handling == citywatch.New {
		k.moved(a, citywatch.Acknowledged)
	}
}

// moved brings the alert to a stage.
func (k *key) moved(a *Action, to citywatch.Handling) {
	k.Episode.Alert.Handling, k.Episode.Alert.HandledBy = to, a.Actor
}

// acknowledge notes that somebody has seen an alert.
func (k *key) acknowledge(a *Action) (cause, error) {
	alert := k.Episode.Alert
	if alert.Handling != citywatch.New {
		if alert.HandledBy == a.Actor {
			return cause{}, nil
		}
		return cause{}, &ConflictError{By: alert.HandledBy, Alert: *alert}
	}
	to := citywatch.Acknowledged
	if k.check == nil && k.Episode.Stale {
		// Nothing evaluates it any more, so nothing else would ever end it.
		to = citywatch.Closed
	}
	k.moved(a, to)
	return cause{reason: citywatch.ReasonAcknowledged}, nil
}

// assign gives the alert to a team.
func (k *key) assign(a *Action) (cause, error) {
	if a.To == "" {
		return cause{}, fmt.Errorf("%w: to is missing: which team is it given to?", ErrIncomplete)
	}
	k.seen(a)
	k.Episode.Alert.Assigned = a.To
	return cause{reason: citywatch.ReasonAssigned, to: a.To}, nil
}

// advance brings the alert to one of the stages in which a team is out. Reports
// do not come in order, so stages may be left out; and what was contained may
// break out again, so one may go back.
func (k *key) advance(a *Action) (cause, error) {
	alert := k.Episode.Alert
	to, reason := citywatch.Dispatched, citywatch.ReasonDispatched
	switch a.Verb {
	case OnScene:
		to, reason = citywatch.OnScene, citywatch.ReasonOnScene
	case Contain:
		to, reason = citywatch.Contained, citywatch.ReasonContained
	}
	team := a.To
	if team == "" {
		team = alert.Assigned
	}
	switch {
	case team == "" && to == citywatch.Dispatched:
		return cause{}, fmt.Errorf("%w: to is missing: which team is on its way?", ErrIncomplete)
	case alert.Handling == to && alert.Assigned == team && alert.HandledBy == a.Actor:
		return cause{}, nil
	case alert.Handling == to && alert.Assigned == team:
		return cause{}, &ConflictError{By: alert.HandledBy, Alert: *alert}
	}
	k.moved(a, to)
	alert.Assigned = team
	return cause{reason: reason, to: team}, nil
}

// close ends an alert at which nothing is left to do. What the data says is
// still so cannot be closed; what no data says any more can, by somebody who
// says why.
func (k *key) close(a *Action) (cause, error) {
	ep := k.Episode
	switch {
	case ep.Level == citywatch.None:
	case !ep.Stale && k.check != nil && k.check.rule.Latch && ep.Reached == since{}:
		return cause{}, fmt.Errorf("%w: it waits to be reset", ErrRefused)
	case !ep.Stale:
		return cause{}, ErrStillTrue
	case a.Note == "":
		return cause{}, fmt.Errorf("%w: note is missing: its data does not come, so how is it known to be over?", ErrIncomplete)
	}
	k.moved(a, citywatch.Closed)
	return cause{reason: citywatch.ReasonClosed}, nil
}

// falseAlarm ends an alert about which there was nothing. If the data still says
// so, the engine goes on watching it: see episode.Dismissed.
func (k *key) falseAlarm(a *Action) (cause, error) {
	if a.Note == "" {
		return cause{}, fmt.Errorf("%w: note is missing: why is it a false alarm?", ErrIncomplete)
	}
	k.moved(a, citywatch.FalseAlarm)
	return cause{reason: citywatch.ReasonFalseAlarm}, nil
}

// maxPromises bounds the promises of one alert.
const maxPromises = 16

// note writes something down, perhaps with the time by which it is to be done.
func (k *key) note(a *Action, now time.Time) (cause, error) {
	alert := k.Episode.Alert
	switch {
	case a.Note == "":
		return cause{}, fmt.Errorf("%w: note is missing", ErrIncomplete)
	case a.Until.IsZero():
	case !a.Until.After(now):
		return cause{}, fmt.Errorf("%w: until %s is over", ErrIncomplete, a.Until.Format(time.RFC3339))
	case len(alert.Promises) >= maxPromises:
		return cause{}, fmt.Errorf("%w: it has %d promises already", ErrRefused, maxPromises)
	default:
		promise := citywatch.Promise{Due: a.Until, By: a.Actor, Note: a.Note}
		for _, p := range alert.Promises {
			if p.Due.Equal(promise.Due) && p.By == promise.By && p.Note == promise.Note {
				return cause{}, nil
			}
		}
		// A copy: the transitions before have the one there was.
		alert.Promises = append(alert.Promises[:len(alert.Promises):len(alert.Promises)], promise)
	}
	return cause{reason: citywatch.ReasonNoted}, nil
}

// reset ends an alert of a latched rule whose cause is gone, or no longer
// known. Who resets it has seen it.
func (k *key) reset(a *Action) (cause, error) {
	ep := k.Episode
	switch {
	case k.check == nil || !k.check.rule.Latch || ep.Level == citywatch.None:
		return cause{}, ErrNotLatched
	case ep.Reached != since{} && !ep.Stale:
		return cause{}, ErrStillTrue
	}
	k.seen(a)
	ep.Reached = since{}
	ep.settle(citywatch.None, false, false)
	return cause{reason: citywatch.ReasonRecovered}, nil
}

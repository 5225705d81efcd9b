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

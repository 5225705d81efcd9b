package cameras

import (
	"slices"
	"time"
)

// cycle is how long the story takes before it begins again.
const cycle = 10 * time.Minute

// An effect is what an event does to its camera.
type effect string

// The effects.
const (
	noEffect effect = ""
	frozen   effect = "frozen" // the same picture, over and over
	away     effect = "away"   // nobody answers for the camera
)

// An event happens to one camera for part of a cycle.
type event struct {
	camera   string
	effect   effect
	from, to time.Duration // since the cycle began
}

// story returns what happens in every cycle.
func story() []event {
	s := time.Second
	return []event{
		{"quoc-lo-70-bao-yen", frozen, 40 * s, 140 * s},
		{"cho-bac-ha", away, 70 * s, 150 * s},
		{"deo-o-quy-ho", away, 400 * s, 450 * s},
		{"nha-tho-da-sa-pa", away, 400 * s, 450 * s},
		{"cap-treo-fansipan", away, 400 * s, 450 * s},
	}
}

// eventsOf returns the events of one camera.
func eventsOf(camera string) []event {
	return slices.DeleteFunc(story(), func(e event) bool { return e.camera != camera })
}

// during returns what is happening to a camera with these events, so long
// after the story began.
func during(events []event, since time.Duration) effect {
	since %= cycle
	for _, e := range events {
		if e.from <= since && since < e.to {
			return e.effect
		}
	}
	return noEffect
}

package video

import (
	"time"

	"citywatch"
)

const (
	leastBackoff = time.Second
	mostBackoff  = time.Minute
	// Wrong credentials are tried once a minute at most: cameras lock
	// accounts.
	leastRefused = time.Minute
	mostRefused  = 10 * time.Minute
	// steady is how long a session must have had frames for the next one to
	// be tried at once.
	steady = 30 * time.Second
)

// A backoff says how long to wait before a stream is tried again.
type backoff struct {
	failures, refusals int
}

// next returns how long to wait after a session that had frames for so long and
// then met a fault. Jitter, from 0 to 1, is random, so that what failed together
// is not tried together.
func (b *backoff) next(state citywatch.CameraState, had time.Duration, jitter float64) time.Duration {
	if had >= steady {
		*b = backoff{}
	}
	if state == citywatch.CameraBadCredentials {
		d := doubled(leastRefused, b.refusals, mostRefused)
		b.refusals++
		return d + time.Duration(jitter/4*float64(d))
	}
	b.refusals = 0
	d := doubled(leastBackoff, b.failures, mostBackoff)
	b.failures++
	return d - time.Duration(jitter/4*float64(d))
}

func doubled(d time.Duration, times int, most time.Duration) time.Duration {
	for ; times > 0 && d < most; times-- {
		d *= 2
	}
	return min(d, most)
}

package video

import "time"

// checkFor is how long a check may last, which ends as soon as it has seen
// enough.
const checkFor = 20 * time.Second

// A demand says whether a stream is to be pulled.
type demand struct {
	always      bool
	subscribers int
	linger      time.Duration
	lingering   time.Time // until when it is pulled though nobody subscribes

	checks    time.Duration // how far apart checks are; 0 without
	checking  bool
	checkedAt time.Time // when the running or the last check began
}

func (d *demand) wanted(now time.Time) bool {
	return d.always || d.subscribers > 0 || d.checking || now.Before(d.lingering)
}

// casual reports whether nobody watches: what comes, comes because of a check,
// or because it lingers.
func (d *demand) casual() bool { return !d.always && d.subscribers == 0 }

func (d *demand) subscribe() { d.subscribers++ }

func (d *demand) unsubscribe(now time.Time) {
	d.subscribers--
	if d.subscribers == 0 {
		d.lingering = now.Add(d.linger)
	}
}

// check begins a check if one is due and reports whether it did.
func (d *demand) check(now time.Time) bool {
	if d.checks == 0 || d.checking || !d.checkedAt.IsZero() && now.Sub(d.checkedAt) < d.checks {
		return false
	}
	d.checking, d.checkedAt = true, now
	return true
}

// recheckAfter is how old a check may be when there is reason to doubt it.
const recheckAfter = 30 * time.Second

// recheck begins a check if the last one is doubted, and reports whether it
// did.
func (d *demand) recheck(now time.Time) bool {
	if d.checks == 0 || d.checking || now.Sub(d.checkedAt) < recheckAfter {
		return false
	}
	d.checking, d.checkedAt = true, now
	return true
}

// checked ends a check that has seen enough, or has lasted too long.
func (d *demand) checked(now time.Time, enough bool) {
	if d.checking && (enough || now.Sub(d.checkedAt) > checkFor) {
		d.checking = false
	}
}

// watched says that the stream was seen just now, and a check would find out no
// more.
func (d *demand) watched(now time.Time) {
	if !d.checking {
		d.checkedAt = now
	}
}

package video

import (
	"errors"
	"sync"
	"time"

	"citywatch"
)

// probeAlone is how long the first who tries an account tries it alone: a
// refusal takes no longer, and a host that is away must not make forty cameras
// wait for one another.
const probeAlone = 3 * time.Second

// errOthers is why a stream is not tried whose account was refused.
var errOthers = errors.New("its user was refused for another camera at this host; it is tried again later")

// An account is who logs in where: the host and the user. Recorders lock one
// out after a few wrong passwords, with all of their cameras, so what is not
// known to be right is tried by one stream at a time, and what was refused not
// again for a minute and longer.
type account struct {
	mu       sync.Mutex
	open     bool  // nothing speaks against several at once
	probe    *feed // who tries alone
	since    time.Time
	until    time.Time // nobody tries before
	refusals int       // in a row
	refusal  bool      // the last word was one
	// denied are those that were refused. One that is refused again while
	// others are answered has a fault of its own.
	denied  map[*feed]bool
	changed chan struct{} // closed when others may try
}

func newAccount() *account {
	return &account{denied: map[*feed]bool{}, changed: make(chan struct{})}
}

// A turn says whether a stream may be tried.
type turn struct {
	// wait is 0 if it may, else how long to wait, unless changed is closed.
	wait    time.Duration
	changed <-chan struct{}
	// refused says that it waits because the account was refused.
	refused bool
}

// try asks for a turn; one that is given must end with done.
func (a *account) try(f *feed, now time.Time) turn {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wait := a.until.Sub(now); wait > 0 {
		return turn{wait: wait, changed: a.changed, refused: a.refusal}
	}
	if a.open {
		return turn{}
	}
	if a.probe != nil && a.probe != f {
		if wait := a.since.Add(probeAlone).Sub(now); wait > 0 {
			return turn{wait: wait, changed: a.changed, refused: a.refusal}
		}
		a.set(true)
		return turn{}
	}
	a.probe, a.since = f, now
	return turn{}
}

// answered is called when a camera has let the stream in.
func (a *account) answered(f *feed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusals, a.refusal = 0, false
	delete(a.denied, f)
	a.set(true)
}

// done is called when a turn has ended: with a fault, or with nil when the
// stream was not wanted any more. Agreed tells that it had been let in.
func (a *account) done(f *feed, fault *Fault, agreed bool, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case fault != nil && fault.State == citywatch.CameraBadCredentials:
		a.refused(f, now)
	case fault == nil:
		if a.probe == f {
			a.set(a.open)
		}
	default:
		// What ends a session may be a password that was changed: the next
		// who tries does it alone.
		a.set(!agreed)
	}
}

func (a *account) refused(f *feed, now time.Time) {
	if a.denied[f] && !a.refusal {
		if a.probe == f {
			a.set(false) // it says nothing about the others
		}
		return
	}
	a.denied[f] = true
	a.until = now.Add(doubled(leastRefused, a.refusals, mostRefused))
	a.refusals++
	a.refusal = true
	a.set(false)
}

// set ends the probe and lets those who wait look again.
func (a *account) set(open bool) {
	a.open, a.probe = open, nil
	close(a.changed)
	a.changed = make(chan struct{})
}

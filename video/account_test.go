package video

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"citywatch"
)

// A host is what forty cameras are reached at, and plays what each try meets,
// in steps of half a second.
type host struct {
	account *account
	now     time.Time
	streams []*tried
	// meet returns what the next try of a stream meets, and after how long; no
	// fault is an answer.
	meet func(i int) (*Fault, time.Duration)

	refusals []time.Time // of tries that began
}

type tried struct {
	feed      feed
	backoff   backoff
	notBefore time.Time
	tries     int
	trying    bool
	until     time.Time // the outcome
	fault     *Fault
	up        bool
	upAt      time.Time
}

func newHost(streams int, meet func(i int) (*Fault, time.Duration)) *host {
	h := &host{account: newAccount(), now: noon, meet: meet}
	for range streams {
		h.streams = append(h.streams, &tried{})
	}
	return h
}

func (h *host) run(d time.Duration) {
	for end := h.now.Add(d); h.now.Before(end); h.now = h.now.Add(500 * time.Millisecond) {
		for i, s := range h.streams {
			h.step(i, s)
		}
	}
}

func (h *host) step(i int, s *tried) {
	switch {
	case s.up:
	case s.trying && !h.now.Before(s.until):
		s.trying = false
		if s.fault == nil {
			s.up, s.upAt = true, h.now
			h.account.answered(&s.feed)
			return
		}
		h.account.done(&s.feed, s.fault, false, h.now)
		s.notBefore = h.now.Add(s.backoff.next(s.fault.State, 0, rand.Float64()))
	case !s.trying && !h.now.Before(s.notBefore) && h.account.try(&s.feed, h.now).wait <= 0:
		var took time.Duration
		s.fault, took = h.meet(i)
		s.trying, s.until = true, h.now.Add(took)
		s.tries++
		if s.fault != nil && s.fault.State == citywatch.CameraBadCredentials {
			h.refusals = append(h.refusals, h.now)
		}
	}
}

func (h *host) up() (n int) {
	for _, s := range h.streams {
		if s.up {
			n++
		}
	}
	return n
}

// breaks ends all sessions by a fault.
func (h *host) breaks() {
	for _, s := range h.streams {
		s.up = false
		h.account.done(&s.feed, unreachable(), true, h.now)
		s.notBefore = h.now.Add(time.Second)
	}
}

func refusal() *Fault { return &Fault{State: citywatch.CameraBadCredentials, Err: errors.New("401")} }
func unreachable() *Fault {
	return &Fault{State: citywatch.CameraUnreachable, Err: errors.New("timeout")}
}

// checkRate checks that no two refusals were nearer than a minute.
func (h *host) checkRate(t *testing.T) {
	t.Helper()
	for i := 1; i < len(h.refusals); i++ {
		if d := h.refusals[i].Sub(h.refusals[i-1]); d < time.Minute {
			t.Errorf("a wrong password was tried again after %v", d)
			return
		}
	}
}

func TestWrongPasswordIsTriedOnceAMinute(t *testing.T) {
	h := newHost(40, func(int) (*Fault, time.Duration) { return refusal(), 300 * time.Millisecond })
	h.run(time.Hour)
	h.checkRate(t)
	if n := len(h.refusals); n < 6 || n > 12 {
		t.Errorf("%d tries in an hour", n)
	}
}

func TestChangedPasswordIsTriedOnceAMinute(t *testing.T) {
	var wrong bool
	h := newHost(40, func(int) (*Fault, time.Duration) {
		if wrong {
			return refusal(), 300 * time.Millisecond
		}
		return nil, 300 * time.Millisecond
	})
	h.run(10 * time.Second)
	if h.up() != 40 {
		t.Fatalf("%d of 40 up", h.up())
	}
	wrong = true
	h.breaks()
	h.run(30 * time.Minute)
	h.checkRate(t)
	wrong = false
	h.run(11 * time.Minute)
	if h.up() != 40 {
		t.Errorf("%d of 40 up after the password was put right", h.up())
	}
}

func TestRightPasswordIsTriedAtOnce(t *testing.T) {
	h := newHost(40, func(int) (*Fault, time.Duration) { return nil, 300 * time.Millisecond })
	h.run(1500 * time.Millisecond)
	if h.up() != 40 {
		t.Errorf("%d of 40 up after 1.5 s", h.up())
	}
}

func TestDeadHostMakesNobodyWait(t *testing.T) {
	h := newHost(40, func(int) (*Fault, time.Duration) { return unreachable(), 10 * time.Second })
	h.run(5 * time.Second)
	for i, s := range h.streams {
		if s.tries == 0 {
			t.Fatalf("stream %d was not tried within 5 s", i)
		}
	}
	h.run(5 * time.Minute)
	for i, s := range h.streams {
		if s.tries < 4 {
			t.Fatalf("stream %d was tried %d times in 5 minutes", i, s.tries)
		}
	}
}

// One camera that the user may not see must not keep the others away for long,
// even though it is refused again and again.
func TestDeniedCameraKeepsNobodyAway(t *testing.T) {
	h := newHost(40, func(i int) (*Fault, time.Duration) {
		if i == 7 {
			return refusal(), 300 * time.Millisecond
		}
		return nil, 300 * time.Millisecond
	})
	h.run(2 * time.Minute)
	if h.up() != 39 {
		t.Fatalf("%d of 39 up after 2 minutes", h.up())
	}
	for range 10 {
		h.run(time.Duration(rand.Int64N(int64(10 * time.Minute))))
		h.streams[3].up = false
		h.account.done(&h.streams[3].feed, unreachable(), true, h.now)
		h.run(4 * time.Second)
		if !h.streams[3].up {
			t.Fatal("a good camera waits for a denied one")
		}
	}
	h.checkRate(t)
}

func TestReleasedProbeLetsTheNextTry(t *testing.T) {
	a, one, two := newAccount(), &feed{}, &feed{}
	if a.try(one, noon).wait != 0 || a.try(two, noon).wait == 0 {
		t.Fatal("not one at a time")
	}
	waiting := a.try(two, noon)
	a.done(one, nil, false, noon)
	select {
	case <-waiting.changed:
	default:
		t.Error("the other is not told")
	}
	if a.try(two, noon).wait != 0 {
		t.Error("the other may not try")
	}
}

package video

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"citywatch"
)

// A shared is what the feeds of all cameras have in common.
type shared struct {
	options Options
	metrics *metrics
	budget  *budget
	log     *slog.Logger
	now     func() time.Time
	// changed says that a camera's state may have changed. It does not wait.
	changed func()
}

// A feed pulls one stream while it is wanted, and hands what comes to those who
// subscribed.
type feed struct {
	*shared
	origin
	primary bool          // it says how the camera is
	wake    chan struct{} // holds a token when the demand has changed

	mu        sync.Mutex
	demand    demand
	backoff   backoff
	notBefore time.Time // the next try
	session   *session  // nil between sessions
	subs      []*Subscription
	closed    bool

	judge judge
	meter meter
	still still

	tracks     []Track
	generation int // of tracks
	pictures   int // the index of their track of pictures, or -1
	keyed      bool
	gap        bool // units are missing before the next one
	group      group

	newest     Track // of the last frame
	reconnects int
	lost       int
	complained time.Time // when a panic was last logged
}

// An origin is where a stream comes from.
type origin struct {
	camera  string
	quality Quality
	source  Source
	account *account
}

func newFeed(s *shared, o origin) *feed {
	return &feed{
		shared: s, origin: o,
		wake:   make(chan struct{}, 1),
		demand: demand{linger: s.options.Linger},
		judge:  newJudge(), still: newStill(), group: group{budget: s.budget, stale: true},
	}
}

// run pulls the stream until ctx ends.
func (f *feed) run(ctx context.Context) {
	for f.await(ctx) {
		f.play(ctx)
	}
	f.close()
}

// await returns true once the stream is wanted and may be tried, and false when
// ctx ends.
func (f *feed) await(ctx context.Context) bool {
	for {
		if ctx.Err() != nil {
			return false
		}
		turn, wanted := f.turn()
		if wanted && turn.wait <= 0 {
			return true
		}
		var due <-chan time.Time
		if wanted {
			due = time.After(turn.wait)
		}
		select {
		case <-ctx.Done():
		case <-f.wake:
		case <-due:
		case <-turn.changed:
		}
	}
}

// turn tells whether the stream is wanted, and then whether it may be tried. A
// turn that is given must end with the account's done.
func (f *feed) turn() (t turn, wanted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if !f.demand.wanted(now) {
		return turn{}, false
	}
	if wait := f.notBefore.Sub(now); wait > 0 {
		return turn{wait: wait}, true
	}
	t = f.account.try(f, now)
	if t.refused && t.wait > 0 {
		f.judge.refused(&Fault{State: citywatch.CameraBadCredentials, Err: errOthers}, now)
		f.look(now)
	}
	return t, true
}

// poke makes await look again.
func (f *feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// subscribe adds a subscription, and gives it what there is.
func (f *feed) subscribe() (*Subscription, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	s := newSubscription(f)
	f.replay(s)
	f.subs = append(f.subs, s)
	f.demand.subscribe()
	f.metrics.subscribers.Inc()
	f.look(f.now())
	f.poke()
	return s, nil
}

// replay gives s the newest key frame and what came after it.
func (f *feed) replay(s *Subscription) {
	g := &f.group
	if g.stale {
		return
	}
	for i := range g.units {
		s.offer(&arrival{
			unit: g.units[i].Unit, gap: g.units[i].gap, start: i == 0,
			tracks: g.tracks, generation: f.generation,
		})
	}
	if g.alone {
		s.skip()
	}
}

func (f *feed) unsubscribe(s *Subscription) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.subs, s)
	if i < 0 {
		return
	}
	f.subs = slices.Delete(f.subs, i, i+1)
	f.demand.unsubscribe(f.now())
	f.metrics.subscribers.Dec()
	f.look(f.now())
}

// close ends every subscription.
func (f *feed) close() {
	f.mu.Lock()
	subs := f.subs
	f.subs, f.closed = nil, true
	f.metrics.subscribers.Sub(float64(len(subs)))
	f.mu.Unlock()
	for _, s := range subs {
		s.end()
	}
}

// tick does what is due at now.
func (f *feed) tick(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.demand.checked(now, f.seenEnough())
	if f.demand.check(now) {
		f.poke()
	}
	wanted := f.demand.wanted(now)
	switch s := f.session; {
	case s == nil && !wanted:
		f.judge.released(now)
	case s == nil:
	case !wanted:
		s.cancel(errReleased)
	case f.hangs(now):
		s.cancel(errHangs)
	}
	f.look(now)
}

// recheck has the stream checked anew.
func (f *feed) recheck(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.demand.recheck(now) {
		f.poke()
	}
}

// hastened is how soon a stream is tried that need not wait any longer, at
// most: a gateway that is just back is not asked for everything at once.
const hastened = 2 * time.Second

// hasten has a stream that failed tried soon, however long it was to wait. A
// password that was refused is not the better for it.
func (f *feed) hasten(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	soon := now.Add(time.Duration(jitter() * float64(hastened)))
	if f.judge.state != citywatch.CameraBadCredentials && f.notBefore.After(soon) {
		f.notBefore, f.backoff = soon, backoff{}
		f.poke()
	}
}

// look decides how the stream is; f.mu is held.
func (f *feed) look(now time.Time) {
	before := f.judge.state
	f.judge.casual = f.demand.casual()
	f.judge.look(now, &f.meter, f.still.frozen())
	if f.judge.state != before {
		f.changed()
	}
}

// seenEnough reports whether a check need not go on.
func (f *feed) seenEnough() bool {
	if f.judge.phase == waiting && f.judge.from.After(f.demand.checkedAt) {
		return true // it met a fault
	}
	return f.session != nil && (f.still.moved() || f.still.frozen())
}

const (
	// hungAsking is how long a session may be without an answer, and hungPlaying
	// at least without a frame, before it is given up for a new one: the last
	// resort, for sources have shorter limits of their own.
	hungAsking  = time.Minute
	hungPlaying = 90 * time.Second
)

// hangs reports whether the session is to be given up.
func (f *feed) hangs(now time.Time) bool {
	switch f.judge.phase {
	case asking:
		return now.Sub(f.judge.from) > hungAsking
	case playing:
		last := f.judge.from
		if f.meter.frames > 0 {
			last = f.meter.last
		}
		return now.Sub(last) > max(hungPlaying, 2*f.meter.patience())
	}
	return false
}

// keyFrame returns the newest key frame.
func (f *feed) keyFrame() (KeyFrame, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := &f.group
	if len(g.units) == 0 {
		return KeyFrame{}, false
	}
	u := g.units[0].Unit
	return KeyFrame{Track: g.tracks[u.Track], Unit: u}, true
}

// A view is how a stream is at one time.
type view struct {
	pulled           bool
	state            citywatch.CameraState
	detail           string
	meter            meter
	newest           Track
	reconnects, lost int
}

func (f *feed) view(now time.Time) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look(now)
	return view{
		pulled: f.judge.phase != resting, state: f.judge.state, detail: f.judge.detail, meter: f.meter, newest: f.newest,
		reconnects: f.reconnects, lost: f.lost,
	}
}

// jitter is random, from 0 to 1.
func jitter() float64 { return rand.Float64() }

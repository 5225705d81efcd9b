package video

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

func testShared(o Options) *shared {
	o = o.withDefaults()
	return &shared{
		options: o, budget: &budget{limit: o.Cache}, log: slog.New(slog.DiscardHandler),
		now: time.Now, changed: func() {}, metrics: newMetrics(nil, func() float64 { return 0 }),
	}
}

// A producer sends numbered units into a feed, the way a session does.
type producer struct {
	feed    *feed
	session *session
	rand    *rand.Rand
	number  uint64
	group   int // the units of a group at most
	size    int // the bytes of a unit at most

	// lost are the numbers of units before which the camera lost some.
	lost map[uint64]bool
}

func newProducer(seed uint64, o Options) *producer {
	f := newFeed(testShared(o), origin{camera: "a", quality: Main, account: newAccount()})
	f.primary = true
	p := &producer{feed: f, rand: rand.New(rand.NewPCG(seed, 1)), group: 30, size: 2000, lost: map[uint64]bool{}}
	p.begin()
	return p
}

func (p *producer) begin() {
	if p.session != nil {
		p.feed.end(p.session, errEnded, false)
	}
	p.session = &session{feed: p.feed, cancel: func(error) {}}
	p.feed.begin(p.session)
	p.tracks()
}

func (p *producer) tracks() {
	p.session.Tracks([]Track{{Codec: H264, Width: int(p.number)}, {Codec: PCMA}})
}

func (p *producer) unit(track int, key bool) {
	p.number++
	data := make([]byte, 9+p.rand.IntN(p.size))
	data[0] = 0x41
	binary.BigEndian.PutUint64(data[1:], p.number)
	p.session.Unit(Unit{Track: track, Data: [][]byte{data}, Key: key, Arrived: time.Now()})
}

// groupOf sends a key frame and some units after it, and now and then loses
// some, changes the parameters, or begins a new session.
func (p *producer) groupOf() {
	switch p.rand.IntN(20) {
	case 0:
		p.begin()
	case 1:
		p.tracks()
	case 2:
		p.unit(0, false) // nothing before the first key frame is passed on
	}
	p.unit(0, true)
	for range p.rand.IntN(p.group) {
		if p.rand.IntN(50) == 0 {
			p.session.Lost(1)
			p.lost[p.number+1] = true
		}
		p.unit(p.rand.IntN(2), false)
	}
}

func numberIn(u Unit) uint64 { return binary.BigEndian.Uint64(u.Data[0][1:]) }

// A reader checks that what a subscription gives can be decoded.
type reader struct {
	t       *testing.T
	told    bool // tracks were told
	fresh   bool // and no unit has come since
	last    uint64
	units   int
	gaps    int
	tracks  int
	skipped uint64
	lost    map[uint64]bool
}

func (r *reader) take(it Item) {
	r.t.Helper()
	if it.Tracks != nil {
		if it.Unit.Data != nil || it.Gap {
			r.t.Errorf("tracks with a unit: %+v", it)
		}
		r.told, r.fresh = true, true
		r.tracks++
		return
	}
	n := numberIn(it.Unit)
	switch {
	case !r.told:
		r.t.Errorf("unit %d before any tracks", n)
	case r.fresh && !it.Unit.Key:
		r.t.Errorf("unit %d, the first of a stream, is no key frame", n)
	case n <= r.last:
		r.t.Errorf("unit %d after %d", n, r.last)
	case n != r.last+1 && !it.Unit.Key:
		r.t.Errorf("unit %d, no key frame, after %d", n, r.last)
	case n != r.last+1 && !r.fresh && !it.Gap:
		r.t.Errorf("unit %d after %d, without a gap", n, r.last)
	}
	if n != r.last+1 {
		r.skipped += n - r.last - 1
	}
	if it.Gap {
		r.gaps++
	} else if r.lost[n] {
		r.t.Errorf("unit %d, before which some were lost, without a gap", n)
	}
	r.fresh = false
	r.last = n
	r.units++
}

// drain takes up to n items, without waiting.
func (r *reader) drain(s *Subscription, n int) (taken int) {
	for taken < n {
		it, ok := s.pop()
		if !ok {
			break
		}
		r.take(it)
		taken++
	}
	return taken
}

// Whatever the speed of a subscriber: what it gets can be decoded, what it does
// not get is marked, and what waits for it is bounded.
func TestSlowSubscriberGetsWhatCanBeDecoded(t *testing.T) {
	for seed := range uint64(40) {
		p := newProducer(seed, Options{})
		p.groupOf()
		s, err := p.feed.subscribe()
		if err != nil {
			t.Fatal(err)
		}
		s.limit = 1000 + p.rand.Int64N(200_000)
		r := reader{t: t, lost: p.lost}
		for range 300 {
			p.groupOf()
			r.drain(s, p.rand.IntN(p.group))
			if s.bytes > s.limit && s.queue.n > 1 || s.queue.n > maxQueued {
				t.Fatalf("%d units of %d bytes wait, at most %d", s.queue.n, s.bytes, s.limit)
			}
		}
		r.drain(s, 1<<30)
		if s.bytes != 0 || s.queue.n != 0 {
			t.Errorf("%d bytes of %d units in an empty queue", s.bytes, s.queue.n)
		}
		if r.units == 0 || r.skipped == 0 || r.gaps == 0 {
			t.Errorf("seed %d: %d units, %d skipped, %d gaps", seed, r.units, r.skipped, r.gaps)
		}
		// Once it is quick again, it misses nothing more.
		p.unit(0, true)
		r.drain(s, 1<<30)
		before := r.skipped
		for range 100 {
			p.unit(0, p.rand.IntN(10) == 0)
			r.drain(s, 1<<30)
		}
		if r.skipped != before || r.last != p.number {
			t.Errorf("seed %d: a quick subscriber missed %d", seed, r.skipped-before)
		}
	}
}

func TestQuickSubscriberGetsEverything(t *testing.T) {
	p := newProducer(1, Options{})
	s, err := p.feed.subscribe()
	if err != nil {
		t.Fatal(err)
	}
	r := reader{t: t}
	var from uint64
	for range 500 {
		p.unit(0, true)
		if from == 0 {
			from = p.number
		}
		for range 20 {
			p.unit(p.rand.IntN(2), false)
		}
		r.drain(s, 1<<30)
	}
	if r.units != int(p.number-from+1) || r.tracks != 1 || r.gaps != 0 {
		t.Errorf("%d of %d units, %d times tracks, %d gaps", r.units, p.number-from+1, r.tracks, r.gaps)
	}
}

// The producer never waits for a subscriber that fetches nothing, and the
// others get everything.
func TestStuckSubscriberHurtsNobody(t *testing.T) {
	p := newProducer(2, Options{})
	stuck, _ := p.feed.subscribe()
	quick, _ := p.feed.subscribe()
	r := reader{t: t}
	for range 2000 {
		p.unit(0, true)
		for range 9 {
			p.unit(0, false)
		}
		r.drain(quick, 1<<30)
	}
	if r.units != int(p.number) {
		t.Errorf("the quick one got %d of %d units", r.units, p.number)
	}
	if stuck.bytes > stuck.limit {
		t.Errorf("%d bytes wait for the stuck one", stuck.bytes)
	}
	late := reader{t: t}
	late.drain(stuck, 1<<30)
	if late.last != p.number || late.gaps != 1 || late.tracks != 1 {
		t.Errorf("the stuck one, awake, got up to %d of %d with %d gaps and %d times tracks", late.last, p.number, late.gaps, late.tracks)
	}
}

func TestSubscriberBeginsAtOnce(t *testing.T) {
	p := newProducer(3, Options{})
	p.unit(0, true)
	for range 10 {
		p.unit(0, false)
	}
	s, _ := p.feed.subscribe()
	r := reader{t: t}
	if n := r.drain(s, 1<<30); n != 12 || r.last != p.number || r.gaps != 0 {
		t.Errorf("%d items up to %d of %d, %d gaps", n, r.last, p.number, r.gaps)
	}
}

// Where the cache holds the key frame alone, a subscriber has that one at once,
// and then goes on at the next.
func TestSubscriberBeginsAtALoneKeyFrame(t *testing.T) {
	p := newProducer(4, Options{Cache: 1})
	p.unit(0, true)
	for range 10 {
		p.unit(0, false)
	}
	s, _ := p.feed.subscribe()
	r := reader{t: t}
	if n := r.drain(s, 1<<30); n != 2 {
		t.Fatalf("%d items", n)
	}
	p.unit(0, false)
	if n := r.drain(s, 1<<30); n != 0 {
		t.Errorf("%d units that cannot be decoded", n)
	}
	p.unit(0, true)
	p.unit(0, false)
	if n := r.drain(s, 1<<30); n != 2 || r.gaps != 1 || r.tracks != 1 {
		t.Errorf("%d items, %d gaps, %d times tracks", n, r.gaps, r.tracks)
	}
}

// What came before a session ended, or before the parameters changed, is not
// replayed: nothing that comes belongs to it.
func TestNothingStaleIsReplayed(t *testing.T) {
	for name, change := range map[string]func(p *producer){
		"session ended":      func(p *producer) { p.feed.end(p.session, errEnded, false) },
		"parameters changed": func(p *producer) { p.tracks() },
	} {
		p := newProducer(5, Options{})
		p.unit(0, true)
		p.unit(0, false)
		change(p)
		s, _ := p.feed.subscribe()
		if it, ok := s.pop(); ok {
			t.Errorf("%s: %+v", name, it)
		}
		if k, ok := p.feed.keyFrame(); !ok || numberIn(k.Unit) != 1 {
			t.Errorf("%s: the last key frame is gone", name)
		}
	}
}

// A source that still sends into a session that is over reaches nobody.
func TestNothingOfAnOldSessionIsPassedOn(t *testing.T) {
	p := newProducer(5, Options{})
	old := p.session
	p.begin()
	p.unit(0, true)
	s, _ := p.feed.subscribe()
	r := reader{t: t}
	r.drain(s, 1<<30)
	old.Tracks([]Track{{Codec: H265}})
	old.Lost(1)
	old.Unit(*unitOf(10, true))
	if it, ok := s.pop(); ok {
		t.Errorf("%+v", it)
	}
	p.unit(0, false)
	if n := r.drain(s, 1<<30); n != 1 || r.gaps != 0 {
		t.Errorf("%d units, %d gaps", n, r.gaps)
	}
}

// Of a stream that is pulled only while somebody watches, nothing stays cached.
func TestNothingStaysOfASecondaryStream(t *testing.T) {
	for _, primary := range []bool{true, false} {
		p := newProducer(5, Options{})
		p.feed.primary = primary
		p.unit(0, true)
		p.unit(0, false)
		p.feed.end(p.session, errReleased, false)
		if _, kept := p.feed.keyFrame(); kept != primary || (p.feed.budget.used.Load() > 0) != primary {
			t.Errorf("primary %v: key frame %v, %d bytes", primary, kept, p.feed.budget.used.Load())
		}
	}
}

func TestUnitsAreNotCopied(t *testing.T) {
	p := newProducer(6, Options{})
	s, _ := p.feed.subscribe()
	other, _ := p.feed.subscribe()
	data := []byte{0x65, 0, 0, 0, 0, 0, 0, 0, 1}
	p.session.Unit(Unit{Data: [][]byte{data}, Key: true, Arrived: time.Now()})
	for _, sub := range []*Subscription{s, other} {
		sub.pop() // the tracks
		it, _ := sub.pop()
		if &it.Unit.Data[0][0] != &data[0] {
			t.Error("a copy")
		}
	}
}

func TestNextWaits(t *testing.T) {
	p := newProducer(7, Options{})
	s, _ := p.feed.subscribe()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	go p.unit(0, true)
	if it, err := s.Next(t.Context()); err != nil || it.Tracks == nil {
		t.Errorf("%+v, %v", it, err)
	}
	if it, err := s.Next(t.Context()); err != nil || !it.Unit.Key {
		t.Errorf("%+v, %v", it, err)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(s.Close)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	all.Wait()
	if len(p.feed.subs) != 0 || p.feed.demand.subscribers != 0 {
		t.Error("closed thrice, and still there")
	}
	p.unit(0, true) // hurts nobody
}

// Subscribers come and go while units come.
func TestSubscribersComeAndGo(t *testing.T) {
	p := newProducer(8, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				s, err := p.feed.subscribe()
				if err != nil {
					t.Error(err)
					return
				}
				r := reader{t: t}
				for range 50 * (i + 1) {
					it, err := s.Next(ctx)
					if err != nil {
						break
					}
					r.take(it)
				}
				s.Close()
			}
		})
	}
	for range 300 {
		p.groupOf()
		runtime.Gosched()
	}
	cancel()
	all.Wait()
}

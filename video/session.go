package video

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"citywatch"
)

var (
	// errReleased ends a session that nobody wants any more.
	errReleased = errors.New("nobody wants the stream")
	errHangs    = errors.New("the session brings nothing any more")
	errEnded    = errors.New("the camera ended the stream")
	// errPanic is a fault in citywatch; what it was is in the log.
	errPanic = errors.New("citywatch could not cope with what the camera sent")
)

// A session is one time that a stream is pulled. It is the Sink of its Source:
// what comes after it has ended is ignored.
type session struct {
	feed   *feed
	cancel context.CancelCauseFunc
	first  time.Time // when its first frame came
}

// play has one session.
func (f *feed) play(ctx context.Context) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &session{feed: f, cancel: cancel}
	f.begin(s)
	err := s.pull(inner)
	if cause := context.Cause(inner); cause != nil && ctx.Err() == nil && !refused(err) {
		err = cause
	}
	f.end(s, err, ctx.Err() != nil)
}

// pull calls the source, whatever it does.
func (s *session) pull(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked(p)
			err = errPanic
		}
	}()
	return s.feed.source.Play(ctx, s)
}

// refused reports whether a session ended because of its credentials, which is
// remembered whatever else ended it.
func refused(err error) bool { return asFault(err).State == citywatch.CameraBadCredentials }

// panicEvery is how often the panics of one stream are logged; all are counted.
const panicEvery = time.Hour

// panicked is called where f.mu is not held.
func (s *session) panicked(p any) {
	f := s.feed
	f.metrics.panics.Inc()
	f.mu.Lock()
	now := f.now()
	quiet := !f.complained.IsZero() && now.Sub(f.complained) < panicEvery
	if !quiet {
		f.complained = now
	}
	f.mu.Unlock()
	if quiet {
		return
	}
	f.log.Error("a camera's session ended by a fault in citywatch; please report it",
		"camera", f.camera, "stream", f.quality, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// guard keeps a fault of a sink's method from ending the process: a source may
// call it where no other recover reaches.
func (s *session) guard() {
	if p := recover(); p != nil {
		s.panicked(p)
		s.cancel(errPanic)
	}
}

func (f *feed) begin(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.session = s
	f.meter.begin()
	f.still.begin()
	f.keyed, f.gap = false, false
	f.tracks, f.pictures = nil, -1
	f.judge.began(f.now())
	f.look(f.now())
}

func (f *feed) end(s *session, err error, stopping bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	f.session = nil
	f.group.end()
	if !f.primary {
		f.group.drop()
	}
	switch {
	case stopping:
	case errors.Is(err, errReleased):
		f.account.done(f, nil, f.judge.phase == playing, now)
		f.judge.released(now)
		f.demand.watched(now)
		if f.meter.frames > 0 {
			f.backoff = backoff{}
		}
	default:
		f.failed(s, err, now)
	}
	f.look(now)
}

func (f *feed) failed(s *session, err error, now time.Time) {
	fault := f.faultOf(err)
	f.account.done(f, fault, f.judge.phase == playing, now)
	f.metrics.failures.WithLabelValues(string(fault.State)).Inc()
	if f.judge.phase == playing {
		f.reconnects++
		f.metrics.reconnects.Inc()
	}
	var had time.Duration
	if f.meter.frames > 0 {
		had = f.meter.last.Sub(s.first)
	}
	f.judge.ended(now, fault, f.meter.frames, had)
	f.notBefore = now.Add(f.backoff.next(fault.State, had, jitter()))
}

func (f *feed) faultOf(err error) *Fault {
	if errors.Is(err, errHangs) && f.judge.phase == playing {
		return &Fault{State: citywatch.CameraNoVideo, Err: err}
	}
	return asFault(err)
}

// Tracks implements Sink.
func (s *session) Tracks(tracks []Track) {
	defer s.guard()
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != s {
		return
	}
	f.tracks, f.pictures = tracks, -1
	for i := range tracks {
		if tracks[i].Codec.IsVideo() {
			f.pictures = i
		}
	}
	f.generation++
	f.keyed = false
	f.group.end()
	if f.judge.phase == asking {
		f.account.answered(f)
	}
	f.judge.agreed(f.now())
	f.look(f.now())
}

// Lost implements Sink.
func (s *session) Lost(n int) {
	defer s.guard()
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != s || n <= 0 {
		return
	}
	f.gap = true
	f.lost += n
	f.metrics.lost.Add(float64(n))
}

// Unit implements Sink.
func (s *session) Unit(u Unit) {
	defer s.guard()
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != s || u.Track < 0 || u.Track >= len(f.tracks) {
		return
	}
	if u.Arrived.IsZero() {
		u.Arrived = f.now()
	}
	size := u.Size()
	f.metrics.units.Inc()
	f.metrics.bytes.Add(float64(size))
	picture := u.Track == f.pictures
	if picture {
		s.frame(&u, size)
	} else {
		f.meter.sound(size)
	}
	f.pass(&u, u.Key && (picture || f.pictures < 0))
}

// frame learns from a frame of pictures how the camera is.
func (s *session) frame(u *Unit, size int) {
	f := s.feed
	if f.meter.frames == 0 {
		s.first = u.Arrived
	}
	f.newest = f.tracks[u.Track]
	f.meter.frame(u.Arrived, size, u.Key)
	if u.Key {
		f.still.key(f.newest.Codec, u.Data, u.Arrived)
	}
	f.judge.came(u.Arrived.Sub(s.first))
	if u.Key || f.judge.state != citywatch.CameraOnline {
		f.look(u.Arrived)
	}
}

// pass caches a unit and offers it to those who subscribed.
func (f *feed) pass(u *Unit, start bool) {
	switch {
	case start:
		f.keyed = true
		f.group.start(f.tracks, u)
	case !f.keyed:
		return // nobody could decode it
	default:
		f.group.add(u, f.gap)
	}
	if len(f.subs) == 0 {
		f.gap = false
		return
	}
	a := arrival{unit: *u, tracks: f.tracks, generation: f.generation, start: start, gap: f.gap}
	f.gap = false
	for _, sub := range f.subs {
		sub.offer(&a)
	}
}

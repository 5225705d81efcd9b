// Package drill plays a history into the journal of a citywatch that exists for
// an exercise only: the live engine goes by the time at which it was, faster
// than it was then.
package drill

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"citywatch"
)

// A Source is a history: its entries in the order of time, io.EOF at the end.
// Those of package replay are ones.
type Source interface {
	Next(ctx context.Context) (shard int, e citywatch.Entry, err error)
	Close()
}

// The speeds that there are: at the highest the clock still ticks often enough
// for the engine not to believe that citywatch was down in between.
const (
	MinSpeed = 1
	MaxSpeed = 1000
)

// Options say what is played.
type Options struct {
	// Source is the history. What lies before From is played as fast as it can
	// be, so that the rules know it.
	Source Source
	From   time.Time
	// Speed is how many times as fast as it was.
	Speed float64
	// Plays reports whether a reading is one of the exercise; nil plays all.
	Plays func(*citywatch.Reading) bool
	// Over is called once, at the end of the history; it may be nil.
	Over func()
}

// A log is the journal of the exercise.
type log interface {
	Append(ctx context.Context, shard int, readings []citywatch.Reading) (uint64, error)
	Tick(ctx context.Context, shard int, at time.Time) (uint64, error)
}

// A Player plays a history once.
type Player struct {
	options Options
	moment  atomic.Pointer[moment]

	// Of the goroutine in Run.
	ticked time.Time
	// begun is when the moment From was, or would have been at this speed.
	begun time.Time
}

// A moment is what the exercise's clock said at a moment of this machine's.
type moment struct {
	at, real time.Time
	// speed is 0 while the clock stands.
	speed float64
}

// New returns a player that does nothing until Run.
func New(o Options) *Player {
	o.Speed = min(max(o.Speed, MinSpeed), MaxSpeed)
	p := &Player{options: o}
	p.moment.Store(&moment{at: o.From})
	return p
}

// Now is the exercise's clock: that of the engine, and of everything that people
// see.
func (p *Player) Now() time.Time {
	m := p.moment.Load()
	if m.speed == 0 {
		return m.at
	}
	// Never ahead of the engine by more than the step of its ticks.
	passed := time.Duration(float64(time.Since(m.real)) * m.speed)
	return m.at.Add(min(passed, p.step()))
}

const (
	// fastest is how far apart ticks are written at most often.
	fastest = 4 * time.Millisecond
	// longest is how far apart ticks lie at most, in the exercise's time: with
	// more the engine believes that citywatch was down.
	longest = 4 * citywatch.TickEvery
	// coarse is how far apart they lie before From, for each is a write to the
	// disk: silence is not counted there, and begins to be settles before.
	coarse  = time.Minute
	settles = 10 * time.Minute
	// hole is what lies apart so far that citywatch was down then, and skipped
	// the time that a hole takes at most.
	hole    = 5 * citywatch.TickEvery
	skipped = time.Second
)

// step is how far apart the ticks lie.
func (p *Player) step() time.Duration {
	step := time.Duration(p.options.Speed * float64(fastest))
	return min(max(step, citywatch.TickEvery), longest)
}

// Run plays the history into the journal. At its end the clock stands, and Run
// waits for ctx to end: people go on looking.
func (p *Player) Run(ctx context.Context, to log) error {
	defer p.options.Source.Close()
	for {
		_, e, err := p.options.Source.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.play(ctx, to, &e)
		}
		if err != nil {
			return err
		}
	}
	p.moment.Store(&moment{at: p.Now()})
	if p.options.Over != nil {
		p.options.Over()
	}
	<-ctx.Done()
	return ctx.Err()
}

func (p *Player) play(ctx context.Context, to log, e *citywatch.Entry) error {
	if e.Tick.IsZero() {
		return p.readings(ctx, to, e.Readings)
	}
	step := p.step()
	switch before := p.options.From.Sub(e.Tick); {
	case before > settles:
		step = coarse
	case before > 0:
		step = longest
	}
	// Of several shards each tells the time.
	if passed := e.Tick.Sub(p.ticked); !p.ticked.IsZero() && passed < step {
		return nil
	}
	if err := p.wait(ctx, e.Tick); err != nil {
		return err
	}
	p.ticked = e.Tick
	_, err := to.Tick(ctx, 0, e.Tick)
	return err
}

func (p *Player) readings(ctx context.Context, to log, all []citywatch.Reading) error {
	var played []citywatch.Reading
	for i := range all {
		if p.options.Plays == nil || p.options.Plays(&all[i]) {
			played = append(played, all[i])
		}
	}
	if len(played) == 0 {
		return nil
	}
	if err := p.wait(ctx, played[len(played)-1].Arrived); err != nil {
		return err
	}
	_, err := to.Append(ctx, 0, played)
	return err
}

// wait returns when it is that time.
func (p *Player) wait(ctx context.Context, at time.Time) error {
	now := time.Now()
	since := time.Duration(float64(at.Sub(p.options.From)) / p.options.Speed)
	if since < 0 {
		p.moment.Store(&moment{at: at})
		return ctx.Err()
	}
	before := p.moment.Load()
	due := p.begun.Add(since)
	switch {
	case p.begun.IsZero() || now.Sub(due) > skipped:
		p.begun = now.Add(-since) // this machine is too slow: nothing is rushed
		due = now
	case at.Sub(before.at) > hole && due.Sub(now) > skipped:
		p.begun = p.begun.Add(skipped - due.Sub(now)) // nobody waits for a hole
		due = now.Add(skipped)
	}
	timer := time.NewTimer(due.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if at.After(before.at) {
		p.moment.Store(&moment{at: at, real: time.Now(), speed: p.options.Speed})
	}
	return nil
}

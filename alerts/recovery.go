package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// checkpointKey is where an engine keeps what it knows.
func (e *Engine) checkpointKey() string { return fmt.Sprintf("alerts.%d", e.deps.Shard) }

// restore brings the engine to where it was: the checkpoint, then what the
// transitions after it say of their keys. The entries after the checkpoint are
// then read again, and each key skips those that it knows.
func (e *Engine) restore(ctx context.Context) error {
	data, err := e.deps.Journal.Load(ctx, e.checkpointKey())
	if err != nil {
		return err
	}
	if data != nil {
		if e.appended, err = e.fold.load(data); err != nil {
			// Everything in it came from the journal.
			e.deps.Log.Warn("the kept state of the alerts cannot be read; reading the whole journal", "shard", e.deps.Shard, "err", err)
		}
	}
	if err := e.replay(ctx); err != nil {
		return err
	}
	e.fold.start()
	if !e.fold.clk.Now.IsZero() {
		e.metrics.take(e.fold) // the lag shows while the engine catches up
	}
	return nil
}

// replay reads the transitions after the checkpoint, up to the last there is.
func (e *Engine) replay(ctx context.Context) error {
	first, last, err := e.deps.Journal.TransitionBounds(ctx)
	if err != nil {
		return err
	}
	if last < first || last <= e.appended {
		return nil
	}
	r := e.deps.Transitions(e.appended + 1)
	defer r.Close()
	for e.appended < last {
		t, err := r.Next(ctx)
		if err != nil {
			return err
		}
		e.appended = t.Seq
		e.unkept++
		if err := e.fold.replay(&t); err != nil {
			e.deps.Log.Error("an alert could not be restored", "alert", t.Alert.ID, "err", err)
		}
	}
	return nil
}

// A saver writes checkpoints, one at a time, while the engine goes on.
type saver struct {
	engine *Engine
	// busy is closed when the one being written is; nil before the first.
	busy chan struct{}
	// ready is closed.
	ready chan struct{}
}

func newSaver(e *Engine) *saver {
	s := &saver{engine: e, ready: make(chan struct{})}
	close(s.ready)
	return s
}

// stopTimeout bounds what is written after the engine's context has ended.
const stopTimeout = 5 * time.Second

// start begins a checkpoint, unless one is still being made or written. Every
// transition must be in the journal.
func (s *saver) start() {
	e := s.engine
	if e.fold.saving != nil || !s.idle() {
		return
	}
	e.since, e.unkept = 0, 0
	e.fold.saving = e.fold.begin()
	e.fold.saving.head.Transitions = e.appended
}

// idle reports whether no checkpoint is being written.
func (s *saver) idle() bool {
	select {
	case <-s.busy:
		return true
	default:
		return s.busy == nil
	}
}

// always is ready to be received from while a checkpoint is being made: between
// two entries there is something to do.
func (s *saver) always() <-chan struct{} {
	if s.engine.fold.saving == nil {
		return nil
	}
	return s.ready
}

// advance makes some more of the checkpoint, and has it written when it is
// whole.
func (s *saver) advance(ctx context.Context) {
	made := s.engine.fold.saving
	if !made.step(s.engine.fold, keysAtOnce) {
		return
	}
	s.engine.fold.saving = nil
	busy := make(chan struct{})
	s.busy = busy
	go func() {
		defer close(busy)
		s.engine.save(ctx, made.whole())
	}()
}

// snapshot makes a whole checkpoint now, in the place of one that is being made.
func (s *saver) snapshot() *checkpoint {
	e := s.engine
	e.since, e.unkept, e.fold.saving = 0, 0, nil
	c := e.fold.checkpoint()
	c.Transitions = e.appended
	return c
}

// finish writes a last checkpoint after ctx has ended.
func (s *saver) finish(ctx context.Context) {
	if s.busy != nil {
		<-s.busy
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := s.engine.flush(ctx); err == nil {
		s.engine.save(ctx, s.snapshot())
	}
}

// save writes a checkpoint. One that fails is no loss: the journal is read
// from the one before.
func (e *Engine) save(ctx context.Context, c *checkpoint) {
	begun := time.Now()
	data, err := json.Marshal(c)
	if err == nil {
		err = e.deps.Journal.Save(ctx, e.checkpointKey(), data)
	}
	if err != nil && ctx.Err() == nil {
		e.metrics.unsaved.Inc()
		e.deps.Log.Warn("the state of the alerts could not be kept; after a crash more of the journal is read anew",
			"shard", e.deps.Shard, "bytes", len(data), "err", err)
	}
	if err == nil {
		e.metrics.saving.Set(time.Since(begun).Seconds())
		e.metrics.savedBytes.Set(float64(len(data)))
	}
}

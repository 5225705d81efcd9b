package alerts

import (
	"context"
	"encoding/json"
	"fmt"
)

// A reload is new rules on their way to the engine's goroutine.
type reload struct {
	rules *Rules
	reply chan<- error
}

// Reload has the engine go on with other rules, between two entries. It does
// what a restart with them would, and no more: every alert stays, is reviewed
// by the rule that it now has, and goes stale where it has none. After a kill
// at any moment the engine starts with these rules from where it took them up.
//
// It returns when they are in force, or with the reason why those before still
// are. It waits while the engine does not run yet.
func (e *Engine) Reload(ctx context.Context, rules *Rules) error {
	reply := make(chan error, 1)
	select {
	case e.reloads <- reload{rules, reply}:
	case <-e.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		return err
	case <-e.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reload swaps the rules. What the engine knows is kept first: a restart reads
// nothing anew that was judged by the rules before. The error is one that ends
// the engine; what is wrong with the reload alone goes to whoever asked.
func (s *saver) reload(ctx context.Context, r reload) error {
	e := s.engine
	if err := e.flush(ctx); err != nil {
		r.reply <- ErrStopped
		return err
	}
	if s.busy != nil {
		<-s.busy // an older one must not be written over the one below
	}
	next, err := s.refounded(ctx, r.rules)
	if err != nil {
		r.reply <- fmt.Errorf("alerts: the rules before stay in force: %w", err)
		return nil
	}
	e.fold, e.deps.Rules = next, r.rules
	e.metrics.rules(r.rules)
	r.reply <- nil
	return nil
}

// refounded keeps what the fold knows and returns one of other rules that
// knows the same.
func (s *saver) refounded(ctx context.Context, rules *Rules) (*fold, error) {
	e := s.engine
	data, err := json.Marshal(s.snapshot())
	if err != nil {
		return nil, err
	}
	deps := e.deps
	deps.Rules = rules
	next := newFold(e.options, deps)
	if _, err := next.load(data); err != nil {
		return nil, err
	}
	next.start()
	next.stats = e.fold.stats
	// Last, for from here on a restart has the new rules.
	if err := e.deps.Journal.Save(ctx, e.checkpointKey(), data); err != nil {
		return nil, fmt.Errorf("what the engine knows could not be kept: %w", err)
	}
	return next, nil
}

package picture

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
	"citywatch/internal/journal"
)

// Options are what a Picture needs.
type Options struct {
	Journal *journal.Journal
	Shards  int
	Devices Devices
	// Incidents may be nil.
	Incidents Incidents
	Log       *slog.Logger
}

// Incidents say which incident each alert belongs to. They are kept with the
// picture, and never behind it.
type Incidents interface {
	// Restore has them know every transition up to and with upTo.
	Restore(ctx context.Context, upTo uint64) error
	// Transition sets what they know of t's alert.
	Transition(t *citywatch.Transition)
	// Of returns the incident of an open alert.
	Of(alert string) string
	Save(context.Context) error
}

// A Watcher is told everything that changes, in the journal's order, after the
// picture has it. It must not block, and must not change what it is given.
type Watcher interface {
	Readings([]citywatch.Reading)
	Transition(*citywatch.Transition)
}

// checkpointKey is where the picture is kept over restarts.
const checkpointKey = "picture"

// checkpointEvery bounds how much of the journal is read anew after a crash.
// Each checkpoint costs an fsync.
const checkpointEvery = time.Minute

type checkpoint struct {
	Cursor  cursor                     `json:"cursor"`
	Devices map[string]*deviceState    `json:"devices"`
	Alerts  map[string]citywatch.Alert `json:"alerts"`
}

// Run follows the journal until ctx ends, and tells watcher what changes.
func (p *Picture) Run(ctx context.Context, watcher Watcher) error {
	if err := p.restore(ctx); err != nil {
		return fmt.Errorf("picture: restoring: %w", err)
	}
	g, running := errgroup.WithContext(ctx)
	for shard := range p.options.Shards {
		g.Go(func() error { return p.followEntries(running, shard, watcher) })
	}
	g.Go(func() error { return p.followTransitions(running, watcher) })
	g.Go(func() error { return p.keep(running) })
	err := g.Wait()
	if ctx.Err() == nil {
		return fmt.Errorf("picture: %w", err)
	}
	return nil
}

func (p *Picture) followEntries(ctx context.Context, shard int, watcher Watcher) error {
	p.mu.RLock()
	from := p.cursor.Entries[shard] + 1
	p.mu.RUnlock()
	entries := p.options.Journal.Entries(shard, from).Named("picture")
	defer entries.Close()
	for {
		e, err := entries.Next(ctx)
		if err != nil {
			return err
		}
		p.entry(shard, &e)
		if len(e.Readings) > 0 {
			watcher.Readings(e.Readings)
		}
	}
}

func (p *Picture) followTransitions(ctx context.Context, watcher Watcher) error {
	p.mu.RLock()
	from := p.cursor.Transitions + 1
	p.mu.RUnlock()
	transitions := p.options.Journal.Transitions(from).Named("picture")
	defer transitions.Close()
	for {
		t, err := transitions.Next(ctx)
		if err != nil {
			return err
		}
		if p.options.Incidents != nil {
			p.options.Incidents.Transition(&t)
		}
		p.transition(&t)
		watcher.Transition(&t)
	}
}

// keep writes checkpoints. One that fails is no loss: the journal is read from
// the one before.
func (p *Picture) keep(ctx context.Context) error {
	ticker := time.NewTicker(checkpointEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.save(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			p.save(last)
			return ctx.Err()
		}
	}
}

func (p *Picture) save(ctx context.Context) {
	p.mu.RLock()
	data, err := json.Marshal(checkpoint{Cursor: p.cursor, Devices: p.heard, Alerts: p.alerts})
	p.mu.RUnlock()
	if err == nil {
		err = p.options.Journal.Save(ctx, checkpointKey, data)
	}
	if err == nil && p.options.Incidents != nil {
		err = p.options.Incidents.Save(ctx)
	}
	if err != nil {
		p.options.Log.Warn("the picture could not be kept; after a restart the journal is read from the checkpoint before", "err", err)
	}
}

func (p *Picture) restore(ctx context.Context) error {
	if err := p.restoreOwn(ctx); err != nil || p.options.Incidents == nil {
		return err
	}
	if err := p.options.Incidents.Restore(ctx, p.cursor.Transitions); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, a := range p.alerts {
		a.Incident = p.options.Incidents.Of(id)
		p.alerts[id] = a
	}
	return nil
}

func (p *Picture) restoreOwn(ctx context.Context) error {
	data, err := p.options.Journal.Load(ctx, checkpointKey)
	if err != nil || data == nil {
		return err
	}
	kept := checkpoint{}
	if err := json.Unmarshal(data, &kept); err != nil {
		// Nothing is lost: everything in it came from the journal.
		p.options.Log.Warn("the kept picture cannot be read; reading the whole journal", "err", err)
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if kept.Devices != nil {
		p.heard = kept.Devices
	}
	if kept.Alerts != nil {
		p.alerts = kept.Alerts
	}
	if kept.Cursor.Entries != nil {
		p.cursor = kept.Cursor
	}
	return nil
}

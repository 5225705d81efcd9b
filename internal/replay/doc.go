// Package replay runs rules over what is stored: what they would have done in
// the last months, and what others would have done instead.
//
// The evaluation is the alert engine's own (alerts.Simulation). A replay reads
// its history once, in the order of time, however many sets of rules look at
// it, and keeps of it what the engine keeps, and the alerts.
//
// From the journal a replay is what the engine did, but for what people did:
// readings come in the order and at the times at which they came then, and the
// journal's ticks tell when citywatch was not running. The time series store
// knows only when things were measured; see FromStore.
package replay

import (
	"context"
	"errors"
	"io"
	"time"

	"citywatch"
	"citywatch/alerts"
)

// A Source is a history. Next returns its entries in the order of time, each
// with the shard that it belongs to and a Seq higher than that of the one
// before in that shard; io.EOF ends it.
type Source interface {
	Next(ctx context.Context) (shard int, e citywatch.Entry, err error)
	Close()
}

// Options say what is replayed.
type Options struct {
	// From is the first moment that is told of, To the first after. WarmFrom is
	// when the source begins.
	From, To, WarmFrom time.Time
	// Rules are looked at; Other are those that they are compared with, or nil.
	Rules, Other *alerts.Rules
	// Alerts are the engine's.
	Alerts alerts.Options
	// Devices are those that are known in each shard; Plan says which of them are
	// judged there, and is nil where all are.
	Devices [][]citywatch.Device
	Plan    alerts.Share
	// Seen is after which time somebody has seen an alert: acknowledges it, and
	// resets it if it latched and is over. 0 is nobody, and then what comes back
	// is the same alert for ever.
	Seen time.Duration
	// Events bounds the timeline, Differences the list of differences, Alerts
	// the alerts that are compared.
	Events, Differences int
	// Event is told each change as it comes; it may be nil.
	Event func(*citywatch.ReplayEvent)
	// Progress is called now and then; it may be nil.
	Progress func(Progress)
	// Share is which part of a processor the replay takes at most; 0 is all.
	Share float64
}

// Progress is how far a replay has come.
type Progress struct {
	At       time.Time
	Readings int64
	Took     time.Duration
}

// ErrTooMany means that the rules raise more alerts than can be compared.
var ErrTooMany = errors.New("more alerts than can be compared: choose a shorter time")

// LookBack is how long before From a source has to begin.
func (o *Options) LookBack() time.Duration {
	back := time.Duration(0)
	for _, devices := range o.Devices {
		back = max(back, o.Rules.LookBack(devices))
		if o.Other != nil {
			back = max(back, o.Other.LookBack(devices))
		}
	}
	return back
}

// Run replays the whole source. The error is ctx's, the source's or ErrTooMany.
func Run(ctx context.Context, src Source, o Options) (*citywatch.Replay, error) {
	r := newRun(&o)
	for {
		shard, e, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.entry(shard, &e); err != nil {
			return nil, err
		}
		if err := r.pace(ctx); err != nil {
			return nil, err
		}
	}
	return r.report(), nil
}

package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"citywatch"
)

// A Resharding is what Reshard works with.
type Resharding struct {
	// Shards is their number, Share who judges what, Sum what tells it from
	// others.
	Shards int
	Share  Share
	Sum    string

	Rules       *Rules
	Devices     devices
	Journal     ledger
	Transitions func(from uint64) Reader[citywatch.Transition]
	Entries     func(shard int, from uint64) Reader[citywatch.Entry]
	EntryBounds func(ctx context.Context, shard int) (first, last uint64, err error)
	Append      func(ctx context.Context, shard int, readings []citywatch.Reading) (uint64, error)
	Log         *slog.Logger
}

// shared is what was last known of who judges what.
type shared struct {
	Shards int    `json:"shards"`
	Sum    string `json:"sum"`
	// Moving is set until what went elsewhere is gone from where it was.
	Moving bool `json:"moving,omitempty"`
}

const sharedKey = "alerts.share"

// Reshard brings what engines know to where it is needed, if who judges what has
// changed since it was last called: states, with their alerts, and the readings
// that were not evaluated yet. No engine may run. Killed anywhere, it does what
// is left to do when it is called again.
func Reshard(ctx context.Context, r Resharding) error {
	data, err := r.Journal.Load(ctx, sharedKey)
	if err != nil {
		return err
	}
	was := shared{Shards: r.Shards}
	if data != nil {
		if err := json.Unmarshal(data, &was); err != nil {
			return fmt.Errorf("alerts: who judged what before: %w", err)
		}
	}
	now := shared{Shards: r.Shards, Sum: r.Sum}
	if was == now {
		return nil
	}
	if now.Moving = true; was != now && (was.Sum != "" || r.Shards > 1) {
		if err := r.move(ctx, was.Shards); err != nil {
			return fmt.Errorf("alerts: from %d to %d shards: %w", was.Shards, r.Shards, err)
		}
		r.Log.Info("the alerts are shared out anew", "shards", r.Shards, "before", was.Shards)
	}
	if err := r.note(ctx, now); err != nil {
		return err
	}
	if err := r.purge(ctx); err != nil {
		return fmt.Errorf("alerts: from %d to %d shards: %w", was.Shards, r.Shards, err)
	}
	now.Moving = false
	return r.note(ctx, now)
}

func (r *Resharding) note(ctx context.Context, s shared) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return r.Journal.Save(ctx, sharedKey, data)
}

// purge takes from what is kept for each engine what is another's by now: else
// it would be taken for the truth if it were shared out anew.
func (r *Resharding) purge(ctx context.Context) error {
	if r.Shards == 1 {
		return nil
	}
	for i := range r.Shards {
		key := fmt.Sprintf("alerts.%d", i)
		data, err := r.Journal.Load(ctx, key)
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		var c checkpoint
		if err := json.Unmarshal(data, &c); err != nil {
			return err
		}
		f := newFold(Options{}, Deps{Shard: i, Share: r.Share, Rules: r.Rules, Devices: r.Devices, Log: r.Log})
		c.Keys = slices.DeleteFunc(c.Keys, func(s saved) bool { return f.astray(&s, &s.Alert) })
		if data, err = json.Marshal(&c); err != nil {
			return err
		}
		if err := r.Journal.Save(ctx, key, data); err != nil {
			return err
		}
	}
	return nil
}

// move shares out what the engines of so many shards knew.
func (r *Resharding) move(ctx context.Context, was int) error {
	before, last, err := r.read(ctx, was)
	if err != nil {
		return err
	}
	clk := before[0].Clock // for those that are new
	for _, c := range before {
		if c.Clock.Up > clk.Up {
			clk = c.Clock
		}
	}
	after := make([]*allotment, r.Shards)
	for i := range after {
		if i < was {
			after[i] = newAllotment(before[i])
		} else if after[i], err = r.begun(ctx, i); err != nil {
			return err
		}
		if after[i].Clock.Ticked.IsZero() {
			after[i].Clock = clk
		}
		after[i].Transitions = last
	}
	for i, c := range before {
		r.allot(c, i, after)
	}
	for i := range min(was, r.Shards) {
		if err := r.forward(ctx, i, before[i].Last.Seq); err != nil {
			return err
		}
	}
	// What went elsewhere is still where it was, in case this is cut short.
	for i, a := range after {
		data, err := json.Marshal(&a.checkpoint)
		if err != nil {
			return err
		}
		if err := r.Journal.Save(ctx, fmt.Sprintf("alerts.%d", i), data); err != nil {
			return err
		}
	}
	return nil
}

// read returns what the engine of each shard knew.
func (r *Resharding) read(ctx context.Context, all int) (known []*checkpoint, last uint64, err error) {
	folds, upTo := make([]*fold, all), make([]uint64, all)
	for i := range folds {
		folds[i] = newFold(Options{}, Deps{Shard: i, Rules: r.Rules, Devices: r.Devices, Log: r.Log})
		data, err := r.Journal.Load(ctx, fmt.Sprintf("alerts.%d", i))
		if err != nil {
			return nil, 0, err
		}
		if data == nil {
			continue
		}
		if upTo[i], err = folds[i].load(data); err != nil {
			return nil, 0, fmt.Errorf("what the engine of shard %d knew: %w", i, err)
		}
	}
	if last, err = r.replay(ctx, folds, upTo); err != nil {
		return nil, 0, err
	}
	for _, f := range folds {
		known = append(known, f.checkpoint())
	}
	return known, last, nil
}

// replay brings folds up to date with the transitions, and returns the last.
func (r *Resharding) replay(ctx context.Context, folds []*fold, upTo []uint64) (last uint64, err error) {
	first, last, err := r.Journal.TransitionBounds(ctx)
	if err != nil || last < first {
		return last, err
	}
	from := upTo[0]
	for _, n := range upTo {
		from = min(from, n)
	}
	if from >= last {
		return last, nil
	}
	transitions := r.Transitions(from + 1)
	defer transitions.Close()
	for at := from; at < last; {
		t, err := transitions.Next(ctx)
		if err != nil {
			return 0, err
		}
		at = t.Seq
		for i, f := range folds {
			if at <= upTo[i] {
				continue
			}
			if err := f.replay(&t); err != nil {
				r.Log.Error("an alert could not be restored", "alert", t.Alert.ID, "err", err)
			}
		}
	}
	return last, nil
}

// An allotment is what the engine of a shard is to know.
type allotment struct {
	checkpoint
	at map[keyID]int // where in Keys
}

func newAllotment(c *checkpoint) *allotment {
	a := &allotment{checkpoint: *c, at: map[keyID]int{}}
	for i := range a.Keys {
		a.at[keyID{a.Keys[i].Rule, a.Keys[i].Device}] = i
	}
	return a
}

// begun is the allotment of a shard that had no engine. What may be in it from
// long ago, when it had one, was shared out then.
func (r *Resharding) begun(ctx context.Context, shard int) (*allotment, error) {
	_, last, err := r.EntryBounds(ctx, shard)
	if err != nil {
		return nil, err
	}
	return newAllotment(&checkpoint{Version: checkpointVersion, Last: citywatch.Position{Seq: last, Index: math.MaxInt32}}), nil
}

// take adds what another engine knew, unless more is known of it already.
func (a *allotment) take(s saved, clk clock) {
	shift := a.Clock.Up - clk.Up
	moved := func(up *time.Duration) {
		if *up > 0 {
			*up = max(0, *up+shift)
		}
	}
	s.Pos = citywatch.Position{} // places are of another shard
	moved(&s.Up)
	moved(&s.Excused)
	if s.Backlog != nil {
		s.Backlog = s.Backlog.clone()
		moved(&s.Backlog.Begun)
		moved(&s.Backlog.Latest)
	}
	if s.Episode != nil {
		episode := *s.Episode
		moved(&episode.Called.Up)
		s.Episode = &episode
	}
	id := keyID{s.Rule, s.Device}
	i, known := a.at[id]
	switch {
	case !known:
		a.at[id] = len(a.Keys)
		a.Keys = append(a.Keys, s)
	case newer(&s, &a.Keys[i]) > 0:
		a.Keys[i] = s
	}
}

// allot gives what the engine of shard i knew to those that need it.
func (r *Resharding) allot(c *checkpoint, i int, after []*allotment) {
	for n := range c.Keys {
		s := c.Keys[n]
		home, known := r.Rules.home(&s, s.Alert, r.Devices, r.Share)
		if !known {
			home = min(i, r.Shards-1)
		}
		if home != i {
			after[home].take(s, c.Clock)
		}
		rule := r.Rules.rule(s.Rule)
		if rule == nil || rule.Silence == nil {
			continue
		}
		s.Alert = nil // told by its own engine
		for shard, a := range after {
			for _, d := range r.Share.Causes(shard) {
				if d.ID == s.Device && shard != home && shard != i {
					a.take(s, c.Clock)
				}
			}
		}
	}
}

// forward writes the readings that the engine of a shard has not seen, and that
// are no longer its own, to where they belong.
func (r *Resharding) forward(ctx context.Context, shard int, seen uint64) error {
	first, last, err := r.EntryBounds(ctx, shard)
	if err != nil || last < first || last <= seen {
		return err
	}
	entries := r.Entries(shard, max(seen+1, first))
	defer entries.Close()
	for at := seen; at < last; {
		e, err := entries.Next(ctx)
		if err != nil {
			return err
		}
		at = e.Seq
		going := map[int][]citywatch.Reading{}
		for i := range e.Readings {
			zone, device := e.Readings[i].Zone, e.Readings[i].Device
			if d, ok := r.Devices.Lookup(device); ok && d.ID == device {
				zone = d.Zone // as it is now
			}
			if home := r.Share.Home(zone, device); home != shard {
				going[home] = append(going[home], e.Readings[i])
			}
		}
		for to := range r.Shards {
			if len(going[to]) == 0 {
				continue
			}
			if _, err := r.Append(ctx, to, going[to]); err != nil {
				return err
			}
		}
	}
	return nil
}

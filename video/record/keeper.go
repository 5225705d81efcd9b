package record

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"time"
)

const (
	keepEvery = time.Second
	// roomAtOnce is what is deleted when a write finds no room although there
	// should be some: the rest may be too little, or another's.
	roomAtOnce = 64 << 20
	// keepFile holds how long each camera's recordings are kept, for cameras
	// that are taken out of the configuration.
	keepFile = "keep.json"
	// clockJump is a leap of the clock after which nothing is deleted by age
	// for clockDoubt: one that is set wrong for a moment must not cost all
	// recordings.
	clockJump  = 10 * time.Minute
	clockDoubt = time.Hour
)

// A keeper deletes what is too old, or in the way.
type keeper struct {
	rec  *Recorder
	kick chan struct{} // a write found the disk full

	keep  map[string]time.Duration // of all cameras that ever were recorded
	last  time.Time                // on the clock on the wall
	ran   time.Time                // by the one that nobody sets
	doubt time.Time                // until when, by the latter, the former is not believed
	full  bool
	need  int64 // what must be free for recording to go on
}

// load reads how long recordings were to be kept so far, and notes how long now.
func (k *keeper) load(root *os.Root) error {
	k.keep = map[string]time.Duration{}
	data, err := root.ReadFile(keepFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		if err := json.Unmarshal(data, &k.keep); err != nil {
			k.rec.log.Error("how long recordings of former cameras are to be kept cannot be read", "file", keepFile, "err", err)
			k.keep = map[string]time.Duration{}
		}
	}
	before := maps.Clone(k.keep)
	for id, c := range k.rec.cameras {
		k.keep[id] = c.keep
	}
	if maps.Equal(before, k.keep) {
		return nil
	}
	if data, err = json.Marshal(k.keep); err != nil {
		return err
	}
	if err = root.WriteFile(keepFile+".new", data, 0o640); err == nil {
		err = root.Rename(keepFile+".new", keepFile)
	}
	if err != nil {
		// A full disk may do without: it is written at the next start.
		k.rec.log.Warn("how long recordings are to be kept cannot be noted for when their cameras are gone", "err", err)
	}
	return nil
}

// keepOf is how long a camera's recordings are kept. Of one that is not
// configured any more it is what was; where that is lost, the shortest of all.
func (k *keeper) keepOf(id string) time.Duration {
	if keep, ok := k.keep[id]; ok {
		return keep
	}
	shortest := 24 * time.Hour
	for _, keep := range k.keep {
		shortest = min(shortest, keep)
	}
	return shortest
}

func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	k.look(0)
	for {
		select {
		case <-tick.C:
			for _, c := range k.rec.cameras {
				c.idle()
			}
			k.expire(k.rec.now())
			k.look(0)
		case <-k.kick:
			k.look(roomAtOnce)
		case <-ctx.Done():
			return
		}
	}
}

// expire deletes what is too old.
func (k *keeper) expire(now time.Time) {
	run := time.Now()
	if !k.last.IsZero() {
		leap := now.Round(0).Sub(k.last) - run.Sub(k.ran)
		if leap > clockJump {
			k.rec.log.Warn("the clock was set forward: nothing is deleted by its age for a while, lest the clock be wrong",
				"by", leap.Round(time.Second), "for", clockDoubt)
			k.doubt = run.Add(clockDoubt)
		}
	}
	k.last, k.ran = now.Round(0), run
	if run.Before(k.doubt) {
		return
	}
	for _, id := range k.rec.library.ids() {
		before := now.Add(-k.keepOf(id))
		for s := k.rec.library.take(id, before, now); s != nil; s = k.rec.library.take(id, before, now) {
			if !k.remove(id, s, "age") {
				break // and try again in a second
			}
		}
	}
}

func (k *keeper) remove(id string, s *segment, reason string) bool {
	if err := k.rec.library.remove(id, s); err != nil {
		k.rec.metrics.undeleted.Inc()
		k.rec.health.failed(id, err, k.rec.now())
		return false
	}
	k.rec.metrics.deleted.WithLabelValues(reason).Inc()
	return true
}

// look sees to it that there is room on the disk, and at least so much more than
// there is now: the oldest go for it. When none is left to go, recording stops
// until there is a little more than needed.
func (k *keeper) look(more int64) {
	free, total, err := k.space()
	want := k.rec.o.floor(total)
	if k.full {
		want = max(want+want/10, k.need)
	} else if more > 0 {
		want = max(want, free+min(more, total/20))
	}
	for err == nil && free < want {
		id, s := k.rec.library.takeOldest(k.rec.now())
		if s == nil || !k.remove(id, s, "room") {
			if !k.full {
				k.need = want
			}
			k.set(free, true)
			return
		}
		free, _, err = k.space()
	}
	if err == nil {
		k.set(free, false)
	}
}

func (k *keeper) space() (free, total int64, err error) {
	free, total, err = space(k.rec.o.Dir)
	if err != nil {
		k.rec.health.failed("", err, k.rec.now())
		return 0, 0, err
	}
	k.rec.metrics.free.Set(float64(free))
	return free, total, nil
}

func (k *keeper) set(free int64, full bool) {
	k.rec.health.disk(free, full)
	if k.full == full {
		return
	}
	k.full = full
	k.rec.metrics.full.Set(0)
	if full {
		k.rec.metrics.full.Set(1)
	}
	for _, c := range k.rec.cameras {
		c.stop(full)
	}
}

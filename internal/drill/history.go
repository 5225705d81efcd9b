package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"citywatch"
)

// ErrTooLong means that a history has more readings than are kept in memory.
var ErrTooLong = errors.New("too many readings for a drill: choose a shorter time")

// maxKept bounds what Keep keeps, some 300 bytes each.
const maxKept = 1_000_000

// A kept history lies in memory.
type kept struct{ entries []citywatch.Entry }

// Keep reads a source to its end and closes it, so that nothing of where it came
// from is open while the drill runs.
func Keep(ctx context.Context, src Source) (Source, error) {
	defer src.Close()
	var k kept
	readings := 0
	for {
		_, e, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return &k, nil
		}
		if err != nil {
			return nil, err
		}
		if readings += len(e.Readings); readings > maxKept {
			return nil, fmt.Errorf("%w (%d)", ErrTooLong, maxKept)
		}
		k.entries = append(k.entries, e)
	}
}

// Next is Source's.
func (k *kept) Next(context.Context) (shard int, e citywatch.Entry, err error) {
	if len(k.entries) == 0 {
		return 0, e, io.EOF
	}
	e, k.entries = k.entries[0], k.entries[1:]
	return 0, e, nil
}

// Close is Source's.
func (k *kept) Close() {}

// A recorded history is readings in the order of time, each of which came when
// it was measured.
type recorded struct {
	readings []citywatch.Reading
	tick     time.Time
}

// FromReadings returns the history in readings that are in the order of time,
// from from until to, and when it begins. A zero time is no bound.
func FromReadings(all []citywatch.Reading, from, to time.Time) (src Source, begins time.Time, err error) {
	var rec recorded
	for _, r := range all {
		if !r.Time.Before(from) && (to.IsZero() || r.Time.Before(to)) {
			r.Arrived = r.Time
			rec.readings = append(rec.readings, r)
		}
	}
	if len(rec.readings) == 0 {
		if len(all) == 0 {
			return nil, begins, errors.New("the recording is empty")
		}
		return nil, begins, fmt.Errorf("the recording has nothing of that time: it is of %s to %s",
			all[0].Time.Format(time.RFC3339), all[len(all)-1].Time.Format(time.RFC3339))
	}
	begins = rec.readings[0].Time
	rec.tick = begins.Truncate(citywatch.TickEvery)
	return &rec, begins, nil
}

// Next is Source's.
func (r *recorded) Next(context.Context) (shard int, e citywatch.Entry, err error) {
	if len(r.readings) == 0 {
		return 0, e, io.EOF
	}
	if at := r.readings[0].Time; !at.Before(r.tick) {
		e.Tick = r.tick
		r.tick = r.tick.Add(citywatch.TickEvery)
		return 0, e, nil
	}
	n := 0
	for n < len(r.readings) && r.readings[n].Time.Before(r.tick) {
		n++
	}
	e.Readings, r.readings = r.readings[:n], r.readings[n:]
	return 0, e, nil
}

// Close is Source's.
func (r *recorded) Close() {}

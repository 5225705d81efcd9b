package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"citywatch"
	"citywatch/internal/play"
	"citywatch/internal/replay"
)

// ErrTooLong means that a history has more readings than are kept in memory.
var ErrTooLong = errors.New("too many readings for a drill: choose a shorter time")

// maxKept bounds what Keep keeps, some 300 bytes each.
const maxKept = 1_000_000

// A kept history lies in memory.
type kept struct{ entries []citywatch.Entry }

// Keep reads a source to its end and closes it, so that nothing of where it came
// from is open while the drill runs.
func Keep(ctx context.Context, src replay.Source) (replay.Source, error) {
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

// ErrUnknownStations means that the site has none of a recording's stations.
var ErrUnknownStations = errors.New("none of the recording's stations is in the list of devices (`citywatch play devices FILE` writes one)")

// A recorded history is a recording, each row of which came when it was
// measured.
type recorded struct {
	rows    []play.Row
	devices map[string]*citywatch.Device // by station
	tick    time.Time
}

// FromRecording returns the history in a recording from from until to, and when
// it begins. A zero time is no bound.
func FromRecording(r *play.Recording, devices []citywatch.Device, from, to time.Time) (src replay.Source, begins time.Time, err error) {
	if len(r.Rows) == 0 {
		return nil, begins, errors.New("the recording is empty")
	}
	rec := &recorded{devices: map[string]*citywatch.Device{}}
	for _, s := range r.Stations {
		for i := range devices {
			if d := &devices[i]; d.ID == s.ID {
				rec.devices[s.ID] = d
			}
		}
	}
	known := false
	for _, row := range r.Rows {
		if known = known || rec.devices[row.Station.ID] != nil; rec.devices[row.Station.ID] == nil {
			continue
		}
		if !row.Time.Before(from) && (to.IsZero() || row.Time.Before(to)) {
			rec.rows = append(rec.rows, row)
		}
	}
	switch {
	case !known:
		return nil, begins, ErrUnknownStations
	case len(rec.rows) == 0:
		return nil, begins, fmt.Errorf("the recording has nothing of that time: it is of %s to %s",
			r.Rows[0].Time.Format(time.RFC3339), r.Rows[len(r.Rows)-1].Time.Format(time.RFC3339))
	}
	begins = rec.rows[0].Time
	rec.tick = begins.Truncate(citywatch.TickEvery)
	return rec, begins, nil
}

// Next is Source's.
func (r *recorded) Next(context.Context) (shard int, e citywatch.Entry, err error) {
	if len(r.rows) == 0 {
		return 0, e, io.EOF
	}
	if at := r.rows[0].Time; !at.Before(r.tick) {
		e.Tick = r.tick
		r.tick = r.tick.Add(citywatch.TickEvery)
		return 0, e, nil
	}
	for len(r.rows) > 0 && r.rows[0].Time.Before(r.tick) {
		row := r.rows[0]
		r.rows = r.rows[1:]
		d := r.devices[row.Station.ID]
		e.Readings = append(e.Readings, citywatch.Reading{
			Device: d.ID, Class: d.Class, Zone: d.Zone, Sector: string(d.Sector),
			Time: row.Time, Arrived: row.Time, Values: row.Values,
		})
	}
	return 0, e, nil
}

// Close is Source's.
func (r *recorded) Close() {}

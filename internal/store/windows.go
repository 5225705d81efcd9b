package store

import (
	"maps"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/series"
)

// manyWindows are some 10 MB of them. A gateway that sends a year's backlog
// would fill memory otherwise.
const manyWindows = 100_000

// windows are those of 5 minutes that readings fell into, by class and device.
type windows struct {
	classes map[string]*classWindows
	count   int
}

type classWindows struct {
	values  map[string]struct{}           // the numeric values in question
	starts  map[int64]map[string]struct{} // its beginning, in nanoseconds since 1970 → devices
	devices map[string]string             // so that each name is kept once

	// The window marked last, which is nearly always the next one's too.
	last    int64
	lastSet map[string]struct{}
}

func newWindows() *windows { return &windows{classes: map[string]*classWindows{}} }

func (w *windows) empty() bool { return w.count == 0 }

// mark notes the window of a reading that is stored. Strings are cloned: those
// of a reading may share the memory of their whole batch.
func (w *windows) mark(r *citywatch.Reading) {
	c := w.classes[r.Class]
	if c == nil {
		c = &classWindows{
			values:  map[string]struct{}{},
			starts:  map[int64]map[string]struct{}{},
			devices: map[string]string{},
		}
		w.classes[strings.Clone(r.Class)] = c
	}
	numbers := false
	for i := range r.Values {
		if v := &r.Values[i]; !v.IsText() {
			numbers = true
			if _, known := c.values[v.Name]; !known {
				c.values[strings.Clone(v.Name)] = struct{}{}
			}
		}
	}
	if !numbers {
		return
	}
	devices := c.window(floor(r.Time.UnixNano(), series.FiveMinutes.Window()))
	if _, known := devices[r.Device]; known {
		return
	}
	name, known := c.devices[r.Device]
	if !known {
		name = strings.Clone(r.Device)
		c.devices[name] = name
	}
	devices[name] = struct{}{}
	w.count++
}

func (c *classWindows) window(start int64) map[string]struct{} {
	if c.lastSet != nil && c.last == start {
		return c.lastSet
	}
	devices := c.starts[start]
	if devices == nil {
		devices = map[string]struct{}{}
		c.starts[start] = devices
	}
	c.last, c.lastSet = start, devices
	return devices
}

// floor returns the beginning of the window of the given length that holds ns.
// Windows count from 1970 in UTC, as InfluxQL's do; time.Truncate's do not.
func floor(ns int64, length time.Duration) int64 {
	into := ns % int64(length)
	if into < 0 {
		into += int64(length)
	}
	return ns - into
}

// A run is time without a gap in which some devices have windows to sum up.
type run struct {
	from, to int64 // nanoseconds since 1970
	devices  []string
}

// start is when the run begins.
func (r *run) start() time.Time { return time.Unix(0, r.from).UTC() }

// runs joins windows of the given length, none beyond the next hour, so that
// one question is about many of them and its answer stays small.
func (c *classWindows) runs(length time.Duration) []run {
	merged := map[int64]map[string]struct{}{}
	for start, devices := range c.starts {
		start = floor(start, length)
		if merged[start] == nil {
			merged[start] = map[string]struct{}{}
		}
		maps.Copy(merged[start], devices)
	}
	var runs []run
	var in map[string]struct{} // the devices of the last run
	for _, start := range slices.Sorted(maps.Keys(merged)) {
		end := start + int64(length)
		if n := len(runs); n > 0 && runs[n-1].to == start && start != floor(start, time.Hour) {
			maps.Copy(in, merged[start])
			runs[n-1].to, runs[n-1].devices = end, slices.Sorted(maps.Keys(in))
			continue
		}
		in = merged[start]
		runs = append(runs, run{from: start, to: end, devices: slices.Sorted(maps.Keys(in))})
	}
	return runs
}

package decode

import (
	"math"
	"time"

	"citywatch"
)

// Times outside this range come from clocks that were never set.
const (
	minUnix = 946684800  // 2000-01-01
	maxUnix = 4102444800 // 2100-01-01
)

const clockHint = "set the device's clock, or leave the time out: then the time of arrival counts"

// timeOf reads the node's RFC 3339 time.
func (c *core) timeOf(id nodeID) (time.Time, *Error) {
	n := &c.tree.nodes[id]
	var t time.Time
	if n.kind != text || t.UnmarshalText(n.lit) != nil {
		return time.Time{}, refuse(citywatch.RefusedDecode, "%s: not a time; write it as 2026-11-22T07:00:00+07:00", c.tree.path(id))
	}
	return c.plausible(id, t)
}

// plausible returns the time that was read from the node in UTC, unless no
// reading can have it.
func (c *core) plausible(id nodeID, t time.Time) (time.Time, *Error) {
	if u := t.Unix(); u < minUnix || u >= maxUnix {
		return time.Time{}, refuse(citywatch.RefusedDecode, "%s: the time %s lies outside the years 2000 to 2099; %s",
			c.tree.path(id), clip(string(c.tree.nodes[id].lit)), clockHint)
	}
	return t.UTC(), nil
}

// unixOf reads the node's number of units since 1970.
func (c *core) unixOf(id nodeID, unit time.Duration) (time.Time, *Error) {
	n := &c.tree.nodes[id]
	if n.kind != number {
		return time.Time{}, refuse(citywatch.RefusedDecode, "%s is %s; a time here is a number since 1970", c.tree.path(id), n.kind)
	}
	f, err := c.number(id)
	if err != nil {
		return time.Time{}, err
	}
	t, ok := fromUnix(f, unit)
	if !ok {
		return time.Time{}, refuse(citywatch.RefusedDecode, "%s: %s in units of %v since 1970 lies outside the years 2000 to 2099; seconds and milliseconds may be mixed up; else %s",
			c.tree.path(id), n.lit, unit, clockHint)
	}
	return t, nil
}

// millisOf reads the node's milliseconds since 1970.
func (c *core) millisOf(id nodeID) (time.Time, *Error) { return c.unixOf(id, time.Millisecond) }

// secondsOf reads the node's seconds since 1970.
func (c *core) secondsOf(id nodeID) (time.Time, *Error) { return c.unixOf(id, time.Second) }

// fromUnix converts units since 1970 to a time, to the microsecond, which is
// what a float64 can hold. It reports false outside the years of readings.
func fromUnix(f float64, unit time.Duration) (time.Time, bool) {
	s := f * unit.Seconds()
	if !(s >= minUnix && s < maxUnix) {
		return time.Time{}, false
	}
	micros := math.Round(f * (float64(unit) / float64(time.Microsecond)))
	return time.UnixMicro(int64(micros)).UTC(), true
}

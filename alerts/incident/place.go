package incident

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"citywatch"
)

// A place is where and when an incident's alerts of one device are: what a new
// alert is held against.
type place struct {
	incident *record
	device   string
	zone     string
	position orb.Point
	// from and to are the time in which its alerts were true; while truths is
	// above 0, one of them is true now.
	from, to time.Time
	truths   int
}

// A span is a time from and until which something was true.
type span struct{ from, to time.Time }

// gap returns how far apart two spans lie; 0 where they touch.
func gap(a, b span) time.Duration {
	return max(a.from.Sub(b.to), b.from.Sub(a.to), 0)
}

// spanOf returns when a new alert was true, as far as it is known at now. What
// is over already was true until its last evidence.
func spanOf(a *citywatch.Alert, now time.Time) span {
	from := a.Since
	if from.IsZero() || from.After(now) {
		from = now
	}
	if a.Condition != citywatch.Normal && !a.Retrospective {
		return span{from, now}
	}
	to := from
	for _, e := range a.Evidence {
		if e.Time.After(to) && !e.Time.After(now) {
			to = e.Time
		}
	}
	return span{from, to}
}

// An atlas finds places. Every place lies in one or several buckets, such that
// two places that a join may take together have one in common.
type atlas struct {
	rivers  *Rivers
	buckets map[string][]*place
}

// metresPerDegree is the length of a degree of latitude.
const metresPerDegree = 111_195

// keys returns the buckets that a place of a hazard lies in, and those in which
// the places lie that might belong to it.
func (a *atlas) keys(j *Join, hazard, device, zone string, at orb.Point) (in, around []string) {
	key := func(kind, name string) string { return hazard + "/" + kind + "/" + name }
	in = append(in, key("device", device))
	switch {
	case j.By == ByDistance && at != orb.Point{}:
		own, near := cells(at, j.Radius)
		in = append(in, key("cell", own))
		for _, c := range near {
			around = append(around, key("cell", c))
		}
		return in, append(around, in[0])
	case j.By == ByDistance:
		return in, in
	}
	g := a.rivers.gauges[device]
	if j.By == ByRiver && g.system != "" {
		in = append(in, key("system", g.system))
	}
	if j.By != ByZone && g.basin != "" {
		in = append(in, key("basin", g.basin))
	}
	if zone != "" {
		in = append(in, key("zone", zone))
	}
	return in, in
}

// cells names the cell of a grid that a point lies in, and those in which
// everything lies that is within the radius. A row of cells is as high as the
// radius, and a cell at least as wide.
func cells(p orb.Point, radius float64) (own string, near []string) {
	height := radius / metresPerDegree
	row := math.Floor(p.Lat() / height)
	for r := row - 1; r <= row+1; r++ {
		// Degrees are shortest nearest to the pole, and what is looked for may
		// lie one row further there.
		lat := max(math.Abs((r-1)*height), math.Abs((r+2)*height))
		width := height / max(math.Cos(lat*math.Pi/180), 0.01)
		column := math.Floor(p.Lon() / width)
		if r == row {
			own = fmt.Sprintf("%v:%v", r, column)
		}
		for c := column - 1; c <= column+1; c++ {
			near = append(near, fmt.Sprintf("%v:%v", r, c))
		}
	}
	return own, near
}

// belongs reports whether a join takes an alert of a device and a place
// together, for all that they are where they are.
func (a *atlas) belongs(j *Join, p *place, device, zone string, at orb.Point) bool {
	if p.device == device {
		return true
	}
	if j.By == ByDistance {
		return p.position != orb.Point{} && at != orb.Point{} && geo.DistanceHaversine(p.position, at) <= j.Radius
	}
	mine, its := a.rivers.gauges[device], a.rivers.gauges[p.device]
	switch {
	case j.By == ByRiver && mine.system != "" && its.system != "":
		return a.rivers.linked(device, p.device)
	case j.By != ByZone && mine.basin != "" && its.basin != "":
		return mine.basin == its.basin
	}
	return zone != "" && zone == p.zone
}

// oldest returns the incident that began first among those that take an alert
// which was true during s, or nil.
func (a *atlas) oldest(j *Join, alert *citywatch.Alert, s span, now time.Time) *record {
	var found *record
	_, around := a.keys(j, alert.Hazard, alert.Device, alert.Zone, alert.Position)
	for _, key := range around {
		for _, p := range a.buckets[key] {
			if found != nil && p.incident.number >= found.number {
				continue
			}
			its := span{p.from, p.to}
			if p.truths > 0 {
				its.to = now
			}
			if gap(s, its) <= j.Within && p.incident.takes() &&
				a.belongs(j, p, alert.Device, alert.Zone, alert.Position) {
				found = p.incident
			}
		}
	}
	return found
}

// add puts a place into its buckets.
func (a *atlas) add(j *Join, p *place) {
	in, _ := a.keys(j, p.incident.hazard, p.device, p.zone, p.position)
	for _, key := range in {
		a.buckets[key] = append(a.buckets[key], p)
	}
}

// remove takes a place out of its buckets.
func (a *atlas) remove(j *Join, p *place) {
	in, _ := a.keys(j, p.incident.hazard, p.device, p.zone, p.position)
	for _, key := range in {
		rest := slices.DeleteFunc(a.buckets[key], func(q *place) bool { return q == p })
		if len(rest) == 0 {
			delete(a.buckets, key)
			continue
		}
		a.buckets[key] = rest
	}
}

// Package filter reads what of alerts and devices somebody wants to be told:
// the query parameters that the lists of the HTTP API and the websocket share.
package filter

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"citywatch"

	"github.com/paulmach/orb"
)

// maxTerms bounds what one client can have every frame compared with.
const maxTerms = 256

// A Filter says what somebody wants to be told. The zero Filter lets
// everything pass.
type Filter struct {
	zones   []string
	sectors []citywatch.Sector
	// level is the lowest that passes; it asks of alerts only.
	level citywatch.Level
	bbox  *orb.Bound
	// teams are told of what is given to them, whatever else is asked.
	teams []string
}

// A Scope is what of an alert or a device a Filter looks at.
type Scope struct {
	Zone     string
	Sector   citywatch.Sector
	Level    citywatch.Level
	Position orb.Point
	// Assigned is the team that an alert was given to; empty for devices.
	Assigned string
}

// OfAlert returns the scope of an alert.
func OfAlert(a *citywatch.Alert) Scope {
	return Scope{Zone: a.Zone, Sector: a.Sector, Level: a.Level, Position: a.Position, Assigned: a.Assigned}
}

// OfDevice returns the scope of a device, which has no level.
func OfDevice(d *citywatch.Device) Scope {
	return Scope{Zone: d.Zone, Sector: d.Sector, Position: d.Position}
}

// OfCamera returns the scope of a camera, which has no level.
func OfCamera(c *citywatch.Camera) Scope {
	return Scope{Zone: c.Zone, Sector: c.Sector, Position: c.Position}
}

// Parse reads ?zone=&sector=&level=&bbox=&team=. Zones, sectors and teams may be
// repeated or separated by commas, and any of them passes. An alert that was
// given to one of the teams passes whatever else is asked.
func Parse(q url.Values) (Filter, error) {
	var f Filter
	f.zones, f.teams = terms(q["zone"]), terms(q["team"])
	for _, s := range terms(q["sector"]) {
		sector := citywatch.Sector(s)
		if !slices.Contains(citywatch.Sectors(), sector) {
			return f, fmt.Errorf("sector %q does not exist; there are %v", s, citywatch.Sectors())
		}
		f.sectors = append(f.sectors, sector)
	}
	if len(f.zones)+len(f.sectors)+len(f.teams) > maxTerms {
		return f, fmt.Errorf("more than %d zones, sectors and teams", maxTerms)
	}
	if s := q.Get("level"); s != "" {
		n, err := strconv.Atoi(s)
		if f.level = citywatch.Level(n); err != nil || !f.level.Valid() {
			return f, fmt.Errorf("level %q is not one of 1 to 5", s)
		}
	}
	if s := q.Get("bbox"); s != "" {
		bound, err := parseBBox(s)
		if err != nil {
			return f, err
		}
		f.bbox = &bound
	}
	return f, nil
}

func terms(values []string) []string {
	var out []string
	for _, v := range values {
		for _, term := range strings.Split(v, ",") {
			if term != "" {
				out = append(out, term)
			}
		}
	}
	return out
}

func parseBBox(s string) (orb.Bound, error) {
	parts := strings.Split(s, ",")
	wrong := fmt.Errorf("bbox %q is not west,south,east,north in degrees", s)
	if len(parts) != 4 {
		return orb.Bound{}, wrong
	}
	var n [4]float64
	for i, part := range parts {
		v, err := strconv.ParseFloat(part, 64)
		// Written so that NaN, which ParseFloat takes, is refused.
		if err != nil || !(v >= -180 && v <= 180) {
			return orb.Bound{}, wrong
		}
		n[i] = v
	}
	if n[0] > n[2] || n[1] > n[3] {
		return orb.Bound{}, wrong
	}
	return orb.Bound{Min: orb.Point{n[0], n[1]}, Max: orb.Point{n[2], n[3]}}, nil
}

// Empty reports whether everything passes, so that it does not matter either
// what was given to whom.
func (f *Filter) Empty() bool { return f.level == citywatch.None && !f.LimitsDevices() }

// LimitsDevices reports whether there are devices that do not pass.
func (f *Filter) LimitsDevices() bool {
	return len(f.zones) > 0 || len(f.sectors) > 0 || f.bbox != nil
}

// Alert reports whether an alert of that scope passes.
func (f *Filter) Alert(s *Scope) bool {
	return s.Level >= f.level && f.Device(s) || s.Assigned != "" && slices.Contains(f.teams, s.Assigned)
}

// Device reports whether a device of that scope passes. The level is not
// asked: devices have none.
func (f *Filter) Device(s *Scope) bool {
	return (len(f.zones) == 0 || slices.Contains(f.zones, s.Zone)) &&
		(len(f.sectors) == 0 || slices.Contains(f.sectors, s.Sector)) &&
		(f.bbox == nil || f.bbox.Contains(s.Position))
}

// Key is the same for filters that were asked for in the same words: then the
// same things pass.
func (f *Filter) Key() string {
	if f.Empty() {
		return ""
	}
	box := ""
	if f.bbox != nil {
		box = fmt.Sprint(f.bbox.Min, f.bbox.Max)
	}
	return fmt.Sprintf("%q %q %d %s %q", f.zones, f.sectors, f.level, box, f.teams)
}

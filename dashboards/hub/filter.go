package hub

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"citywatch"

	"github.com/paulmach/orb"
)

// maxFilterTerms bounds what one client can have every frame compared with.
const maxFilterTerms = 256

// A filter says what a client wants to be told. The zero filter lets
// everything pass.
type filter struct {
	zones   []string
	sectors []citywatch.Sector
	// level is the lowest that passes; it asks of alerts only.
	level citywatch.Level
	bbox  *orb.Bound
}

// A scope is what of an alert or a device a filter looks at.
type scope struct {
	zone     string
	sector   citywatch.Sector
	level    citywatch.Level
	position orb.Point
}

func scopeOf(a *citywatch.Alert) scope {
	return scope{zone: a.Zone, sector: a.Sector, level: a.Level, position: a.Position}
}

// parseFilter reads ?zone=&sector=&level=&bbox=. Zones and sectors may be
// repeated or separated by commas, and any of them passes.
func parseFilter(q url.Values) (filter, error) {
	var f filter
	f.zones = terms(q["zone"])
	for _, s := range terms(q["sector"]) {
		sector := citywatch.Sector(s)
		if !slices.Contains(citywatch.Sectors(), sector) {
			return f, fmt.Errorf("sector %q does not exist; there are %v", s, citywatch.Sectors())
		}
		f.sectors = append(f.sectors, sector)
	}
	if len(f.zones)+len(f.sectors) > maxFilterTerms {
		return f, fmt.Errorf("more than %d zones and sectors", maxFilterTerms)
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

func (f *filter) empty() bool { return f.level == citywatch.None && !f.limitsPlace() }

// limitsPlace reports whether the filter asks anything of devices.
func (f *filter) limitsPlace() bool {
	return len(f.zones) > 0 || len(f.sectors) > 0 || f.bbox != nil
}

// alert reports whether an alert of that scope passes.
func (f *filter) alert(s *scope) bool { return s.level >= f.level && f.device(s) }

// device reports whether a device of that scope passes.
func (f *filter) device(s *scope) bool {
	return (len(f.zones) == 0 || slices.Contains(f.zones, s.zone)) &&
		(len(f.sectors) == 0 || slices.Contains(f.sectors, s.sector)) &&
		(f.bbox == nil || f.bbox.Contains(s.position))
}

// key is the same for filters that pass the same things.
func (f *filter) key() string {
	if f.empty() {
		return ""
	}
	box := ""
	if f.bbox != nil {
		box = fmt.Sprint(f.bbox.Min, f.bbox.Max)
	}
	return fmt.Sprintf("%q %q %d %s", f.zones, f.sectors, f.level, box)
}

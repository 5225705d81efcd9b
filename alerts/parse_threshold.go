package alerts

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"citywatch"
	"citywatch/internal/strictyaml"
)

func (p *parser) threshold(e *thresholdEntry, r *rule, path string) {
	p.value(r, e.Value, path+".value")
	p.waits(e.For, e.Recover, path)
	t := &threshold{Value: e.Value, Margin: e.Recover.Margin, Below: p.below(e.Direction, path)}
	r.Threshold, r.For, r.Recover = t, e.For, e.Recover.For
	p.recovery(e.Recover, r, path+".recover")
	p.levels(e.Levels, r, path+".levels")
}

// below reports whether low numbers are the bad ones.
func (p *parser) below(direction, path string) bool {
	switch direction {
	case "", "above":
	case "below":
		return true
	default:
		p.report(path+".direction", "above or below", "unknown direction %q", direction)
	}
	return false
}

func (p *parser) levels(written any, r *rule, path string) {
	switch w := written.(type) {
	case string:
		if w == "device" {
			p.tables(r, path)
			return
		}
	case map[string]any:
		r.Threshold.Levels = p.bounds(w, path)
		if len(w) > 0 {
			p.monotone(r.Threshold.Levels, r.Threshold.Below, path, "")
			return
		}
	}
	p.report(path, "levels: device for each station's own table, or levels: {1: 50, 2: 100}",
		"rule %q needs the bounds of its levels", r.ID)
}

func (p *parser) bounds(written map[string]any, path string) citywatch.Bounds {
	bounds := citywatch.Bounds{}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		at := strictyaml.Key(path, key)
		n, err := strconv.Atoi(key)
		level := citywatch.Level(n)
		if err != nil || !level.Valid() {
			p.report(at, "levels go from 1 to 5", "%q is not a level", key)
			continue
		}
		bound, ok := number(written[key])
		if !ok {
			p.report(at, "a number, or null for one that is not known", "the bound of level %d is not a number", level)
		}
		bounds[level] = bound
	}
	return bounds
}

// number returns nil for null.
func number(v any) (*float64, bool) {
	var f float64
	switch n := v.(type) {
	case nil:
		return nil, true
	case uint64:
		f = float64(n)
	case int64:
		f = float64(n)
	case float64:
		f = n
	default:
		return nil, false
	}
	return &f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

// tables checks the tables of the devices that the rule selects.
func (p *parser) tables(r *rule, path string) {
	found := false
	devices := selected(r, p.catalogue.Devices)
	for _, d := range devices {
		if table, ok := d.Bounds[r.Threshold.Value]; ok {
			found = true
			p.monotone(table, r.Threshold.Below, path, d.ID)
		}
	}
	if len(devices) > 0 && !found {
		p.report(path, fmt.Sprintf("list bounds: {%s: {1: …}} with the devices, null for what is not known", r.Threshold.Value),
			"none of the devices that rule %q selects has a table for %q", r.ID, r.Threshold.Value)
	}
}

// monotone checks that each level is harder to reach than the one below it.
func (p *parser) monotone(b citywatch.Bounds, below bool, path, device string) {
	var last *float64
	var lastLevel citywatch.Level
	for _, level := range slices.Sorted(maps.Keys(b)) {
		bound := b[level]
		if bound == nil {
			continue
		}
		beyond := last == nil || *bound > *last
		if below {
			beyond = last == nil || *bound < *last
		}
		if !beyond {
			what := fmt.Sprintf("level %d (%v) is not beyond level %d (%v)", level, *bound, lastLevel, *last)
			if device != "" {
				what = fmt.Sprintf("device %q: %s", device, what)
			}
			p.report(path, "", "%s", what)
		}
		last, lastLevel = bound, level
	}
}

// unconfigured lists the levels of r that have no bound.
func unconfigured(r *rule, devices []citywatch.Device) []Unconfigured {
	if r.Threshold == nil {
		return nil
	}
	if r.Threshold.Levels != nil {
		return withoutBound(r, "", r.Threshold.Levels)
	}
	var all []Unconfigured
	for _, d := range selected(r, devices) {
		table, ok := d.Bounds[r.Threshold.Value]
		if !ok {
			all = append(all, Unconfigured{Rule: r.ID, Device: d.ID, Value: r.Threshold.Value})
			continue
		}
		all = append(all, withoutBound(r, d.ID, table)...)
	}
	return all
}

func withoutBound(r *rule, device string, b citywatch.Bounds) []Unconfigured {
	var all []Unconfigured
	for _, level := range slices.Sorted(maps.Keys(b)) {
		if b[level] == nil {
			all = append(all, Unconfigured{Rule: r.ID, Device: device, Value: r.Threshold.Value, Level: level})
		}
	}
	return all
}

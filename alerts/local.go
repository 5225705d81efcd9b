package alerts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// An override is how a rule differs for some devices or zones. What is nil is
// as in the rule.
type override struct {
	Devices []string         `json:"devices,omitempty"`
	Zones   []string         `json:"zones,omitempty"`
	Off     bool             `json:"off,omitempty"`
	Levels  citywatch.Bounds `json:"levels,omitempty"`
	For     *time.Duration   `json:"for,omitempty"`
	Recover *time.Duration   `json:"recover,omitempty"`
	Margin  *float64         `json:"margin,omitempty"`
}

type overrideEntry struct {
	Device  []string       `yaml:"device"`
	Zone    []string       `yaml:"zone"`
	Off     bool           `yaml:"off"`
	Levels  map[string]any `yaml:"levels"`
	For     *time.Duration `yaml:"for"`
	Recover struct {
		Margin *float64       `yaml:"margin"`
		For    *time.Duration `yaml:"for"`
	} `yaml:"recover"`
}

// in returns the rule as it is for a device, or nil if it is off there. What is
// said of the device itself stands above what is said of its zone.
func (r *rule) in(d *citywatch.Device) *rule {
	if len(r.Overrides) == 0 {
		return r
	}
	i := slices.IndexFunc(r.Overrides, func(o override) bool { return slices.Contains(o.Devices, d.ID) })
	if i < 0 {
		i = slices.IndexFunc(r.Overrides, func(o override) bool { return d.Zone != "" && slices.Contains(o.Zones, d.Zone) })
	}
	if i < 0 {
		return r
	}
	return r.with(&r.Overrides[i])
}

func (r *rule) with(o *override) *rule {
	if o.Off {
		return nil
	}
	local := *r
	if o.For != nil {
		local.For = *o.For
	}
	if o.Recover != nil {
		local.Recover = *o.Recover
	}
	switch {
	case r.Threshold != nil:
		t := *r.Threshold
		replace(&t.Levels, &t.Margin, o)
		local.Threshold = &t
	case r.Rate != nil:
		t := *r.Rate
		replace(&t.Levels, &t.Margin, o)
		local.Rate = &t
	}
	return &local
}

func replace(levels *citywatch.Bounds, margin *float64, o *override) {
	if o.Levels != nil {
		*levels = o.Levels
	}
	if o.Margin != nil {
		*margin = *o.Margin
	}
}

func (p *parser) overrides(entries []overrideEntry, r *rule, path string) {
	seen := map[string]bool{}
	for i := range entries {
		e, at := &entries[i], strictyaml.Index(path, i)
		if len(e.Device) == 0 && len(e.Zone) == 0 {
			p.report(at, "device: [yen-bai-thao], or zone: [sa-pa]", "it does not say where rule %q differs", r.ID)
		}
		for n, id := range e.Device {
			p.known("device", id, p.deviceIDs(), strictyaml.Index(at+".device", n))
			p.once(seen, "device", id, strictyaml.Index(at+".device", n))
		}
		for n, id := range e.Zone {
			p.known("zone", id, p.zoneIDs(), strictyaml.Index(at+".zone", n))
			p.once(seen, "zone", id, strictyaml.Index(at+".zone", n))
		}
		if r.All != nil {
			p.report(at, "give it to the rules that it rests on", "rule %q rests on others", r.ID)
		}
		if r.Aggregate != nil && len(e.Device) > 0 {
			p.report(at+".device", "zone: […]", "rule %q is about zones", r.ID)
		}
		r.Overrides = append(r.Overrides, p.override(e, r, at))
	}
}

// once reports what is named a second time: nobody could tell which counts.
func (p *parser) once(seen map[string]bool, kind, id, path string) {
	if seen[kind+" "+id] {
		p.report(path, "make it one override", "%s %q is overridden twice", kind, id)
	}
	seen[kind+" "+id] = true
}

func (p *parser) override(e *overrideEntry, r *rule, path string) override {
	o := override{Devices: e.Device, Zones: e.Zone, Off: e.Off, For: e.For, Recover: e.Recover.For, Margin: e.Recover.Margin}
	for _, d := range []struct {
		wait *time.Duration
		key  string
	}{{e.For, ".for"}, {e.Recover.For, ".recover.for"}} {
		if d.wait != nil {
			p.notNegative(*d.wait, path+d.key)
		}
	}
	bounded := r.Threshold != nil || r.Rate != nil
	if !bounded && (e.Levels != nil || e.Recover.Margin != nil) {
		p.report(path, "make it two rules", "only levels and margins of threshold and rate can differ")
	}
	if e.Recover.Margin != nil && *e.Recover.Margin < 0 {
		p.report(path+".recover.margin", "how far back from the bound a level is left", "the margin %v is negative", *e.Recover.Margin)
	}
	if e.Levels != nil {
		o.Levels = p.table(e.Levels, r, path+".levels")
		p.monotone(o.Levels, r.Threshold != nil && r.Threshold.Below || r.Rate != nil && r.Rate.Below, path+".levels", "")
	}
	return o
}

func (p *parser) deviceIDs() []string {
	all := make([]string, len(p.catalogue.Devices))
	for i := range all {
		all[i] = p.catalogue.Devices[i].ID
	}
	return all
}

func (p *parser) zoneIDs() []string {
	all := make([]string, len(p.catalogue.Zones))
	for i := range all {
		all[i] = p.catalogue.Zones[i].ID
	}
	return all
}

// A shift is a time of the week at which a rule applies.
type shift struct {
	// Days has a bit for each day, Sunday's lowest. One that ends on the
	// next day belongs to the day on which it begins.
	Days uint8 `json:"days"`
	// From and To are minutes of the day.
	From int `json:"from"`
	To   int `json:"to"`
}

type shiftEntry struct {
	Days []string `yaml:"days"`
	From string   `yaml:"from"`
	To   string   `yaml:"to"`
}

// during reports whether the rule applies at a time.
func (r *rule) during(at time.Time) bool {
	if len(r.Schedule) == 0 {
		return true
	}
	at = at.In(r.clock)
	minute, day := at.Hour()*60+at.Minute(), at.Weekday()
	on := func(s shift, day time.Weekday) bool { return s.Days&(1<<day) != 0 }
	return slices.ContainsFunc(r.Schedule, func(s shift) bool {
		if s.From < s.To {
			return on(s, day) && minute >= s.From && minute < s.To
		}
		return on(s, day) && minute >= s.From || on(s, (day+6)%7) && minute < s.To
	})
}

func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func (p *parser) schedule(entries []shiftEntry, r *rule, path string) {
	r.clock = time.UTC
	if p.catalogue.TimeZone != nil {
		r.clock = p.catalogue.TimeZone
	}
	if len(entries) > 0 && r.All != nil {
		p.report(path, "give it to the rules that it rests on", "rule %q rests on others", r.ID)
	}
	for i, e := range entries {
		at := strictyaml.Index(path, i)
		s := shift{From: p.minute(e.From, at+".from"), To: p.minute(e.To, at+".to")}
		if len(e.Days) == 0 {
			s.Days = 1<<7 - 1
		}
		for n, day := range e.Days {
			number := slices.Index(weekdays(), day)
			if number < 0 {
				p.report(strictyaml.Index(at+".days", n), strings.Join(weekdays(), ", "), "unknown day %q", day)
				continue
			}
			s.Days |= 1 << number
		}
		r.Schedule = append(r.Schedule, s)
	}
}

// minute reads a time of day; nothing is midnight.
func (p *parser) minute(written, path string) int {
	if written == "" {
		return 0
	}
	at, err := time.Parse("15:04", written)
	if err != nil {
		p.report(path, fmt.Sprintf("%q", "22:00"), "%q is not a time of day", written)
	}
	return at.Hour()*60 + at.Minute()
}

// A recovery is how a level is left, where that differs from the other levels.
type recovery struct {
	Margin *float64       `json:"margin,omitempty" yaml:"margin"`
	For    *time.Duration `json:"for,omitempty" yaml:"for"`
}

// recovers returns for how long a level must be cleared.
func (r *rule) recovers(level citywatch.Level) time.Duration {
	if s, ok := r.Recoveries[level]; ok && s.For != nil {
		return *s.For
	}
	return r.Recover
}

// widen gives the levels of a ladder their own margins.
func (r *rule) widen(l *ladder) *ladder {
	for i := range l.steps {
		s := &l.steps[i]
		if own, ok := r.Recoveries[s.level]; ok && own.Margin != nil {
			s.clear = rounded(s.reach - *own.Margin)
		}
	}
	return l
}

func (p *parser) recovery(e recoverEntry, r *rule, path string) {
	r.Whole = e.StepDown != nil && !*e.StepDown
	for _, written := range slices.Sorted(maps.Keys(e.Levels)) {
		s, at := e.Levels[written], strictyaml.Key(path+".levels", written)
		level, ok := writtenLevel(written)
		if !ok {
			p.report(at, "levels go from 1 to 5", "%q is not a level", written)
			continue
		}
		if s.For != nil {
			p.notNegative(*s.For, at+".for")
		}
		if s.Margin != nil && *s.Margin < 0 {
			p.report(at+".margin", "how far back from the bound a level is left", "the margin %v is negative", *s.Margin)
		}
		if r.Recoveries == nil {
			r.Recoveries = map[citywatch.Level]recovery{}
		}
		r.Recoveries[level] = s
	}
}

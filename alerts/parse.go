package alerts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/alerts/incident"
	"citywatch/internal/strictyaml"
)

// A Catalogue is what rules may refer to.
type Catalogue struct {
	Classes []citywatch.Class
	Devices []citywatch.Device
	Zones   []citywatch.Zone
	// TimeZone is that of schedules; nil is UTC.
	TimeZone *time.Location
}

// The rule file as a person writes it.
type (
	fileEntry struct {
		// Version is what people call it; nothing follows from it.
		Version string         `yaml:"version"`
		Rules   []ruleEntry    `yaml:"rules"`
		Inhibit []inhibitEntry `yaml:"inhibit"`

		Incidents []incident.Join `yaml:"incidents"`
		// Checklists are what is to be done about hazards, for the rules that have
		// no list of their own.
		Checklists []checklistEntry `yaml:"checklists"`
		// Escalations are who is called, as long as nobody answers, about hazards
		// whose rules do not say so themselves.
		Escalations []escalationEntry `yaml:"escalations"`
	}
	ruleEntry struct {
		ID        string          `yaml:"id"`
		Name      citywatch.Text  `yaml:"name"`
		Hazard    string          `yaml:"hazard"`
		Select    selectEntry     `yaml:"select"`
		Threshold *thresholdEntry `yaml:"threshold"`
		State     *stateEntry     `yaml:"state"`
		Silence   *silenceEntry   `yaml:"silence"`
		Latch     bool            `yaml:"latch"`

		Rate       *rateEntry       `yaml:"rate"`
		Accumulate *accumulateEntry `yaml:"accumulate"`
		Stuck      *stuckEntry      `yaml:"stuck"`

		Corroborate *corroborateEntry `yaml:"corroborate"`
		All         *allEntry         `yaml:"all"`
		External    *externalEntry    `yaml:"external"`

		Aggregate *aggregateEntry `yaml:"aggregate"`
		Overrides []overrideEntry `yaml:"overrides"`
		Schedule  []shiftEntry    `yaml:"schedule"`

		Escalate []escalation `yaml:"escalate"`

		Checklist []citywatch.Text `yaml:"checklist"`
	}
	checklistEntry struct {
		Hazard string           `yaml:"hazard"`
		Draft  bool             `yaml:"draft"`
		Items  []citywatch.Text `yaml:"items"`
	}
	selectEntry struct {
		Class  string           `yaml:"class"`
		Device []string         `yaml:"device"`
		Zone   []string         `yaml:"zone"`
		Sector citywatch.Sector `yaml:"sector"`
	}
	thresholdEntry struct {
		Value     string        `yaml:"value"`
		Levels    any           `yaml:"levels"` // "device", or levels with bounds
		Direction string        `yaml:"direction"`
		For       time.Duration `yaml:"for"`
		Recover   recoverEntry  `yaml:"recover"`
	}
	stateEntry struct {
		Value   string                     `yaml:"value"`
		Levels  map[string]citywatch.Level `yaml:"levels"`
		For     time.Duration              `yaml:"for"`
		Recover struct {
			For time.Duration `yaml:"for"`
		} `yaml:"recover"`
	}
	recoverEntry struct {
		Margin float64       `yaml:"margin"`
		For    time.Duration `yaml:"for"`
		// Levels are those that differ. StepDown is true if left out.
		Levels   map[string]recovery `yaml:"levels"`
		StepDown *bool               `yaml:"step_down"`
	}
	silenceEntry struct {
		Periods int             `yaml:"periods"`
		After   time.Duration   `yaml:"after"`
		Level   citywatch.Level `yaml:"level"`
	}
)

type parser struct {
	catalogue Catalogue
	ids       map[string]bool
	broken    map[string]bool // paths already reported
	problems  []citywatch.Problem
}

// report adds a problem, unless what stands at path could not be read anyway.
func (p *parser) report(path, hint, format string, args ...any) {
	if !p.broken[path] {
		p.problems = append(p.problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
}

// A rule's id stands in the ids of its alerts, and so in URLs.
var ruleID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func (p *parser) rule(e *ruleEntry, path string) *rule {
	const idHint = "small letters, digits, - and _, as in river-flood"
	switch {
	case !ruleID.MatchString(e.ID):
		p.report(path+".id", idHint, "%q cannot be a rule's id", e.ID)
	case e.ID == serviceRule:
		p.report(path+".id", "it stands for devices that are being worked on", "%q cannot be a rule's id", e.ID)
	case p.ids[e.ID]:
		p.report(path+".id", "the alerts of one would be taken for the other's", "two rules have the id %q", e.ID)
	}
	p.ids[e.ID] = true
	if e.Name.VI == "" || e.Name.EN == "" {
		p.report(path+".name", "name: {vi: …, en: …}", "rule %q needs a name in Vietnamese and in English", e.ID)
	}
	if !ruleID.MatchString(e.Hazard) {
		p.report(path+".hazard", "what it warns of, as in flood, fire or device", "%q cannot be a hazard", e.Hazard)
	}
	r := &rule{ID: e.ID, Name: e.Name, Hazard: e.Hazard, Latch: e.Latch}
	r.Escalate = p.escalation(e.Escalate, path+".escalate")
	r.Select = p.selection(e, path+".select")
	r.Checklist = p.checklist(e, path)
	switch detectors := named(e); len(detectors) {
	case 0:
		p.report(path, "add threshold, rate, accumulate, stuck, state, silence, corroborate, all or external", "rule %q does not say what to watch for", e.ID)
	case 1:
		p.detector(e, r, path+"."+detectors[0])
		p.aggregate(e.Aggregate, r, path+".aggregate")
		p.overrides(e.Overrides, r, path+".overrides")
		p.schedule(e.Schedule, r, path+".schedule")
	default:
		p.report(path+"."+detectors[1], "make it two rules", "rule %q has both %s", e.ID, strings.Join(detectors, " and "))
	}
	return r
}

// named returns the detectors that the entry has.
func named(e *ruleEntry) []string {
	var names []string
	if e.Threshold != nil {
		names = append(names, "threshold")
	}
	if e.Rate != nil {
		names = append(names, "rate")
	}
	if e.Accumulate != nil {
		names = append(names, "accumulate")
	}
	if e.Stuck != nil {
		names = append(names, "stuck")
	}
	if e.State != nil {
		names = append(names, "state")
	}
	if e.Silence != nil {
		names = append(names, "silence")
	}
	if e.Corroborate != nil {
		names = append(names, "corroborate")
	}
	if e.All != nil {
		names = append(names, "all")
	}
	if e.External != nil {
		names = append(names, "external")
	}
	return names
}

func (p *parser) detector(e *ruleEntry, r *rule, path string) {
	switch {
	case e.Threshold != nil:
		p.threshold(e.Threshold, r, path)
	case e.Rate != nil:
		p.rate(e.Rate, r, path)
	case e.Accumulate != nil:
		p.accumulate(e.Accumulate, r, path)
	case e.Stuck != nil:
		p.stuck(e.Stuck, r, path)
	case e.State != nil:
		p.state(e.State, r, path)
	case e.Corroborate != nil:
		p.corroborate(e.Corroborate, r, path)
	case e.All != nil:
		p.allOf(e.All, r, path)
	case e.External != nil:
		p.external(e.External, r, path)
	default:
		p.silence(e.Silence, r, path)
	}
}

func (p *parser) selection(e *ruleEntry, path string) selection {
	s := selection{Class: e.Select.Class, Devices: e.Select.Device, Zones: e.Select.Zone, Sector: e.Select.Sector}
	named := e.Corroborate != nil || e.All != nil // they name their devices themselves
	if !named && s.Class == "" && len(s.Devices) == 0 && len(s.Zones) == 0 && s.Sector == "" {
		p.report(path, "select by class, device, zone or sector", "rule %q does not select any devices", e.ID)
	}
	ids := func(n int, id func(int) string) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = id(i)
		}
		return all
	}
	c := &p.catalogue
	classes := ids(len(c.Classes), func(i int) string { return c.Classes[i].ID })
	devices := ids(len(c.Devices), func(i int) string { return c.Devices[i].ID })
	zones := ids(len(c.Zones), func(i int) string { return c.Zones[i].ID })
	if s.Class != "" {
		p.known("class", s.Class, classes, path+".class")
	}
	for i, id := range s.Devices {
		p.known("device", id, devices, strictyaml.Index(path+".device", i))
	}
	for i, id := range s.Zones {
		p.known("zone", id, zones, strictyaml.Index(path+".zone", i))
	}
	if s.Sector != "" && !slices.Contains(citywatch.Sectors(), s.Sector) {
		p.report(path+".sector", fmt.Sprintf("one of %v", citywatch.Sectors()), "unknown sector %q", s.Sector)
	}
	return s
}

func (p *parser) known(kind, id string, known []string, path string) {
	if slices.Contains(known, id) {
		return
	}
	hint := ""
	if near := strictyaml.Nearest(id, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	p.report(path, hint, "unknown %s %q", kind, id)
}

// selected returns the listed devices that the rule is about.
func selected(r *rule, devices []citywatch.Device) []*citywatch.Device {
	var found []*citywatch.Device
	for i := range devices {
		if r.Select.selects(&devices[i]) {
			found = append(found, &devices[i])
		}
	}
	return found
}

func (p *parser) notNegative(d time.Duration, path string) {
	if d < 0 {
		p.report(path, "", "%v is negative", d)
	}
}

// value checks the name of a watched value. A device may send values that its
// class does not list, so only what looks like a slip of the finger is refused.
func (p *parser) value(r *rule, value, path string) {
	if value == "" {
		p.report(path, "the name of a value in the readings, as in water_level", "rule %q does not say which value to watch", r.ID)
		return
	}
	for _, c := range p.catalogue.Classes {
		if c.ID != r.Select.Class {
			continue
		}
		var known []string
		for _, q := range c.Quantities {
			known = append(known, q.Value)
		}
		if near := strictyaml.Nearest(value, known); near != "" && near != value && len(value) > 3 {
			p.report(path, fmt.Sprintf("did you mean %q? Else list it among the quantities of the class", near),
				"devices of class %q have no value %q", c.ID, value)
		}
	}
}

func (p *parser) state(e *stateEntry, r *rule, path string) {
	p.value(r, e.Value, path+".value")
	p.notNegative(e.For, path+".for")
	p.notNegative(e.Recover.For, path+".recover.for")
	if len(e.Levels) == 0 {
		p.report(path+".levels", "levels: {fire: 4, fault: 2}", "rule %q gives no text a level", r.ID)
	}
	for _, text := range slices.Sorted(maps.Keys(e.Levels)) {
		at := strictyaml.Key(path+".levels", text)
		switch {
		case !e.Levels[text].Valid():
			p.report(at, "levels go from 1 to 5", "%q has level %d", text, e.Levels[text])
		case text == "true" || text == "false":
			p.report(at, "it arrives as the number 1 or 0: use threshold", "no value is ever the text %q", text)
		}
	}
	r.States = &states{Value: e.Value, Levels: e.Levels}
	r.For, r.Recover = e.For, e.Recover.For
}

func (p *parser) silence(e *silenceEntry, r *rule, path string) {
	switch {
	case (e.Periods == 0) == (e.After == 0):
		p.report(path, "periods: 5 counts in the device's own period, after: 30m is the same for all",
			"rule %q needs either periods or after", r.ID)
	case e.Periods != 0 && e.Periods < 2:
		p.report(path+".periods", "at least 2, or every small delay raises an alert", "%d periods are too few", e.Periods)
	case e.After < 0:
		p.report(path+".after", "", "%v is negative", e.After)
	}
	if !e.Level.Valid() {
		p.report(path+".level", "1 to 5", "rule %q has level %d", r.ID, e.Level)
	}
	r.Silence = &silence{Periods: e.Periods, After: e.After, Level: e.Level}
}

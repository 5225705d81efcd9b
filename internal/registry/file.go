package registry

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// A File is a list of devices as a person writes it.
type File struct {
	Classes []ClassEntry  `yaml:"classes"`
	Devices []DeviceEntry `yaml:"devices"`
}

// A ClassEntry is one kind of device.
type ClassEntry struct {
	ID         string           `yaml:"id"`
	Name       citywatch.Text   `yaml:"name"`
	Sector     citywatch.Sector `yaml:"sector"`
	Period     time.Duration    `yaml:"period"`
	Quantities []QuantityEntry  `yaml:"quantities"`
}

// A QuantityEntry is one value of a class.
type QuantityEntry struct {
	Value    string         `yaml:"value"`
	Name     citywatch.Text `yaml:"name"`
	Unit     string         `yaml:"unit"`
	Decimals int            `yaml:"decimals"`
}

// A DeviceEntry is one device.
type DeviceEntry struct {
	ID      string                      `yaml:"id"`
	Name    string                      `yaml:"name"`
	Class   string                      `yaml:"class"`
	At      *orb.Point                  `yaml:"at"` // longitude, latitude
	Period  time.Duration               `yaml:"period"`
	Aliases []string                    `yaml:"aliases"`
	Bounds  map[string]citywatch.Bounds `yaml:"bounds"`
	// Via is the id of the device that it is reached through.
	Via string `yaml:"via"`
	// River, Downstream and Basin say where its water goes.
	River      string `yaml:"river"`
	Downstream string `yaml:"downstream"`
	Basin      string `yaml:"basin"`
	// Indicator is of a figure of a system that the centre does not run.
	Indicator *IndicatorEntry `yaml:"indicator"`
}

// An IndicatorEntry is what is known of an indicator.
type IndicatorEntry struct {
	Target *float64         `yaml:"target"`
	Better citywatch.Better `yaml:"better"`
	Owner  string           `yaml:"owner"`
	Source string           `yaml:"source"`
}

// A Locator tells the zone that holds a point, or "" if none does.
type Locator func(orb.Point) string

// Parse reads a list of devices and returns what is in it with every problem
// found. Devices with a problem are left out.
func Parse(src []byte, locate Locator) ([]citywatch.Class, []citywatch.Device, *strictyaml.Document, []citywatch.Problem) {
	var file File
	doc, problems := strictyaml.Decode(src, &file)
	p := parser{
		locate:  locate,
		classes: map[string]citywatch.Class{},
		taken:   map[string]string{},
		broken:  map[string]bool{},
	}
	for _, problem := range problems {
		p.broken[problem.Path] = true
	}
	p.problems = problems
	var classes []citywatch.Class
	for i, e := range file.Classes {
		if c, ok := p.class(e, strictyaml.Index("$.classes", i)); ok {
			classes = append(classes, c)
		}
	}
	var devices []citywatch.Device
	for i, e := range file.Devices {
		if d, ok := p.device(e, strictyaml.Index("$.devices", i)); ok {
			devices = append(devices, d)
		}
	}
	p.rivers(file.Devices)
	p.vias(file.Devices)
	return classes, devices, doc, p.problems
}

type parser struct {
	locate   Locator
	classes  map[string]citywatch.Class
	taken    map[string]string // device id or alias → path
	broken   map[string]bool   // paths already reported
	problems []citywatch.Problem
}

// report adds a problem, unless what stands at path could not be read anyway.
func (p *parser) report(path, hint, format string, args ...any) {
	if p.broken[path] {
		return
	}
	p.problems = append(p.problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// A class id is a measurement name in the store and stands in queries.
var classID = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// A device id stands in URLs, topics and tags.
var deviceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)

func (p *parser) class(e ClassEntry, path string) (citywatch.Class, bool) {
	before := len(p.problems)
	if !classID.MatchString(e.ID) {
		p.report(path+".id", "small letters, digits and _, as in river_gauge", "%q cannot be a class id", e.ID)
	} else if _, double := p.classes[e.ID]; double {
		p.report(path+".id", "", "class %q is listed twice", e.ID)
	}
	if e.Name.VI == "" {
		p.report(path+".name", "name: {vi: …, en: …}", "class %q has no Vietnamese name", e.ID)
	}
	if !slices.Contains(citywatch.Sectors(), e.Sector) {
		p.report(path+".sector", fmt.Sprintf("one of %v", citywatch.Sectors()), "unknown sector %q", e.Sector)
	}
	if e.Period <= 0 {
		p.report(path+".period", "how often such a device reports, as in 10m: without it, silence cannot be told", "class %q has no period", e.ID)
	}
	c := citywatch.Class{ID: e.ID, Name: e.Name, Sector: e.Sector, Period: e.Period}
	for i, q := range e.Quantities {
		if q.Value == "" {
			p.report(strictyaml.Index(path+".quantities", i)+".value", "", "the value has no name")
		}
		c.Quantities = append(c.Quantities, citywatch.Quantity(q))
	}
	p.classes[e.ID] = c
	return c, len(p.problems) == before
}

func (p *parser) device(e DeviceEntry, path string) (citywatch.Device, bool) {
	before := len(p.problems)
	if !deviceID.MatchString(e.ID) {
		p.report(path+".id", "up to 64 of a-z A-Z 0-9 . _ : -, the first a letter or digit", "%q cannot be a device id", e.ID)
	}
	for _, id := range append([]string{e.ID}, e.Aliases...) {
		if _, double := p.taken[id]; double {
			p.report(path+".id", "ids and aliases must be unique", "%q names two devices", id)
		}
		p.taken[id] = path
	}
	class, known := p.classes[e.Class]
	if !known {
		p.report(path+".class", p.nearestClass(e.Class), "device %q is of the unknown class %q", e.ID, e.Class)
	}
	d := citywatch.Device{
		ID: e.ID, Name: e.Name, Class: e.Class, Sector: class.Sector,
		Aliases: e.Aliases, Period: e.Period, Bounds: e.Bounds,
		Via: e.Via, River: e.River, Downstream: e.Downstream, Basin: e.Basin,
	}
	if d.Name == "" {
		d.Name = d.ID
	}
	if d.Period == 0 {
		d.Period = class.Period
	}
	if d.Period < 0 {
		p.report(path+".period", "", "device %q has a negative period", e.ID)
	}
	if e.Indicator != nil {
		p.indicator(e, &d, class, path+".indicator")
	}
	if e.Indicator == nil || e.At != nil {
		p.place(e, &d, path)
	}
	p.bounds(e, path)
	return d, len(p.problems) == before
}

func (p *parser) place(e DeviceEntry, d *citywatch.Device, path string) {
	if e.At == nil {
		p.report(path+".at", "at: [longitude, latitude]", "device %q has no position", e.ID)
		return
	}
	d.Position, d.Zone = p.within(*e.At, path+".at", fmt.Sprintf("device %q", e.ID))
}

// within returns a position and the zone that holds it, and reports one that
// lies in none.
func (p *parser) within(at orb.Point, path, what string) (position orb.Point, zone string) {
	zone = p.locate(at)
	if zone == "" {
		hint := "check the position, or the zones"
		if p.locate(orb.Point{at[1], at[0]}) != "" {
			hint = "longitude and latitude look swapped: longitude comes first"
		}
		p.report(path, hint, "%s lies outside every zone", what)
	}
	return at, zone
}

func (p *parser) bounds(e DeviceEntry, path string) {
	for value, table := range e.Bounds {
		at := strictyaml.Key(path+".bounds", value)
		for _, level := range slices.Sorted(maps.Keys(table)) {
			if !level.Valid() {
				p.report(at, "levels go from 1 to 5", "device %q has a bound for level %d", e.ID, level)
			}
		}
	}
}

func (p *parser) nearestClass(wrong string) string {
	known := slices.Sorted(maps.Keys(p.classes))
	if near := strictyaml.Nearest(wrong, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("the file lists %v", known)
}

package decode

import (
	"fmt"
	"math"
	"strings"
	"time"

	"citywatch"
)

// Fields says where in a JSON payload of any shape the parts of a reading
// stand, by JSON pointers such as /data/0/temp. Each is looked up in the
// record, and if it is not there, in the whole payload.
type Fields struct {
	// Records points to an array whose elements are one reading each. Empty
	// means the payload, or if that is an array, its elements.
	Records string `yaml:"records"`
	// Time is optional: the time of arrival counts where there is none.
	Time TimeField `yaml:"time"`
	// Values are the values to take. A message without one of them is good
	// as long as it has another.
	Values []ValueField `yaml:"values"`
	// Longitude and Latitude are where a moving device says it is, in
	// degrees; both or none.
	Longitude string `yaml:"longitude"`
	Latitude  string `yaml:"latitude"`
}

// A TimeField says where the time stands, and how it is written.
type TimeField struct {
	At string `yaml:"at"`
	// Format is rfc3339 (also if empty), unix_s, unix_ms, or a layout of
	// Go's: "2006-01-02 15:04:05".
	Format string `yaml:"format"`
	// Zone is the offset of a layout's times from UTC, such as "+07:00".
	Zone string `yaml:"zone"`
}

// A ValueField says where one value stands.
type ValueField struct {
	At string `yaml:"at"`
	// Name is the value's name in readings.
	Name string `yaml:"name"`
	// Scale and Offset make the number of the one in the payload: times
	// Scale, plus Offset. A Scale of 0 means 1.
	Scale  float64 `yaml:"scale"`
	Offset float64 `yaml:"offset"`
	// Number takes a text such as "13.25" for the number it spells.
	Number bool `yaml:"number"`
}

// The formats of times.
const (
	timeRFC3339 = "rfc3339"
	timeUnixS   = "unix_s"
	timeUnixMS  = "unix_ms"
)

// jsonFields decodes JSON by Fields.
type jsonFields struct {
	core
	records, time pointer
	position      *[2]pointer
	values        []valueField
	layout        string // of the time; rfc3339, unix_s and unix_ms stand for themselves
	zone          *time.Location
}

type valueField struct {
	ValueField
	at pointer
}

func newJSONFields(o Options, c core) Decoder {
	d := &jsonFields{core: c, layout: o.Fields.Time.Format}
	// checkJSONFields has parsed all of them.
	d.records, _ = parsePointer(o.Fields.Records)
	d.time, _ = parsePointer(o.Fields.Time.At)
	d.zone, _ = parseZone(o.Fields.Time.Zone)
	for _, v := range o.Fields.Values {
		if v.Scale == 0 {
			v.Scale = 1
		}
		at, _ := parsePointer(v.At)
		d.values = append(d.values, valueField{ValueField: v, at: at})
	}
	if o.Fields.Longitude != "" {
		d.position = new([2]pointer)
		d.position[0], _ = parsePointer(o.Fields.Longitude)
		d.position[1], _ = parsePointer(o.Fields.Latitude)
	}
	return d
}

func (d *jsonFields) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	records := d.tree.find(root, d.records)
	if d.records.source != "" && d.tree.nodes[records].kind != array {
		return dst, refuse(citywatch.RefusedDecode, "%s is no array of records", d.records.source)
	}
	var f faults
	dst = d.each(dst, records, &f, func(id nodeID) (citywatch.Reading, *Error) { return d.record(m, id) })
	return dst, f.err()
}

func (d *jsonFields) record(m Message, id nodeID) (citywatch.Reading, *Error) {
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	var err *Error
	if r.Device, err = d.deviceOf(m, id); err != nil {
		return r, err
	}
	if err := d.measured(&r, id); err != nil {
		return r, err
	}
	for i := range d.values {
		if err := d.value(&d.values[i], id); err != nil {
			return r, err
		}
	}
	if d.position != nil {
		lon, lat := d.lookup(id, d.position[0]), d.lookup(id, d.position[1])
		if d.tree.nodes[lon].kind != null && d.tree.nodes[lat].kind != null {
			if r.Position, err = d.lonLat(lon, lat); err != nil {
				return r, err
			}
		}
	}
	if len(d.core.values) == 0 {
		return r, refuse(citywatch.RefusedNoValues, "%s has none of the configured values, %s", d.tree.path(id), d.sources())
	}
	return r, d.finish(&r, id)
}

// measured sets the reading's time, where the record has one.
func (d *jsonFields) measured(r *citywatch.Reading, record nodeID) *Error {
	if d.time.source == "" {
		return nil
	}
	id := d.lookup(record, d.time)
	if d.tree.nodes[id].kind == null {
		return nil
	}
	read := d.layoutOf
	switch d.layout {
	case "", timeRFC3339:
		read = d.timeOf
	case timeUnixS:
		read = d.secondsOf
	case timeUnixMS:
		read = d.millisOf
	}
	t, err := read(id)
	if err != nil {
		return err
	}
	r.Time, r.TimeAssumed = t, false
	return nil
}

// layoutOf reads the node's time by the configured layout.
func (d *jsonFields) layoutOf(id nodeID) (time.Time, *Error) {
	lit := string(d.tree.nodes[id].lit)
	t, err := time.ParseInLocation(d.layout, lit, d.zone)
	if err != nil {
		return time.Time{}, refuse(citywatch.RefusedDecode, "%s: %s is no time of the layout %q", d.tree.path(id), clip(lit), d.layout)
	}
	return d.plausible(id, t)
}

// value adds the field's value, where the record has it.
func (d *jsonFields) value(f *valueField, record nodeID) *Error {
	id := d.lookup(record, f.at)
	n := &d.tree.nodes[id]
	switch {
	case n.kind == text && f.Number:
		b := n.lit
		if numberLength(b) != len(b) || len(b) == 0 {
			refusal := citywatch.RefusedDecode
			if notFiniteWord(b) {
				refusal = citywatch.RefusedNumber
			}
			return refuse(refusal, "%s: %s is not a number", d.tree.path(id), clip(string(b)))
		}
	case n.kind != number:
		return d.add(f.Name, id)
	}
	x, err := d.number(id)
	if err != nil {
		return err
	}
	x = x*f.Scale + f.Offset
	if math.IsInf(x, 0) {
		return refuse(citywatch.RefusedNumber, "%s: %s is too large for a number once it is scaled", d.tree.path(id), clip(string(n.lit)))
	}
	return d.addNumber(f.Name, x)
}

// sources lists where the values were looked for.
func (d *jsonFields) sources() string {
	var s []string
	for _, v := range d.values {
		s = append(s, v.At)
	}
	return strings.Join(s, ", ")
}

// parseZone parses an offset from UTC, such as +07:00; empty is UTC.
func parseZone(s string) (*time.Location, error) {
	if s == "" {
		return time.UTC, nil
	}
	t, err := time.Parse("-07:00", s)
	if err != nil {
		return nil, fmt.Errorf("%q is no offset from UTC", s)
	}
	return t.Location(), nil
}

func checkJSONFields(o Options) []citywatch.Problem {
	var problems []citywatch.Problem
	add := func(path, message, hint string) {
		problems = append(problems, citywatch.Problem{Path: path, Message: message, Hint: hint})
	}
	pointer := func(path, source string) {
		if _, err := parsePointer(source); err != nil {
			add(path, err.Error(), "write /data/temp for the member temp of the member data")
		}
	}
	f := o.Fields
	pointer("$.fields.records", f.Records)
	pointer("$.fields.time.at", f.Time.At)
	pointer("$.fields.longitude", f.Longitude)
	pointer("$.fields.latitude", f.Latitude)
	if (f.Longitude == "") != (f.Latitude == "") {
		add("$.fields", "only one of longitude and latitude is set", "set both, or none")
	}
	switch format := f.Time.Format; {
	case format == "" || format == timeRFC3339 || format == timeUnixS || format == timeUnixMS:
		if f.Time.Zone != "" {
			add("$.fields.time.zone", "only times of a layout have a zone", "remove it: "+timeRFC3339+" says the zone itself, and Unix times have none")
		}
	case !strings.Contains(format, "2006"):
		add("$.fields.time.format", fmt.Sprintf("unknown format of time %q", format), "known are rfc3339, unix_s, unix_ms, and layouts such as 2006-01-02 15:04:05")
	}
	if _, err := parseZone(f.Time.Zone); err != nil {
		add("$.fields.time.zone", err.Error(), `write "+07:00"`)
	}
	if len(f.Values) == 0 {
		add("$.fields.values", "no values are named", "add at least one, as in {at: /data/level, name: water_level}")
	}
	names := map[string]bool{}
	for i, v := range f.Values {
		path := fmt.Sprintf("$.fields.values[%d]", i)
		pointer(path+".at", v.At)
		if err := checkName("the value's name", v.Name); err != nil {
			add(path+".name", err.Detail, "give it a short name such as water_level")
		}
		if names[v.Name] {
			add(path+".name", fmt.Sprintf("the value %q is named twice", v.Name), "give each its own name")
		}
		names[v.Name] = true
	}
	return problems
}

package decode

import (
	"time"

	"citywatch"
)

// jsonDecoder decodes the default format, and ThingsBoard's forms of it.
type jsonDecoder struct {
	core
	// flat accepts an object without "values" whose members are the values.
	flat bool
}

func newJSON(_ Options, c core) Decoder { return &jsonDecoder{core: c} }

func (d *jsonDecoder) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	var f faults
	dst = d.each(dst, root, &f, func(id nodeID) (citywatch.Reading, *Error) { return d.record(m, id, "") })
	return dst, f.err()
}

// record reads one object with its values, of the named device, or if that is
// empty of the one that the template finds.
func (d *jsonDecoder) record(m Message, id nodeID, device string) (citywatch.Reading, *Error) {
	r := citywatch.Reading{Device: device, Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	if k := d.tree.nodes[id].kind; k != object {
		return r, refuse(citywatch.RefusedDecode, `%s is %s; send {"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12}}`, d.tree.path(id), k)
	}
	var err *Error
	if device == "" {
		if r.Device, err = d.deviceOf(m, id); err != nil {
			return r, err
		}
	}
	values := none
	for c := d.tree.nodes[id].first; c != none && err == nil; c = d.tree.nodes[c].next {
		switch string(d.tree.nodes[c].key) {
		case "values":
			values = c
		case "time":
			err = d.measured(&r, c, d.timeOf)
		case "ts":
			err = d.measured(&r, c, d.millisOf)
		case "position":
			r.Position, err = d.position(c)
		}
	}
	if err != nil {
		return r, err
	}
	if values == none {
		if !d.flat {
			return r, refuse(citywatch.RefusedNoValues, `%s has no "values"; send {"values":{"water_level":80.12}}, or configure the format json_fields`, d.tree.path(id))
		}
		r = citywatch.Reading{Device: r.Device, Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
		values = id
	}
	if err := d.members(values); err != nil {
		return r, err
	}
	return r, d.finish(&r, values)
}

// members adds every member of the object as a value.
func (d *jsonDecoder) members(id nodeID) *Error {
	if k := d.tree.nodes[id].kind; k != object {
		return refuse(citywatch.RefusedDecode, `%s is %s; it must be an object such as {"water_level":80.12}`, d.tree.path(id), k)
	}
	for c := d.tree.nodes[id].first; c != none; c = d.tree.nodes[c].next {
		if err := d.add(d.strings.string(d.tree.nodes[c].key), c); err != nil {
			return err
		}
	}
	return nil
}

// measured sets the time of the reading to what read finds in the node. A
// null is no time.
func (d *jsonDecoder) measured(r *citywatch.Reading, id nodeID, read func(nodeID) (time.Time, *Error)) *Error {
	if d.tree.nodes[id].kind == null {
		return nil
	}
	if !r.TimeAssumed {
		return refuse(citywatch.RefusedDecode, `%s: the payload has both "time" and "ts"`, d.tree.path(id))
	}
	t, err := read(id)
	if err != nil {
		return err
	}
	r.Time, r.TimeAssumed = t, false
	return nil
}

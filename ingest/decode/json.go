package decode

import (
	"time"

	"citywatch"
)

// jsonDecoder decodes the default format, and ThingsBoard's {"ts","values"}.
type jsonDecoder struct {
	core
}

func newJSON(_ Options, c core) Decoder { return &jsonDecoder{core: c} }

func (d *jsonDecoder) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	if d.tree.nodes[0].kind != array {
		r, err := d.record(m, 0)
		if err != nil {
			return dst, err
		}
		return append(dst, r), nil
	}
	if d.tree.nodes[0].count == 0 {
		return dst, refuse(citywatch.RefusedNoValues, "the payload is an empty array")
	}
	var f faults
	for id := d.tree.nodes[0].first; id != 0; id = d.tree.nodes[id].next {
		r, err := d.record(m, id)
		if err != nil {
			f.add(err)
			continue
		}
		dst = append(dst, r)
	}
	return dst, f.err()
}

// record reads one object with its values.
func (d *jsonDecoder) record(m Message, id nodeID) (citywatch.Reading, *Error) {
	d.drop()
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	if k := d.tree.nodes[id].kind; k != object {
		return r, refuse(citywatch.RefusedDecode, `%s is %s; send {"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12}}`, d.tree.path(id), k)
	}
	var err *Error
	if r.Device, err = d.deviceOf(m, id); err != nil {
		return r, err
	}
	values := nodeID(0)
	for c := d.tree.nodes[id].first; c != 0 && err == nil; c = d.tree.nodes[c].next {
		switch string(d.tree.nodes[c].key) {
		case "values":
			values = c
			err = d.numbers(c)
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
	if values == 0 {
		return r, refuse(citywatch.RefusedNoValues, `%s has no "values"; send {"values":{"water_level":80.12}}, or configure the format json_fields`, d.tree.path(id))
	}
	if r.Values, err = d.take(); err == nil && len(r.Values) == 0 {
		err = refuse(citywatch.RefusedNoValues, "%s has nothing in it", d.tree.path(values))
	}
	return r, err
}

// numbers adds every member of the object of values.
func (d *jsonDecoder) numbers(id nodeID) *Error {
	if k := d.tree.nodes[id].kind; k != object {
		return refuse(citywatch.RefusedDecode, `%s is %s; it must be an object such as {"water_level":80.12}`, d.tree.path(id), k)
	}
	for c := d.tree.nodes[id].first; c != 0; c = d.tree.nodes[c].next {
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

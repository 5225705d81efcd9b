package decode

import "citywatch"

// thingsBoard decodes ThingsBoard's device API, which is the default format
// and its flat form, and its gateway API: an object of devices' arrays.
type thingsBoard struct {
	jsonDecoder
}

func newThingsBoard(_ Options, c core) Decoder {
	return &thingsBoard{jsonDecoder{core: c, flat: true}}
}

func (d *thingsBoard) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	var f faults
	if !d.isGateway() {
		dst = d.each(dst, root, &f, func(id nodeID) (citywatch.Reading, *Error) { return d.record(m, id, "") })
		return dst, f.err()
	}
	for c := d.tree.nodes[root].first; c != none; c = d.tree.nodes[c].next {
		device := d.strings.string(d.tree.nodes[c].key)
		if err := checkName("the device's id", device); err != nil {
			f.add(err)
			continue
		}
		dst = d.each(dst, c, &f, func(id nodeID) (citywatch.Reading, *Error) { return d.record(m, id, device) })
	}
	return dst, f.err()
}

// isGateway reports whether the payload is {"Device A":[…],"Device B":[…]}.
func (d *thingsBoard) isGateway() bool {
	top := &d.tree.nodes[root]
	if top.kind != object || top.count == 0 {
		return false
	}
	for c := top.first; c != none; c = d.tree.nodes[c].next {
		if d.tree.nodes[c].kind != array {
			return false
		}
	}
	return true
}

package decode

import "citywatch"

// chirpStack decodes the JSON events of ChirpStack v4's integrations.
type chirpStack struct {
	core
}

func newChirpStack(_ Options, c core) Decoder { return &chirpStack{c} }

func (d *chirpStack) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	if d.tree.member(root, "deviceInfo") == none {
		return dst, refuse(citywatch.RefusedDecode, "the payload has no deviceInfo: it is no event of ChirpStack v4 in JSON")
	}
	var err *Error
	d.drop()
	switch {
	case d.tree.member(root, "integrationName") != none:
		return dst, nil // another integration's result, of no fixed meaning
	case d.tree.member(root, "object") != none || d.tree.member(root, "rxInfo") != none:
		err = d.uplink()
	case d.tree.member(root, "margin") != none || d.tree.member(root, "batteryLevel") != none:
		err = d.status()
	default:
		return dst, nil // join, ack, txack, log, location: nothing measured
	}
	if err != nil {
		return dst, err
	}
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	if r.Device, err = d.deviceOf(m, root); err != nil {
		return dst, err
	}
	if t := d.tree.member(root, "time"); d.tree.nodes[t].kind != null {
		if r.Time, err = d.timeOf(t); err != nil {
			return dst, err
		}
		r.TimeAssumed = false
	}
	if err := d.finish(&r, root); err != nil {
		return dst, err
	}
	return append(dst, r), nil
}

// uplink adds what the device sent, as its codec decoded it. A frame without
// data (an answer to the network) still tells that the device lives, by its
// signal.
func (d *chirpStack) uplink() *Error {
	measured := d.tree.member(root, "object")
	if d.tree.nodes[measured].kind != object {
		if data := d.tree.member(root, "data"); len(d.tree.nodes[data].lit) > 0 {
			return refuse(citywatch.RefusedNoValues, "the payload has data but no object; set a codec in the device's profile in ChirpStack")
		}
	} else if err := d.flatten(measured, nil); err != nil {
		return err
	}
	return d.signal(d.tree.member(root, "rxInfo"))
}

// status adds what the device answered to a status request: the margin of the
// link in dB, and the battery in percent, unless it cannot tell.
func (d *chirpStack) status() *Error {
	if err := d.add("margin", d.tree.member(root, "margin")); err != nil {
		return err
	}
	for _, flag := range [...]string{"batteryLevelUnavailable", "externalPowerSource"} {
		if d.tree.nodes[d.tree.member(root, flag)].kind == boolTrue {
			return nil
		}
	}
	return d.add("battery_level", d.tree.member(root, "batteryLevel"))
}

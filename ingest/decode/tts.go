package decode

import (
	"github.com/paulmach/orb"

	"citywatch"
)

// theThingsStack decodes the JSON messages of The Things Stack v3.
type theThingsStack struct {
	core
}

func newTTS(_ Options, c core) Decoder { return &theThingsStack{c} }

func (d *theThingsStack) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	if d.tree.member(root, "end_device_ids") == none {
		return dst, refuse(citywatch.RefusedDecode, "the payload has no end_device_ids: it is no message of The Things Stack v3")
	}
	uplink := d.tree.member(root, "uplink_message")
	if uplink == none {
		return dst, nil // join_accept, downlink_ack, location_solved …: nothing measured
	}
	r, err := d.reading(m, uplink)
	if err != nil {
		return dst, err
	}
	return append(dst, r), nil
}

func (d *theThingsStack) reading(m Message, uplink nodeID) (citywatch.Reading, *Error) {
	d.drop()
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	decoded := d.tree.member(uplink, "decoded_payload")
	if d.tree.nodes[decoded].kind != object {
		if d.tree.member(uplink, "frm_payload") != none {
			return r, refuse(citywatch.RefusedNoValues, "/uplink_message has frm_payload but no decoded_payload; set an uplink payload formatter in The Things Stack")
		}
	} else if err := d.flatten(decoded, nil); err != nil {
		return r, err
	}
	if err := d.signal(d.tree.member(uplink, "rx_metadata")); err != nil {
		return r, err
	}
	var err *Error
	if r.Device, err = d.deviceOf(m, root); err != nil {
		return r, err
	}
	// The network server's time is nearer to the measurement than the
	// application server's.
	for _, holder := range [...]nodeID{uplink, root} {
		if t := d.tree.member(holder, "received_at"); t != none && r.TimeAssumed {
			if r.Time, err = d.timeOf(t); err != nil {
				return r, err
			}
			r.TimeAssumed = false
		}
	}
	if r.Position, err = d.measuredPosition(d.tree.member(uplink, "locations")); err != nil {
		return r, err
	}
	return r, d.finish(&r, uplink)
}

// measuredPosition returns where the device or the network found it to be,
// not where somebody registered it.
func (d *theThingsStack) measuredPosition(locations nodeID) (*orb.Point, *Error) {
	for l := d.tree.nodes[locations].first; l != none; l = d.tree.nodes[l].next {
		if s := d.tree.member(l, "source"); string(d.tree.nodes[s].lit) == "SOURCE_REGISTRY" {
			continue
		}
		lon, lat := d.tree.member(l, "longitude"), d.tree.member(l, "latitude")
		if lon == none || lat == none {
			continue
		}
		return d.lonLat(lon, lat)
	}
	return nil, nil
}

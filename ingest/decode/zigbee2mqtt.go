package decode

import (
	"bytes"
	"strings"

	"citywatch"
)

// zigbee2MQTT decodes what Zigbee2MQTT publishes of its devices.
type zigbee2MQTT struct {
	core
}

func newZigbee2MQTT(_ Options, c core) Decoder { return &zigbee2MQTT{c} }

func (d *zigbee2MQTT) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if strings.Contains(m.Topic, "/bridge/") {
		return dst, nil // of the bridge itself: its log, its lists
	}
	last := m.Topic[strings.LastIndexByte(m.Topic, '/')+1:]
	if last == "set" || last == "get" {
		return dst, nil // orders to the device, not words of it
	}
	var r citywatch.Reading
	var err *Error
	d.drop()
	if last == "availability" {
		m.Topic = strings.TrimSuffix(m.Topic, "/availability")
		r, err = d.availability(m)
	} else {
		r, err = d.state(m)
	}
	if err != nil {
		return dst, err
	}
	if len(d.values) == 0 {
		return dst, nil // {"action":""} follows every press of a button
	}
	if err := d.finish(&r, root); err != nil {
		return dst, err
	}
	return append(dst, r), nil
}

// availability reads {"state":"online"}, or as older versions send it, the
// bare word.
func (d *zigbee2MQTT) availability(m Message) (citywatch.Reading, *Error) {
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	word := bytes.TrimSpace(m.Payload)
	d.tree.reset()
	if len(word) > 0 && word[0] == '{' {
		if err := d.tree.parse(m.Payload); err != nil {
			return r, err
		}
		word = d.tree.nodes[d.tree.member(root, "state")].lit
	}
	online := 0.0
	switch string(word) {
	case "online":
		online = 1
	case "offline":
	default:
		return r, refuse(citywatch.RefusedDecode, `the availability is %s; expected online or offline`, clip(string(word)))
	}
	var err *Error
	if r.Device, err = d.deviceOf(m, root); err != nil {
		return r, err
	}
	return r, d.addNumber("online", online)
}

// state reads the object of a device's state. The firmware's update and the
// description of the device say nothing of the world and are left out.
func (d *zigbee2MQTT) state(m Message) (citywatch.Reading, *Error) {
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	if err := d.tree.parse(m.Payload); err != nil {
		return r, err
	}
	if k := d.tree.nodes[root].kind; k != object {
		return r, refuse(citywatch.RefusedDecode, "the payload is %s, not a state object; set output to json in Zigbee2MQTT", k)
	}
	var err *Error
	if r.Device, err = d.deviceOf(m, root); err != nil {
		return r, err
	}
	if seen := d.tree.member(root, "last_seen"); d.tree.nodes[seen].kind != null {
		read := d.timeOf
		if d.tree.nodes[seen].kind == number {
			read = d.millisOf
		}
		if r.Time, err = read(seen); err != nil {
			return r, err
		}
		r.TimeAssumed = false
	}
	return r, d.flatten(root, func(key []byte) bool {
		switch string(key) {
		case "last_seen", "update", "update_available", "device":
			return true
		}
		return false
	})
}

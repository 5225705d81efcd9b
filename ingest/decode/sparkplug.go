package decode

import (
	"strings"
	"time"
	"unicode/utf8"

	"citywatch"
)

const rebirthHint = "send the edge node the command Node Control/Rebirth, or wait for its next birth"

// sparkplugB decodes Sparkplug B. It is the one decoder with a memory: data
// messages name their metrics by numbers that the births before them defined.
type sparkplugB struct {
	core
	births  births
	payload sparkplugPayload
	gather  gather
}

func newSparkplug(_ Options, c core) Decoder { return &sparkplugB{core: c} }

func checkSparkplug(o Options) []citywatch.Problem {
	if t, err := parseTemplate(o.Device); err == nil && t.usesPayload() {
		return []citywatch.Problem{{Path: "$.device", Message: "a Sparkplug payload is not JSON",
			Hint: "use the topic: {1} is the group, {3} the edge node, {4} the device, or for the node's own messages the node"}}
	}
	return nil
}

// A sparkplugTopic is spBv1.0/group/type/node or spBv1.0/group/type/node/device.
type sparkplugTopic struct {
	group, kind, node, device string
}

// key names the edge node.
func (t sparkplugTopic) key() string { return t.group + "/" + t.node }

func parseSparkplugTopic(topic string) (sparkplugTopic, *Error) {
	var t sparkplugTopic
	rest, ok := strings.CutPrefix(topic, "spBv1.0/")
	t.group, rest, _ = strings.Cut(rest, "/")
	t.kind, rest, _ = strings.Cut(rest, "/")
	t.node, t.device, _ = strings.Cut(rest, "/")
	if !ok || t.node == "" || strings.Contains(t.device, "/") {
		return t, refuse(citywatch.RefusedDecode, "the topic %s is not spBv1.0/group/type/node or spBv1.0/group/type/node/device", clip(topic))
	}
	switch t.kind {
	case "NBIRTH", "NDATA", "NDEATH", "NCMD":
		ok = t.device == ""
	case "DBIRTH", "DDATA", "DDEATH", "DCMD":
		ok = t.device != ""
	default:
		return t, refuse(citywatch.RefusedDecode, "the topic %s has the unknown message type %s", clip(topic), clip(t.kind))
	}
	if !ok {
		return t, refuse(citywatch.RefusedDecode, "the topic %s: messages of type D… have a device, those of type N… have none", clip(topic))
	}
	return t, nil
}

func (d *sparkplugB) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if strings.HasPrefix(m.Topic, "spBv1.0/STATE/") || strings.HasPrefix(m.Topic, "STATE/") {
		return dst, nil // of host applications
	}
	t, err := parseSparkplugTopic(m.Topic)
	if err != nil {
		return dst, err
	}
	if t.kind == "NCMD" || t.kind == "DCMD" {
		return dst, nil
	}
	if err := d.payload.parse(m.Payload); err != nil {
		return dst, err
	}
	d.gather.reset()
	var f faults
	d.message(t, m, &f)
	before := len(dst)
	dst = d.gather.readings(dst, m.Arrived, &f)
	if n := d.payload.skipped; n > 0 && f.count == 0 && len(dst) == before {
		return dst, refuse(citywatch.RefusedNoValues, "nothing but %d metrics of types that are no values: data sets, bytes, files, templates, arrays", n)
	}
	return dst, f.err()
}

// message handles one message whose topic and payload are parsed.
func (d *sparkplugB) message(t sparkplugTopic, m Message, f *faults) {
	key := t.key()
	var node *edgeNode
	if t.kind == "NBIRTH" || t.kind == "DBIRTH" {
		node = d.births.make(key)
	} else {
		node = d.births.find(key)
	}
	if t.kind == "NDEATH" {
		d.died(node, t, m, f)
		d.births.forget(key)
		return
	}
	if last, gap := node.follow(t.kind == "NBIRTH", d.payload.seq); gap {
		f.add(refuse(citywatch.RefusedDecode, "%s: sequence number %d after %d: messages before this one were lost, it is kept; %s", clip(key), d.payload.seq, last, rebirthHint))
	}
	switch t.kind {
	case "NBIRTH":
		d.births.clear(node)
		node.bdSeq = d.payload.bdSeq()
		d.born(node, t, m, f)
	case "DBIRTH":
		d.births.drop(node, t.device)
		d.born(node, t, m, f)
	case "NDATA", "DDATA":
		d.data(node, t, m, f)
	case "DDEATH":
		d.online(t, d.payload.stamp(m), 0, f)
		d.births.drop(node, t.device)
	}
}

// born remembers what the birth defines, and gathers the values it carries.
func (d *sparkplugB) born(node *edgeNode, t sparkplugTopic, m Message, f *faults) {
	for i := range d.payload.metrics {
		x := &d.payload.metrics[i]
		if err := checkName("the metric's name", string(x.name)); err != nil {
			f.add(err)
			continue
		}
		if !d.births.define(node, t.device, x, d.strings.string(x.name)) {
			f.add(refuse(citywatch.RefusedDecode, "the births of %s, or of all edge nodes, define more metrics than are remembered: the data of this one will be refused", clip(t.key())))
		}
	}
	d.data(node, t, m, f)
	d.online(t, d.payload.stamp(m), 1, f)
}

// died gathers that the node and all its devices are offline. A testament was
// written when the session began: its time says nothing of when the node died.
func (d *sparkplugB) died(node *edgeNode, t sparkplugTopic, m Message, f *faults) {
	if bd := d.payload.bdSeq(); bd >= 0 && node.bdSeq >= 0 && bd != node.bdSeq {
		return // the testament of a session before this one
	}
	now := stamp{time: m.Arrived, assumed: true}
	t.device = ""
	d.online(t, now, 0, f)
	for device := range node.devices {
		if device != "" {
			t.device = device
			d.online(t, now, 0, f)
		}
	}
}

// data gathers the metrics' values.
func (d *sparkplugB) data(node *edgeNode, t sparkplugTopic, m Message, f *faults) {
	device, err := d.deviceOf(t)
	if err != nil {
		f.add(err)
		return
	}
	for i := range d.payload.metrics {
		x := &d.payload.metrics[i]
		name, datatype, err := d.identify(node, t, x)
		if err != nil {
			f.add(err)
			continue
		}
		if x.transient || isControl(name) {
			continue
		}
		v, ok, err := d.value(x, name, datatype)
		if err != nil {
			f.add(err)
			continue
		}
		if !ok {
			continue
		}
		at := d.payload.stamp(m)
		if x.hasTime {
			at = stampOf(x.time)
		}
		if at.fault != nil {
			f.add(at.fault)
			continue
		}
		d.gather.add(sample{device: device, time: at.time, assumed: at.assumed, part: partValue, value: v})
	}
}

// isControl reports whether the metric is for controlling the node, not of
// the world.
func isControl(name string) bool {
	return name == "bdSeq" || strings.HasPrefix(name, "Node Control/") || strings.HasPrefix(name, "Device Control/")
}

// identify returns the metric's name and datatype, which it or its birth
// says.
func (d *sparkplugB) identify(node *edgeNode, t sparkplugTopic, x *sparkplugMetric) (string, uint32, *Error) {
	if len(x.name) > 0 {
		name := d.strings.string(x.name)
		if err := checkName("the metric's name", name); err != nil {
			return "", 0, err
		}
		if x.datatype != 0 {
			return name, x.datatype, nil
		}
		return name, node.datatype(t.device, name), nil
	}
	if !x.hasAlias {
		return "", 0, refuse(citywatch.RefusedDecode, "a metric has neither name nor alias")
	}
	known, ok := node.alias(t.device, x.alias)
	if !ok {
		return "", 0, refuse(citywatch.RefusedDecode, "the alias %d of %s is in no birth that was heard; %s", x.alias, clip(t.key()), rebirthHint)
	}
	if x.datatype != 0 {
		known.datatype = x.datatype
	}
	return known.name, known.datatype, nil
}

// value returns the metric as a value, and whether it is one: null and the
// empty text are none.
func (d *sparkplugB) value(x *sparkplugMetric, name string, datatype uint32) (citywatch.Value, bool, *Error) {
	v := citywatch.Value{Name: name}
	if x.null || x.form == formNone {
		return v, false, nil
	}
	switch x.form {
	case formOther:
		d.payload.skipped++
		return v, false, nil
	case formText:
		if len(x.text) > maxText || !utf8.Valid(x.text) {
			return v, false, refuse(citywatch.RefusedDecode, "%s: not a text of at most %d bytes in UTF-8", clip(name), maxText)
		}
		v.Text = d.strings.string(x.text)
		return v, v.Text != "", nil
	}
	var err *Error
	if v.Number, err = x.number(datatype); err != nil {
		err.Detail = clip(name) + ": " + err.Detail
		return v, false, err
	}
	return v, true, nil
}

// deviceOf returns the reading's device. For the template, a message of the
// node itself has the node where others have the device.
func (d *sparkplugB) deviceOf(t sparkplugTopic) (string, *Error) {
	if t.device == "" {
		t.device = t.node
	}
	return d.core.deviceOf(Message{Topic: "spBv1.0/" + t.group + "/" + t.kind + "/" + t.node + "/" + t.device}, none)
}

// online gathers the value online of a node or device.
func (d *sparkplugB) online(t sparkplugTopic, at stamp, value float64, f *faults) {
	device, err := d.deviceOf(t)
	if err == nil {
		err = at.fault
	}
	if err != nil {
		f.add(err)
		return
	}
	d.gather.add(sample{device: device, time: at.time, assumed: at.assumed, part: partDefault, value: citywatch.Value{Name: "online", Number: value}})
}

// A stamp is the time of a message or metric.
type stamp struct {
	time    time.Time
	assumed bool
	fault   *Error
}

// stampOf returns the stamp of so many milliseconds since 1970.
func stampOf(ms uint64) stamp {
	t, ok := fromUnix(float64(ms), time.Millisecond)
	if !ok {
		return stamp{fault: refuse(citywatch.RefusedDecode, "the time %d ms since 1970 lies outside the years 2000 to 2099; %s", ms, clockHint)}
	}
	return stamp{time: t}
}

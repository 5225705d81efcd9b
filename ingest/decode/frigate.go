package decode

import (
	"bytes"
	"strings"

	"citywatch"
)

// frigate decodes what Frigate, the video recorder, publishes of what it saw.
//
// Frigate's topics do not say which of them is about a camera, a zone or the
// whole, and new ones come with each version; so a topic is known by where it
// stands and how it ends, and one that is not known measures nothing.
type frigate struct {
	core
	// level is where a camera's name stands in its topics: behind the prefix.
	level int
}

func newFrigate(_ Options, c core) Decoder {
	d := &frigate{core: c}
	for _, p := range c.device.pieces {
		if p.kind == pieceLevel {
			d.level = p.level
			break
		}
	}
	return d
}

func checkFrigate(o Options) []citywatch.Problem {
	t, err := parseTemplate(o.Device)
	if err != nil || o.Device == "" {
		return nil // a template that is none has been reported
	}
	levels := 0
	for _, p := range t.pieces {
		switch {
		case p.kind == pieceLevel && p.level > 0:
			levels++
		case p.kind != pieceLiteral:
			levels = 2
		}
	}
	if levels == 1 {
		return nil
	}
	return []citywatch.Problem{{
		Path:    "$.device",
		Message: "the device must have one level of the topic in it, at which Frigate's cameras stand",
		Hint:    "{1} for the topics frigate/CAMERA/…, {2} for home/frigate/CAMERA/…, with a text around it if you like",
	}}
}

// Ignores reports whether the topic's messages measure nothing, whatever is in
// them: pictures, orders to Frigate, and its own affairs.
func (d *frigate) Ignores(topic string) bool {
	what, ok := topicLevels(topic, d.level)
	if !ok {
		return true
	}
	first, rest, nested := strings.Cut(what, "/")
	if !nested {
		switch first {
		case "events", "reviews", "tracked_object_update", "triggers", "stats", "available":
			return false
		}
		return true
	}
	switch first {
	case "notifications", "profile":
		return true
	}
	thing, last, deep := strings.Cut(rest, "/")
	switch {
	case !deep:
		return thing == "ptz"
	case strings.Contains(last, "/"):
		return true // one mask or one zone switched on or off
	}
	switch last {
	case "snapshot", "set", "suspend", "suspended", "transcription":
		return true
	}
	return false
}

func (d *frigate) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if d.Ignores(m.Topic) {
		return dst, nil
	}
	d.drop()
	what, _ := topicLevels(m.Topic, d.level)
	first, rest, nested := strings.Cut(what, "/")
	var r citywatch.Reading
	var err *Error
	switch {
	case nested:
		r, err = d.ofCamera(m, rest)
	case first == "stats":
		return d.stats(dst, m)
	case first == "available":
		r, err = d.available(m)
	default:
		r, err = d.seen(m, first)
	}
	if err != nil {
		return dst, err
	}
	if len(d.values) == 0 {
		return dst, nil
	}
	if err := d.finish(&r, root); err != nil {
		return dst, err
	}
	return append(dst, r), nil
}

// about returns a reading of the camera: of the device whose template would be
// filled by a topic of it.
func (d *frigate) about(m Message, camera string) (citywatch.Reading, *Error) {
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	if err := checkName("the camera's name", camera); err != nil {
		return r, err
	}
	if strings.Contains(camera, "/") {
		return r, refuse(citywatch.RefusedDecode, "the camera's name %s has a slash in it", clip(camera))
	}
	var err *Error
	m.Topic = d.prefix(m.Topic) + camera
	r.Device, err = d.deviceOf(m, root)
	return r, err
}

// prefix is the topic's part before a camera's name.
func (d *frigate) prefix(topic string) string {
	rest, _ := topicLevels(topic, d.level)
	return topic[:len(topic)-len(rest)]
}

// aboutItself returns a reading of Frigate itself, which goes by the last level
// of its prefix.
func (d *frigate) aboutItself(m Message) (citywatch.Reading, *Error) {
	prefix := strings.TrimSuffix(d.prefix(m.Topic), "/")
	return d.about(m, prefix[strings.LastIndexByte(prefix, '/')+1:])
}

// available reads whether Frigate runs: online, stopped, or the broker's
// offline.
func (d *frigate) available(m Message) (citywatch.Reading, *Error) {
	d.tree.reset()
	r, err := d.aboutItself(m)
	if err != nil {
		return r, err
	}
	online := 0.0
	switch word := string(bytes.TrimSpace(m.Payload)); word {
	case "online":
		online = 1
	case "offline", "stopped":
	default:
		return r, refuse(citywatch.RefusedDecode, "the availability is %s; expected online, offline or stopped", clip(word))
	}
	return r, d.addNumber("online", online)
}

// ofCamera reads what is published of one camera, or of one zone, in a topic
// of its own; what is the part of the topic behind the camera.
func (d *frigate) ofCamera(m Message, what string) (citywatch.Reading, *Error) {
	d.tree.reset()
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	var err *Error
	if r.Device, err = d.deviceOf(m, root); err != nil {
		return r, err
	}
	word := bytes.TrimSpace(m.Payload)
	thing, last, nested := strings.Cut(what, "/")
	switch {
	case !nested && thing == "review_status":
		err = d.addWord(thing, word)
	case !nested:
		err = d.count(d.nameOf(thing), word)
	case last == "state":
		err = d.feature(thing, word)
	case last == "active":
		err = d.count(d.nameOf(thing, last), word)
	case thing == "status", thing == "classification":
		err = d.addWord(d.nameOf(thing, last), word)
	case thing == "audio":
		err = d.sound(d.nameOf(thing, strings.ToLower(last)), word)
	}
	return r, err
}

// nameOf makes a value's name of words in a topic: traffic light is
// traffic_light.
func (d *frigate) nameOf(words ...string) string {
	d.name = d.name[:0]
	for i, word := range words {
		if i > 0 {
			d.name = append(d.name, '_')
		}
		d.name = append(d.name, word...)
	}
	for i, c := range d.name {
		if c == ' ' {
			d.name[i] = '_'
		}
	}
	return d.strings.string(d.name)
}

// count reads how many objects are seen, or whether something is: motion, and
// with old versions any object.
func (d *frigate) count(name string, word []byte) *Error {
	if on, ok := onOff(word); ok {
		return d.addNumber(name, on)
	}
	if n := numberLength(word); n > 0 && n == len(word) && digits(word) == n {
		if f, ok := parseNumber(word); ok {
			return d.addNumber(name, f)
		}
	}
	return notOne("a count", name, word)
}

// sound reads one: how loud it is, or whether one of its kind is heard.
func (d *frigate) sound(name string, word []byte) *Error {
	if on, ok := onOff(word); ok {
		return d.addNumber(name, on)
	}
	if n := numberLength(word); n == len(word) && n > 0 {
		if f, ok := parseNumber(word); ok {
			return d.addNumber(name, f)
		}
	}
	return notOne("a number", name, word)
}

// notOne says that a payload is not what its topic is for.
func notOne(what, name string, word []byte) *Error {
	refusal := citywatch.RefusedDecode
	if notFiniteWord(word) {
		refusal = citywatch.RefusedNumber
	}
	return refuse(refusal, "%s is %s; expected %s, or ON or OFF", clip(name), clip(string(word)), what)
}

// feature reads whether a part of Frigate is switched on for a camera: with
// detect switched off, no count means anything. Settings that are not switches
// are left out.
func (d *frigate) feature(name string, word []byte) *Error {
	on, ok := onOff(word)
	if !ok {
		return nil
	}
	if name != "enabled" {
		name = d.nameOf(name, "enabled")
	}
	return d.addNumber(name, on)
}

// addWord takes a word such as online as a text value.
func (d *frigate) addWord(name string, word []byte) *Error {
	if len(word) > maxName {
		return refuse(citywatch.RefusedDecode, "%s is a text of %d bytes; expected a word", clip(name), len(word))
	}
	text := d.strings.string(word)
	if text == "" {
		return nil
	}
	if err := checkName("the value", text); err != nil {
		return err
	}
	return d.addText(name, text)
}

func onOff(word []byte) (float64, bool) {
	switch string(word) {
	case "ON":
		return 1, true
	case "OFF":
		return 0, true
	}
	return 0, false
}

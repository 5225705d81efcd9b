package decode

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"citywatch"
)

// seen reads the messages about one thing that was seen: of the topics events,
// reviews, tracked_object_update and triggers.
func (d *frigate) seen(m Message, topic string) (citywatch.Reading, *Error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return citywatch.Reading{}, err
	}
	at, read, id := root, d.update, "id"
	switch topic {
	case "events":
		at, read = d.tree.member(root, "after"), d.event
	case "reviews":
		at, read = d.tree.member(root, "after"), d.review
	case "triggers":
		read, id = d.trigger, "event_id"
	}
	if d.tree.nodes[at].kind != object {
		return citywatch.Reading{}, refuse(citywatch.RefusedDecode, "the payload has no after: it is no message of frigate/%s", topic)
	}
	if d.tree.nodes[d.tree.member(at, "false_positive")].kind == boolTrue {
		return citywatch.Reading{}, nil // Frigate has taken it back
	}
	camera := d.text(at, "camera")
	if camera == "" && at == root {
		return citywatch.Reading{}, nil // a description written by a model: of no camera, and no measurement
	}
	r, err := d.about(m, camera)
	if err != nil {
		return r, err
	}
	if r.Time, err = d.since(at, d.tree.member(at, id)); err != nil {
		return r, err
	}
	r.TimeAssumed = false
	return r, read(at)
}

// since returns the time under which a thing is kept: when it was first seen,
// to the millisecond, and below that a number made of its id. So all that is
// said of it later replaces what was said before, and two things that were
// first seen in the same frame stay two.
func (d *frigate) since(at, id nodeID) (time.Time, *Error) {
	name := d.tree.nodes[id].lit
	if d.tree.nodes[id].kind != text || len(name) == 0 || len(name) > maxName {
		return time.Time{}, refuse(citywatch.RefusedDecode, "%s has no id", d.tree.path(at))
	}
	var first time.Time
	if start := d.tree.member(at, "start_time"); start != none {
		var err *Error
		if first, err = d.secondsOf(start); err != nil {
			return time.Time{}, err
		}
	} else {
		// The id begins with the same time.
		seconds, _, _ := bytes.Cut(name, []byte("-"))
		f, err := strconv.ParseFloat(string(seconds), 64)
		var ok bool
		if first, ok = fromUnix(f, time.Second); err != nil || !ok {
			return time.Time{}, refuse(citywatch.RefusedDecode, "%s: the id %s does not begin with a time, as Frigate's do", d.tree.path(id), clip(string(name)))
		}
	}
	return first.Truncate(time.Millisecond).Add(time.Duration(hash(name) % uint32(time.Millisecond))), nil
}

// hash is FNV-1a: the same in every version and process.
func hash(b []byte) uint32 {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	for _, c := range b {
		h = (h ^ uint32(c)) * prime
	}
	return h
}

// event reads a tracked object.
func (d *frigate) event(at nodeID) *Error {
	err := d.addAll(at, []renamed{
		{"id", "event"}, {"label", "label"}, {"score", "score"}, {"top_score", "top_score"},
		{"area", "area"}, {"stationary", "stationary"}, {"has_clip", "has_clip"}, {"has_snapshot", "has_snapshot"},
	})
	if err == nil {
		err = d.named(at, "sub_label", "sub_label")
	}
	if err == nil {
		err = d.plate(at, "recognized_license_plate")
	}
	// Without a calibrated zone Frigate says that the speed is 0.
	if id := d.tree.member(at, "average_estimated_speed"); err == nil && d.tree.nodes[id].kind == number {
		if f, _ := parseNumber(d.tree.nodes[id].lit); f != 0 {
			err = d.add("average_speed", id)
		}
	}
	// A rule watches one value: this one is how sure Frigate is of a person.
	if label := d.text(at, "label"); err == nil && label != "" {
		err = d.add(d.nameOf(label, "score"), d.tree.member(at, "top_score"))
	}
	// Only what grows: a list that is empty again replaces nothing.
	if err == nil {
		err = d.list(at, "entered_zones", "zones")
	}
	if err == nil {
		err = d.lasted(at, "")
	}
	return err
}

// A renamed member of an object becomes the value of another name.
type renamed struct{ member, value string }

// addAll adds the members that are there.
func (d *frigate) addAll(at nodeID, members []renamed) *Error {
	for _, n := range members {
		if err := d.add(n.value, d.tree.member(at, n.member)); err != nil {
			return err
		}
	}
	return nil
}

// named adds a member that is a text, or since version 0.13 a text and how
// sure Frigate is of it.
func (d *frigate) named(at nodeID, member, value string) *Error {
	id := d.tree.member(at, member)
	if d.tree.nodes[id].kind != array {
		return d.add(value, id)
	}
	if err := d.add(value, d.tree.element(id, 0)); err != nil {
		return err
	}
	return d.add(value+"_score", d.tree.element(id, 1))
}

// plate adds a vehicle's plate, whose score stands beside it or, in some
// versions, with it.
func (d *frigate) plate(at nodeID, member string) *Error {
	if err := d.named(at, member, "plate"); err != nil || d.has("plate_score") {
		return err
	}
	return d.add("plate_score", d.tree.member(at, member+"_score"))
}

// list adds an array of texts as one, joined by commas, and cut where it is
// longer than a value may be.
func (d *frigate) list(at nodeID, member, value string) *Error {
	d.name = d.name[:0]
	id := d.tree.member(at, member)
	if d.tree.nodes[id].kind != array {
		return nil
	}
	for c := d.tree.nodes[id].first; c != none; c = d.tree.nodes[c].next {
		n := &d.tree.nodes[c]
		if n.kind != text || len(n.lit) == 0 {
			continue
		}
		if len(d.name)+1+len(n.lit) > maxText {
			break
		}
		if len(d.name) > 0 {
			d.name = append(d.name, ',')
		}
		d.name = append(d.name, n.lit...)
	}
	return d.addText(value, d.strings.string(d.name))
}

// lasted adds whether a thing is over, and how long it has been seen.
func (d *frigate) lasted(at nodeID, prefix string) *Error {
	ended, last := 1.0, d.tree.member(at, "end_time")
	if d.tree.nodes[last].kind != number {
		ended, last = 0, d.tree.member(at, "frame_time")
	}
	if err := d.addNumber(prefix+"ended", ended); err != nil {
		return err
	}
	if d.tree.nodes[last].kind != number {
		return nil // a review that goes on does not say until when
	}
	to, err := d.secondsOf(last)
	if err != nil {
		return err
	}
	from, err := d.secondsOf(d.tree.member(at, "start_time"))
	if err != nil {
		return err
	}
	return d.addNumber(prefix+"duration", max(to.Sub(from), 0).Seconds())
}

// review reads a review item: a time during which a camera saw something that
// somebody ought to look at, with the events in it.
func (d *frigate) review(at nodeID) *Error {
	err := d.addAll(at, []renamed{{"id", "review"}, {"severity", "review_severity"}})
	if err != nil {
		return err
	}
	// The severity stays when it is over; a rule needs a value that does not.
	state := d.text(at, "severity")
	if d.tree.nodes[d.tree.member(at, "end_time")].kind == number {
		state = "ended"
	}
	if err := d.addText("review_state", state); err != nil {
		return err
	}
	data := d.tree.member(at, "data")
	for _, n := range [...]renamed{
		{"detections", "review_events"}, {"objects", "review_objects"}, {"sub_labels", "review_sub_labels"},
		{"zones", "review_zones"}, {"audio", "review_audio"},
	} {
		if err := d.list(data, n.member, n.value); err != nil {
			return err
		}
	}
	return d.lasted(at, "review_")
}

// update reads what was found out about an event later: whose face, which
// plate, which kind. It becomes part of the event.
func (d *frigate) update(at nodeID) *Error {
	kind, name := d.text(at, "type"), ""
	switch kind {
	case "face":
		name = "face"
		if err := d.add(name, d.tree.member(at, "name")); err != nil {
			return err
		}
	case "lpr":
		name = "plate"
		if err := d.addAll(at, []renamed{{"plate", name}, {"name", "plate_name"}}); err != nil {
			return err
		}
	case "classification":
		name = d.nameOf(kind, d.text(at, "model"))
		found := d.tree.member(at, "sub_label")
		if found == none {
			found = d.tree.member(at, "attribute")
		}
		if err := d.add(name, found); err != nil {
			return err
		}
	}
	if !d.has(name) {
		return nil // nothing was found, or it is of a kind that is not known
	}
	if err := d.add(name+"_score", d.tree.member(at, "score")); err != nil {
		return err
	}
	return d.add("event", d.tree.member(at, "id"))
}

// trigger reads that a trigger, which somebody has set up in Frigate, was
// pulled by an event. It becomes part of the event.
func (d *frigate) trigger(at nodeID) *Error {
	return d.addAll(at, []renamed{{"event_id", "event"}, {"name", "trigger"}, {"score", "trigger_score"}})
}

// text returns the member if it is a text, else "".
func (d *frigate) text(at nodeID, member string) string {
	n := &d.tree.nodes[d.tree.member(at, member)]
	if n.kind != text || len(n.lit) > maxName {
		return ""
	}
	return strings.TrimSpace(d.strings.string(n.lit))
}

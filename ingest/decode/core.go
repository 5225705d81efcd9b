package decode

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"citywatch"
)

// A core is what every decoder is made of: the device's template, the parsed
// payload, and the values of the reading that is being made.
type core struct {
	device  template
	tree    tree
	strings interner
	values  []citywatch.Value
	name    []byte // scratch of render
}

// deviceOf returns the id of the device that sent m. Where the template uses
// the payload it looks in the record, then in the whole.
func (c *core) deviceOf(m Message, record nodeID) (string, *Error) {
	id, err := c.render(c.device, m.Topic, record)
	if err != nil {
		return "", refuse(citywatch.RefusedDecode, "device: %s", err.Detail)
	}
	if err := checkName("the device's id", id); err != nil {
		return "", err
	}
	return id, nil
}

// render makes the name that the template describes.
func (c *core) render(t template, topic string, record nodeID) (string, *Error) {
	if len(t.pieces) == 1 && t.pieces[0].kind == pieceLevel {
		if level, ok := topicLevel(topic, t.pieces[0].level); ok {
			return c.strings.clone(level), nil
		}
	}
	c.name = c.name[:0]
	for _, p := range t.pieces {
		switch p.kind {
		case pieceLiteral:
			c.name = append(c.name, p.literal...)
		case pieceLevel, pieceLevels:
			get := topicLevel
			if p.kind == pieceLevels {
				get = topicLevels
			}
			s, ok := get(topic, p.level)
			if !ok {
				return "", refuse(citywatch.RefusedDecode, "the topic %s has no level {%d}, counted from 0", clip(topic), p.level)
			}
			c.name = append(c.name, s...)
		case piecePayload:
			id := c.lookup(record, p.pointer)
			if id == none {
				return "", refuse(citywatch.RefusedDecode, "the payload has no %s", p.pointer.source)
			}
			if k := c.tree.nodes[id].kind; k != text && k != number {
				return "", refuse(citywatch.RefusedDecode, "%s is %s, not a text", c.tree.path(id), k)
			}
			c.name = append(c.name, c.tree.nodes[id].lit...)
		}
	}
	return c.strings.string(c.name), nil
}

// lookup returns what the pointer finds in the record, or else in the whole
// payload, or none.
func (c *core) lookup(record nodeID, p pointer) nodeID {
	if id := c.tree.find(record, p); id != none {
		return id
	}
	return c.tree.find(root, p)
}

// add takes one more value for the reading, from a scalar node. Null and the
// empty text are no values.
func (c *core) add(name string, id nodeID) *Error {
	n := &c.tree.nodes[id]
	var err *Error
	switch n.kind {
	case null:
		return nil
	case boolFalse, boolTrue:
		err = c.addNumber(name, float64(n.kind-boolFalse))
	case number:
		f, ok := parseNumber(n.lit)
		if !ok {
			return c.tooLarge(id)
		}
		err = c.addNumber(name, f)
	case text:
		if len(n.lit) > maxText {
			return refuse(citywatch.RefusedDecode, "%s: a text of %d bytes; at most %d", c.tree.path(id), len(n.lit), maxText)
		}
		err = c.addText(name, c.strings.string(n.lit))
	default:
		return refuse(citywatch.RefusedDecode, "%s is %s; a value is a number, a boolean or a text", c.tree.path(id), n.kind)
	}
	if err != nil {
		err.Detail = c.tree.path(id) + ": " + err.Detail
	}
	return err
}

func (c *core) tooLarge(id nodeID) *Error {
	return refuse(citywatch.RefusedNumber, "%s: %s is too large for a number", c.tree.path(id), clip(string(c.tree.nodes[id].lit)))
}

// number returns the node's number.
func (c *core) number(id nodeID) (float64, *Error) {
	f, ok := parseNumber(c.tree.nodes[id].lit)
	if !ok {
		return 0, c.tooLarge(id)
	}
	return f, nil
}

// addNumber takes one more numeric value for the reading.
func (c *core) addNumber(name string, f float64) *Error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return refuse(citywatch.RefusedNumber, "%s is %v, not a finite number; leave it out instead", name, f)
	}
	return c.addValue(citywatch.Value{Name: name, Number: f})
}

// addText takes one more text value for the reading, unless it is empty.
func (c *core) addText(name, s string) *Error {
	if s == "" {
		return nil
	}
	return c.addValue(citywatch.Value{Name: name, Text: s})
}

func (c *core) addValue(v citywatch.Value) *Error {
	if err := checkName("the value's name", v.Name); err != nil {
		return err
	}
	if len(c.values) == maxValues {
		return refuse(citywatch.RefusedDecode, "more than %d values in one reading; send fewer, or in several messages", maxValues)
	}
	c.values = append(c.values, v)
	return nil
}

// has reports whether a value of the name was added.
func (c *core) has(name string) bool {
	return slices.ContainsFunc(c.values, func(v citywatch.Value) bool { return v.Name == name })
}

// finish gives the reading the values that were added; where is the node that
// they come from.
func (c *core) finish(r *citywatch.Reading, where nodeID) *Error {
	if len(c.values) == 0 {
		return refuse(citywatch.RefusedNoValues, "%s has no values in it", c.tree.path(where))
	}
	slices.SortFunc(c.values, func(a, b citywatch.Value) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(c.values); i++ {
		if c.values[i].Name == c.values[i-1].Name {
			return refuse(citywatch.RefusedDecode, "%s: the value %s occurs twice", c.tree.path(where), clip(c.values[i].Name))
		}
	}
	r.Values = slices.Clone(c.values)
	return nil
}

// drop forgets the values of a reading that is not to be.
func (c *core) drop() { c.values = c.values[:0] }

// each reads the record at the node, or if that is an array each record in it,
// and appends the readings to dst, the refusals to f.
func (c *core) each(dst []citywatch.Reading, id nodeID, f *faults, read func(nodeID) (citywatch.Reading, *Error)) []citywatch.Reading {
	one := func(id nodeID) {
		c.drop()
		r, err := read(id)
		if err != nil {
			f.add(err)
			return
		}
		dst = append(dst, r)
	}
	if c.tree.nodes[id].kind != array {
		one(id)
		return dst
	}
	if c.tree.nodes[id].count == 0 {
		f.add(refuse(citywatch.RefusedNoValues, "%s is an empty array", c.tree.path(id)))
	}
	for child := c.tree.nodes[id].first; child != none && f.count <= maxFaults; child = c.tree.nodes[child].next {
		one(child)
	}
	return dst
}

// maxFaults is how many records of one message may be refused before the rest
// is not looked at: saying what is wrong with each costs time.
const maxFaults = 100

// faults gathers what was refused of a message of many records: the first in
// full, the others by their number.
type faults struct {
	first *Error
	count int
}

func (f *faults) add(err *Error) {
	if f.first == nil {
		f.first = err
	}
	f.count++
}

// err returns nil, the only fault, or the first with the number of all.
func (f *faults) err() error {
	switch {
	case f.count == 0:
		return nil
	case f.count == 1:
		return f.first
	case f.count > maxFaults:
		return &Error{Refusal: f.first.Refusal, Detail: fmt.Sprintf("%s; and so many more that the rest of the message was not read", f.first.Detail), err: f.first}
	}
	return &Error{Refusal: f.first.Refusal, Detail: fmt.Sprintf("%s; and %d more refused", f.first.Detail, f.count-1), err: f.first}
}

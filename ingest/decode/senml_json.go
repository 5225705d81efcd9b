package decode

import (
	"bytes"

	"citywatch"
)

// readJSON reads the records of a pack in JSON.
func (d *senML) readJSON(payload []byte) *Error {
	if err := d.tree.parse(payload); err != nil {
		return err
	}
	if k := d.tree.nodes[root].kind; k != array {
		return refuse(citywatch.RefusedDecode, `the payload is %s; a SenML pack is an array such as [{"bn":"gauge-7/","n":"level","v":1.2}]`, k)
	}
	for id := d.tree.nodes[root].first; id != none; id = d.tree.nodes[id].next {
		if k := d.tree.nodes[id].kind; k != object {
			return refuse(citywatch.RefusedDecode, "%s is %s; a SenML record is an object", d.tree.path(id), k)
		}
		var r senMLRecord
		for f := d.tree.nodes[id].first; f != none; f = d.tree.nodes[f].next {
			if err := d.field(&r, f); err != nil {
				return err
			}
		}
		d.records = append(d.records, r)
	}
	return nil
}

// field reads one field into the record. Its error refuses the pack.
func (d *senML) field(r *senMLRecord, id nodeID) *Error {
	key := d.tree.nodes[id].key
	if x, label, isBase := r.numberField(key); x != nil {
		r.has |= label
		if d.tree.nodes[id].kind != number {
			return refuse(citywatch.RefusedDecode, "%s is %s; it must be a number", d.tree.path(id), d.tree.nodes[id].kind)
		}
		var err *Error
		if *x, err = d.core.number(id); err != nil && !isBase {
			r.fault, err = err, nil
		}
		return err
	}
	if s, label := r.textField(key); s != nil {
		r.has |= label
		if d.tree.nodes[id].kind != text {
			return refuse(citywatch.RefusedDecode, "%s is %s; it must be a text", d.tree.path(id), d.tree.nodes[id].kind)
		}
		if len(d.tree.nodes[id].lit) > maxText {
			return refuse(citywatch.RefusedDecode, "%s: a text of more than %d bytes", d.tree.path(id), maxText)
		}
		*s = d.strings.string(d.tree.nodes[id].lit)
		return nil
	}
	if string(key) == "vb" {
		k := d.tree.nodes[id].kind
		if k != boolFalse && k != boolTrue {
			return refuse(citywatch.RefusedDecode, "%s is %s; it must be true or false", d.tree.path(id), k)
		}
		r.has |= labelBool
		r.boolean = float64(k - boolFalse)
		return nil
	}
	return checkUnknownField(d.tree.path(id), key)
}

// checkUnknownField refuses fields that a reader may not ignore.
func checkUnknownField(path string, key []byte) *Error {
	if bytes.HasSuffix(key, []byte("_")) {
		return refuse(citywatch.RefusedDecode, "%s: a field whose name ends with _ must be understood, and this one is not known", path)
	}
	return nil
}

// numberField returns the record's numeric field of that name, nil if there
// is none, and whether it is a base field.
func (r *senMLRecord) numberField(name []byte) (field *float64, label senMLLabel, isBase bool) {
	switch string(name) {
	case "bt":
		return &r.baseTime, labelBaseTime, true
	case "bv":
		return &r.baseValue, labelBaseValue, true
	case "bs":
		return &r.baseSum, labelBaseSum, true
	case "bver":
		return &r.version, labelVersion, true
	case "v":
		return &r.value, labelValue, false
	case "s":
		return &r.sum, labelSum, false
	case "t":
		return &r.time, labelTime, false
	}
	return nil, 0, false
}

// textField returns the record's text field of that name, nil if there is
// none.
func (r *senMLRecord) textField(name []byte) (*string, senMLLabel) {
	switch string(name) {
	case "bn":
		return &r.baseName, labelBaseName
	case "bu":
		return &r.baseUnit, labelBaseUnit
	case "n":
		return &r.name, labelName
	case "u":
		return &r.unit, labelUnit
	case "vs":
		return &r.text, labelText
	}
	return nil, 0
}

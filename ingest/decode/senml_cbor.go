package decode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"citywatch"
)

// isCBORArray reports whether b begins like an array of CBOR. No JSON text
// does.
func isCBORArray(b []byte) bool { return len(b) > 0 && b[0]>>5 == 4 }

// senMLLabels are the names of CBOR's integer labels (RFC 8428 §6, table 4),
// from senMLLowest on.
var senMLLabels = [...]string{"bs", "bv", "bu", "bt", "bn", "bver", "n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"}

const senMLLowest = -6

// senMLMode returns how packs in CBOR are decoded: bounded, and with labels
// that are unique in their record.
func senMLMode() cbor.DecMode {
	mode, _ := cbor.DecOptions{ // the options are constant, and the tests show them to be good
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		BignumTag:        cbor.BignumTagForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: maxNodes,
		MaxMapPairs:      64,
	}.DecMode()
	return mode
}

// readCBOR reads the records of a pack in CBOR.
func (d *senML) readCBOR(payload []byte) *Error {
	var pack []map[any]any
	if err := d.cbor.Unmarshal(payload, &pack); err != nil {
		return &Error{Refusal: citywatch.RefusedDecode, Detail: fmt.Sprintf("the payload is no SenML pack in CBOR: %v", err), err: err}
	}
	for i, fields := range pack {
		var r senMLRecord
		for label, name := range senMLLabels {
			value, ok := fields[cborLabel(label)]
			if !ok {
				continue
			}
			if err := d.cborField(&r, name, value); err != nil {
				err.Detail = fmt.Sprintf("/%d/%s%s", i, name, err.Detail)
				return err
			}
		}
		var unknown []string
		for key := range fields {
			if s, ok := key.(string); ok && strings.HasSuffix(s, "_") {
				unknown = append(unknown, s)
			}
		}
		if len(unknown) > 0 {
			slices.Sort(unknown)
			return checkUnknownField(fmt.Sprintf("/%d/%s", i, legible(unknown[0])), []byte(unknown[0]))
		}
		d.records = append(d.records, r)
	}
	return nil
}

// cborLabel returns the map key of the label, of the type that the CBOR
// decoder gives it.
func cborLabel(i int) any {
	if i += senMLLowest; i < 0 {
		return int64(i)
	}
	return uint64(i)
}

// cborField reads one field into the record. Its error refuses the pack and
// lacks the field's path.
func (d *senML) cborField(r *senMLRecord, name string, value any) *Error {
	if x, label, _ := r.numberField([]byte(name)); x != nil {
		f, ok := cborNumber(value)
		if !ok {
			return refuse(citywatch.RefusedDecode, " is a %T; it must be a number", value)
		}
		*x = f
		r.has |= label
		return nil
	}
	if s, label := r.textField([]byte(name)); s != nil {
		t, ok := value.(string)
		if !ok || len(t) > maxText {
			return refuse(citywatch.RefusedDecode, " must be a text of at most %d bytes", maxText)
		}
		*s = d.strings.clone(t)
		r.has |= label
		return nil
	}
	if name != "vb" {
		return nil
	}
	b, ok := value.(bool)
	if !ok {
		return refuse(citywatch.RefusedDecode, " is a %T; it must be true or false", value)
	}
	if b {
		r.boolean = 1
	}
	r.has |= labelBool
	return nil
}

// cborNumber returns a number of one of CBOR's three kinds: integer, float,
// or decimal fraction (tag 4).
func cborNumber(value any) (float64, bool) {
	switch v := value.(type) {
	case uint64:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case cbor.Tag:
		pair, ok := v.Content.([]any)
		if v.Number != 4 || !ok || len(pair) != 2 {
			return 0, false
		}
		for _, part := range pair {
			switch part.(type) {
			case uint64, int64:
			default:
				return 0, false
			}
		}
		return parseNumber(fmt.Appendf(nil, "%de%d", pair[1], pair[0]))
	}
	return 0, false
}

package decode

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"citywatch"
)

// scalar decodes payloads that are one value in plain text.
type scalar struct {
	core
	value template
}

// scalarValue is the template of the value's name where the options have
// none.
const scalarValue = "{3}"

func newScalar(o Options, c core) Decoder {
	if o.Value == "" {
		o.Value = scalarValue
	}
	value, _ := parseTemplate(o.Value) // checkScalar has parsed it
	return &scalar{core: c, value: value}
}

func checkScalar(o Options) []citywatch.Problem {
	var problems []citywatch.Problem
	for _, t := range [...]struct{ path, source string }{{"$.device", o.Device}, {"$.value", o.Value}} {
		parsed, err := parseTemplate(t.source)
		if err != nil && t.path == "$.value" {
			problems = append(problems, citywatch.Problem{Path: t.path, Message: err.Error(), Hint: "write the value's name, or {3} for the topic's fourth level"})
		}
		if parsed.usesPayload() {
			problems = append(problems, citywatch.Problem{Path: t.path, Message: "a scalar payload has nothing but the value in it", Hint: "take the name from the topic, as in {2}"})
		}
	}
	return problems
}

func (d *scalar) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	d.tree.reset()
	d.drop()
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	var err *Error
	if r.Device, err = d.deviceOf(m, root); err != nil {
		return dst, err
	}
	name, err := d.render(d.value, m.Topic, none)
	if err != nil {
		return dst, refuse(citywatch.RefusedDecode, "the value's name: %s", err.Detail)
	}
	if err := d.read(name, bytes.TrimSpace(m.Payload)); err != nil {
		return dst, err
	}
	if err := d.finish(&r, root); err != nil {
		return dst, err
	}
	return append(dst, r), nil
}

// read adds the value that the text is: a number, one of the words for true
// and false, or else itself.
func (d *scalar) read(name string, b []byte) *Error {
	if len(b) == 0 {
		return refuse(citywatch.RefusedNoValues, "the payload is empty")
	}
	if numberLength(b) == len(b) {
		f, ok := parseNumber(b)
		if !ok {
			return refuse(citywatch.RefusedNumber, "%s is too large for a number", clip(string(b)))
		}
		return d.addNumber(name, f)
	}
	if wordLength(b) == len(b) && notFiniteWord(b) {
		return refuse(citywatch.RefusedNumber, "%s is not a finite number; send nothing where there is no value", clip(string(b)))
	}
	if len(b) <= len("FALSE") {
		switch strings.ToLower(string(b)) {
		case "true", "on":
			return d.addNumber(name, 1)
		case "false", "off":
			return d.addNumber(name, 0)
		}
	}
	if c := b[0]; '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' {
		return refuse(citywatch.RefusedDecode, "%s is neither a number nor a word; send only digits with a decimal point, and no unit", clip(string(b)))
	}
	if len(b) > maxText || !utf8.Valid(b) {
		return refuse(citywatch.RefusedDecode, "the payload is no text of at most %d bytes in UTF-8", maxText)
	}
	return d.addText(name, d.strings.string(b))
}

package push

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"citywatch"
	"citywatch/ingest/decode"
)

const (
	// formatLine is the format's name on dead letters.
	formatLine = "line_protocol"
	// precisionParam stands in the topic of a line whose times are not in
	// nanoseconds.
	precisionParam = "?precision="
	// deviceTag is the tag that says whose reading a line is.
	deviceTag = "device"

	// The same bounds as in other formats.
	maxValues = 256
	maxName   = 128
	maxText   = 1024
)

// Times outside these years come from a wrong precision, or a clock that was
// never set.
const (
	minUnix = 946684800  // 2000-01-01
	maxUnix = 4102444800 // 2100-01-01
)

// unitOf returns the unit of times in a precision.
func unitOf(precision string) (unit time.Duration, ok bool) {
	switch precision {
	case "", "ns", "n":
		return time.Nanosecond, true
	case "us", "u":
		return time.Microsecond, true
	case "ms":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	}
	return 0, false
}

// A lineDecoder decodes one line of InfluxDB line protocol: the tag "device"
// is the device, fields are its values. The measurement is the class of a
// device that registers itself; other tags say what the registry knows
// better, and are ignored.
type lineDecoder struct{}

func (*lineDecoder) Decode(dst []citywatch.Reading, m decode.Message) ([]citywatch.Reading, error) {
	_, precision, _ := strings.Cut(m.Topic, precisionParam)
	unit, ok := unitOf(precision)
	if !ok {
		return dst, refuse("unknown precision %q", clip(precision))
	}
	r := citywatch.Reading{Time: m.Arrived, TimeAssumed: true, Arrived: m.Arrived}
	// One copy that all of the reading's texts are parts of.
	p := lineParser{line: string(m.Payload)}
	if err := p.parse(&r, unit); err != nil {
		return dst, err
	}
	return append(dst, r), nil
}

func refuse(format string, args ...any) *decode.Error {
	return &decode.Error{Refusal: citywatch.RefusedDecode, Detail: fmt.Sprintf(format, args...)}
}

// A lineParser goes through a line once.
type lineParser struct {
	line string
	at   int
}

func (p *lineParser) parse(r *citywatch.Reading, unit time.Duration) *decode.Error {
	if !utf8.ValidString(p.line) {
		return refuse("the line is not UTF-8")
	}
	class, end := p.word(", ")
	if class == "" {
		return refuse("the line begins without a measurement; write %s", `river_gauge,device=g1 water_level=80.12`)
	}
	r.Class = class
	for end == ',' {
		var key, value string
		if key, end = p.word("=, "); end != '=' {
			return refuse("the tag %q has no value", clip(key))
		}
		if value, end = p.word(", "); value == "" {
			return refuse("the tag %q has no value", clip(key))
		}
		if key != deviceTag {
			continue
		}
		if r.Device != "" {
			return refuse("the tag %s occurs twice", deviceTag)
		}
		r.Device = value
	}
	if r.Device == "" {
		return refuse("the line has no tag %s; write %s,%s=ID", deviceTag, clip(class), deviceTag)
	}
	if err := checkName("the device's id", r.Device); err != nil {
		return err
	}
	if err := p.fields(r, end); err != nil {
		return err
	}
	return p.time(r, unit)
}

// word returns the text up to one of the stops, and that stop, or 0 at the
// line's end. A backslash takes a stop's meaning from it.
func (p *lineParser) word(stops string) (word string, stop byte) {
	from := p.at
	escaped := false
	for ; p.at < len(p.line); p.at++ {
		c := p.line[p.at]
		if c == '\\' && p.at+1 < len(p.line) && isSpecial(p.line[p.at+1]) {
			escaped = true
			p.at++
			continue
		}
		if strings.IndexByte(stops, c) >= 0 {
			word, stop = p.line[from:p.at], c
			p.at++
			break
		}
	}
	if stop == 0 {
		word = p.line[from:]
	}
	if escaped {
		word = unescape(word, isSpecial)
	}
	return word, stop
}

func isSpecial(c byte) bool { return c == ',' || c == '=' || c == ' ' }

func isQuotable(c byte) bool { return c == '"' || c == '\\' }

// unescape removes the backslashes that stand before what escapable names.
func unescape(s string, escapable func(byte) bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && escapable(s[i+1]) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// fields reads the values, end being what ended the tags.
func (p *lineParser) fields(r *citywatch.Reading, end byte) *decode.Error {
	if end != ' ' {
		return refuse("the line has no fields; write them after a space: water_level=80.12")
	}
	p.spaces()
	for more := true; more; {
		if len(r.Values) == maxValues {
			return refuse("more than %d fields", maxValues)
		}
		name, stop := p.word("=, ")
		if stop != '=' {
			return refuse("the field %q has no value", clip(name))
		}
		if err := checkName("the field's name", name); err != nil {
			return err
		}
		v, err := p.value(name)
		if err != nil {
			return err
		}
		if v.Name != "" {
			r.Values = append(r.Values, v)
		}
		more = p.at < len(p.line) && p.line[p.at] == ','
		if more {
			p.at++
		}
	}
	if len(r.Values) == 0 {
		return &decode.Error{Refusal: citywatch.RefusedNoValues, Detail: "all fields of the line are empty texts"}
	}
	slices.SortFunc(r.Values, func(a, b citywatch.Value) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(r.Values); i++ {
		if r.Values[i].Name == r.Values[i-1].Name {
			return refuse("the field %q occurs twice", clip(r.Values[i].Name))
		}
	}
	return nil
}

// value reads one field's value, up to the comma or space after it. An empty
// text is no value.
func (p *lineParser) value(name string) (citywatch.Value, *decode.Error) {
	if p.at < len(p.line) && p.line[p.at] == '"' {
		text, err := p.quoted(name)
		if err != nil || text == "" {
			return citywatch.Value{}, err
		}
		return citywatch.Value{Name: name, Text: text}, nil
	}
	from := p.at
	for p.at < len(p.line) && p.line[p.at] != ',' && p.line[p.at] != ' ' {
		p.at++
	}
	f, err := number(name, p.line[from:p.at])
	return citywatch.Value{Name: name, Number: f}, err
}

// quoted reads a text in quotes.
func (p *lineParser) quoted(name string) (string, *decode.Error) {
	p.at++
	from := p.at
	escaped := false
	for ; p.at < len(p.line) && p.line[p.at] != '"'; p.at++ {
		if p.line[p.at] == '\\' && p.at+1 < len(p.line) && isQuotable(p.line[p.at+1]) {
			escaped = true
			p.at++
		}
	}
	if p.at >= len(p.line) {
		return "", refuse("the text of the field %q does not end; a line break cannot stand in it", clip(name))
	}
	text := p.line[from:p.at]
	p.at++
	if p.at < len(p.line) && p.line[p.at] != ',' && p.line[p.at] != ' ' {
		return "", refuse("after the text of the field %q comes neither a comma nor a space", clip(name))
	}
	if len(text) > maxText {
		return "", refuse("the text of the field %q has %d bytes; at most %d", clip(name), len(text), maxText)
	}
	if escaped {
		text = unescape(text, isQuotable)
	}
	return text, nil
}

// number reads a float, an integer (1i), an unsigned integer (1u) or a
// boolean.
func number(name, s string) (float64, *decode.Error) {
	switch s {
	case "t", "T", "true", "True", "TRUE":
		return 1, nil
	case "f", "F", "false", "False", "FALSE":
		return 0, nil
	case "":
		return 0, refuse("the field %q has no value", clip(name))
	}
	var f float64
	var err error
	switch last := s[len(s)-1]; {
	case last == 'i':
		var n int64
		n, err = strconv.ParseInt(s[:len(s)-1], 10, 64)
		f = float64(n)
	case last == 'u':
		var n uint64
		n, err = strconv.ParseUint(s[:len(s)-1], 10, 64)
		f = float64(n)
	case strings.Trim(s, "+-.0123456789eE") != "":
		return 0, noNumber(name, s)
	default:
		f, err = strconv.ParseFloat(s, 64)
		if math.IsInf(f, 0) {
			return 0, &decode.Error{Refusal: citywatch.RefusedNumber, Detail: fmt.Sprintf("the field %q: %s is too large for a number", clip(name), clip(s))}
		}
	}
	if err != nil {
		return 0, noNumber(name, s)
	}
	return f, nil
}

func noNumber(name, s string) *decode.Error {
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "nan", "inf", "infinity":
		return &decode.Error{Refusal: citywatch.RefusedNumber, Detail: fmt.Sprintf("the field %q is %s, not a finite number; leave it out instead", clip(name), clip(s))}
	}
	return refuse("the field %q: %q is not a value; a text stands in quotes", clip(name), clip(s))
}

func (p *lineParser) spaces() {
	for p.at < len(p.line) && p.line[p.at] == ' ' {
		p.at++
	}
}

// time reads the time at the line's end, if there is one.
func (p *lineParser) time(r *citywatch.Reading, unit time.Duration) *decode.Error {
	p.spaces()
	s := strings.TrimRight(p.line[p.at:], " ")
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return refuse("%q is not a time; write the number of units since 1970, nanoseconds unless the request says precision=us, ms or s", clip(s))
	}
	perSecond := int64(time.Second / unit)
	if seconds := n / perSecond; seconds < minUnix || seconds >= maxUnix {
		return refuse("the time %d in units of %v lies outside the years 2000 to 2099; is the request's precision right?", n, unit)
	}
	r.Time, r.TimeAssumed = time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC(), false
	return nil
}

// checkName refuses what can be no device's id and no value's name.
func checkName(what, s string) *decode.Error {
	switch {
	case s == "":
		return refuse("%s is empty", what)
	case len(s) > maxName:
		return refuse("%s %q has %d bytes; at most %d", what, clip(s), len(s), maxName)
	case strings.ContainsFunc(s, unicode.IsControl):
		return refuse("%s %q has a control character", what, clip(s))
	}
	return nil
}

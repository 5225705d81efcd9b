package series

import (
	"strings"
	"unicode/utf8"
)

// Name returns s as it is stored when it names a measurement, a tag or a
// field, or is a tag's value.
//
// Line protocol cannot carry everything in those places. A control character,
// a newline among them, would end the line; a backslash means different things
// to different parsers when a comma, a space or the end follows. Each becomes
// the character that is drawn like it (U+2400 to U+2421, U+29F5), so that a
// name still reads as what was sent and cannot be taken for another device's.
// A string that needs nothing, which is nearly every one, is returned as is.
func Name(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '\\' {
			return strings.Map(storable, s)
		}
	}
	return s
}

// storable is the rune that is stored for r. Invalid UTF-8 reaches it as
// utf8.RuneError, which is what is stored for it.
func storable(r rune) rune {
	switch {
	case r < ' ':
		return '␀' + r
	case r == 0x7f:
		return '␡'
	case r >= 0x80 && r < 0xa0: // the second set of control characters
		return utf8.RuneError
	case r == '\\':
		return '⧵'
	}
	return r
}

// Measurement returns the name of the measurement of a class. It is Name(class)
// but for a leading '#', which would make each of its lines a comment, and
// comments vanish silently.
func Measurement(class string) string {
	if rest, found := strings.CutPrefix(class, "#"); found {
		return "＃" + Name(rest)
	}
	return Name(class)
}

// FieldName returns the name of the field that holds the named value. It is
// Name(value) except where a tag has that name already, or time itself: there
// InfluxDB would drop the field or take one for the other.
func FieldName(value string) string {
	switch value {
	case "time", tagDevice, tagSector, tagZone:
		return value + "_"
	}
	return Name(value)
}

// The tags of every point.
const (
	tagDevice = "device"
	tagSector = "sector"
	tagZone   = "zone"
)

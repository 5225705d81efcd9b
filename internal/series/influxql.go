package series

import "strings"

// Ident returns name as a quoted identifier in InfluxQL. Whatever name holds,
// it stays one identifier. To ask for what was stored, name comes from
// Measurement or FieldName.
func Ident(name string) string { return quote('"', Name(name)) }

// String returns the quoted string in InfluxQL that equals the tag's value
// that is stored for s. Whatever s holds, it stays one string.
func String(s string) string { return quote('\'', Name(s)) }

// quote needs no escape but that of the quote itself: Name leaves no backslash
// and no control character, of which newline and NUL would end the string.
func quote(q byte, s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte(q)
	for i := range len(s) {
		if s[i] == q {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte(q)
	return b.String()
}

package decode

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads the text at pos, which is its opening quote.
func (t *tree) text() ([]byte, error) {
	t.pos++
	start, ascii := t.pos, true
	for ; t.pos < len(t.data); t.pos++ {
		switch c := t.data[t.pos]; {
		case c == '"':
			s := t.data[start:t.pos]
			if !ascii && !utf8.Valid(s) {
				return nil, errUTF8
			}
			t.pos++
			return s, nil
		case c == '\\':
			return t.escapedText(start)
		case c < ' ':
			return nil, errors.New("a text has a control character that is not escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, errors.New("a text has no closing quote")
}

// escapedText reads the rest of a text whose first escape is at pos.
func (t *tree) escapedText(start int) ([]byte, error) {
	from := len(t.escaped)
	t.escaped = append(t.escaped, t.data[start:t.pos]...)
	for t.pos < len(t.data) {
		switch c := t.data[t.pos]; {
		case c == '"':
			s := t.escaped[from:]
			if !utf8.Valid(s) {
				return nil, errUTF8
			}
			t.pos++
			return s[:len(s):len(s)], nil
		case c == '\\':
			if err := t.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, errors.New("a text has a control character that is not escaped")
		default:
			t.escaped = append(t.escaped, c)
			t.pos++
		}
	}
	return nil, errors.New("a text has no closing quote")
}

// escape reads the escape at pos, which is its backslash.
func (t *tree) escape() error {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	rest := t.data[t.pos+1:]
	if len(rest) > 0 {
		if i := strings.IndexByte(from, rest[0]); i >= 0 {
			t.escaped = append(t.escaped, to[i])
			t.pos += 2
			return nil
		}
	}
	r, ok := hexEscape(t.data[t.pos:])
	if !ok {
		return errors.New("a text has an unknown escape")
	}
	t.pos += 6
	if utf16.IsSurrogate(r) {
		low, ok := hexEscape(t.data[t.pos:])
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return errSurrogate
		}
		t.pos += 6
	}
	t.escaped = utf8.AppendRune(t.escaped, r)
	return nil
}

// hexEscape returns what \uXXXX at the beginning of b stands for.
func hexEscape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

package play

import (
	"strings"
	"unicode"
)

// plain lists the letters of Vietnamese by the ASCII letter they are written
// with when there is nothing else.
const plain = "aàáảãạăằắẳẵặâầấẩẫậ dđ eèéẻẽẹêềếểễệ iìíỉĩị oòóỏõọôồốổỗộơờớởỡợ uùúủũụưừứửữự yỳýỷỹỵ"

// slug returns a text as an id: Củng Sơn becomes cung-son. It is empty for a
// text without letters and digits.
func slug(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		r = ascii(unicode.ToLower(r))
		switch {
		case unicode.Is(unicode.Mn, r): // an accent on its own
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}

// ascii returns the letter without its marks, and what is no letter of
// Vietnamese as it is.
func ascii(r rune) rune {
	if r < unicode.MaxASCII {
		return r
	}
	i := strings.IndexRune(plain, r)
	if i < 0 {
		return r
	}
	return rune(plain[strings.LastIndexByte(plain[:i], ' ')+1])
}

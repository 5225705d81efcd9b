package geo

import "strings"

// Slug returns the name in lower-case ASCII letters, digits and hyphens, as
// an id: "Bảo Hà" is bao-ha. Different names may have the same slug. It is
// empty for a name without a Latin letter or digit.
func Slug(name string) string {
	var b strings.Builder
	hyphen := false // is due before the next letter
	for _, r := range strings.ToLower(name) {
		if isMark(r) {
			continue // of a letter that is written decomposed
		}
		c := plain(r)
		if c == 0 {
			hyphen = b.Len() > 0
			continue
		}
		if hyphen {
			b.WriteByte('-')
			hyphen = false
		}
		b.WriteByte(c)
	}
	return b.String()
}

// isMark reports whether r is one of the combining diacritics.
func isMark(r rune) bool { return '\u0300' <= r && r <= '\u036f' }

// plain returns the ASCII letter or digit under the diacritics of a
// lower-case letter, 0 if there is none.
func plain(r rune) byte {
	switch {
	case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
		return byte(r)
	case r < 0x80:
		return 0
	}
	for _, family := range [...]struct {
		base    byte
		letters string
	}{
		{'a', "áàảãạăắằẳẵặâấầẩẫậ"},
		{'d', "đ"},
		{'e', "éèẻẽẹêếềểễệ"},
		{'i', "íìỉĩị"},
		{'o', "óòỏõọôốồổỗộơớờởỡợ"},
		{'u', "úùủũụưứừửữự"},
		{'y', "ýỳỷỹỵ"},
	} {
		if strings.ContainsRune(family.letters, r) {
			return family.base
		}
	}
	return 0
}

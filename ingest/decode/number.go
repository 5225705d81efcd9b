package decode

import (
	"math"
	"strconv"
	"strings"
)

// numberLength returns how many bytes at the beginning of b are a number by
// RFC 8259's grammar, 0 if none are.
func numberLength(b []byte) int {
	n := 0
	if n < len(b) && b[n] == '-' {
		n++
	}
	whole := digits(b[n:])
	if whole == 0 || whole > 1 && b[n] == '0' {
		return 0
	}
	n += whole
	if n < len(b) && b[n] == '.' {
		fraction := digits(b[n+1:])
		if fraction == 0 {
			return 0
		}
		n += 1 + fraction
	}
	if n < len(b) && b[n]|0x20 == 'e' {
		n++
		if n < len(b) && (b[n] == '+' || b[n] == '-') {
			n++
		}
		exponent := digits(b[n:])
		if exponent == 0 {
			return 0
		}
		n += exponent
	}
	return n
}

func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// parseNumber converts a literal that numberLength has accepted. It reports
// false for a number that no float64 can come near.
func parseNumber(lit []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(lit), 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// wordLength returns how many bytes at the beginning of b look like one word
// or number, right or wrong.
func wordLength(b []byte) int {
	for i, c := range b {
		if !isWordByte(c) {
			return i
		}
	}
	return len(b)
}

func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '.' || c == '+' || c == '-' || c == '_'
}

// notFiniteWord reports whether b begins with one of the spellings that
// programs give to numbers which are none, or to hexadecimal floats.
func notFiniteWord(b []byte) bool {
	word := strings.ToLower(string(b[:min(wordLength(b), 16)]))
	word = strings.TrimLeft(word, "+-")
	switch word {
	case "nan", "inf", "infinity":
		return true
	}
	return strings.HasPrefix(word, "0x")
}

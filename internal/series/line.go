package series

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"citywatch"
)

// AppendReading appends r to dst as one line with its newline, and reports
// whether there was anything to store: a reading without a storable value
// leaves dst as it was.
//
// A position that the reading brings itself is stored in the fields longitude
// and latitude. It allocates nothing but dst's growth for names that need no
// change.
func AppendReading(dst []byte, r *citywatch.Reading) ([]byte, bool) {
	start := len(dst)
	dst = AppendKey(dst, Key{Class: r.Class, Device: r.Device, Sector: r.Sector, Zone: r.Zone})
	fields := len(dst)
	for i := range r.Values {
		v := &r.Values[i]
		if v.IsText() {
			dst = AppendText(dst, v.Name, v.Text)
		} else {
			dst = AppendNumber(dst, v.Name, v.Number)
		}
	}
	if r.Position != nil {
		dst = AppendNumber(dst, "longitude", r.Position.Lon())
		dst = AppendNumber(dst, "latitude", r.Position.Lat())
	}
	if len(dst) == fields {
		return dst[:start], false
	}
	return AppendTime(dst, fields, r.Time), true
}

// A Key is what makes a series: a device of a class, where it stood.
type Key struct {
	Class, Device, Sector, Zone string
}

// AppendKey appends the beginning of a line: the measurement and the tags.
func AppendKey(dst []byte, k Key) []byte {
	dst = appendMeasurement(dst, k.Class)
	// In the order of their names: the engine sorts them otherwise.
	dst = appendTag(dst, ","+tagDevice+"=", k.Device)
	dst = appendTag(dst, ","+tagSector+"=", k.Sector)
	return appendTag(dst, ","+tagZone+"=", k.Zone)
}

// AppendNumber appends a numeric field, always as a float: a field that was
// once an integer would refuse every fraction. What is not finite is left out.
// Every field begins with a comma; AppendTime mends the first.
func AppendNumber(dst []byte, value string, n float64) []byte {
	if math.IsNaN(n) || math.IsInf(n, 0) || value == "" {
		return dst
	}
	dst = appendFieldKey(dst, value)
	return strconv.AppendFloat(dst, n, 'g', -1, 64)
}

// AppendText appends a text field. It keeps newlines, quotes and backslashes.
func AppendText(dst []byte, value, text string) []byte {
	if value == "" {
		return dst
	}
	dst = appendFieldKey(dst, value)
	dst = append(dst, '"')
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, string(utf8.RuneError))
	}
	for i := range len(text) {
		c := text[i]
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// AppendTime ends the line whose fields begin at dst[fields]; there must be at
// least one.
func AppendTime(dst []byte, fields int, t time.Time) []byte {
	dst[fields] = ' '
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, t.UnixNano(), 10)
	return append(dst, '\n')
}

func appendMeasurement(dst []byte, name string) []byte {
	name = Measurement(name)
	for i := range len(name) {
		c := name[i]
		if c == ',' || c == ' ' { // unlike elsewhere, '=' means nothing here
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

func appendTag(dst []byte, key, value string) []byte {
	if value == "" {
		return dst // the protocol has no empty tags
	}
	dst = append(dst, key...)
	return appendEscaped(dst, Name(value))
}

func appendFieldKey(dst []byte, value string) []byte {
	dst = append(dst, ',')
	dst = appendEscaped(dst, FieldName(value))
	return append(dst, '=')
}

func appendEscaped(dst []byte, s string) []byte {
	plain := 0 // s[plain:i] needs no escape and is not yet appended
	for i := range len(s) {
		if c := s[i]; c == ',' || c == ' ' || c == '=' {
			dst = append(dst, s[plain:i]...)
			dst = append(dst, '\\')
			plain = i
		}
	}
	return append(dst, s[plain:]...)
}

package push

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/ingest/decode"
)

func decodeLine(line, topic string) (citywatch.Reading, *decode.Error) {
	arrived := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	readings, err := (&lineDecoder{}).Decode(nil, decode.Message{Topic: topic, Payload: []byte(line), Arrived: arrived})
	if err != nil {
		var refused *decode.Error
		if !errors.As(err, &refused) {
			panic(err) // decoders have no other errors
		}
		return citywatch.Reading{}, refused
	}
	return readings[0], nil
}

func TestLineValues(t *testing.T) {
	for line, want := range map[string]string{
		`m,device=a n=1`:                          "a: n=1",
		`m,device=a n=-1.5e-3`:                    "a: n=-0.0015",
		`m,device=a n=+1,b=12i,c=-12i,d=12u`:      "a: b=12 c=-12 d=12 n=1",
		`m,device=a x=t,y=False,z=TRUE`:           "a: x=1 y=0 z=1",
		`m,device=a s="open"`:                     `a: s="open"`,
		`m,device=a s="say \"hi\", \\ you"`:       `a: s="say \"hi\", \\ you"`,
		`m,device=a s="C:\dir",e=""`:              `a: s="C:\\dir"`,
		`m,device=a s="a=b c,d",n=1`:              `a: n=1 s="a=b c,d"`,
		`m,zone=x,device=a,unit=m n=1   `:         "a: n=1",
		`my\ class,device=a\ b\,c\=d n\ 1\,x=1`:   "a b,c=d: n 1,x=1",
		`m,device=a\b n=1`:                        `a\b: n=1`,
		`m,device=trạm-thủy-văn mực=1`:            "trạm-thủy-văn: mực=1",
		`m,device=a n=18446744073709551615u`:      "a: n=18446744073709552000",
		`m,device=a  n=1 1795305600000000001`:     "a: n=1 at 2026-11-22T00:00:00.000000001Z",
		`m,device=a n=1 1795305600000000000  `:    "a: n=1 at 2026-11-22T00:00:00Z",
		`m,device=a n=1,s="x" 946684800000000000`: `a: n=1 s="x" at 2000-01-01T00:00:00Z`,
	} {
		r, err := decodeLine(line, "/api/v1/readings")
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := show(r); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func show(r citywatch.Reading) string {
	s := r.Device + ":"
	for _, v := range r.Values {
		if v.IsText() {
			s += fmt.Sprintf(" %s=%q", v.Name, v.Text)
		} else {
			s += fmt.Sprintf(" %s=%s", v.Name, strings.ReplaceAll(fmt.Sprintf("%.17g", v.Number), "1.8446744073709552e+19", "18446744073709552000"))
		}
	}
	if !r.TimeAssumed {
		s += " at " + r.Time.Format(time.RFC3339Nano)
	}
	return s
}

func TestLinePrecision(t *testing.T) {
	for query, line := range map[string]string{
		"":              "1795305600123456789",
		"?precision=ns": "1795305600123456789",
		"?precision=us": "1795305600123456",
		"?precision=ms": "1795305600123",
		"?precision=s":  "1795305600",
	} {
		r, err := decodeLine("m,device=a n=1 "+line, "/api/v1/readings"+query)
		if err != nil || r.Time.Unix() != 1795305600 {
			t.Errorf("%s: %v, %v", query, r.Time, err)
		}
	}
}

func TestLineRefusals(t *testing.T) {
	for line, want := range map[string]string{
		``:                                  "without a measurement",
		`,device=a n=1`:                     "without a measurement",
		` m,device=a n=1`:                   "without a measurement",
		`m n=1`:                             `no tag device; write m,device=ID`,
		`m,zone=x n=1`:                      "no tag device",
		`m,device= n=1`:                     `tag "device" has no value`,
		`m,device n=1`:                      `tag "device" has no value`,
		`m,device=a,device=b n=1`:           "occurs twice",
		`m,device=a`:                        "no fields",
		`m,device=a `:                       `field "" has no value`,
		`m,device=a n`:                      `field "n" has no value`,
		`m,device=a n=`:                     `field "n" has no value`,
		`m,device=a =1`:                     "the field's name is empty",
		`m,device=a n=1,`:                   `field "" has no value`,
		`m,device=a n=1,n=2`:                "occurs twice",
		`m,device=a n=open`:                 "a text stands in quotes",
		`m,device=a n=0x10`:                 "is not a value",
		`m,device=a n=0x1p4`:                "is not a value",
		`m,device=a n=1_000`:                "is not a value",
		`m,device=a n=1.5i`:                 "is not a value",
		`m,device=a n=-1u`:                  "is not a value",
		`m,device=a n=9223372036854775808i`: "is not a value",
		`m,device=a n=NaN`:                  "not a finite number",
		`m,device=a n=-inf`:                 "not a finite number",
		`m,device=a n=Infinity`:             "not a finite number",
		`m,device=a n=1e999`:                "too large for a number",
		`m,device=a s="open`:                "does not end",
		`m,device=a s="open\"`:              "does not end",
		`m,device=a s="open"x`:              "neither a comma nor a space",
		`m,device=a s=""`:                   "empty texts",
		`m,device=a n=1 now`:                "is not a time",
		`m,device=a n=1 1 2`:                "is not a time",
		`m,device=a n=1 1795305600`:         "precision right?",
		`m,device=a n=1 -1`:                 "precision right?",
		"m,device=a\tb n=1":                 "control character",
		"m,device=a n=\xff":                 "not UTF-8",
		`m,device=` + strings.Repeat("x", 129) + ` n=1`:    "at most 128",
		`m,device=a s="` + strings.Repeat("x", 1025) + `"`: "at most 1024",
		`m,device=a ` + manyFields(257):                    "more than 256 fields",
	} {
		_, err := decodeLine(line, "/api/v1/readings")
		if err == nil {
			t.Errorf("%.80q was taken", line)
		} else if !strings.Contains(err.Detail, want) {
			t.Errorf("%.80q: %s; want %s", line, err.Detail, want)
		}
	}
	if _, err := decodeLine(`m,device=a `+manyFields(256), ""); err != nil {
		t.Errorf("256 fields: %v", err)
	}
}

func manyFields(n int) string {
	var fields []string
	for i := range n {
		fields = append(fields, fmt.Sprintf("f%d=1", i))
	}
	return strings.Join(fields, ",")
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`river_gauge,device=g1,zone=z water_level=80.12,flow=12i,up=t,s="a \"b\"" 1795305600000000000`))
	f.Add([]byte(`my\ class,device=a\ b\,c\=d n\ 1\,x=1`))
	f.Add([]byte(`m,device=a s="\\`))
	f.Add([]byte(`m,device=a n=NaN 1`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := decodeLine(string(line), "/api/v1/readings")
		if err != nil {
			if err.Detail == "" || err.Refusal == "" {
				t.Errorf("refused without a reason: %+v", err)
			}
			return
		}
		if r.Device == "" || r.Class == "" || len(r.Values) == 0 || r.Time.IsZero() {
			t.Errorf("incomplete: %+v", r)
		}
		if !slices.IsSortedFunc(r.Values, func(a, b citywatch.Value) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("not sorted: %+v", r.Values)
		}
		for _, v := range r.Values {
			if v.Name == "" || math.IsNaN(v.Number) || math.IsInf(v.Number, 0) || v.IsText() && v.Number != 0 {
				t.Errorf("value %+v", v)
			}
		}
	})
}

func FuzzJSONItems(f *testing.F) {
	f.Add([]byte(`[{"device":"g1"},{"device":"g2"}]`))
	f.Add([]byte(`[1, 2`))
	f.Add([]byte(`[1] 2`))
	f.Add([]byte(`{"a":[1,2]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		next := 1
		jsonItems(data, func(number int, item []byte) bool {
			if number != next {
				t.Errorf("item %d where %d is next", number, next)
			}
			next++
			return next < 1000
		})
	})
}

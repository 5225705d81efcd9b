package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// decoded returns the node as encoding/json would decode it into any, with
// numbers kept as they stand.
func (t *tree) decoded(id nodeID) any {
	n := t.nodes[id]
	switch n.kind {
	case boolFalse, boolTrue:
		return n.kind == boolTrue
	case number:
		return json.Number(n.lit)
	case text:
		return string(n.lit)
	case array:
		s := []any{}
		for c := n.first; c != none; c = t.nodes[c].next {
			s = append(s, t.decoded(c))
		}
		return s
	case object:
		m := map[string]any{}
		for c := n.first; c != none; c = t.nodes[c].next {
			m[string(t.nodes[c].key)] = t.decoded(c)
		}
		return m
	}
	return nil
}

func stdlib(data []byte) (any, error) {
	if !json.Valid(data) {
		return nil, errors.New("not valid")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// FuzzTree holds the parser against encoding/json: it accepts nothing else,
// means the same, and refuses only for the reasons in which it is stricter.
func FuzzTree(f *testing.F) {
	for _, s := range []string{
		`null`, ` [1, -0, 0.5, 1e-7, 12E+3, true, false, "", "x"] `, `{"a":{"b":[{}]},"c":"\u00e9\n\"\\\/\ud83d\ude00"}`,
		`{"a":1,"a":2}`, `01`, `1.`, `.5`, `+1`, `-`, `1e`, `NaN`, `[1,]`, `{"a":1,}`, `{"a" 1}`, `"\x"`, `"\ud800"`, "\"\x01\"", "\"\xff\"",
		`tru`, `nulll`, `[`, `{`, `"`, ``, `[1]2`, `{"k":[` + strings.Repeat("[", 40) + `]}`, `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"a":2}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tr tree
		err := tr.parse(data)
		want, stdErr := stdlib(data)
		if err == nil {
			if stdErr != nil {
				t.Fatalf("accepted %q, which encoding/json refuses: %v", data, stdErr)
			}
			if got := tr.decoded(root); !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: got %#v, want %#v", data, got, want)
			}
			return
		}
		if err.Detail == "" || !utf8.ValidString(err.Detail) {
			t.Errorf("%q: the detail %q is not for people", data, err.Detail)
		}
		if stdErr != nil {
			return
		}
		for _, stricter := range []error{errDuplicate, errUTF8, errSurrogate, errTooDeep, errTooWide, errTooMany} {
			if errors.Is(err, stricter) {
				return
			}
		}
		t.Fatalf("refused %q, which encoding/json accepts: %v", data, err)
	})
}

func TestTreeBounds(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       error
	}{
		{"deepest", strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), nil},
		{"too deep", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), errTooDeep},
		{"most", "[" + strings.Repeat("1,", maxNodes-4) + "1]", nil},
		{"widest", wide(maxMembers), nil},
		{"too wide", wide(maxMembers + 1), errTooWide},
		{"too many", "[" + strings.Repeat("1,", maxNodes) + "1]", errTooMany},
	} {
		var tr tree
		err := tr.parse([]byte(c.data))
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// wide returns an object of n members.
func wide(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%q:%d", fmt.Sprint("m", i), i)
	}
	return "{" + b.String()[1:] + "}"
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-0.0", "12.5e-3", "1e999", "1e-999", "0x10", "1_000", "Inf", "nan", "00", "1.e1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		whole := len(s) > 0 && numberLength([]byte(s)) == len(s)
		var n json.Number
		if valid := json.Unmarshal([]byte(s), &n) == nil && strings.TrimSpace(s) == s && s != "null" && s[0] != '"'; valid != whole {
			t.Fatalf("%q: number is %v for this parser, %v for encoding/json", s, whole, valid)
		}
		if !whole {
			return
		}
		got, ok := parseNumber([]byte(s))
		want, err := n.Float64()
		if ok != (err == nil) || ok && got != want {
			t.Fatalf("%q: got %v %v, want %v %v", s, got, ok, want, err)
		}
		if ok && (math.IsNaN(got) || math.IsInf(got, 0)) {
			t.Fatalf("%q: %v is not finite", s, got)
		}
	})
}

package strictyaml

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"citywatch"
)

type decoder struct {
	doc      *Document
	problems []citywatch.Problem
}

func (d *decoder) report(path, message, hint string) {
	d.problems = append(d.problems, citywatch.Problem{Path: path, Message: message, Hint: hint})
}

func (d *decoder) expected(path, what string, got ast.Node) {
	d.report(path, "expected "+what+", found "+kindOf(got), "")
}

func target(v any) reflect.Value { return reflect.ValueOf(v).Elem() }

var (
	durationType        = reflect.TypeFor[time.Duration]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decode reads node into v, which can be set.
func (d *decoder) decode(node ast.Node, v reflect.Value, path string) {
	d.doc.note(path, node)
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		d.report(path, "anchors and aliases are not supported", "write the value out")
		return
	case *ast.NullNode:
		switch v.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			v.SetZero()
		default:
			d.report(path, "has no value", "give one, or remove the key to have the default")
		}
		return
	}
	switch {
	case v.Kind() == reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			p.Elem().Set(v.Elem())
		}
		d.decode(node, p.Elem(), path)
		v.Set(p)
	case v.Type() == durationType:
		d.duration(node, v, path)
	case reflect.PointerTo(v.Type()).Implements(textUnmarshalerType):
		d.text(node, v, path)
	default:
		d.decodeKind(node, v, path)
	}
}

func (d *decoder) decodeKind(node ast.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(node, v, path)
	case reflect.Map:
		d.mapping(node, v, path)
	case reflect.Slice, reflect.Array:
		d.sequence(node, v, path)
	case reflect.String:
		d.str(node, v, path)
	case reflect.Bool:
		if b, ok := node.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
		} else {
			d.expected(path, "true or false", node)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := integer(node)
		if !ok || v.OverflowInt(n) {
			d.expected(path, "a whole number", node)
			return
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := integer(node)
		if !ok || n < 0 || v.OverflowUint(uint64(n)) {
			d.expected(path, "a whole number, 0 or more", node)
			return
		}
		v.SetUint(uint64(n))
	case reflect.Float32, reflect.Float64:
		d.float(node, v, path)
	case reflect.Interface:
		var value any
		if err := yaml.NodeToValue(node, &value); err != nil {
			d.report(path, err.Error(), "")
			return
		}
		v.Set(reflect.ValueOf(value))
	default:
		panic(fmt.Sprintf("strictyaml: %s cannot be read into a %s", path, v.Type()))
	}
}

func (d *decoder) structure(node ast.Node, v reflect.Value, path string) {
	fields := map[string]reflect.Value{}
	collectFields(v, fields)
	for key, value := range d.entries(node, path) {
		field, known := fields[key.name]
		if known {
			d.decode(value, field, key.path)
			continue
		}
		d.doc.note(key.path, key.node)
		d.report(key.path, fmt.Sprintf("unknown key %q", key.name), suggest(key.name, fields))
	}
}

// collectFields gathers the settable fields of v by their names in YAML,
// those of inlined structs among them.
func collectFields(v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case options == "inline":
			collectFields(v.Field(i), into)
		case name == "":
			into[strings.ToLower(f.Name)] = v.Field(i)
		default:
			into[name] = v.Field(i)
		}
	}
}

func (d *decoder) mapping(node ast.Node, v reflect.Value, path string) {
	m := reflect.MakeMap(v.Type())
	for key, value := range d.entries(node, path) {
		k := reflect.New(v.Type().Key()).Elem()
		switch k.Kind() {
		case reflect.Int, reflect.Int64:
			n, err := strconv.ParseInt(key.name, 10, 64)
			if err != nil {
				d.doc.note(key.path, key.node)
				d.report(key.path, fmt.Sprintf("expected a whole number as key, found %q", key.name), "")
				continue
			}
			k.SetInt(n)
		default:
			k.SetString(key.name)
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, e, key.path)
		m.SetMapIndex(k, e)
	}
	v.Set(m)
}

func (d *decoder) sequence(node ast.Node, v reflect.Value, path string) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.expected(path, "a list", node)
		return
	}
	if v.Kind() == reflect.Array {
		if len(seq.Values) != v.Len() {
			d.report(path, fmt.Sprintf("expected %d elements, found %d", v.Len(), len(seq.Values)), "")
			return
		}
	} else {
		v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	}
	for i, e := range seq.Values {
		d.decode(e, v.Index(i), Index(path, i))
	}
}

func (d *decoder) str(node ast.Node, v reflect.Value, path string) {
	switch n := node.(type) {
	case *ast.StringNode:
		v.SetString(n.Value)
	case *ast.LiteralNode:
		v.SetString(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		d.report(path, "expected a text, found "+kindOf(node), "put it in quotes")
	default:
		d.expected(path, "a text", node)
	}
}

func (d *decoder) float(node ast.Node, v reflect.Value, path string) {
	if n, ok := integer(node); ok {
		v.SetFloat(float64(n))
		return
	}
	if f, ok := node.(*ast.FloatNode); ok && !math.IsInf(f.Value, 0) {
		v.SetFloat(f.Value)
		return
	}
	d.expected(path, "a number", node)
}

func (d *decoder) text(node ast.Node, v reflect.Value, path string) {
	s := reflect.New(reflect.TypeFor[string]()).Elem()
	before := len(d.problems)
	d.str(node, s, path)
	if len(d.problems) > before {
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s.String())); err != nil {
		d.report(path, err.Error(), "")
	}
}

func (d *decoder) duration(node ast.Node, v reflect.Value, path string) {
	const hint = "write it with its unit: 500ms, 30s, 5m, 12h or 30d"
	s, ok := node.(*ast.StringNode)
	if !ok {
		d.report(path, "expected a duration, found "+kindOf(node), hint)
		return
	}
	length, err := ParseDuration(s.Value)
	if err != nil {
		d.report(path, fmt.Sprintf("%q is not a duration", s.Value), hint)
		return
	}
	v.SetInt(int64(length))
}

// ParseDuration is time.ParseDuration with days: 30d, 1d12h.
func ParseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseUint(days, 10, 15)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration", s)
	}
	total := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return total, nil
	}
	part, err := time.ParseDuration(rest)
	return total + part, err
}

type keyed struct {
	name, path string
	node       ast.Node
}

// entries yields the keys and values of a mapping; anything else is reported.
func (d *decoder) entries(node ast.Node, path string) func(func(keyed, ast.Node) bool) {
	return func(yield func(keyed, ast.Node) bool) {
		var values []*ast.MappingValueNode
		switch n := node.(type) {
		case *ast.MappingNode:
			values = n.Values
		case *ast.MappingValueNode:
			values = []*ast.MappingValueNode{n}
		default:
			d.expected(path, "keys with values", node)
			return
		}
		for _, mv := range values {
			name := mv.Key.GetToken().Value
			if !yield(keyed{name, Key(path, name), mv.Key}, mv.Value) {
				return
			}
		}
	}
}

func (d *Document) note(path string, node ast.Node) {
	if mv, ok := node.(*ast.MappingValueNode); ok {
		node = mv.Key // its own token is the colon
	}
	if m, ok := node.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		d.places[path] = place{t.Position.Line, t.Position.Column}
	}
}

func integer(node ast.Node) (int64, bool) {
	n, ok := node.(*ast.IntegerNode)
	if !ok {
		return 0, false
	}
	switch value := n.Value.(type) {
	case int64:
		return value, true
	case uint64:
		return int64(value), value <= math.MaxInt64
	}
	return 0, false
}

func kindOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return fmt.Sprintf("%q", n.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	case *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value + ", which is not a finite number"
	}
	return strings.ToLower(node.Type().String())
}

// suggest names the known key nearest to what was written, or all of them
// where nothing is near.
func suggest(wrong string, fields map[string]reflect.Value) string {
	var known []string
	for name := range fields {
		known = append(known, name)
	}
	slices.Sort(known)
	if near := Nearest(wrong, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known here: " + strings.Join(known, ", ")
}

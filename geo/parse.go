package geo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/paulmach/orb"

	"citywatch"
)

// Options say which properties of a GeoJSON feature are the zone's.
type Options struct {
	// ID is the property that holds the zone's id. Empty means the feature's
	// own id, or else its property "id", or else the name's [Slug].
	ID string `yaml:"id"`
	// Name is the property that holds the zone's name; empty means "name".
	Name string `yaml:"name"`
}

// Parse reads zones with the properties that have the usual names. See
// [Options.Parse].
func Parse(r io.Reader, extent orb.Bound) ([]citywatch.Zone, []citywatch.Problem) {
	return Options{}.Parse(r, extent)
}

// Parse reads the zones of a GeoJSON FeatureCollection of Polygons and
// MultiPolygons, in its order. Zones must lie in the extent, unless that is
// zero. Rings come out in the right-hand rule, whichever way the file has
// them.
//
// The problems are all there are: zones without fault are returned beside
// them, but where there is a problem the file should not be used.
func (o Options) Parse(r io.Reader, extent orb.Bound) ([]citywatch.Zone, []citywatch.Problem) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, []citywatch.Problem{{Path: "$", Message: "reading GeoJSON: " + err.Error()}}
	}
	features, problem := collection(data)
	if problem != nil {
		return nil, []citywatch.Problem{*problem}
	}
	if o.Name == "" {
		o.Name = "name"
	}
	p := parser{options: o, extent: extent, taken: map[string]string{}}
	for i, raw := range features {
		p.feature(fmt.Sprintf("$.features[%d]", i), raw)
	}
	if len(features) == 0 {
		p.problems = append(p.problems, citywatch.Problem{Path: "$.features", Message: "there are no features", Hint: "a province has at least one zone"})
	}
	return p.zones, p.problems
}

// collection returns the features of a FeatureCollection, or of a lone
// Feature.
func collection(data []byte) ([]json.RawMessage, *citywatch.Problem) {
	var c struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &c); err != nil {
		p := citywatch.Problem{Path: "$", Message: "not JSON: " + err.Error(), Hint: "export the zones as GeoJSON (RFC 7946)"}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			before := data[:min(int(syntax.Offset), len(data))]
			p.Message = fmt.Sprintf("not JSON: line %d: %v", 1+bytes.Count(before, []byte("\n")), err)
			if rest := data[max(len(before)-1, 0):]; bytes.HasPrefix(rest, []byte("NaN")) || bytes.HasPrefix(rest, []byte("Inf")) {
				p.Hint = "a coordinate is NaN or infinite; remove the feature, or mend it where it was exported"
			}
		}
		return nil, &p
	}
	switch c.Type {
	case "FeatureCollection":
		return c.Features, nil
	case "Feature":
		return []json.RawMessage{data}, nil
	}
	return nil, &citywatch.Problem{Path: "$.type", Message: fmt.Sprintf("the type is %q", c.Type), Hint: "zones are a FeatureCollection"}
}

// A parser gathers the zones and problems of one file.
type parser struct {
	options  Options
	extent   orb.Bound
	zones    []citywatch.Zone
	problems []citywatch.Problem
	taken    map[string]string // name by id
}

// A feature is one GeoJSON feature before it is examined.
type feature struct {
	Type       string         `json:"type"`
	ID         any            `json:"id"`
	Properties map[string]any `json:"properties"`
	Geometry   *geometry      `json:"geometry"`
}

func (p *parser) feature(path string, raw json.RawMessage) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var f feature
	if err := d.Decode(&f); err != nil {
		// What was read of it before may say which one it is.
		p.report(path, label(p.options, f), fault{message: "not a GeoJSON Feature" + mismatch(err), hint: "export the zones again"})
		return
	}
	name := text(f.Properties[p.options.Name])
	if name == "" {
		p.report(path+".properties", label(p.options, f), fault{message: fmt.Sprintf("no name: no property %q", p.options.Name), hint: "say which property holds the name"})
		return
	}
	id, bad := p.id(f, name)
	if bad == nil {
		if other, ok := p.taken[id]; ok {
			bad = &fault{message: fmt.Sprintf("the id %q is that of %q already", id, other), hint: "give each zone its own id in a property"}
		}
	}
	if bad != nil {
		p.report(path, name, *bad)
		return
	}
	p.taken[id] = name
	shape, faults := f.Geometry.zone(p.extent)
	for _, fault := range faults {
		p.report(path+".geometry", name, fault)
	}
	if len(faults) == 0 {
		p.zones = append(p.zones, citywatch.Zone{ID: id, Name: name, Geometry: shape})
	}
}

// mismatch says what encoding/json found where something else belongs.
func mismatch(err error) string {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) && mistyped.Field != "" {
		return fmt.Sprintf(": %s is of the JSON type %s", mistyped.Field, mistyped.Value)
	}
	return ""
}

// id returns the zone's id.
func (p *parser) id(f feature, name string) (string, *fault) {
	var id string
	switch {
	case p.options.ID != "":
		if id = text(f.Properties[p.options.ID]); id == "" {
			return "", &fault{message: fmt.Sprintf("no id: no property %q", p.options.ID), hint: "say which property holds the id, or none to make it of the name"}
		}
	case text(f.ID) != "":
		id = text(f.ID)
	case text(f.Properties["id"]) != "":
		id = text(f.Properties["id"])
	default:
		if id = Slug(name); id == "" {
			return "", &fault{message: "the name has no letters to make an id of", hint: "give the feature an id"}
		}
	}
	if strings.ContainsFunc(id, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.:", r)
	}) {
		return "", &fault{message: fmt.Sprintf("the id %q has more in it than letters, digits and - _ . :", id), hint: "use " + Slug(id)}
	}
	return id, nil
}

// text returns a property that is a text or a number as a text.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// label returns the best name that a feature without a proper name has.
func label(o Options, f feature) string {
	for _, v := range []any{f.Properties[o.Name], f.ID, f.Properties["id"], f.Properties["name"]} {
		if s := text(v); s != "" {
			return s
		}
	}
	return ""
}

// A fault is what is wrong with a feature.
type fault struct {
	message, hint string
}

func (p *parser) report(path, name string, f fault) {
	who := "a feature without a name"
	if name != "" {
		who = strconv.Quote(name)
	}
	p.problems = append(p.problems, citywatch.Problem{Path: path, Message: who + ": " + f.message, Hint: f.hint})
}

// Package strictyaml reads YAML that people write, and tells them everything
// that is wrong with it at once: unknown keys, wrong kinds, bad values, each
// with its place.
//
// It reads into ordinary structs with `yaml:"name"` tags. A field keeps the
// value it had where the file does not name it, so defaults are set before
// reading. Anchors, aliases and merge keys are refused: a configuration is
// read by people who did not write it.
package strictyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"citywatch"
)

// A Document is YAML that has been read; it knows where everything stood.
type Document struct {
	places map[string]place
}

type place struct{ line, column int }

// Decode reads src into v, a pointer to a struct, and returns every problem
// it found. What could be read is in v even where there are problems.
func Decode(src []byte, v any) (*Document, []citywatch.Problem) {
	doc := &Document{places: map[string]place{"$": {1, 1}}}
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return doc, []citywatch.Problem{doc.syntaxProblem(err)}
	}
	d := decoder{doc: doc}
	switch bodies := documentBodies(file); len(bodies) {
	case 0:
		d.report("$", "the file is empty", "`citywatch config` prints one that works")
	case 1:
		d.decode(bodies[0], target(v), "$")
	default:
		d.report("$", "the file holds several YAML documents", "remove the `---` between them")
	}
	return doc, d.problems
}

func documentBodies(file *ast.File) []ast.Node {
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			bodies = append(bodies, d.Body)
		}
	}
	return bodies
}

// syntaxPath is the path of what could not be parsed at all.
const syntaxPath = "$syntax"

func (d *Document) syntaxProblem(err error) citywatch.Problem {
	message := err.Error()
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		message = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			d.places[syntaxPath] = place{t.Position.Line, t.Position.Column}
		}
	}
	return citywatch.Problem{Path: syntaxPath, Message: "not YAML: " + message}
}

// Position returns the line and column, from 1, of what stands at path: a
// YAML path such as $.sources[0].url. Where the document has nothing there, it
// is the position of the nearest thing around it.
func (d *Document) Position(path string) (line, column int) {
	for {
		if p, ok := d.places[path]; ok {
			return p.line, p.column
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut <= 0 {
			return 1, 1
		}
		path = path[:cut]
	}
}

// Key returns the path of a key within path. Keys that hold a character with
// a meaning in paths are quoted.
func Key(path, key string) string {
	if strings.ContainsAny(key, ".[]'\" ") {
		return path + ".'" + key + "'"
	}
	return path + "." + key
}

// Index returns the path of an element within path.
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

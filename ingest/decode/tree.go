package decode

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"citywatch"
)

// Bounds on one JSON payload. A sensor's message stays far below them; they
// keep a hostile one from costing memory or stack.
const (
	maxDepth   = 32
	maxNodes   = 16384
	maxMembers = 1024 // of one object
)

// A kind is what a JSON value is.
type kind uint8

const (
	null kind = iota
	boolFalse
	boolTrue
	number
	text
	array
	object
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a boolean", "a number", "a text", "an array", "an object"}[k]
}

// A nodeID is the place of a node in its tree. none is a node like a null,
// without members: what is looked up in nothing is nothing.
type nodeID int32

const (
	none nodeID = 0
	root nodeID = 1
)

// A node is one JSON value.
type node struct {
	kind kind
	// key is its name in the object that holds it.
	key []byte
	// lit is the literal of a number, which is not yet converted: a message
	// may carry a number out of range where nobody looks. Of a text it is
	// the content, without quotes and escapes.
	lit []byte

	parent, next, first nodeID
	count               int // members or elements
}

// A tree is one parsed JSON text. It is used again for the next one, so that
// parsing allocates nothing; nodes and their bytes, which may be the
// payload's, are valid until then.
//
// It is stricter than encoding/json: names are unique in their object, texts
// are valid UTF-8 without lone surrogates, and depth and size are bounded. A
// sender that breaks these rules means something other than what a reader
// would silently take.
type tree struct {
	nodes   []node
	data    []byte
	pos     int
	escaped []byte   // backs texts that had escapes
	keys    [][]byte // scratch of unique
	fault   nodeID   // where parse failed, if not at the last node
}

// The ways in which a tree is stricter than encoding/json.
var (
	errDuplicate = errors.New("name occurs twice in one object")
	errUTF8      = errors.New("text is not valid UTF-8")
	errSurrogate = errors.New("text has half of a UTF-16 surrogate pair")
	errTooDeep   = fmt.Errorf("nested deeper than %d", maxDepth)
	errTooWide   = fmt.Errorf("more than %d names in one object", maxMembers)
	errTooMany   = fmt.Errorf("more than %d JSON values", maxNodes)
)

var errNotFinite = errors.New("not a finite number: JSON has no NaN, infinity or hexadecimal float; leave the value out instead")

// reset makes the tree that of the text null, for payloads that are not JSON.
func (t *tree) reset() {
	t.nodes, t.escaped = append(t.nodes[:0], node{}, node{}), t.escaped[:0]
	t.data, t.pos, t.fault = nil, 0, 0
}

// parse reads data, which must be one JSON text and nothing else.
func (t *tree) parse(data []byte) *Error {
	t.reset()
	t.data = data
	err := t.value(root, 0)
	if err == nil {
		if t.space(); t.pos < len(data) {
			t.fault = root
			err = errors.New("text goes on after the JSON value")
		}
	}
	if err == nil {
		return nil
	}
	if t.fault == none {
		t.fault = nodeID(len(t.nodes) - 1)
	}
	refusal := citywatch.RefusedDecode
	if errors.Is(err, errNotFinite) {
		refusal = citywatch.RefusedNumber
	}
	return &Error{Refusal: refusal, Detail: fmt.Sprintf("%s: %v (JSON, byte %d)", t.path(t.fault), err, t.pos), err: err}
}

// value reads the value at pos into the node id, which is the last one so far.
func (t *tree) value(id nodeID, depth int) error {
	t.space()
	if t.pos == len(t.data) {
		return errors.New("ends too early")
	}
	switch c := t.data[t.pos]; {
	case c == '{' || c == '[':
		if depth == maxDepth {
			return errTooDeep
		}
		return t.members(id, depth+1)
	case c == '"':
		s, err := t.text()
		t.nodes[id].kind, t.nodes[id].lit = text, s
		return err
	case c == '-' || '0' <= c && c <= '9':
		return t.number(id)
	}
	return t.word(id)
}

// members reads the array or object at pos.
func (t *tree) members(id nodeID, depth int) error {
	closing, isObject := byte(']'), t.data[t.pos] == '{'
	t.nodes[id].kind = array
	if isObject {
		closing = '}'
		t.nodes[id].kind = object
	}
	t.pos++
	if t.space(); t.peek() == closing {
		t.pos++
		return nil
	}
	for last := none; ; {
		child, err := t.child(id, last)
		if err != nil {
			return err
		}
		last = child
		if isObject {
			if err := t.key(child); err != nil {
				t.fault = id
				return err
			}
		}
		if err := t.value(child, depth); err != nil {
			return err
		}
		t.space()
		switch c := t.peek(); {
		case c == ',':
			t.pos++
		case c == closing:
			t.pos++
			if isObject {
				return t.unique(id)
			}
			return nil
		default:
			return fmt.Errorf("expected a comma or %q", closing)
		}
	}
}

// child adds a node to the array or object, behind the last one it has.
func (t *tree) child(parent, last nodeID) (nodeID, error) {
	if len(t.nodes) == maxNodes {
		return none, errTooMany
	}
	n := &t.nodes[parent]
	if n.count++; n.kind == object && n.count > maxMembers {
		t.fault = parent
		return none, errTooWide
	}
	id := nodeID(len(t.nodes))
	if last == none {
		n.first = id
	} else {
		t.nodes[last].next = id
	}
	t.nodes = append(t.nodes, node{parent: parent})
	return id, nil
}

func (t *tree) key(id nodeID) error {
	if t.space(); t.peek() != '"' {
		return errors.New("expected a name in double quotes")
	}
	s, err := t.text()
	if err != nil {
		return err
	}
	t.nodes[id].key = s
	if t.space(); t.peek() != ':' {
		return errors.New("expected a colon after the name")
	}
	t.pos++
	return nil
}

// unique checks that no two members of the object have the same name.
func (t *tree) unique(id nodeID) error {
	const fewMembers = 12 // comparing all pairs is faster than sorting up to here
	if n := &t.nodes[id]; n.count <= fewMembers {
		for a := n.first; a != none; a = t.nodes[a].next {
			for b := t.nodes[a].next; b != none; b = t.nodes[b].next {
				if bytes.Equal(t.nodes[a].key, t.nodes[b].key) {
					t.fault = b
					return errDuplicate
				}
			}
		}
		return nil
	}
	t.keys = t.keys[:0]
	for a := t.nodes[id].first; a != none; a = t.nodes[a].next {
		t.keys = append(t.keys, t.nodes[a].key)
	}
	slices.SortFunc(t.keys, bytes.Compare)
	for i := 1; i < len(t.keys); i++ {
		if bytes.Equal(t.keys[i-1], t.keys[i]) {
			t.fault = t.member(id, string(t.keys[i]))
			return errDuplicate
		}
	}
	return nil
}

// number reads the number at pos, whose grammar is RFC 8259's: no leading
// zeros or plus, digits on both sides of the point.
func (t *tree) number(id nodeID) error {
	n := numberLength(t.data[t.pos:])
	rest := t.data[t.pos+n:]
	if n == 0 || len(rest) > 0 && isWordByte(rest[0]) {
		if notFiniteWord(t.data[t.pos:]) {
			return errNotFinite
		}
		return fmt.Errorf("%s is not a JSON number", clip(string(t.data[t.pos:t.pos+wordLength(t.data[t.pos:])])))
	}
	t.nodes[id].kind, t.nodes[id].lit = number, t.data[t.pos:t.pos+n]
	t.pos += n
	return nil
}

// word reads true, false or null.
func (t *tree) word(id nodeID) error {
	rest := t.data[t.pos:]
	n := wordLength(rest)
	switch string(rest[:n]) {
	case "true":
		t.nodes[id].kind = boolTrue
	case "false":
		t.nodes[id].kind = boolFalse
	case "null":
		t.nodes[id].kind = null
	default:
		if notFiniteWord(rest) {
			return errNotFinite
		}
		return fmt.Errorf("%s is not a JSON value", clip(string(rest[:max(n, 1)])))
	}
	t.pos += n
	return nil
}

func (t *tree) space() {
	for t.pos < len(t.data) {
		switch t.data[t.pos] {
		case ' ', '\t', '\n', '\r':
			t.pos++
		default:
			return
		}
	}
}

// peek returns the byte at pos, or 0 at the end.
func (t *tree) peek() byte {
	if t.pos == len(t.data) {
		return 0
	}
	return t.data[t.pos]
}

// member returns the named member of an object, or none.
func (t *tree) member(id nodeID, name string) nodeID {
	if t.nodes[id].kind != object {
		return none
	}
	for c := t.nodes[id].first; c != none; c = t.nodes[c].next {
		if string(t.nodes[c].key) == name {
			return c
		}
	}
	return none
}

// path tells where in the payload a node is, for people: as a JSON pointer,
// if the names in it are such that people can read them.
func (t *tree) path(id nodeID) string {
	if id <= root {
		return "the payload"
	}
	var parts []string
	for ; id > root; id = t.nodes[id].parent {
		parent := &t.nodes[t.nodes[id].parent]
		if parent.kind == object {
			parts = append(parts, legible(string(t.nodes[id].key)))
			continue
		}
		index := 0
		for c := parent.first; c != id; c = t.nodes[c].next {
			index++
		}
		parts = append(parts, strconv.Itoa(index))
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

// legible returns the name as it stands in a JSON pointer, or quoted if it
// cannot be read otherwise.
func legible(name string) string {
	if len(name) > 60 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return clip(name)
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

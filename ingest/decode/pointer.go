package decode

import (
	"fmt"
	"strconv"
	"strings"
)

// A pointer is a parsed JSON pointer (RFC 6901).
type pointer struct {
	source string
	steps  []step
}

// A step is one reference token: a name, and where it can be one, an index.
type step struct {
	name  string
	index int // -1: not an index
}

// parsePointer parses a JSON pointer such as /data/0/temp; "" is the whole
// payload.
func parsePointer(s string) (pointer, error) {
	p := pointer{source: s}
	if s == "" {
		return p, nil
	}
	if s[0] != '/' {
		return pointer{}, fmt.Errorf("%q is not a JSON pointer: it begins with /, as in /data/temp", s)
	}
	for name := range strings.SplitSeq(s[1:], "/") {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(name), "~") {
			return pointer{}, fmt.Errorf("%q is not a JSON pointer: ~ is written ~0, and / within a name ~1", s)
		}
		st := step{name: strings.NewReplacer("~0", "~", "~1", "/").Replace(name), index: -1}
		if i, err := strconv.ParseUint(name, 10, 16); err == nil && (name == "0" || name[0] != '0') {
			st.index = int(i)
		}
		p.steps = append(p.steps, st)
	}
	return p, nil
}

// find returns the node that p finds from the node id, or none.
func (t *tree) find(id nodeID, p pointer) nodeID {
	for _, s := range p.steps {
		if t.nodes[id].kind == array {
			id = t.element(id, s.index)
		} else {
			id = t.member(id, s.name)
		}
	}
	return id
}

// element returns an array's element, or none.
func (t *tree) element(id nodeID, index int) nodeID {
	if index < 0 || index >= t.nodes[id].count {
		return none
	}
	c := t.nodes[id].first
	for ; index > 0; index-- {
		c = t.nodes[c].next
	}
	return c
}

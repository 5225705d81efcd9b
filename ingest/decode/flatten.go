package decode

import (
	"strconv"

	"citywatch"
)

// flatten adds every scalar below the node as a value whose name is its path,
// joined by underscores: color_x, adc_0. What skip names is left out, at the
// top only.
func (c *core) flatten(id nodeID, skip func(key []byte) bool) *Error {
	if c.name == nil {
		c.name = make([]byte, 0, 2*maxName)
	}
	return c.flattenInto(id, c.name[:0], skip)
}

func (c *core) flattenInto(id nodeID, prefix []byte, skip func(key []byte) bool) *Error {
	isObject, index := c.tree.nodes[id].kind == object, 0
	for child := c.tree.nodes[id].first; child != none; child = c.tree.nodes[child].next {
		n := &c.tree.nodes[child]
		if skip != nil && skip(n.key) {
			continue
		}
		name := prefix
		if len(name) > 0 {
			name = append(name, '_')
		}
		if isObject {
			name = append(name, n.key...)
		} else {
			name = strconv.AppendInt(name, int64(index), 10)
		}
		index++
		var err *Error
		switch {
		case len(name) > maxName:
			err = refuse(citywatch.RefusedDecode, "%s: the value's name would have more than %d bytes", c.tree.path(child), maxName)
		case n.kind == object || n.kind == array:
			err = c.flattenInto(child, name, nil)
		default:
			err = c.add(c.strings.string(name), child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

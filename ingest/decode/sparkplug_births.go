package decode

import "strings"

// Bounds on what a Sparkplug decoder remembers: some 10 MiB in all.
const (
	maxEdgeNodes   = 1024  // the one unheard for longest is forgotten
	maxNodeMetrics = 4096  // of one edge node and its devices
	maxAllMetrics  = 65536 // of all
)

// births remember what the edge nodes' births defined.
type births struct {
	nodes    map[string]*edgeNode
	metrics  int    // of all nodes
	messages uint64 // counts them, for edgeNode.heard
}

// An edgeNode is what is remembered of one edge node.
type edgeNode struct {
	heard   uint64 // the number of its last message
	seq     int    // of that message, -1 if it is not known
	bdSeq   int64  // of the birth, -1 if it is not known
	metrics int
	devices map[string]*definitions // "" is the node itself
}

// definitions are what one birth message said of its metrics.
type definitions struct {
	aliases map[uint64]definition
	names   map[string]uint32 // the datatypes
}

type definition struct {
	name     string
	datatype uint32
}

func newEdgeNode() *edgeNode {
	return &edgeNode{seq: -1, bdSeq: -1, devices: map[string]*definitions{}}
}

// find returns the edge node. One that is not known is not remembered: only
// births take memory.
func (b *births) find(key string) *edgeNode {
	b.messages++
	node, ok := b.nodes[key]
	if !ok {
		return newEdgeNode()
	}
	node.heard = b.messages
	return node
}

// make returns the edge node, which is remembered from now on.
func (b *births) make(key string) *edgeNode {
	node := b.find(key)
	if _, ok := b.nodes[key]; ok {
		return node
	}
	if len(b.nodes) >= maxEdgeNodes {
		b.forgetOldest()
	}
	if b.nodes == nil {
		b.nodes = map[string]*edgeNode{}
	}
	b.nodes[key] = node
	node.heard = b.messages
	return node
}

func (b *births) forgetOldest() {
	oldest := ""
	for key, node := range b.nodes {
		if oldest == "" || node.heard < b.nodes[oldest].heard {
			oldest = key
		}
	}
	b.forget(oldest)
}

// forget forgets all of an edge node.
func (b *births) forget(key string) {
	if node, ok := b.nodes[key]; ok {
		b.clear(node)
		delete(b.nodes, key)
	}
}

// clear forgets the node's births and its devices'.
func (b *births) clear(node *edgeNode) {
	b.metrics -= node.metrics
	node.metrics = 0
	clear(node.devices)
}

// drop forgets the birth of one device.
func (b *births) drop(node *edgeNode, device string) {
	if d, ok := node.devices[device]; ok {
		b.metrics -= len(d.names)
		node.metrics -= len(d.names)
		delete(node.devices, device)
	}
}

// define remembers one metric of a birth. It reports false if that is more
// than may be remembered.
func (b *births) define(node *edgeNode, device string, x *sparkplugMetric, name string) bool {
	d, ok := node.devices[device]
	if !ok {
		d = &definitions{aliases: map[uint64]definition{}, names: map[string]uint32{}}
	}
	if _, again := d.names[name]; !again {
		if node.metrics >= maxNodeMetrics || b.metrics >= maxAllMetrics {
			return false
		}
		node.metrics++
		b.metrics++
	}
	d.names[name] = x.datatype
	if x.hasAlias && (len(d.aliases) < maxNodeMetrics) {
		d.aliases[x.alias] = definition{name: name, datatype: x.datatype}
	}
	if !ok {
		node.devices[strings.Clone(device)] = d
	}
	return true
}

// alias returns the metric that a birth of the device gave the number to.
func (n *edgeNode) alias(device string, alias uint64) (definition, bool) {
	d, ok := n.devices[device]
	if !ok {
		return definition{}, false
	}
	def, ok := d.aliases[alias]
	return def, ok
}

// datatype returns the datatype that a birth gave the metric, 0 if none did.
func (n *edgeNode) datatype(device, name string) uint32 {
	if d, ok := n.devices[device]; ok {
		return d.names[name]
	}
	return 0
}

// follow notes a message's sequence number, and reports whether messages are
// missing between the last one and it. A node's birth begins anew.
func (n *edgeNode) follow(nodeBirth bool, seq int) (last int, gap bool) {
	last, n.seq = n.seq, seq
	return last, !nodeBirth && last >= 0 && seq >= 0 && seq != (last+1)%256
}

package decode

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"citywatch"
)

// An spPayload is what an edge node sends.
type spPayload struct {
	time    uint64
	seq     int // -1: none
	uuid    string
	metrics []spMetric
}

// An spMetric is one metric, with at most one of the values.
type spMetric struct {
	name     string
	alias    *uint64
	time     uint64
	datatype uint32
	null     bool
	history  bool
	fleeting bool

	integer, long *uint64
	float         *float32
	double        *float64
	boolean       *bool
	text          *string
	dataset       bool
}

func (p spPayload) encode() []byte {
	var b []byte
	if p.time != 0 {
		b = varint(b, 1, p.time)
	}
	for _, m := range p.metrics {
		b = protowire.AppendTag(b, 2, protowire.BytesType)
		b = protowire.AppendBytes(b, m.encode())
	}
	if p.seq >= 0 {
		b = varint(b, 3, uint64(p.seq))
	}
	if p.uuid != "" {
		b = protowire.AppendTag(b, 4, protowire.BytesType)
		b = protowire.AppendString(b, p.uuid)
	}
	return b
}

func (m spMetric) encode() []byte {
	var b []byte
	if m.name != "" {
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendString(b, m.name)
	}
	if m.alias != nil {
		b = varint(b, 2, *m.alias)
	}
	if m.time != 0 {
		b = varint(b, 3, m.time)
	}
	if m.datatype != 0 {
		b = varint(b, 4, uint64(m.datatype))
	}
	for field, set := range map[protowire.Number]bool{5: m.history, 6: m.fleeting, 7: m.null} {
		if set {
			b = varint(b, field, 1)
		}
	}
	switch {
	case m.integer != nil:
		b = varint(b, 10, *m.integer)
	case m.long != nil:
		b = varint(b, 11, *m.long)
	case m.float != nil:
		b = protowire.AppendTag(b, 12, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(*m.float))
	case m.double != nil:
		b = protowire.AppendTag(b, 13, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, math.Float64bits(*m.double))
	case m.boolean != nil:
		b = varint(b, 14, protowire.EncodeBool(*m.boolean))
	case m.text != nil:
		b = protowire.AppendTag(b, 15, protowire.BytesType)
		b = protowire.AppendString(b, *m.text)
	case m.dataset:
		b = protowire.AppendTag(b, 17, protowire.BytesType)
		b = protowire.AppendBytes(b, varint(nil, 1, 3))
	}
	return b
}

func varint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

const (
	t0 = 1795302000000 // 2026-11-21T23:00:00Z
	s  = 1000
)

func nodeBirth(bdSeq uint64) []byte {
	return spPayload{time: t0, seq: 0, metrics: []spMetric{
		{name: "bdSeq", datatype: 8, long: &bdSeq},
		{name: "Node Control/Rebirth", datatype: 11, boolean: new(false)},
		{name: "Supply Voltage", alias: new(uint64(1)), datatype: 10, double: new(12.4)},
	}}.encode()
}

func deviceBirth() []byte {
	return spPayload{time: t0 + s, seq: 1, metrics: []spMetric{
		{name: "Temps/Boiler", alias: new(uint64(10)), datatype: 9, float: new(float32(21.3))},
		{name: "Offset", alias: new(uint64(11)), datatype: 1, integer: new(uint64(0xFB))},
		{name: "Level", alias: new(uint64(12)), datatype: 3, integer: new(uint64(0xFFFFFFFE))},
		{name: "Count", alias: new(uint64(13)), datatype: 4, long: new(uint64(math.MaxUint64))},
		{name: "Total", alias: new(uint64(14)), datatype: 8, long: new(uint64(1 << 40))},
		{name: "State", alias: new(uint64(15)), datatype: 12, text: new("normal")},
		{name: "Door", alias: new(uint64(16)), datatype: 11, boolean: new(true)},
		{name: "Empty", alias: new(uint64(17)), datatype: 10, null: true},
		{name: "Table", alias: new(uint64(18)), datatype: 16, dataset: true},
	}}.encode()
}

// TestSparkplug plays the life of one edge node.
func TestSparkplug(t *testing.T) {
	data := func(seq int, metrics ...spMetric) []byte {
		return spPayload{time: t0 + 10*s, seq: seq, metrics: metrics}.encode()
	}
	level := spMetric{alias: new(uint64(12)), integer: new(uint64(7))}
	const births = "a node's and a device's birth"
	for _, c := range []struct {
		name   string
		topic  string
		data   []byte
		birth  string
		expect string
	}{
		{"node birth", "spBv1.0/lc/NBIRTH/gw1", nodeBirth(3), "",
			"gw1 2026-11-21T23:00:00Z Supply Voltage=12.4 online=1\n"},
		{"device birth", "spBv1.0/lc/DBIRTH/gw1/pump", deviceBirth(), "",
			"pump 2026-11-21T23:00:01Z Count=-1 Door=1 Level=-2 Offset=-5 State=\"normal\" Temps/Boiler=21.3 Total=1.099511627776e+12 online=1\n"},
		{"by alias", "spBv1.0/lc/DDATA/gw1/pump", data(2, level), births,
			"pump 2026-11-21T23:00:10Z Level=7\n"},
		{"by name, with the birth's datatype", "spBv1.0/lc/DDATA/gw1/pump", data(2, spMetric{name: "Level", integer: new(uint64(0xFFFFFFFF))}), births,
			"pump 2026-11-21T23:00:10Z Level=-1\n"},
		{"history, each metric with its time", "spBv1.0/lc/DDATA/gw1/pump", data(2,
			spMetric{alias: new(uint64(10)), time: t0 + 2*s, history: true, float: new(float32(20))},
			spMetric{alias: new(uint64(10)), time: t0 + 3*s, history: true, float: new(float32(20.5))}), births,
			"pump 2026-11-21T23:00:02Z Temps/Boiler=20\npump 2026-11-21T23:00:03Z Temps/Boiler=20.5\n"},
		{"transient", "spBv1.0/lc/DDATA/gw1/pump", data(2, level, spMetric{name: "Debug", datatype: 10, double: new(1.0), fleeting: true}), births,
			"pump 2026-11-21T23:00:10Z Level=7\n"},
		{"null", "spBv1.0/lc/DDATA/gw1/pump", data(2, spMetric{alias: new(uint64(12)), null: true}), births, "nothing\n"},
		{"a gap, data kept", "spBv1.0/lc/DDATA/gw1/pump", data(5, level), births,
			"pump 2026-11-21T23:00:10Z Level=7\nrefused decode: \"lc/gw1\": sequence number 5 after 1: messages before this one were lost, it is kept; " + rebirthHint + "\n"},
		{"unknown alias, others kept", "spBv1.0/lc/DDATA/gw1/pump", data(2, level, spMetric{alias: new(uint64(99)), double: new(1.0)}), births,
			"pump 2026-11-21T23:00:10Z Level=7\nrefused decode: the alias 99 of \"lc/gw1\" is in no birth that was heard; " + rebirthHint + "\n"},
		{"another device's alias", "spBv1.0/lc/DDATA/gw1/fan", data(2, level), births,
			"refused decode: the alias 12 of \"lc/gw1\" is in no birth that was heard; " + rebirthHint + "\n"},
		{"no birth heard", "spBv1.0/lc/NDATA/gw1", data(2, level), "",
			"refused decode: the alias 12 of \"lc/gw1\" is in no birth that was heard; " + rebirthHint + "\n"},
		{"no birth heard, but named and typed", "spBv1.0/lc/NDATA/gw1", data(2, spMetric{name: "x", datatype: 2, integer: new(uint64(0xFFFF))}), "",
			"gw1 2026-11-21T23:00:10Z x=-1\n"},
		{"no birth heard, integer of unknown sign", "spBv1.0/lc/NDATA/gw1", data(2, spMetric{name: "x", integer: new(uint64(1))}, spMetric{name: "y", double: new(2.5)}), "",
			"gw1 2026-11-21T23:00:10Z y=2.5\nrefused decode: \"x\": an integer whose datatype no birth that was heard has said; " + rebirthHint + "\n"},
		{"not a number", "spBv1.0/lc/DDATA/gw1/pump", data(2, level, spMetric{alias: new(uint64(10)), float: new(float32(math.NaN()))}), births,
			"pump 2026-11-21T23:00:10Z Level=7\nrefused not_finite: \"Temps/Boiler\": NaN is not a finite number; send it as null instead\n"},
		{"only a data set", "spBv1.0/lc/DDATA/gw1/pump", data(2, spMetric{alias: new(uint64(18)), dataset: true}), births,
			"refused no_values: nothing but 1 metrics of types that are no values: data sets, bytes, files, templates, arrays\n"},
		{"the same twice", "spBv1.0/lc/DDATA/gw1/pump", data(2, level, spMetric{alias: new(uint64(12)), integer: new(uint64(8))}), births,
			"pump 2026-11-21T23:00:10Z Level=7\nrefused decode: the value \"Level\" of \"pump\" occurs twice with the time 2026-11-21T23:00:10Z\n"},
		{"a clock that was never set", "spBv1.0/lc/DDATA/gw1/pump", spPayload{time: 5, seq: 2, metrics: []spMetric{level}}.encode(), births,
			"refused decode: the time 5 ms since 1970 lies outside the years 2000 to 2099; " + clockHint + "\n"},
		{"no time", "spBv1.0/lc/DDATA/gw1/pump", spPayload{seq: 2, metrics: []spMetric{level}}.encode(), births,
			"pump arrived Level=7\n"},
		{"device death", "spBv1.0/lc/DDEATH/gw1/pump", data(2), births,
			"pump 2026-11-21T23:00:10Z online=0\n"},
		{"node death takes the devices along", "spBv1.0/lc/NDEATH/gw1", spPayload{time: t0, seq: -1, metrics: []spMetric{{name: "bdSeq", datatype: 8, long: new(uint64(3))}}}.encode(), births,
			"gw1 arrived online=0\npump arrived online=0\n"},
		{"the death of a session before", "spBv1.0/lc/NDEATH/gw1", spPayload{seq: -1, metrics: []spMetric{{name: "bdSeq", datatype: 8, long: new(uint64(2))}}}.encode(), births,
			"nothing\n"},
		{"command", "spBv1.0/lc/NCMD/gw1", data(2, level), births, "nothing\n"},
		{"host's state", "spBv1.0/STATE/scada", []byte(`{"online":true,"timestamp":1}`), births, "nothing\n"},
		{"compressed", "spBv1.0/lc/NDATA/gw1", spPayload{uuid: "SPBV1.0_COMPRESSED"}.encode(), births,
			"refused decode: the payload is compressed, which is not supported; switch compression off at the edge node\n"},
		{"no protobuf", "spBv1.0/lc/NDATA/gw1", []byte(`{"metrics":[]}`), births,
			"refused decode: the payload is no Sparkplug B protobuf: byte 1: unexpected EOF\n"},
		{"another topic", "city/disaster/g", nil, "",
			"refused decode: the topic \"city/disaster/g\" is not spBv1.0/group/type/node or spBv1.0/group/type/node/device\n"},
		{"another type", "spBv1.0/lc/XDATA/gw1", nil, "",
			"refused decode: the topic \"spBv1.0/lc/XDATA/gw1\" has the unknown message type \"XDATA\"\n"},
		{"a device that is missing", "spBv1.0/lc/DDATA/gw1", nil, "",
			"refused decode: the topic \"spBv1.0/lc/DDATA/gw1\": messages of type D… have a device, those of type N… have none\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(t, "format: sparkplug")
			if c.birth != "" {
				mustDecode(t, d, "spBv1.0/lc/NBIRTH/gw1", nodeBirth(3))
				mustDecode(t, d, "spBv1.0/lc/DBIRTH/gw1/pump", deviceBirth())
			}
			got, err := d.Decode(nil, Message{Topic: c.topic, Payload: c.data, Arrived: arrived})
			checkReadings(t, got)
			if text := describe(got, err); text != c.expect {
				t.Errorf("got:\n%swant:\n%s", text, c.expect)
			}
		})
	}
}

func mustDecode(t *testing.T, d Decoder, topic string, payload []byte) []citywatch.Reading {
	t.Helper()
	got, err := d.Decode(nil, Message{Topic: topic, Payload: payload, Arrived: arrived})
	if err != nil {
		t.Fatalf("%s: %v", topic, err)
	}
	return got
}

func TestSparkplugSequenceWraps(t *testing.T) {
	d := newDecoder(t, "format: sparkplug")
	mustDecode(t, d, "spBv1.0/lc/NBIRTH/gw1", nodeBirth(3))
	for i := 1; i < 600; i++ {
		mustDecode(t, d, "spBv1.0/lc/NDATA/gw1", spPayload{time: t0, seq: i % 256, metrics: []spMetric{{alias: new(uint64(1)), double: new(1.0)}}}.encode())
	}
}

func TestSparkplugBirthReplacesAliases(t *testing.T) {
	d := newDecoder(t, "format: sparkplug")
	mustDecode(t, d, "spBv1.0/lc/NBIRTH/gw1", nodeBirth(3))
	mustDecode(t, d, "spBv1.0/lc/DBIRTH/gw1/pump", deviceBirth())
	again := spPayload{time: t0, seq: 0, metrics: []spMetric{{name: "Other", alias: new(uint64(1)), datatype: 10, double: new(1.0)}}}
	mustDecode(t, d, "spBv1.0/lc/NBIRTH/gw1", again.encode())
	got := mustDecode(t, d, "spBv1.0/lc/NDATA/gw1", spPayload{time: t0, seq: 1, metrics: []spMetric{{alias: new(uint64(1)), double: new(2.0)}}}.encode())
	if text := describe(got, nil); !strings.Contains(text, "Other=2") {
		t.Errorf("the alias still means what the birth before said: %s", text)
	}
	if _, err := d.Decode(nil, Message{Topic: "spBv1.0/lc/DDATA/gw1/pump", Arrived: arrived,
		Payload: spPayload{time: t0, seq: 2, metrics: []spMetric{{alias: new(uint64(12)), integer: new(uint64(1))}}}.encode()}); err == nil {
		t.Error("a device's aliases outlived the birth of its node")
	}
}

// TestSparkplugMemoryIsBounded floods the decoder with births, and checks that
// a node that is heard stays known while others come and go.
func TestSparkplugMemoryIsBounded(t *testing.T) {
	d := newDecoder(t, "format: sparkplug").(*sparkplugB)
	mustDecode(t, d, "spBv1.0/lc/NBIRTH/gw1", nodeBirth(3))
	for i := range 3 * maxEdgeNodes {
		mustDecode(t, d, fmt.Sprintf("spBv1.0/flood/NBIRTH/n%d", i), nodeBirth(1))
		mustDecode(t, d, "spBv1.0/lc/NDATA/gw1", spPayload{time: t0, seq: -1, metrics: []spMetric{{alias: new(uint64(1)), double: new(1.0)}}}.encode())
	}
	if n := len(d.births.nodes); n > maxEdgeNodes {
		t.Errorf("%d edge nodes are remembered, more than %d", n, maxEdgeNodes)
	}

	var many []spMetric
	for i := range maxMetrics {
		many = append(many, spMetric{name: fmt.Sprint("m", i), alias: new(uint64(i)), datatype: 10, double: new(1.0)})
	}
	_, err := d.Decode(nil, Message{Topic: "spBv1.0/big/NBIRTH/n", Payload: spPayload{time: t0, metrics: many[:200]}.encode(), Arrived: arrived})
	checkError(t, err)
	for i := range 30 {
		_, err = d.Decode(nil, Message{Topic: fmt.Sprintf("spBv1.0/big/DBIRTH/n/d%d", i), Payload: spPayload{time: t0, seq: -1, metrics: many[:250]}.encode(), Arrived: arrived})
	}
	if err == nil || !strings.Contains(err.Error(), "more metrics than are remembered") {
		t.Errorf("got %v, want a refusal to remember more", err)
	}
	if n := d.births.nodes["big/n"].metrics; n > maxNodeMetrics {
		t.Errorf("%d metrics of one node are remembered", n)
	}
	d.births.forget("big/n")
	total := 0
	for _, node := range d.births.nodes {
		total += node.metrics
	}
	if total != d.births.metrics || total == 0 || total > maxAllMetrics {
		t.Errorf("%d metrics are counted, %d remembered", d.births.metrics, total)
	}
}

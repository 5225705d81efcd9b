package decode

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"citywatch"
)

// maxMetrics bounds the metrics of one message.
const maxMetrics = 4096

// A sparkplugPayload is the parsed protobuf message Payload of
// sparkplug_b.proto. Its bytes are the payload's.
type sparkplugPayload struct {
	time    uint64
	hasTime bool
	seq     int // -1: none
	metrics []sparkplugMetric
	// skipped counts metrics of types that are no values.
	skipped int
}

// A sparkplugMetric is one Payload.Metric.
type sparkplugMetric struct {
	name     []byte
	alias    uint64
	hasAlias bool
	time     uint64
	hasTime  bool
	datatype uint32

	transient, null bool

	form metricForm
	bits uint64 // of every form but formText
	text []byte
}

// A metricForm is which field of the oneof value a metric has.
type metricForm uint8

const (
	formNone   metricForm = iota
	formInt               // int_value or long_value
	formFloat             // float_value
	formDouble            // double_value
	formBool              // boolean_value
	formText              // string_value
	formOther             // bytes, data sets, templates, extensions
)

// The datatypes whose values are not what their bits say.
const (
	typeInt8  = 1
	typeInt16 = 2
	typeInt32 = 3
	typeInt64 = 4
)

// parse reads b.
func (p *sparkplugPayload) parse(b []byte) *Error {
	*p = sparkplugPayload{seq: -1, metrics: p.metrics[:0]}
	compressed := false
	err := eachField(b, func(num protowire.Number, v fieldValue) *Error {
		switch num {
		case 1:
			p.time, p.hasTime = v.bits, true
		case 2:
			if len(p.metrics) == maxMetrics {
				return refuse(citywatch.RefusedDecode, "the message has more than %d metrics", maxMetrics)
			}
			p.metrics = append(p.metrics, sparkplugMetric{})
			return p.metrics[len(p.metrics)-1].parse(v.bytes)
		case 3:
			p.seq = int(v.bits & 0xff)
		case 4:
			compressed = string(v.bytes) == "SPBV1.0_COMPRESSED"
		}
		return nil
	})
	if err == nil && compressed {
		return refuse(citywatch.RefusedDecode, "the payload is compressed, which is not supported; switch compression off at the edge node")
	}
	return err
}

// parse reads b, which is one metric.
func (x *sparkplugMetric) parse(b []byte) *Error {
	return eachField(b, func(num protowire.Number, v fieldValue) *Error {
		switch num {
		case 1:
			x.name = v.bytes
		case 2:
			x.alias, x.hasAlias = v.bits, true
		case 3:
			x.time, x.hasTime = v.bits, true
		case 4:
			x.datatype = uint32(v.bits)
		case 6:
			x.transient = v.bits != 0
		case 7:
			x.null = v.bits != 0
		case 10, 11:
			x.form, x.bits = formInt, v.bits
		case 12:
			x.form, x.bits = formFloat, v.bits
		case 13:
			x.form, x.bits = formDouble, v.bits
		case 14:
			x.form, x.bits = formBool, v.bits
		case 15:
			x.form, x.text = formText, v.bytes
		case 16, 17, 18, 19:
			x.form = formOther
		}
		return nil
	})
}

// A fieldValue is the value of a protobuf field, of whichever wire type.
type fieldValue struct {
	bits  uint64
	bytes []byte
}

// eachField calls f for each field of the protobuf message.
func eachField(b []byte, f func(protowire.Number, fieldValue) *Error) *Error {
	whole := len(b)
	for len(b) > 0 {
		num, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return notProtobuf(whole-len(b), n)
		}
		b = b[n:]
		var v fieldValue
		switch wire {
		case protowire.VarintType:
			v.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(b)
			v.bits = uint64(bits)
		case protowire.Fixed64Type:
			v.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, wire, b)
		}
		if n < 0 {
			return notProtobuf(whole-len(b), n)
		}
		b = b[n:]
		if err := f(num, v); err != nil {
			return err
		}
	}
	return nil
}

func notProtobuf(at, code int) *Error {
	return refuse(citywatch.RefusedDecode, "the payload is no Sparkplug B protobuf: byte %d: %v", at, protowire.ParseError(code))
}

// bdSeq returns the number of the session that a birth or death is of, -1 if
// it does not say.
func (p *sparkplugPayload) bdSeq() int64 {
	for i := range p.metrics {
		if x := &p.metrics[i]; string(x.name) == "bdSeq" && x.form == formInt {
			return int64(x.bits & math.MaxInt64)
		}
	}
	return -1
}

// stamp returns the time of the message.
func (p *sparkplugPayload) stamp(m Message) stamp {
	if !p.hasTime {
		return stamp{time: m.Arrived, assumed: true}
	}
	return stampOf(p.time)
}

// number returns the metric's value as a number. Of integers the datatype
// says the sign and width: on the wire all are unsigned.
func (x *sparkplugMetric) number(datatype uint32) (float64, *Error) {
	var f float64
	switch x.form {
	case formBool:
		if x.bits != 0 {
			f = 1
		}
	case formFloat:
		// By way of its shortest decimal: 21.3 is meant, not 21.299999237.
		f32 := math.Float32frombits(uint32(x.bits))
		f, _ = strconv.ParseFloat(strconv.FormatFloat(float64(f32), 'g', -1, 32), 64)
	case formDouble:
		f = math.Float64frombits(x.bits)
	case formInt:
		switch datatype {
		case 0:
			return 0, refuse(citywatch.RefusedDecode, "an integer whose datatype no birth that was heard has said; %s", rebirthHint)
		case typeInt8:
			f = float64(int8(x.bits))
		case typeInt16:
			f = float64(int16(x.bits))
		case typeInt32:
			f = float64(int32(x.bits))
		case typeInt64:
			f = float64(int64(x.bits))
		default:
			f = float64(x.bits)
		}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, refuse(citywatch.RefusedNumber, "%v is not a finite number; send it as null instead", f)
	}
	return f, nil
}

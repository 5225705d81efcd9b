package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"citywatch"

	"github.com/paulmach/orb"
)

// errCorrupt is the cause of every refusal to decode an entry.
var errCorrupt = errors.New("not a journal entry")

// A reading on the wire takes at least smallestReading bytes, a value at least
// smallestValue: what a batch claims to hold is believed only as far as its
// bytes can go.
const (
	smallestReading = 5
	smallestValue   = 4
)

// A decoder reads entries. It interns strings, so that a device's name is the
// same string in every entry it decodes. It must not be used concurrently.
type decoder struct {
	interned map[string]string
	table    []string // of the batch being read
}

// The interned strings are forgotten all at once when there are maxInterned;
// longer ones than maxInternedLen are not kept. Together they bound what a
// flood of names can hold in memory.
const (
	maxInterned    = 1 << 16
	maxInternedLen = 128
)

func newDecoder() *decoder {
	return &decoder{interned: make(map[string]string)}
}

func (d *decoder) intern(b []byte) string {
	if s, ok := d.interned[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > maxInternedLen {
		return s
	}
	if len(d.interned) >= maxInterned {
		clear(d.interned)
	}
	d.interned[s] = s
	return s
}

// entry decodes an entry. What it returns does not share memory with data. Its
// errors wrap errCorrupt.
func (d *decoder) entry(data []byte) (citywatch.Entry, error) {
	var e citywatch.Entry
	version := uint64(0)
	err := fields(data, func(f field) error {
		switch f.number {
		case entryVersion:
			version = f.varint
			if version > wireVersion {
				return fmt.Errorf("version %d is newer than this program", version)
			}
		case entryTick:
			e.Tick = time.Unix(0, protowire.DecodeZigZag(f.varint)).UTC()
		case entryBatch:
			return d.batch(f.bytes, &e)
		}
		return nil
	})
	switch {
	case err != nil:
	case version == 0:
		err = errors.New("no version")
	case e.Tick.IsZero() == (len(e.Readings) == 0):
		err = errors.New("neither readings nor a tick, or both")
	}
	if err != nil {
		return citywatch.Entry{}, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return e, nil
}

// A batchState is what the readings of a batch share.
type batchState struct {
	base   int64
	values []citywatch.Value // of all readings; each has a part of it
}

func (d *decoder) batch(data []byte, e *citywatch.Entry) error {
	var s batchState
	d.table = append(d.table[:0], "")
	return fields(data, func(f field) error {
		switch f.number {
		case batchReadingsCount:
			if n := min(f.varint, uint64(len(data)/smallestReading)); e.Readings == nil {
				e.Readings = make([]citywatch.Reading, 0, n)
			}
		case batchValuesCount:
			s.values = make([]citywatch.Value, 0, min(f.varint, uint64(len(data)/smallestValue)))
		case batchBase:
			s.base = protowire.DecodeZigZag(f.varint)
		case batchString:
			d.table = append(d.table, d.intern(f.bytes))
		case batchReading:
			e.Readings = append(e.Readings, citywatch.Reading{})
			return d.reading(f.bytes, &s, &e.Readings[len(e.Readings)-1])
		}
		return nil
	})
}

// times of a reading, as they are on the wire.
type wireTimes struct {
	arrived, measured           int64 // relative
	arrivedNanos, measuredNanos uint64
	hasMeasured                 bool
}

func (d *decoder) reading(data []byte, s *batchState, r *citywatch.Reading) error {
	var t wireTimes
	first := len(s.values)
	for len(data) > 0 {
		f, rest, err := nextField(data)
		if err != nil {
			return err
		}
		data = rest
		switch f.number {
		case readingDevice:
			r.Device = d.intern(f.bytes)
		case readingClass:
			r.Class, err = d.lookup(f.varint)
		case readingZone:
			r.Zone, err = d.lookup(f.varint)
		case readingSector:
			r.Sector, err = d.lookup(f.varint)
		case readingTimeAssumed:
			r.TimeAssumed = f.varint != 0
		case readingValue:
			var v citywatch.Value
			v, err = d.value(f.bytes)
			s.values = append(s.values, v)
		case readingPosition:
			r.Position, err = position(f.bytes)
		default:
			t.set(f)
		}
		if err != nil {
			return err
		}
	}
	if r.Device == "" {
		return errors.New("a reading without a device")
	}
	r.Values = s.values[first:len(s.values):len(s.values)]
	return t.apply(s.base, r)
}

func (t *wireTimes) set(f field) {
	switch f.number {
	case readingArrived:
		t.arrived = protowire.DecodeZigZag(f.varint)
	case readingArrivedNanos:
		t.arrivedNanos = f.varint
	case readingTime:
		t.measured, t.hasMeasured = protowire.DecodeZigZag(f.varint), true
	case readingTimeNanos:
		t.measuredNanos = f.varint
	}
}

func (t *wireTimes) apply(base int64, r *citywatch.Reading) error {
	if t.arrivedNanos >= 1e9 || t.measuredNanos >= 1e9 {
		return errors.New("a second of more than 1e9 nanoseconds")
	}
	arrived := base + t.arrived
	r.Arrived = time.Unix(arrived, int64(t.arrivedNanos)).UTC()
	r.Time = r.Arrived
	if t.hasMeasured {
		r.Time = time.Unix(arrived+t.measured, int64(t.measuredNanos)).UTC()
	}
	return nil
}

func (d *decoder) value(data []byte) (citywatch.Value, error) {
	var v citywatch.Value
	for len(data) > 0 {
		f, rest, err := nextField(data)
		if err != nil {
			return v, err
		}
		data = rest
		switch f.number {
		case valueName:
			v.Name, err = d.lookup(f.varint)
		case valueNumber:
			v.Number = math.Float64frombits(f.varint)
		case valueText:
			v.Text, err = d.lookup(f.varint)
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}

func (d *decoder) lookup(ref uint64) (string, error) {
	if ref >= uint64(len(d.table)) {
		return "", fmt.Errorf("string %d of %d", ref, len(d.table)-1)
	}
	return d.table[ref], nil
}

func position(b []byte) (*orb.Point, error) {
	if len(b) != 16 {
		return nil, fmt.Errorf("a position of %d bytes", len(b))
	}
	return &orb.Point{
		math.Float64frombits(binary.LittleEndian.Uint64(b)),
		math.Float64frombits(binary.LittleEndian.Uint64(b[8:])),
	}, nil
}

// A field is one field of a message: bytes for a length-delimited one, varint
// for every other type.
type field struct {
	number protowire.Number
	varint uint64
	bytes  []byte
}

// fields calls visit for each field of a message, in their order.
func fields(data []byte, visit func(field) error) error {
	for len(data) > 0 {
		f, rest, err := nextField(data)
		if err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
		data = rest
	}
	return nil
}

// nextField reads one field. Fields of types that no field of entry.proto has
// are skipped like unknown ones, as number 0.
func nextField(data []byte) (f field, rest []byte, err error) {
	number, wire, n := protowire.ConsumeTag(data)
	if n < 0 {
		return f, nil, protowire.ParseError(n)
	}
	data = data[n:]
	f.number = number
	switch wire {
	case protowire.VarintType:
		f.varint, n = protowire.ConsumeVarint(data)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(data)
	case protowire.Fixed64Type:
		f.varint, n = protowire.ConsumeFixed64(data)
	default:
		f.number = 0
		n = protowire.ConsumeFieldValue(number, wire, data)
	}
	if n < 0 {
		return f, nil, protowire.ParseError(n)
	}
	return f, data[n:], nil
}

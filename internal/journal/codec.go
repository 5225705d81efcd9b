package journal

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"citywatch"
)

// Field numbers of entry.proto.
const (
	entryVersion = 1
	entryTick    = 2
	entryBatch   = 3

	batchReadingsCount = 1
	batchValuesCount   = 2
	batchBase          = 3
	batchString        = 4
	batchReading       = 5

	readingDevice       = 1
	readingClass        = 2
	readingZone         = 3
	readingSector       = 4
	readingArrived      = 5
	readingArrivedNanos = 6
	readingTime         = 7
	readingTimeNanos    = 8
	readingTimeAssumed  = 9
	readingValue        = 10
	readingPosition     = 11

	valueName   = 1
	valueNumber = 2
	valueText   = 3
)

// wireVersion is the version of entries that this code writes, and the highest
// that it reads.
const wireVersion = 1

// maxBatch is where a batch is cut: the largest message that the journal
// writes, but for a single reading that is larger.
const maxBatch = 512 << 10

// appendEntry appends an entry that holds the batches, each as encodeBatch
// made it.
func appendEntry(b []byte, batches ...[]byte) []byte {
	b = appendUint(b, entryVersion, wireVersion)
	for _, batch := range batches {
		b = appendBytes(b, entryBatch, batch)
	}
	return b
}

// appendTick appends an entry that is a tick of the clock.
func appendTick(b []byte, at time.Time) []byte {
	b = appendUint(b, entryVersion, wireVersion)
	return appendUint(b, entryTick, protowire.EncodeZigZag(at.UnixNano()))
}

// An encoder writes batches. It is reused, with its buffer and its string
// table, through encoders.
type encoder struct {
	buf     []byte
	strings map[string]uint64
	refs    []valueRefs // of the reading being written
	// class, zone and sector are the last that were looked up: neighbours in
	// a batch are often of the same kind, and comparing a string with itself
	// costs nothing.
	class, zone, sector lastString
	names               []lastString // by the value's place in the reading
}

type valueRefs struct{ name, text uint64 }

type lastString struct {
	s   string
	ref uint64
}

// encoders keeps encoders, and with them grown buffers, for the next append.
var encoders = sync.Pool{New: func() any { return &encoder{strings: make(map[string]uint64, 64)} }}

// release gives the encoder back. Its buffer must not be used any more.
func (e *encoder) release() {
	if cap(e.buf) > 2*maxBatch {
		return
	}
	encoders.Put(e)
}

// encodeBatch writes as many of the readings as fit into one batch, at least
// one, into e.buf, and returns how many.
func (e *encoder) encodeBatch(readings []citywatch.Reading) (int, error) {
	e.reset()
	values := 0
	for i := range readings {
		if readings[i].Device == "" {
			return 0, errors.New("journal: a reading without a device")
		}
		values += len(readings[i].Values)
	}
	base := readings[0].Arrived.Unix()
	e.buf = appendUint(e.buf, batchReadingsCount, uint64(len(readings)))
	e.buf = appendUint(e.buf, batchValuesCount, uint64(values))
	e.buf = appendUint(e.buf, batchBase, protowire.EncodeZigZag(base))
	for i := range readings {
		before := len(e.buf)
		e.appendReading(&readings[i], base)
		if len(e.buf) > maxBatch && i > 0 {
			e.buf = e.buf[:before]
			return i, nil
		}
	}
	return len(readings), nil
}

func (e *encoder) reset() {
	e.buf = e.buf[:0]
	clear(e.strings)
	e.class, e.zone, e.sector = lastString{}, lastString{}, lastString{}
	clear(e.names)
}

// appendReading writes the strings that the reading is the first to need, and
// the reading.
func (e *encoder) appendReading(r *citywatch.Reading, base int64) {
	class, zone, sector := e.cached(&e.class, r.Class), e.cached(&e.zone, r.Zone), e.cached(&e.sector, r.Sector)
	e.refs = e.refs[:0]
	for i := range r.Values {
		if i == len(e.names) {
			e.names = append(e.names, lastString{})
		}
		e.refs = append(e.refs, valueRefs{name: e.cached(&e.names[i], r.Values[i].Name), text: e.ref(r.Values[i].Text)})
	}

	b, start := openMessage(e.buf, batchReading)
	b = protowire.AppendTag(b, readingDevice, protowire.BytesType)
	b = protowire.AppendString(b, r.Device)
	b = appendUint(b, readingClass, class)
	b = appendUint(b, readingZone, zone)
	b = appendUint(b, readingSector, sector)
	b = appendReadingTimes(b, r, base)
	for i := range r.Values {
		b = appendValue(b, e.refs[i], r.Values[i].Number)
	}
	if r.Position != nil {
		b = protowire.AppendTag(b, readingPosition, protowire.BytesType)
		b = protowire.AppendVarint(b, 16)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.Position[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.Position[1]))
	}
	e.buf = closeMessage(b, start)
}

func appendReadingTimes(b []byte, r *citywatch.Reading, base int64) []byte {
	arrived := r.Arrived.Unix()
	b = appendUint(b, readingArrived, protowire.EncodeZigZag(arrived-base))
	b = appendUint(b, readingArrivedNanos, uint64(r.Arrived.Nanosecond()))
	if measured, nanos := r.Time.Unix(), r.Time.Nanosecond(); measured != arrived || nanos != r.Arrived.Nanosecond() {
		b = protowire.AppendTag(b, readingTime, protowire.VarintType)
		b = protowire.AppendVarint(b, protowire.EncodeZigZag(measured-arrived))
		b = appendUint(b, readingTimeNanos, uint64(nanos))
	}
	if r.TimeAssumed {
		b = appendUint(b, readingTimeAssumed, 1)
	}
	return b
}

func appendValue(b []byte, refs valueRefs, number float64) []byte {
	b, start := openMessage(b, readingValue)
	b = appendUint(b, valueName, refs.name)
	if refs.text != 0 {
		b = appendUint(b, valueText, refs.text)
	} else if bits := math.Float64bits(number); bits != 0 {
		b = protowire.AppendTag(b, valueNumber, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, bits)
	}
	return closeMessage(b, start)
}

// cached is ref with the last answer remembered.
func (e *encoder) cached(last *lastString, s string) uint64 {
	if last.s == s {
		return last.ref
	}
	*last = lastString{s, e.ref(s)}
	return last.ref
}

// ref returns the number of s in the batch's table, and writes s to the batch
// the first time.
func (e *encoder) ref(s string) uint64 {
	if s == "" {
		return 0
	}
	if ref, ok := e.strings[s]; ok {
		return ref
	}
	ref := uint64(len(e.strings) + 1)
	e.strings[s] = ref
	e.buf = protowire.AppendTag(e.buf, batchString, protowire.BytesType)
	e.buf = protowire.AppendString(e.buf, s)
	return ref
}

// appendUint appends a varint field, or nothing for the default 0.
func appendUint(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return protowire.AppendVarint(b, v)
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendBytes(b, v)
}

// openMessage starts a message within a message, leaving one byte for its
// length: nearly all of them are shorter than 128 bytes.
func openMessage(b []byte, field protowire.Number) (_ []byte, start int) {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = append(b, 0)
	return b, len(b)
}

// closeMessage fills in the length, and makes room where one byte was not
// enough.
func closeMessage(b []byte, start int) []byte {
	size := uint64(len(b) - start)
	if more := protowire.SizeVarint(size) - 1; more > 0 {
		b = slices.Insert(b, start, make([]byte, more)...)
	}
	protowire.AppendVarint(b[:start-1], size)
	return b
}

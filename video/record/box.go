package record

import (
	"encoding/binary"
	"errors"
	"iter"
)

// A boxWriter appends MP4 boxes to a buffer.
type boxWriter struct{ b []byte }

// open begins a box and returns where, for close.
func (w *boxWriter) open(kind string) int {
	at := len(w.b)
	w.b = append(w.b, 0, 0, 0, 0)
	w.b = append(w.b, kind...)
	return at
}

// full begins a box with a version and flags.
func (w *boxWriter) full(kind string, version byte, flags uint32) int {
	at := w.open(kind)
	w.u32(uint32(version)<<24 | flags)
	return at
}

// close ends the box that began at.
func (w *boxWriter) close(at int) {
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}

func (w *boxWriter) u8(v byte)         { w.b = append(w.b, v) }
func (w *boxWriter) u16(v uint16)      { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *boxWriter) u32(v uint32)      { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *boxWriter) u64(v uint64)      { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *boxWriter) bytes(data []byte) { w.b = append(w.b, data...) }
func (w *boxWriter) text(s string)     { w.b = append(w.b, s...) }

// zeros appends n bytes of reserved space.
func (w *boxWriter) zeros(n int) {
	for range n {
		w.b = append(w.b, 0)
	}
}

// matrix appends the one that leaves pictures as they are.
func (w *boxWriter) matrix() {
	for _, v := range [9]uint32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000} {
		w.u32(v)
	}
}

// errBox is a box that ends before it should, or after what holds it.
var errBox = errors.New("not a whole MP4 box")

// A box is one within another.
type box []byte // with its header of 8 bytes

func (b box) is(kind string) bool { return string(b[4:8]) == kind }

func (b box) body() []byte { return b[8:] }

// eachBox yields the boxes that data consists of.
func eachBox(data []byte) iter.Seq2[box, error] {
	return func(yield func(box, error) bool) {
		for len(data) > 0 {
			if len(data) < 8 {
				yield(nil, errBox)
				return
			}
			size := int64(binary.BigEndian.Uint32(data))
			if size < 8 || size > int64(len(data)) {
				yield(nil, errBox)
				return
			}
			if !yield(data[:size], nil) {
				return
			}
			data = data[size:]
		}
	}
}

// find returns the body of the first box at the end of a path of kinds.
func find(data []byte, path ...string) ([]byte, bool) {
	for _, kind := range path {
		found := false
		for b, err := range eachBox(data) {
			if err != nil {
				return nil, false
			}
			if b.is(kind) {
				data, found = b.body(), true
				break
			}
		}
		if !found {
			return nil, false
		}
	}
	return data, true
}

// A fieldReader takes numbers off a box. What is missing reads as 0 and sets
// short.
type fieldReader struct {
	b     []byte
	short bool
}

func (r *fieldReader) take(n int) []byte {
	if len(r.b) < n {
		r.short, r.b = true, nil
		return make([]byte, n)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *fieldReader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *fieldReader) u64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

// full returns the version and the flags.
func (r *fieldReader) full() (version byte, flags uint32) {
	v := r.u32()
	return byte(v >> 24), v & 0xffffff
}

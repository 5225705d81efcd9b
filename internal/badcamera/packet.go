package badcamera

import "encoding/binary"

// maxPayload is small, so that key frames come in several packets.
const maxPayload = 500

const (
	videoType = 96
	audioType = 97
)

// A packet is one of RTP, and not always a sound one.
type packet struct {
	flags     byte // or-ed into the first byte
	marker    bool
	kind      byte // payload type
	number    uint16
	time      uint32
	source    uint32
	payload   []byte
	extension []byte // put between header and payload as it is
}

func (p *packet) bytes() []byte {
	b := make([]byte, 12, 12+len(p.extension)+len(p.payload))
	b[0] = 0x80 | p.flags
	b[1] = p.kind & 0x7f
	if p.marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], p.number)
	binary.BigEndian.PutUint32(b[4:], p.time)
	binary.BigEndian.PutUint32(b[8:], p.source)
	return append(append(b, p.extension...), p.payload...)
}

// payloads returns the NAL unit as one payload or as several fragments.
func (f *Film) payloads(nal []byte) [][]byte {
	if len(nal) <= maxPayload {
		return [][]byte{nal}
	}
	head, rest := f.fragmentHead(nal)
	var out [][]byte
	for first := true; len(rest) > 0; first = false {
		n := min(maxPayload, len(rest))
		flags := byte(0)
		if first {
			flags |= 0x80
		}
		if n == len(rest) {
			flags |= 0x40
		}
		fragment := append([]byte{}, head...)
		fragment[len(head)-1] |= flags
		out = append(out, append(fragment, rest[:n]...))
		rest = rest[n:]
	}
	return out
}

// fragmentHead returns what each fragment of the NAL unit begins with, and what
// there is to fragment.
func (f *Film) fragmentHead(nal []byte) (head, rest []byte) {
	if f.Codec == "H265" {
		return []byte{nal[0]&0x81 | 49<<1, nal[1], f.kind(nal)}, nal[2:]
	}
	return []byte{nal[0]&0xe0 | 28, f.kind(nal)}, nal[1:]
}

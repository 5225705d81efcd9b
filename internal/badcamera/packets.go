package badcamera

import "slices"

// A flaw is a way for the payload of packets to be wrong.
type flaw struct {
	name, about string
	film        string
	// spoil returns what is sent instead of the packets of one frame.
	spoil func(s *stream, sound []*packet) []*packet
}

// payload is a flaw with one payload for a whole frame.
func payload(name, about, film string, b ...byte) flaw {
	return flaw{name, about, film, func(_ *stream, sound []*packet) []*packet {
		p := sound[0]
		p.payload, p.marker = b, true
		return sound[:1]
	}}
}

// flaws are what can be wrong with packets. Each is met in every frame, and in
// some between others that are sound.
func flaws() []flaw {
	return []flaw{
		payload("fu-a-one-byte", "a FU-A of one byte", "", 0x7c),
		payload("fu-a-empty", "a FU-A of two bytes", "", 0x7c, 0xc5),
		payload("stap-a-empty", "a STAP-A of one byte", "", 0x78),
		payload("stap-a-long", "a STAP-A that says more than it holds", "", 0x78, 0xff, 0xff, 0x65, 0x88),
		payload("stap-a-zero", "a STAP-A of units of no length", "", 0x78, 0, 0, 0, 0, 0, 0),
		payload("nal-reserved", "a NAL unit of a reserved kind", "", 0x7f, 1, 2, 3),
		payload("nal-one-byte", "a key frame of one byte", "", 0x65),
		payload("fu-h265-one-byte", "a FU of H.265 of one byte", filmNLP, 0x62),
		payload("fu-h265-two-bytes", "a FU of H.265 of two bytes", filmNLP, 0x62, 0x01),
		payload("ap-h265-short", "an aggregation of H.265 that ends too soon", filmNLP, 0x60, 0x01, 0x00, 0x10, 0x26),
		{"fu-a-no-start", "a FU-A without a start", "", fragments(func(b byte) byte { return b &^ 0x80 })},
		{"fu-a-no-end", "a FU-A without an end", "", fragments(func(b byte) byte { return b &^ 0x40 })},
		{"padding-bad", "more padding than packet", "", func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.flags |= 0x20
				p.payload = append(slices.Clip(p.payload[:min(200, len(p.payload))]), 0xff)
			}
			return sound
		}},
		{"extension-bad", "a header extension longer than the packet", "", func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.flags |= 0x10
				p.extension = []byte{0xbe, 0xde, 0xff, 0xff}
			}
			return sound
		}},
		{"packet-noise", "packets of noise", "", func(s *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.payload = make([]byte, 1+s.chaos.IntN(200))
				for i := range p.payload {
					p.payload[i] = byte(s.chaos.Uint32())
				}
				if p.payload[0]&0x1f == 5 {
					p.payload[0]++ // what by chance is a key frame would be one
				}
			}
			return sound
		}},
		{"payload-type", "packets of a type that was not named", "", func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.kind = 35
			}
			return sound
		}},
	}
}

// fragments changes the flags of a frame's fragments. What is small goes in one
// piece, and is left out.
func fragments(change func(byte) byte) func(*stream, []*packet) []*packet {
	return func(s *stream, sound []*packet) []*packet {
		sound = slices.DeleteFunc(sound, func(p *packet) bool { return p.payload[0]&0x1f != 28 })
		for _, p := range sound {
			p.payload[1] = change(p.payload[1])
		}
		return s.renumber(sound)
	}
}

// packets are the cases in which the packets are bad.
func packets() []Case {
	var cases []Case
	for _, f := range flaws() {
		cases = append(cases, fails(f.name, f.about, noVideo, how{film: f.film, packets: f.spoil}))
	}
	for _, f := range flaws() {
		cases = append(cases, works(f.name+"-some", f.about+", in some frames", how{film: f.film, packets: func(s *stream, sound []*packet) []*packet {
			if s.place%5 != 3 {
				return sound
			}
			return s.renumber(f.spoil(s, sound))
		}}))
	}
	return append(cases,
		works("packets-lost", "each fortieth packet is missing", how{packets: func(_ *stream, sound []*packet) []*packet {
			return slices.DeleteFunc(sound, func(p *packet) bool { return p.number%40 == 7 })
		}}),
		works("packets-twice", "each packet comes twice", how{packets: func(_ *stream, sound []*packet) []*packet {
			var twice []*packet
			for _, p := range sound {
				twice = append(twice, p, p)
			}
			return twice
		}}),
		works("packets-swapped", "packets come in another order, over UDP", how{udp: true, packets: func(_ *stream, sound []*packet) []*packet {
			for i := 1; i < len(sound); i += 2 {
				sound[i-1], sound[i] = sound[i], sound[i-1]
			}
			return sound
		}}),
		works("bits-flip", "a bit of some packets is wrong", how{packets: func(s *stream, sound []*packet) []*packet {
			p := sound[s.chaos.IntN(len(sound))]
			p.payload = slices.Clone(p.payload)
			p.payload[s.chaos.IntN(len(p.payload))] ^= 1 << s.chaos.IntN(8)
			return sound
		}}),
		works("source-changes", "its source and its numbers change", how{later: func(s *stream) {
			s.source++
			s.number += 1000
		}}),
		breaks("type-changes", "its packets come to be of another type", noVideo, how{later: func(s *stream) { s.kind = 35 }}),
	)
}

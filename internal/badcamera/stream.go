package badcamera

import (
	"math/rand/v2"
	"time"
)

// A stream is the packets that follow PLAY. Its fields may be changed by the
// case between frames.
type stream struct {
	*talk
	film  *Film
	began time.Time
	chaos *rand.Rand // the same each time

	place  int    // of the frame, from 0
	number uint16 // of the next packet
	kind   byte
	source uint32
	offset uint32 // of its time
	rounds int    // through the film
	heard  uint16 // number of the next packet of sound

	mute     bool // sends nothing
	happened bool // what the case does in the midst
}

func newStream(t *talk) *stream {
	return &stream{
		talk: t, film: t.o.Films[t.film()], began: time.Now(),
		chaos: rand.New(rand.NewPCG(1, 2)),
		kind:  videoType, source: 0xC0FFEE, number: 65500, offset: 90000,
	}
}

func (s *stream) run() {
	if s.how.begin != nil {
		s.how.begin(s)
	}
	for due := s.began; ; due = due.Add(time.Second / Rate) {
		if !s.sleep(time.Until(due)) {
			return
		}
		if s.how.later != nil && !s.happened && time.Since(s.began) >= s.o.After {
			s.happened = true
			s.how.later(s)
		}
		if err := s.next(); err != nil {
			return
		}
	}
}

// next sends one frame.
func (s *stream) next() error {
	if s.mute {
		return nil
	}
	packets := s.pack(s.frame())
	if s.how.packets != nil {
		packets = s.how.packets(s, packets)
	}
	s.place++
	if s.place == len(s.film.Frames) {
		s.place = 0
		s.rounds++
	}
	for _, p := range packets {
		if err := s.send(0, p.bytes()); err != nil && s.udp == nil {
			return err
		}
	}
	if s.how.beside != nil {
		return s.how.beside(s)
	}
	return nil
}

func (s *stream) frame() *Frame { return &s.film.Frames[s.place] }

// pack returns the packets of a frame.
func (s *stream) pack(f *Frame) []*packet {
	shown := s.rounds*len(s.film.Frames) + f.Show
	at := s.offset + uint32(shown)*(90000/Rate)
	var packets []*packet
	for _, nal := range f.NALs {
		if s.how.noSets && s.film.isSet(nal) {
			continue
		}
		if s.how.nal != nil {
			nal = s.how.nal(s, nal)
		}
		for _, payload := range s.film.payloads(nal) {
			packets = append(packets, s.packet(at, payload))
		}
	}
	if len(packets) > 0 {
		packets[len(packets)-1].marker = true
	}
	return packets
}

func (s *stream) packet(at uint32, payload []byte) *packet {
	p := &packet{kind: s.kind, number: s.number, time: at, source: s.source, payload: payload}
	s.number++
	return p
}

// renumber gives the packets the numbers in a row that the first one has.
func (s *stream) renumber(packets []*packet) []*packet {
	if len(packets) == 0 {
		return nil
	}
	first := packets[0].number
	for i, p := range packets {
		p.number = first + uint16(i)
	}
	s.number = first + uint16(len(packets))
	return packets
}

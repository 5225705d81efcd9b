package badcamera

import (
	"bytes"
	"net"
	"strings"
	"time"
)

// streams are the cases in which the stream as a whole is bad.
func streams() []Case {
	then := func(change func(s *stream)) how { return how{later: change} }
	return []Case{
		fails("silent-after-play", "agrees to send, and sends nothing", noVideo, how{begin: func(s *stream) { s.mute = true }}),
		fails("slow-loris-stream", "sends one byte of its stream a second", noVideo, how{begin: func(s *stream) {
			var b []byte
			for _, p := range s.pack(s.frame()) {
				b = append(append(b, '$', 0, byte((12+len(p.payload))>>8), byte(12+len(p.payload))), p.bytes()...)
			}
			_ = s.drip(b, 1, time.Second)
		}}),
		breaks("freezes", "sends no more, and stays connected", noVideo, then(func(s *stream) { s.mute = true })),
		breaks("still", "sends the same key frame again and again", frozen, how{
			packets: func(s *stream, sound []*packet) []*packet {
				s.place = -1
				s.offset += 90000 / Rate
				return sound
			},
		}),
		breaks("killed", "is killed, and stays away", unreachable, then(func(s *stream) { s.fallFor(time.Hour) })),
		works("restarted", "is killed, and comes back", then(func(s *stream) { s.fallFor(time.Second) })),
		breaks("tears-down", "ends each session itself", unreachable, then(func(s *stream) {
			_ = s.write([]byte("TEARDOWN rtsp://" + s.o.Addr + "/ RTSP/1.0\r\nCSeq: 1\r\nSession: 12345678\r\n\r\n"))
			s.mute = true
		})),
		breaks("breaks-off", "closes each session after a few seconds", unreachable, then(func(s *stream) { s.conn.Close() })),
		works("asks", "sends requests itself", how{beside: func(s *stream) error {
			return s.write([]byte("OPTIONS rtsp://" + s.o.Addr + "/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"))
		}}),
		fails("asks-only", "asks and asks, and takes no answer", noVideo, how{answer: on("PLAY", func(t *talk, a *answer) {
			if tcp, ok := t.conn.(*net.TCPConn); ok {
				_ = tcp.SetReadBuffer(4 << 10)
			}
			_ = t.write(a.bytes())
			a.silent, a.last = true, true
			question := "OPTIONS rtsp://" + t.o.Addr + "/ RTSP/1.0\r\nCSeq: " + strings.Repeat("7", 2000) + "\r\n\r\n"
			for t.write([]byte(question)) == nil {
			}
		})}),
		works("channel-unknown", "sends 64 KiB on channels nobody asked for", how{beside: func(s *stream) error {
			if s.place != 1 {
				return nil
			}
			return s.write(append([]byte{'$', 0xfe, 0xff, 0xff}, make([]byte, 0xffff)...))
		}}),
		breaks("length-absurd", "its frames come to say that they are longer than they are", noVideo, how{beside: func(s *stream) error {
			if time.Since(s.began) < s.o.After {
				return nil
			}
			return s.write([]byte{'$', 0, 0x40, 0, 0x80, videoType})
		}}),
		fails("frame-early", "sends before it has answered", unreachable, how{answer: on("DESCRIBE", func(_ *talk, a *answer) {
			a.raw = "$\xff\xff\xff" + string(bytes.Repeat([]byte{0x80}, 0xffff))
		})}),
		works("rtcp-noise", "its reports are noise", how{beside: func(s *stream) error {
			noise := make([]byte, 4+s.chaos.IntN(64))
			for i := range noise {
				noise[i] = byte(s.chaos.Uint32())
			}
			noise[0], noise[1] = 0x80|noise[0]&0x3f, 200+noise[1]%8 // of a known kind
			return s.send(1, noise)
		}}),
		works("rtcp-bye", "says goodbye, and goes on", then(func(s *stream) {
			_ = s.send(1, []byte{0x81, 203, 0, 1, 0, 0xC0, 0xFF, 0xEE})
		})),
		works("aac-lies", "its sound lies about its lengths", sound(func(s *stream) []byte {
			lies := [][]byte{{}, {0}, {0, 16}, {0xff, 0xff}, {0, 16, 0xff, 0xf8, 1}, {0, 15, 0, 8, 1}, {0, 32, 0, 8, 0, 0}, {0, 0, 1, 2, 3}, {0, 17, 0, 8, 1}}
			return lies[s.heard%uint16(len(lies))]
		})),
		works("aac-endless", "a frame of its sound never ends", sound(func(*stream) []byte {
			return append([]byte{0, 16, 0xff, 0xf8}, make([]byte, 1400)...)
		})),
	}
}

// sound adds AAC to the stream, of these payloads.
func sound(payload func(s *stream) []byte) how {
	return how{
		sdp: func(text string) string {
			return text + "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/44100/1\r\n" +
				"a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1208;sizelength=13;indexlength=3;indexdeltalength=3\r\na=control:trackID=1\r\n"
		},
		beside: func(s *stream) error {
			p := packet{kind: audioType, marker: s.heard%2 == 0, number: s.heard, time: uint32(s.heard) * 4410, source: 7, payload: payload(s)}
			s.heard++
			return s.send(2, p.bytes())
		},
	}
}

// times are the cases in which the camera's time is bad.
func times() []Case {
	then := func(change func(s *stream)) how { return how{later: change} }
	return []Case{
		works("time-forward", "its time jumps three hours forward", then(func(s *stream) { s.offset += 3 * 3600 * 90000 })),
		works("time-backward", "its time jumps half an hour back", then(func(s *stream) { s.offset -= 1800 * 90000 })),
		works("time-wraps", "the 32 bits of its time wrap", how{begin: func(s *stream) { s.offset = 1<<32 - 2*90000 }}),
		works("time-stands", "its time stands still", how{packets: func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.time = 4711
			}
			return sound
		}}),
		works("time-random", "its time is random", how{packets: func(s *stream, sound []*packet) []*packet {
			at := s.chaos.Uint32()
			for _, p := range sound {
				p.time = at
			}
			return sound
		}}),
	}
}

// pictures are the cases in which what it sends is sound, or nearly, and not
// everyday.
func pictures() []Case {
	return []Case{
		works("b-frames", "B-frames", how{film: filmB}),
		works("four-slices", "four slices a frame", how{film: filmSlices}),
		works("four-slices-marked", "four slices a frame, each marked as the last", how{film: filmSlices, packets: func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.marker = p.marker || len(p.payload) < maxPayload
			}
			return sound
		}}),
		works("cra-only", "H.265 whose key frames are all CRA", how{film: filmCRA}),
		works("idr-n-lp", "H.265 whose key frames are all IDR_N_LP", how{film: filmNLP}),
		works("no-sprop", "parameter sets only in the stream", how{noSprop: true}),
		works("no-sprop-h265", "the same of H.265", how{film: filmNLP, noSprop: true}),
		works("sprop-only", "parameter sets only in the description", how{noSets: true}),
		fails("no-sets", "no parameter sets at all", noVideo, how{noSprop: true, noSets: true}),
		fails("no-sets-h265", "the same of H.265", noVideo, how{film: filmNLP, noSprop: true, noSets: true}),
		works("size-changes", "the size changes every four seconds", how{film: filmTwoSize}),
		works("key-frame-a-minute", "one key frame a minute", how{film: filmLong}),
		works("key-frame-late", "the first key frame comes after 12 s", how{film: filmLong, packets: func(s *stream, sound []*packet) []*packet {
			switch {
			case s.happened:
			case time.Since(s.began) >= 4*s.o.After:
				s.happened = true
				s.place = -1
				s.offset += 120 * 90000
			case s.place == 0:
				return nil
			}
			return sound
		}}),
		fails("sps-short", "an SPS of four bytes", noVideo, replaceSPS([]byte{0x67, 0x42, 0x00, 0x0a})),
		fails("sps-noise", "an SPS of noise", noVideo, replaceSPS(append([]byte{0x67}, bytes.Repeat([]byte{0xff, 0x5a}, 100)...))),
		fails("sps-no-size", "an SPS of a picture without a size", noVideo, replaceSPS(spsOf(1, 1, true))),
		fails("sps-huge", "an SPS of a picture of 65520 × 65520", noVideo, replaceSPS(spsOf(4095, 4095, false))),
	}
}

// replaceSPS has the stream's SPS be another; the description has none.
func replaceSPS(sps []byte) how {
	return how{noSprop: true, nal: func(s *stream, nal []byte) []byte {
		if s.film.kind(nal) == 7 {
			return sps
		}
		return nal
	}}
}

// spsOf returns an SPS of H.264's baseline profile, of so many macroblocks; if
// cropped, nothing of them is shown.
func spsOf(width, height uint, cropped bool) []byte {
	w := &bitWriter{}
	for _, v := range []uint{0, 0, 2, 1} { // id, frame numbers, order of showing, references
		w.golomb(v)
	}
	w.bit(0)
	w.golomb(width - 1)
	w.golomb(height - 1)
	w.bit(1) // frames only
	w.bit(0)
	if cropped {
		w.bit(1)
		for _, v := range []uint{4, 4, 4, 4} {
			w.golomb(v)
		}
	} else {
		w.bit(0)
	}
	w.bit(0) // no VUI
	w.bit(1) // the end
	return append([]byte{0x67, 66, 0, 30}, w.bytes...)
}

// A bitWriter writes bits, the highest first.
type bitWriter struct {
	bytes []byte
	used  int // bits
}

func (w *bitWriter) bit(b uint) {
	if w.used%8 == 0 {
		w.bytes = append(w.bytes, 0)
	}
	w.bytes[w.used/8] |= byte(b&1) << (7 - w.used%8)
	w.used++
}

func (w *bitWriter) golomb(v uint) {
	v++
	length := 0
	for v>>length > 1 {
		length++
	}
	for range length {
		w.bit(0)
	}
	for i := length; i >= 0; i-- {
		w.bit(v >> i)
	}
}

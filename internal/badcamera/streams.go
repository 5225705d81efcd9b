package badcamera

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"time"
)

// streams are the cases in which the stream as a whole is bad.
func streams() []Case {
	return slices.Concat(stops(), ends(), interruptions(), companions())
}

// then is a how in which something happens in the midst of the stream.
func then(change func(s *stream)) how { return how{later: change} }

// stops are those in which nothing new comes.
func stops() []Case {
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
	}
}

// ends are those in which the session ends.
func ends() []Case {
	return []Case{
		breaks("killed", "is killed, and stays away", unreachable, then(func(s *stream) { s.fallFor(time.Hour) })),
		works("restarted", "is killed, and comes back", then(func(s *stream) { s.fallFor(time.Second) })),
		breaks("tears-down", "ends each session itself", unreachable, then(func(s *stream) {
			_ = s.write([]byte("TEARDOWN rtsp://" + s.o.Addr + "/ RTSP/1.0\r\nCSeq: 1\r\nSession: 12345678\r\n\r\n"))
			s.mute = true
		})),
		breaks("breaks-off", "closes each session after a few seconds", unreachable, then(func(s *stream) { s.conn.Close() })),
	}
}

// interruptions are those in which something comes between the packets.
func interruptions() []Case {
	return []Case{
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
	}
}

// companions are those about what comes beside the pictures.
func companions() []Case {
	return []Case{
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

package rtsp

import (
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/sdpunmarshaler"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"

	"citywatch/video"
)

// A checker is a sink that knows what a sink is promised.
type checker struct {
	t      *testing.T
	tracks []video.Track
	dts    [2]time.Duration
	begun  bool
}

func (c *checker) Tracks(tracks []video.Track) { c.tracks = tracks }

func (c *checker) Lost(n int) {
	if n <= 0 {
		c.t.Fatalf("Lost(%d)", n)
	}
}

func (c *checker) Unit(u video.Unit) {
	track := c.tracks[u.Track]
	if !c.begun && !u.Key || u.DTS > u.PTS || u.DTS < c.dts[u.Track] || len(u.Data) == 0 {
		c.t.Fatalf("begun %v, %+v after %v", c.begun, u, c.dts[u.Track])
	}
	c.begun = true
	c.dts[u.Track] = u.DTS
	if track.Codec != video.H264 && track.Codec != video.H265 {
		return
	}
	if track.Width < 16 || track.Height < 16 || len(track.SPS) == 0 || len(track.PPS) == 0 {
		c.t.Fatalf("a unit of %+v", track)
	}
	pictures := 0
	for _, nal := range u.Data {
		if len(nal) < 2 || nal[0]&0x80 != 0 {
			c.t.Fatalf("NAL unit %x", nal)
		}
		if t := nal[0] & 0x1f; track.Codec == video.H264 && (t == 1 || t == 5) || track.Codec == video.H265 && nal[0]>>1&0x3f < 32 {
			pictures++
		}
	}
	if pictures == 0 {
		c.t.Fatal("a unit without a picture")
	}
}

// fuzzFormats are what FuzzPackets has packets of.
func fuzzFormats() []format.Format {
	config := &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 1}
	return []format.Format{
		&format.H264{PayloadTyp: 96, PacketizationMode: 1},
		&format.H265{PayloadTyp: 96},
		&format.MJPEG{},
		&format.MPEG4Audio{PayloadTyp: 96, Config: config, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3},
	}
}

// FuzzPackets sends anything as packets of each codec: what comes out is what
// a sink is promised, and nothing panics.
func FuzzPackets(f *testing.F) {
	// codec, then packets: length, number, time, marker, payload.
	seed := func(codec byte, payloads ...[]byte) {
		data := []byte{codec}
		for i, p := range payloads {
			data = append(data, byte(len(p)), byte(i), byte(i), 1)
			data = append(data, p...)
		}
		f.Add(data)
	}
	sps := []byte{0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x47, 0xfe, 0x88}
	seed(0, sps, []byte{0x68, 0xce, 0x38, 0x80}, []byte{0x65, 0x88, 0x84}, []byte{0x41, 0x9a}, []byte{0x7c, 0x85}, []byte{0x7c}, []byte{0x78})
	seed(0, []byte{0x7c, 0x85, 0x88}, []byte{0x7c, 0x05, 0x88}, []byte{0x7c, 0x45, 0x88}, []byte{0x78, 0, 0})
	seed(1, []byte{0x26, 1, 0xaf}, []byte{0x62, 1}, []byte{0x62, 1, 0x93, 0xaf}, []byte{0x60, 1, 0, 2, 0x40, 1})
	seed(2, []byte{0, 0, 0, 0, 1, 80, 40, 30, 0xff, 0xd9})
	seed(3, []byte{0, 16, 0, 8, 0xff}, []byte{0, 16, 0xff, 0xff}, []byte{0xff, 0xff, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		forma := fuzzFormats()[int(data[0])%4]
		data = data[1:]
		track, ok := trackOf(forma)
		if !ok {
			t.Fatalf("%T is not carried", forma)
		}
		at := time.Unix(1_800_000_000, 0)
		s, err := newStream([]offer{{format: forma, track: track}}, &checker{t: t}, at)
		if err != nil {
			t.Fatal(err)
		}
		s.announce()
		for len(data) >= 4 {
			n := min(int(data[0]), len(data)-4)
			p := &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(data[1]), Timestamp: uint32(data[2]) * 3600, Marker: data[3]&1 != 0}}
			p.Payload = data[4 : 4+n]
			at = at.Add(10 * time.Millisecond)
			s.receive(0, packet{Packet: p, pts: int64(p.Timestamp), timed: true, at: at})
			data = data[4+n:]
		}
	})
}

// FuzzDescription has a camera describe itself in any way.
func FuzzDescription(f *testing.F) {
	f.Add([]byte(sdpH264))
	f.Add([]byte(sdpH264 + "m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/48000/2\na=fmtp:97 config=zz\n"))
	f.Add([]byte("v=0\ns=-\nt=0 0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=fmtp:96 sprop-sps=QgE=; sprop-pps=RA==\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		mended := mend(data)
		if len(mended) > len(data) {
			t.Fatalf("%d bytes became %d", len(data), len(mended))
		}
		session, err := sdpunmarshaler.Unmarshal(mended)
		if err != nil {
			return
		}
		var desc description.Session
		if desc.Unmarshal2(session) != nil {
			return
		}
		offers := choose(&desc, &notes{})
		if len(offers) > 2 {
			t.Fatalf("%d offers", len(offers))
		}
		if len(offers) > 0 {
			_, _ = newStream(offers, &checker{t: t}, time.Now())
		}
	})
}

// TestBoundedMemory has a camera that never ends what it began.
func TestBoundedMemory(t *testing.T) {
	for name, payload := range map[string][]byte{
		"fragments of nothing": {0x7c, 0x05},
		"fragments":            append([]byte{0x7c, 0x05}, make([]byte, 1400)...),
		"slices":               append([]byte{0x41, 0x9a}, make([]byte, 1400)...),
	} {
		for _, moving := range []bool{false, true} {
			cam := newCamera(t, video.H264)
			r := newReader(t, cam)
			d := r.decoders[0].(*pictures)
			begin := []byte{0x7c, 0x85, 0x88}
			for i := range 3 * maxUnitPackets {
				p := &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i)}, Payload: payload}
				if i == 0 {
					p.Payload = begin
				}
				if moving {
					p.Timestamp = uint32(i)
				}
				r.receive(0, packet{Packet: p, timed: true, at: cam.at})
				if d.bytes > maxUnitBytes+2000 || d.packets > maxUnitPackets+1 && !d.damaged || len(d.unit.nals) > maxUnitNALs {
					t.Fatalf("%s: after %d packets it holds %d bytes of %d packets, %d NAL units", name, i, d.bytes, d.packets, len(d.unit.nals))
				}
			}
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	cam := newCamera(b, video.H264)
	packets := cam.film(encode(b, video.H264, 50, "-preset", "ultrafast", "-g", "25", "-bf", "0", "-b:v", "2M"))
	r := &reader{format: cam.format}
	track, _ := trackOf(cam.format)
	r.times.Initialize()
	r.stream, _ = newStream([]offer{{format: cam.format, track: track}}, nullSink{}, cam.at)
	var bytes int64
	for _, p := range packets {
		bytes += int64(len(p.Payload))
	}
	b.SetBytes(bytes / 50)
	b.ReportAllocs()
	number := uint16(0)
	for i := 0; b.Loop(); i++ { // one frame each
		for range len(packets) / 50 {
			p := packets[int(number)%len(packets)]
			q := *p.Packet
			q.SequenceNumber = number
			number++
			p.Packet = &q
			r.read([]packet{p})
		}
	}
}

type nullSink struct{}

func (nullSink) Tracks([]video.Track) {}
func (nullSink) Unit(video.Unit)      {}
func (nullSink) Lost(int)             {}

package live

import (
	"testing"
	"time"

	"citywatch/video"

	"github.com/deepch/vdk/av"
	"github.com/deepch/vdk/format/mp4f"
)

// frameSize is that of a frame at 2 Mbit/s and 25 a second.
const frameSize = 10_000

func benchTrack() *video.Track {
	return &video.Track{
		Codec: video.H264, Width: 320, Height: 180,
		SPS: []byte{0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0c, 0xa3, 0xc5, 0x0a, 0xa8},
		PPS: []byte{0x68, 0xce, 0x0f, 0xc8},
	}
}

// BenchmarkFragment makes fragments of frames of four slices: as muxer does,
// and as mp4f.Muxer would.
func BenchmarkFragment(b *testing.B) {
	const frame = time.Second / 25
	u := video.Unit{Data: make([][]byte, 4)}
	for i := range u.Data {
		u.Data[i] = make([]byte, frameSize/4)
	}
	b.Run("muxer", func(b *testing.B) {
		m := newMuxer(0)
		b.ReportAllocs()
		b.SetBytes(frameSize)
		for b.Loop() {
			u.DTS += frame
			u.PTS = u.DTS
			m.fragment(&u, false)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fragments/s")
	})
	b.Run("WritePacketPrepush", func(b *testing.B) {
		codec, _, err := avc(benchTrack())
		if err != nil {
			b.Fatal(err)
		}
		m := mp4f.NewMuxer(nil)
		if err := m.WriteHeader([]av.CodecData{codec}); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.SetBytes(frameSize)
		for b.Loop() {
			u.DTS += frame
			data := make([]byte, boxHeaderSize+frameSize+4*lengthSize)
			putMediaData(data, u.Data)
			if _, _, err := m.WritePacketPrepush(av.Packet{Data: data[boxHeaderSize:], Time: u.DTS}, frame, false); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fragments/s")
	})
}

// BenchmarkFanOut adds fragments to a stream that 200 viewers read, and counts
// what each of them costs.
func BenchmarkFanOut(b *testing.B) {
	const viewers = 200
	s := &stream{options: Options{}.withDefaults(), metrics: newMetrics(nil)}
	s.begin(Message{Codec: "H264"})
	vs := make([]*Viewer, viewers)
	for i := range vs {
		vs[i] = &Viewer{stream: s, leave: func() {}}
	}
	data, now := make([]byte, frameSize), time.Now()
	ctx := b.Context()
	for _, v := range vs {
		_, _ = v.Next(ctx)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		now = now.Add(40 * time.Millisecond)
		s.add(piece{Message: Message{Data: data, Arrived: now}, key: n%50 == 0})
		n++
		for _, v := range vs {
			if _, err := v.Next(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/viewers, "ns/viewer")
}

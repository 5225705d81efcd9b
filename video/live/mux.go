package live

import (
	"encoding/binary"
	"time"

	"citywatch/video"

	"github.com/deepch/vdk/format/mp4/mp4io"
	"github.com/deepch/vdk/format/mp4f/mp4fio"
)

const (
	// timeScale is what mp4f gives every track of video: ticks a second.
	timeScale = 90_000
	// assumedTicks is how long a frame lasts of which nothing is known yet:
	// that of 25 a second.
	assumedTicks = timeScale / 25
	// longestFrame is how long a frame may last. A longer time between two
	// frames is no frame rate, it is a camera that paused.
	longestFrame = 10 * timeScale

	lengthSize    = 4 // of what stands before each NAL unit
	boxHeaderSize = 8
)

// The flags of a sample (ISO/IEC 14496-12, 8.8.3.1).
const (
	keySample   = 0x02000000 // depends on no other
	otherSample = 0x01010000 // depends on others, and is no sync sample
)

// A muxer makes the fragments of one stream, one per access unit.
//
// It lays mp4f's own boxes out itself. mp4f.Muxer.WritePacketPrepush, given the
// same frames, says of every one of them that decoding can begin there; adds
// up durations that it has rounded down, a third of a millisecond a second at
// 30 frames; and allocates nine times and copies each frame three times where
// one is enough (BenchmarkFragment).
type muxer struct {
	moof mp4fio.MovieFrag
	run  *mp4fio.TrackFragRun
	at   *mp4fio.TrackFragDecodeTime
	head *mp4fio.MovieFragHeader
	size int // of a moof: all are alike

	began bool
	last  int64 // DTS of the unit before, in ticks
	usual int64 // how long the frame before lasted, in ticks
	now   int64 // decode time of the next fragment, in ticks
}

// newMuxer begins a stream at a time of the axis.
func newMuxer(at time.Duration) *muxer {
	m := &muxer{usual: assumedTicks, now: ticks(at)}
	m.head = &mp4fio.MovieFragHeader{}
	m.at = &mp4fio.TrackFragDecodeTime{Version: 1}
	m.run = &mp4fio.TrackFragRun{
		// Data offset, flags of the first sample; duration, size and
		// composition time of each.
		Flags:   mp4io.TRUN_DATA_OFFSET | mp4io.TRUN_FIRST_SAMPLE_FLAGS | mp4io.TRUN_SAMPLE_DURATION | mp4io.TRUN_SAMPLE_SIZE | mp4io.TRUN_SAMPLE_CTS,
		Entries: make([]mp4io.TrackFragRunEntry, 1),
	}
	m.moof = mp4fio.MovieFrag{Header: m.head, Tracks: []*mp4fio.TrackFrag{{
		// Offsets count from the moof; samples depend on others; track 1.
		Header:     &mp4fio.TrackFragHeader{Data: []byte{0x00, 0x02, 0x00, 0x20, 0, 0, 0, 1, 0x01, 0x01, 0, 0}},
		DecodeTime: m.at,
		Run:        m.run,
	}}}
	m.size = m.moof.Len()
	m.run.DataOffset = uint32(m.size + boxHeaderSize)
	return m
}

// fragment returns the moof and mdat of one access unit, and where it lies on
// the time axis. What it returns is nobody else's.
//
// How long a frame lasts is known only when the next one comes, and a viewer
// is not to wait for that: each frame is said to last as long as the one
// before it did. The time axis so has neither holes nor overlaps, in either of
// which a browser throws away everything up to the next key frame, and no
// drift: it is the camera's own, one frame late. gap says that units are
// missing before this one; their time is left out.
func (m *muxer) fragment(u *video.Unit, gap bool) (data []byte, media time.Duration) {
	dts := ticks(u.DTS)
	if d := dts - m.last; m.began && !gap && d >= 0 && d <= longestFrame {
		m.usual = max(d, 1) // what lasts no time is not shown
	}
	m.began, m.last = true, dts

	payload := 0
	for _, nal := range u.Data {
		payload += lengthSize + len(nal)
	}
	m.head.Seqnum++
	m.at.Time = uint64(m.now)
	m.run.FirstSampleFlags = otherSample
	if u.Key {
		m.run.FirstSampleFlags = keySample
	}
	m.run.Entries[0] = mp4io.TrackFragRunEntry{
		Duration: uint32(m.usual),
		Size:     uint32(payload),
		Cts:      uint32(max(0, ticks(u.PTS)-dts)),
	}
	data = make([]byte, m.size+boxHeaderSize+payload)
	m.moof.Marshal(data)
	putMediaData(data[m.size:], u.Data)
	// What is shown is shown at its presentation time.
	media = duration(m.now + int64(m.run.Entries[0].Cts))
	m.now += m.usual
	return data, media
}

// putMediaData writes an mdat of NAL units that fills b.
func putMediaData(b []byte, nals [][]byte) {
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	n := 4 + copy(b[4:], "mdat")
	for _, nal := range nals {
		binary.BigEndian.PutUint32(b[n:], uint32(len(nal)))
		n += lengthSize
		n += copy(b[n:], nal)
	}
}

// end is where the next fragment will lie.
func (m *muxer) end() time.Duration { return duration(m.now) }

// ticks turns a time into ticks, rounded: most cameras count in these very
// ticks. Nanoseconds times 90,000 would overflow after 28 hours; this way it is
// 32 years.
func ticks(d time.Duration) int64 { return (int64(d)*9 + 50_000) / 100_000 }

func duration(t int64) time.Duration { return time.Duration(t/9*100_000 + t%9*100_000/9) }

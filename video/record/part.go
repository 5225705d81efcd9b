package record

import (
	"time"

	"citywatch/video"
)

// What a part costs beside its media.
const (
	prftSize   = 32
	moofFixed  = 8 + 16                // moof, mfhd
	trafFixed  = 8 + 16 + 20 + 20      // traf, tfhd, tfdt, trun
	sampleSize = 16                    // of the trun: duration, size, flags, offset
	mdatHeader = 8                     //
	keySample  = uint32(2) << 24       // depends on no other
	nonKey     = uint32(1)<<24 | 1<<16 // depends on others, is no key frame
)

// ntpEpoch is 1970 in the years of NTP.
const ntpEpoch = 2_208_988_800

// A sample is one unit as it lies in a segment.
type sample struct {
	dts  int64 // in ticks from the segment's start
	dur  uint32
	cts  int32 // by how much it is presented later than decoded
	size uint32
	key  bool
}

// A run is what a part holds of one track.
type run struct {
	samples []sample
	data    [][]byte // belongs to whoever made the units
	size    int
}

func (r *run) reset() {
	clear(r.data) // so that the units can go
	r.samples, r.data, r.size = r.samples[:0], r.data[:0], 0
}

// A part collects units until they are written. It keeps the units' own slices
// and copies none.
type part struct {
	tracks []*track
	runs   []run
}

// reset empties the part and prepares it for tracks.
func (p *part) reset(tracks []*track) {
	p.tracks = tracks
	for len(p.runs) < len(tracks) {
		p.runs = append(p.runs, run{})
	}
	for i := range p.runs {
		p.runs[i].reset()
	}
}

func (p *part) empty() bool {
	for i := range p.runs {
		if len(p.runs[i].samples) > 0 {
			return false
		}
	}
	return true
}

// size is how many bytes of media it has.
func (p *part) size() int {
	n := 0
	for i := range p.runs {
		n += p.runs[i].size
	}
	return n
}

// add takes a unit that is decoded at dts and lasts dur.
func (p *part) add(u *video.Unit, dts int64, dur uint32) {
	t, r := p.tracks[u.Track], &p.runs[u.Track]
	size := len(r.data)
	if t.video && u.Key {
		r.data = append(r.data, t.sets...)
	}
	r.data = append(r.data, u.Data...)
	n := 0
	for _, d := range r.data[size:] {
		n += len(d)
	}
	if t.lengths {
		n += 4 * (len(r.data) - size)
	}
	r.size += n
	r.samples = append(r.samples, sample{
		dts: dts, dur: dur, size: uint32(n), key: u.Key || !t.video,
		cts: int32(t.toTicks(u.PTS - u.DTS)),
	})
}

// encode appends the part to b: when it was, what is in it, and the media
// itself. wall is when the first sample of the track ref was.
func (p *part) encode(b []byte, sequence uint32, ref int, wall time.Time) []byte {
	header := prftSize + moofFixed + mdatHeader
	for i := range p.runs {
		if n := len(p.runs[i].samples); n > 0 {
			header += trafFixed + n*sampleSize
		}
	}
	w := boxWriter{b: b}
	if n := header + p.size(); cap(b)-len(b) < n {
		w.b = append(make([]byte, 0, len(b)+n+n/4), b...)
	}
	p.prft(&w, ref, wall)
	moof := w.open("moof")
	at := w.full("mfhd", 0, 0)
	w.u32(sequence)
	w.close(at)
	offset := header - prftSize // of the media, from the moof's start
	for i := range p.runs {
		if len(p.runs[i].samples) > 0 {
			p.traf(&w, i, offset)
			offset += p.runs[i].size
		}
	}
	w.close(moof)
	mdat := w.open("mdat")
	for i := range p.runs {
		for _, d := range p.runs[i].data {
			if p.tracks[i].lengths {
				w.u32(uint32(len(d)))
			}
			w.bytes(d)
		}
	}
	w.close(mdat)
	return w.b
}

func (p *part) prft(w *boxWriter, ref int, wall time.Time) {
	at := w.full("prft", 1, 0)
	w.u32(p.tracks[ref].id)
	w.u64(toNTP(wall))
	w.u64(uint64(p.runs[ref].samples[0].dts))
	w.close(at)
}

func (p *part) traf(w *boxWriter, i, offset int) {
	r := &p.runs[i]
	traf := w.open("traf")
	at := w.full("tfhd", 0, 0x20000) // offsets count from the moof
	w.u32(p.tracks[i].id)
	w.close(at)
	at = w.full("tfdt", 1, 0)
	w.u64(uint64(r.samples[0].dts))
	w.close(at)
	at = w.full("trun", 1, 0xf01) // offset; duration, size, flags and composition of each
	w.u32(uint32(len(r.samples)))
	w.u32(uint32(offset))
	for _, s := range r.samples {
		flags := nonKey
		if s.key {
			flags = keySample
		}
		w.u32(s.dur)
		w.u32(s.size)
		w.u32(flags)
		w.u32(uint32(s.cts))
	}
	w.close(at)
	w.close(traf)
}

// toNTP returns the seconds since 1900 with 32 bits of fraction.
func toNTP(t time.Time) uint64 {
	ns := t.UnixNano()
	s, rest := ns/int64(time.Second), ns%int64(time.Second)
	return uint64(s+ntpEpoch)<<32 | (uint64(rest)<<32)/uint64(time.Second)
}

func fromNTP(v uint64) time.Time {
	ns := (uint64(uint32(v))*uint64(time.Second) + 1<<31) >> 32
	s := int64(v >> 32)
	if s < 1<<31 { // its seconds begin anew in 2036
		s += 1 << 32
	}
	return time.Unix(s-ntpEpoch, int64(ns))
}

// lengthen sets how long the last sample of a run is, now that the next is
// known.
func (r *run) lengthen(next int64) {
	if n := len(r.samples); n > 0 {
		if d := next - r.samples[n-1].dts; d >= 0 && d <= 1<<31 {
			r.samples[n-1].dur = uint32(d)
		}
	}
}

// end is where the last sample of a run ends.
func (r *run) end() int64 {
	if n := len(r.samples); n > 0 {
		return r.samples[n-1].dts + int64(r.samples[n-1].dur)
	}
	return 0
}

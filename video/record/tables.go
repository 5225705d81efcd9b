package record

import (
	"encoding/binary"
	"math"
	"time"
)

// A presented is a track as a clip presents it.
type presented struct {
	*clipTrack
	edits  []edit
	media  uint64 // in ticks
	chunks []chunk
}

// A chunk is samples that lie one after the other in a clip.
type chunk struct {
	at      int64 // from the first
	samples uint32
	entry   int32
}

// present turns the samples' times into such from the track's first, and finds
// what of them is presented between begin and end, when what is decoded at a
// time is presented ahead of it by so much.
func present(t *clipTrack, begin, end, ahead time.Duration) *presented {
	p := &presented{clipTrack: t}
	zero := t.samples[0].dts
	start := t.toTicks(begin-ahead) - zero
	if t.video {
		start = t.toTicks(begin) - zero + int64(t.samples[0].cts)
	}
	for i := range t.samples {
		s := &t.samples[i]
		s.dts -= zero
		if i > 0 {
			before := &t.samples[i-1]
			before.dur = uint32(min(s.dts-before.dts, maxTicks))
		}
	}
	last := t.samples[len(t.samples)-1]
	p.media = uint64(last.dts) + uint64(last.dur)
	length := end - begin
	if start < 0 { // it begins later than the pictures
		late := t.duration(-start)
		p.edits = append(p.edits, edit{duration: toMovie(late), media: -1})
		length, start = max(length-late, 0), 0
	}
	p.edits = append(p.edits, edit{duration: toMovie(length), media: start})
	return p
}

// toMovie converts a length, up to the next tick so that no picture is cut off.
func toMovie(d time.Duration) uint64 {
	const tick = time.Second / movieScale
	return uint64((d + tick - 1) / tick)
}

// layOut decides where in the clip each sample lies, in the order in which they
// lie in the files, and returns the clip's header and where the rest is.
func layOut(tracks []*presented, length time.Duration) (header []byte, extents []extent) {
	next := make([]int, len(tracks))
	at := int64(0)
	var before *presented
	for {
		var p *presented
		var s *clipSample
		which := 0
		for i, t := range tracks {
			if next[i] < len(t.samples) && (s == nil || t.samples[next[i]].before(s)) {
				p, s, which = t, &t.samples[next[i]], i
			}
		}
		if s == nil {
			break
		}
		next[which]++
		p.place(s, at, p == before)
		before = p
		extents = extend(extents, s, at)
		at += int64(s.size)
	}
	m := clipMovie(tracks, length)
	header = clipHeader(m, tracks, at, 0)
	header = clipHeader(m, tracks, at, int64(len(header)))
	for i := range extents {
		extents[i].at += int64(len(header))
	}
	return header, extents
}

// before says which of two samples lies first.
func (s *clipSample) before(o *clipSample) bool {
	return s.segment < o.segment || s.segment == o.segment && s.offset < o.offset
}

// place puts a sample into a chunk: the last, if nothing lies between.
func (p *presented) place(s *clipSample, at int64, follows bool) {
	if n := len(p.chunks); n > 0 && follows && p.chunks[n-1].entry == s.entry {
		p.chunks[n-1].samples++
		return
	}
	p.chunks = append(p.chunks, chunk{at: at, samples: 1, entry: s.entry})
}

// extend adds a sample's bytes to what the clip consists of.
func extend(extents []extent, s *clipSample, at int64) []extent {
	if n := len(extents); n > 0 {
		e := &extents[n-1]
		if e.segment == int(s.segment) && e.offset+e.size == s.offset {
			e.size += int64(s.size)
			return extents
		}
	}
	return append(extents, extent{at: at, size: int64(s.size), segment: int(s.segment), offset: s.offset})
}

func clipMovie(tracks []*presented, length time.Duration) movie {
	m := movie{duration: toMovie(length)}
	for i, p := range tracks {
		t := *p.track
		t.id = uint32(i + 1)
		m.tracks = append(m.tracks, movieTrack{
			track: &t, entries: p.entries, duration: m.duration, media: p.media, edits: p.edits,
		})
	}
	return m
}

// clipHeader returns all that comes before the media of a clip, when the media
// begins at offset and is so long. How long the header is does not depend on
// the offset, but for the width of what is counted from it.
func clipHeader(m movie, tracks []*presented, media, offset int64) []byte {
	wide := media+maxClipHeader > math.MaxUint32
	for i, p := range tracks {
		m.tracks[i].tables = func(w *boxWriter) { p.tables(w, offset, wide) }
	}
	w := boxWriter{}
	at := w.open("ftyp")
	w.text("isom")
	w.u32(0x200)
	w.text("isomiso2avc1mp41")
	w.close(at)
	m.write(&w)
	if wide {
		w.u32(1)
		w.text("mdat")
		w.u64(uint64(media) + 16)
	} else {
		w.u32(uint32(media) + 8)
		w.text("mdat")
	}
	return w.b
}

// maxClipHeader is more than a header ever is.
const maxClipHeader = 256 << 20

// tables writes when the samples are, which are key frames, how large they are
// and where.
func (p *presented) tables(w *boxWriter, offset int64, wide bool) {
	runs(w, "stts", 0, p.samples, func(s *clipSample) uint32 { return s.dur })
	if some(p.samples, func(s *clipSample) bool { return s.cts != 0 }) {
		runs(w, "ctts", 1, p.samples, func(s *clipSample) uint32 { return uint32(s.cts) })
	}
	if some(p.samples, func(s *clipSample) bool { return !s.key }) {
		p.keys(w)
	}
	p.chunkLengths(w)
	at := w.full("stsz", 0, 0)
	w.u32(0)
	w.u32(uint32(len(p.samples)))
	for i := range p.samples {
		w.u32(p.samples[i].size)
	}
	w.close(at)
	kind := "stco"
	if wide {
		kind = "co64"
	}
	at = w.full(kind, 0, 0)
	w.u32(uint32(len(p.chunks)))
	for _, c := range p.chunks {
		if wide {
			w.u64(uint64(c.at + offset))
		} else {
			w.u32(uint32(c.at + offset))
		}
	}
	w.close(at)
}

func some(samples []clipSample, is func(*clipSample) bool) bool {
	for i := range samples {
		if is(&samples[i]) {
			return true
		}
	}
	return false
}

// runs writes a table of how many samples in a row have a value.
func runs(w *boxWriter, kind string, version byte, samples []clipSample, of func(*clipSample) uint32) {
	at := w.full(kind, version, 0)
	count := w.later()
	n, length := uint32(0), uint32(0)
	for i := range samples {
		v := of(&samples[i])
		length++
		if i+1 < len(samples) && of(&samples[i+1]) == v {
			continue
		}
		w.u32(length)
		w.u32(v)
		n, length = n+1, 0
	}
	w.set(count, n)
	w.close(at)
}

func (p *presented) keys(w *boxWriter) {
	at := w.full("stss", 0, 0)
	count := w.later()
	n := uint32(0)
	for i := range p.samples {
		if p.samples[i].key {
			w.u32(uint32(i + 1))
			n++
		}
	}
	w.set(count, n)
	w.close(at)
}

// chunkLengths writes how many samples there are in each chunk, where that
// changes.
func (p *presented) chunkLengths(w *boxWriter) {
	at := w.full("stsc", 0, 0)
	count := w.later()
	n := uint32(0)
	for i, c := range p.chunks {
		if i > 0 && p.chunks[i-1].samples == c.samples && p.chunks[i-1].entry == c.entry {
			continue
		}
		w.u32(uint32(i + 1))
		w.u32(c.samples)
		w.u32(uint32(c.entry))
		n++
	}
	w.set(count, n)
	w.close(at)
}

// later leaves room for a number that set fills in.
func (w *boxWriter) later() (at int) {
	w.u32(0)
	return len(w.b) - 4
}

func (w *boxWriter) set(at int, v uint32) { binary.BigEndian.PutUint32(w.b[at:], v) }

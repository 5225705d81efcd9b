package record

// movieScale is the ticks per second of what concerns a whole file.
const movieScale = 1000

// A movie is the header of an MP4: of a segment, whose tables are empty and
// whose parts follow, or of a clip.
type movie struct {
	duration   uint64 // in movieScale
	tracks     []movieTrack
	fragmented bool
}

// A movieTrack is one track of a movie.
type movieTrack struct {
	*track
	entries  [][]byte
	duration uint64 // in movieScale, as presented
	media    uint64 // in the track's ticks
	edits    []edit
	tables   func(w *boxWriter)
}

// An edit says which of a track's media is presented; media -1 is nothing.
type edit struct {
	duration uint64 // in movieScale
	media    int64  // in the track's ticks
}

// segmentHeader returns what a segment begins with.
func segmentHeader(tracks []*track) []byte {
	m := movie{fragmented: true}
	for _, t := range tracks {
		if t != nil {
			m.tracks = append(m.tracks, movieTrack{track: t, entries: [][]byte{t.entry}, tables: emptyTables})
		}
	}
	w := boxWriter{b: make([]byte, 0, 2048)}
	at := w.open("ftyp")
	w.text("iso6")
	w.u32(1)
	w.text("iso6isommp41")
	w.close(at)
	m.write(&w)
	return w.b
}

func emptyTables(w *boxWriter) {
	for _, kind := range []string{"stts", "stsc", "stco"} {
		at := w.full(kind, 0, 0)
		w.u32(0)
		w.close(at)
	}
	at := w.full("stsz", 0, 0)
	w.u64(0)
	w.close(at)
}

func (m *movie) write(w *boxWriter) {
	moov := w.open("moov")
	at := w.full("mvhd", 1, 0)
	w.u64(0) // when it was made, and changed
	w.u64(0)
	w.u32(movieScale)
	w.u64(m.duration)
	w.u32(0x10000) // normal speed
	w.u16(0x100)   // full volume
	w.zeros(10)
	w.matrix()
	w.zeros(24)
	w.u32(uint32(len(m.tracks) + 1))
	w.close(at)
	for i := range m.tracks {
		m.tracks[i].write(w)
	}
	if m.fragmented {
		at := w.open("mvex")
		for _, t := range m.tracks {
			trex := w.full("trex", 0, 0)
			w.u32(t.id)
			w.u32(1) // the first sample entry
			w.zeros(12)
			w.close(trex)
		}
		w.close(at)
	}
	w.close(moov)
}

func (t *movieTrack) write(w *boxWriter) {
	trak := w.open("trak")
	t.header(w)
	if len(t.edits) > 0 {
		edts := w.open("edts")
		at := w.full("elst", 1, 0)
		w.u32(uint32(len(t.edits)))
		for _, e := range t.edits {
			w.u64(e.duration)
			w.u64(uint64(e.media))
			w.u32(0x10000) // normal speed
		}
		w.close(at)
		w.close(edts)
	}
	mdia := w.open("mdia")
	at := w.full("mdhd", 1, 0)
	w.u64(0)
	w.u64(0)
	w.u32(t.scale)
	w.u64(t.media)
	w.u16(0x55c4) // und
	w.u16(0)
	w.close(at)
	t.information(w)
	w.close(mdia)
	w.close(trak)
}

func (t *movieTrack) header(w *boxWriter) {
	at := w.full("tkhd", 1, 3) // enabled, part of the presentation
	w.u64(0)
	w.u64(0)
	w.u32(t.id)
	w.u32(0)
	w.u64(t.duration)
	w.zeros(8)
	w.u16(0) // layer
	if t.video {
		w.u16(0)
		w.u16(0)
	} else {
		w.u16(1)
		w.u16(0x100)
	}
	w.u16(0)
	w.matrix()
	w.u32(uint32(t.width) << 16)
	w.u32(uint32(t.height) << 16)
	w.close(at)
}

// information writes what the media is and where.
func (t *movieTrack) information(w *boxWriter) {
	kind, name := "vide", "Video"
	if !t.video {
		kind, name = "soun", "Sound"
	}
	at := w.full("hdlr", 0, 0)
	w.u32(0)
	w.text(kind)
	w.zeros(12)
	w.text(name)
	w.u8(0)
	w.close(at)
	minf := w.open("minf")
	if t.video {
		at = w.full("vmhd", 0, 1)
		w.zeros(8)
	} else {
		at = w.full("smhd", 0, 0)
		w.zeros(4)
	}
	w.close(at)
	dinf := w.open("dinf")
	dref := w.full("dref", 0, 0)
	w.u32(1)
	at = w.full("url ", 0, 1) // this file
	w.close(at)
	w.close(dref)
	w.close(dinf)
	stbl := w.open("stbl")
	at = w.full("stsd", 0, 0)
	w.u32(uint32(len(t.entries)))
	for _, e := range t.entries {
		w.bytes(e)
	}
	w.close(at)
	t.tables(w)
	w.close(stbl)
	w.close(minf)
}

package record

import (
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// maxHeader and maxMoof bound what is read of a file at once; what is
	// larger is not ours.
	maxHeader = 1 << 20
	maxMoof   = 4 << 20
	// readAhead holds the header of almost every part.
	readAhead = 4 << 10
)

// errTorn means that what follows in a file is no whole part.
var errTorn = errors.New("the recording is torn here")

// A scanner reads what a segment consists of, not the media itself.
type scanner struct {
	r    io.ReaderAt
	size int64 // how much of the file counts
	// tracks are those of the file.
	tracks []*track
	// at is where the next part begins: all before it is whole.
	at int64

	buf  []byte
	have []byte // what was read of the file, from an offset on
	from int64
}

// newScanner reads the header of a file.
func newScanner(r io.ReaderAt, size int64) (*scanner, error) {
	s := &scanner{r: r, size: size, buf: make([]byte, readAhead)}
	ftyp, err := s.box("ftyp", 0, maxHeader)
	if err != nil {
		return nil, err
	}
	at := int64(len(ftyp))
	moov, err := s.box("moov", at, maxHeader)
	if err != nil {
		return nil, err
	}
	s.at = at + int64(len(moov))
	for b, err := range eachBox(moov[8:]) {
		if err != nil {
			return nil, err
		}
		if b.is("trak") {
			t, err := parseTrack(b.body())
			if err != nil {
				return nil, err
			}
			s.tracks = append(s.tracks, t)
		}
	}
	if len(s.tracks) == 0 {
		return nil, errBox
	}
	return s, nil
}

// bytes returns n bytes from an offset, or as many as there are. They are valid
// until the next are asked for.
func (s *scanner) bytes(at, n int64) ([]byte, error) {
	n = max(min(n, s.size-at), 0)
	if at >= s.from && at+n <= s.from+int64(len(s.have)) {
		return s.have[at-s.from:][:n], nil
	}
	if n > int64(len(s.buf)) {
		s.buf = make([]byte, n)
	}
	ahead := min(int64(len(s.buf)), s.size-at)
	got, err := s.r.ReadAt(s.buf[:ahead], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.from, s.have = at, s.buf[:got]
	return s.have[:min(n, int64(got))], nil
}

// box returns the box of a kind that begins at an offset.
func (s *scanner) box(kind string, at, most int64) ([]byte, error) {
	head, err := s.bytes(at, 8)
	if err != nil {
		return nil, err
	}
	r := fieldReader{b: head}
	size := int64(r.u32())
	if r.short || len(r.b) < 4 || string(r.b) != kind || size < 8 || size > most || size > s.size-at {
		return nil, fmt.Errorf("%w: no whole %s at byte %d", errTorn, kind, at)
	}
	all, err := s.bytes(at, size)
	if err == nil && int64(len(all)) < size {
		err = io.ErrUnexpectedEOF
	}
	return all, err
}

func parseTrack(trak []byte) (*track, error) {
	tkhd, ok1 := find(trak, "tkhd")
	mdhd, ok2 := find(trak, "mdia", "mdhd")
	hdlr, ok3 := find(trak, "mdia", "hdlr")
	stsd, ok4 := find(trak, "mdia", "minf", "stbl", "stsd")
	if !ok1 || !ok2 || !ok3 || !ok4 || len(tkhd) < 96 || len(mdhd) < 36 || len(hdlr) < 12 || len(stsd) < 16 {
		return nil, errBox
	}
	t := &track{}
	r := fieldReader{b: tkhd[20:]}
	t.id = r.u32()
	r = fieldReader{b: tkhd[88:]}
	t.width, t.height = uint16(r.u32()>>16), uint16(r.u32()>>16)
	r = fieldReader{b: mdhd[20:]}
	t.scale = r.u32()
	t.video = string(hdlr[8:12]) == "vide"
	t.entry = append([]byte(nil), stsd[8:]...)
	if t.scale == 0 {
		return nil, errBox
	}
	return t, nil
}

// A partInfo is what a part holds and where.
type partInfo struct {
	// wall is when the sample at ref was, in ticks of track.
	wall time.Time
	ref  int64
	from *track
	runs []runInfo
}

// A runInfo is what a part holds of one track: samples one after the other.
type runInfo struct {
	track   int // index
	offset  int64
	samples []sample
}

// next reads the header of the next part into p; its error is io.EOF after the
// last, and errTorn, wrapped, where something else is than a whole part.
func (s *scanner) next(p *partInfo) error {
	if s.at >= s.size {
		return io.EOF
	}
	at := s.at
	prft, err := s.box("prft", at, maxMoof)
	if err != nil {
		return err
	}
	at += int64(len(prft))
	if err := s.time(prft[8:], p); err != nil {
		return err
	}
	moof, err := s.box("moof", at, maxMoof)
	if err != nil {
		return err
	}
	base := at
	at += int64(len(moof))
	p.runs = p.runs[:0]
	for b, err := range eachBox(moof[8:]) {
		if err == nil && b.is("traf") {
			err = s.traf(b.body(), base, p)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errTorn, err)
		}
	}
	head, err := s.bytes(at, 8)
	if err != nil {
		return err
	}
	r := fieldReader{b: head}
	size := int64(r.u32())
	if string(r.b) != "mdat" || size < 8 || size > s.size-at || len(p.runs) == 0 {
		return fmt.Errorf("%w: no whole mdat at byte %d", errTorn, at)
	}
	if err := p.within(at+8, at+size); err != nil {
		return err
	}
	s.at = at + size
	return nil
}

func (s *scanner) time(prft []byte, p *partInfo) error {
	r := fieldReader{b: prft}
	version, _ := r.full()
	id := r.u32()
	p.wall = fromNTP(r.u64())
	p.ref = int64(r.u64())
	i := s.trackIndex(id)
	if r.short || version != 1 || i < 0 {
		return fmt.Errorf("%w: its time cannot be read", errTorn)
	}
	p.from = s.tracks[i]
	return nil
}

func (s *scanner) trackIndex(id uint32) int {
	for i, t := range s.tracks {
		if t.id == id {
			return i
		}
	}
	return -1
}

// traf reads the samples of one track, as they are written here.
func (s *scanner) traf(body []byte, moof int64, p *partInfo) error {
	tfhd, ok1 := find(body, "tfhd")
	tfdt, ok2 := find(body, "tfdt")
	trun, ok3 := find(body, "trun")
	if !ok1 || !ok2 || !ok3 {
		return errBox
	}
	r := fieldReader{b: tfhd}
	r.full()
	i := s.trackIndex(r.u32())
	r = fieldReader{b: tfdt, short: r.short}
	r.full()
	dts := int64(r.u64())
	r = fieldReader{b: trun, short: r.short}
	_, flags := r.full()
	n := int64(r.u32())
	offset := int64(int32(r.u32()))
	if i < 0 || r.short || dts < 0 || flags != 0xf01 || n*sampleSize != int64(len(r.b)) {
		return errBox
	}
	// The runs' room is used again for the next part.
	if len(p.runs) < cap(p.runs) {
		p.runs = p.runs[:len(p.runs)+1]
	} else {
		p.runs = append(p.runs, runInfo{})
	}
	info := &p.runs[len(p.runs)-1]
	info.track, info.offset, info.samples = i, moof+offset, info.samples[:0]
	for range n {
		v := sample{dts: dts, dur: r.u32(), size: r.u32(), key: r.u32()&(1<<16) == 0}
		v.cts = int32(r.u32())
		dts += int64(v.dur)
		info.samples = append(info.samples, v)
	}
	return nil
}

// within holds that the media of every run lies between two offsets.
func (p *partInfo) within(from, to int64) error {
	for _, r := range p.runs {
		end := r.offset
		for _, v := range r.samples {
			end += int64(v.size)
		}
		if r.offset < from || end > to {
			return fmt.Errorf("%w: media outside its part", errTorn)
		}
	}
	return nil
}

// A summary is what of a segment is whole.
type summary struct {
	length time.Duration // of its pictures
	size   int64         // of the file; 0 if nothing is whole
}

// summarize reads through a file up to where it is torn.
func summarize(r io.ReaderAt, size int64) (summary, error) {
	s, err := newScanner(r, size)
	if errors.Is(err, errTorn) || errors.Is(err, errBox) {
		return summary{}, nil
	}
	if err != nil {
		return summary{}, err
	}
	var sum summary
	var p partInfo
	first := time.Duration(-1)
	for {
		err := s.next(&p)
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) || errors.Is(err, errBox) {
			return sum, nil
		}
		if err != nil {
			return summary{}, err
		}
		sum.size = s.at
		for _, run := range p.runs {
			t, n := s.tracks[run.track], len(run.samples)
			if n == 0 || !t.video {
				continue
			}
			if first < 0 {
				first = t.duration(run.samples[0].dts)
			}
			last := run.samples[n-1]
			sum.length = max(sum.length, t.duration(last.dts+int64(last.dur))-first)
		}
	}
}

package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"
)

// errEnough says that a clip takes nothing of what follows.
var errEnough = errors.New("the clip is complete")

// A clipSample is one unit of a clip.
type clipSample struct {
	sample        // dts counts from clipBuilder.zero, then from the first
	segment int32 // whose file it is in
	entry   int32 // the sample entry that describes it, from 1
	offset  int64 // in the file
}

// A clipTrack collects the samples of one track across segments.
type clipTrack struct {
	*track
	entries [][]byte
	samples []clipSample
}

// entry returns the number of a sample entry, from 1.
func (t *clipTrack) entry(e []byte) int32 {
	i := slices.IndexFunc(t.entries, func(have []byte) bool { return bytes.Equal(have, e) })
	if i < 0 {
		i = len(t.entries)
		t.entries = append(t.entries, e)
	}
	return int32(i + 1)
}

// at returns when a sample is, from the builder's zero.
func (t *clipTrack) at(i int) time.Duration { return t.duration(t.samples[i].dts) }

// end returns when the last sample ends.
func (t *clipTrack) end() time.Duration {
	last := t.samples[len(t.samples)-1]
	return t.duration(last.dts + int64(last.dur))
}

// A clipBuilder reads what segments consist of, and chooses what belongs to a
// clip. Segments come in the order of their beginnings.
type clipBuilder struct {
	from, to time.Time

	zero     time.Time // of the clip's time
	pictures clipTrack
	sound    clipTrack
	silent   bool // the sound does not go through
	holes    []Interval
	short    string
}

// A reading is the segment that is read.
type reading struct {
	*scanner
	number         int32
	picture, sound int   // tracks; sound may be -1
	entry          int32 // of the pictures
	base           time.Duration
	part           partInfo
}

// segment adds what belongs to the clip of a segment: all that is whole of it,
// or its first bytes where size is not 0. Its error is errEnough when the clip
// takes nothing of what follows.
func (b *clipBuilder) segment(number int, f *os.File, size int64) error {
	if size == 0 {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		size = info.Size()
	}
	s, err := newScanner(f, size)
	if err != nil {
		return err
	}
	r := reading{scanner: s, number: int32(number)}
	for first := true; ; first = false {
		err := s.next(&r.part)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && first {
			err = b.begin(&r)
		}
		if err == nil {
			err = b.take(&r)
		}
		if err != nil {
			return err
		}
	}
}

// begin finds a place for a segment after those before.
func (b *clipBuilder) begin(r *reading) error {
	r.picture = slices.IndexFunc(r.tracks, func(t *track) bool { return t.video })
	r.sound = slices.IndexFunc(r.tracks, func(t *track) bool { return !t.video })
	if r.picture < 0 {
		return fmt.Errorf("%w: it has no pictures", errTorn)
	}
	t := r.tracks[r.picture]
	start := r.part.wall.Add(-r.part.from.duration(r.part.ref))
	if len(b.pictures.samples) == 0 {
		b.zero = start
		b.pictures = clipTrack{track: t}
		b.sound, b.silent = clipTrack{}, r.sound < 0
		if !b.silent {
			b.sound.track = r.tracks[r.sound]
			b.sound.entry(b.sound.track.entry)
		}
	} else if t.scale != b.pictures.scale || string(t.entry[4:8]) != string(b.pictures.track.entry[4:8]) {
		b.short = "the codec of the camera changes"
		return errEnough
	} else {
		b.join(r, start)
	}
	r.entry = b.pictures.entry(t.entry)
	return nil
}

// join places a segment that begins at start after what there is.
func (b *clipBuilder) join(r *reading, start time.Time) {
	last := &b.pictures.samples[len(b.pictures.samples)-1]
	end := b.pictures.end()
	first := r.firstPicture()
	// A picture may be cut short by the next, not be gone altogether.
	r.base = max(start.Sub(b.zero), end-b.pictures.duration(int64(last.dur))/2-first)
	if r.base+first-end > joinWithin {
		b.holes = append(b.holes, Interval{From: b.zero.Add(end), To: b.zero.Add(r.base + first)})
	}
	if r.sound < 0 || b.sound.track == nil || !bytes.Equal(r.tracks[r.sound].entry, b.sound.track.entry) ||
		r.tracks[r.sound].scale != b.sound.scale {
		b.silent = true
	}
}

// firstPicture returns when the first picture of a part is, in its segment's
// time.
func (r *reading) firstPicture() time.Duration {
	for _, run := range r.part.runs {
		if run.track == r.picture && len(run.samples) > 0 {
			return r.tracks[run.track].duration(run.samples[0].dts)
		}
	}
	return 0
}

// take takes what belongs to the clip of a part.
func (b *clipBuilder) take(r *reading) error {
	for _, run := range r.part.runs {
		if run.track == r.sound && !b.silent {
			b.hear(r, run)
		}
	}
	for _, run := range r.part.runs {
		if run.track != r.picture {
			continue
		}
		if err := b.see(r, run); err != nil {
			return err
		}
	}
	return nil
}

// see takes pictures, from the last key frame on that is not after from.
func (b *clipBuilder) see(r *reading, run runInfo) error {
	t := &b.pictures
	base := t.toTicks(r.base)
	for _, s := range run.samples {
		s.dts += base
		at := b.zero.Add(t.duration(s.dts))
		// One that is presented before the end may be decoded later than one
		// that is not.
		if n := len(t.samples); !at.Before(b.to) && (n == 0 || s.dts >= t.toTicks(b.to.Sub(b.zero))+int64(t.samples[0].cts)) {
			return errEnough
		}
		if s.key && !at.After(b.from) {
			t.samples, t.entries, b.holes = t.samples[:0], nil, nil
			r.entry = t.entry(r.tracks[r.picture].entry)
		}
		if n := len(t.samples); n > 0 {
			s.dts = max(s.dts, t.samples[n-1].dts+1)
		}
		t.samples = append(t.samples, clipSample{sample: s, segment: r.number, entry: r.entry, offset: run.offset})
		run.offset += int64(s.size)
	}
	return nil
}

func (b *clipBuilder) hear(r *reading, run runInfo) {
	t := &b.sound
	base := t.toTicks(r.base)
	for _, s := range run.samples {
		s.dts += base
		if !b.zero.Add(t.duration(s.dts)).Before(b.to) {
			return
		}
		if n := len(t.samples); n > 0 {
			s.dts = max(s.dts, t.samples[n-1].dts+1)
		}
		t.samples = append(t.samples, clipSample{sample: s, segment: r.number, entry: 1, offset: run.offset})
		run.offset += int64(s.size)
	}
}

// finish makes the clip of what was chosen.
func (b *clipBuilder) finish(c *Clip) error {
	if len(b.pictures.samples) == 0 {
		return ErrNoRecording
	}
	first := b.pictures.at(0)
	begin := max(b.from.Sub(b.zero), first)
	end := min(b.to.Sub(b.zero), b.pictures.end())
	if end <= begin {
		return ErrNoRecording
	}
	c.From, c.To = b.zero.Add(begin), b.zero.Add(end)
	c.Holes, c.Short = within(b.holes, c.Interval), b.short
	tracks := []*presented{present(&b.pictures, begin, end, 0)}
	// What is presented first is decoded that much earlier, with the sound
	// that belongs to it.
	ahead := b.pictures.duration(int64(b.pictures.samples[0].cts))
	if b.hears(begin - ahead) {
		tracks = append(tracks, present(&b.sound, begin, end, ahead))
	}
	c.header, c.extents = layOut(tracks, end-begin)
	sum := sha256.Sum256(fmt.Appendf(bytes.Clone(c.header), "%s %d", c.Camera, c.From.UnixNano()))
	c.ETag = fmt.Sprintf("%q", hex.EncodeToString(sum[:12]))
	c.Size = int64(len(c.header))
	if n := len(c.extents); n > 0 {
		c.Size = c.extents[n-1].at + c.extents[n-1].size
	}
	return nil
}

// hears drops the sound that is over before a time, and says whether what is
// left goes through to the end.
func (b *clipBuilder) hears(begin time.Duration) bool {
	if b.silent || len(b.holes) > 0 {
		return false
	}
	t := &b.sound
	i := 0
	for i < len(t.samples) && t.duration(t.samples[i].dts+int64(t.samples[i].dur)) <= begin {
		i++
	}
	t.samples = t.samples[i:]
	for i := 1; i < len(t.samples); i++ {
		before := t.samples[i-1]
		if t.duration(t.samples[i].dts-before.dts-int64(before.dur)) > maxLoss {
			return false
		}
	}
	return len(t.samples) > 0
}

// within returns the holes that lie in an interval.
func within(holes []Interval, in Interval) []Interval {
	var list []Interval
	for _, h := range holes {
		if h.From.Before(in.From) {
			h.From = in.From
		}
		if h.To.After(in.To) {
			h.To = in.To
		}
		if h.From.Before(h.To) {
			list = append(list, h)
		}
	}
	return list
}

// maxTicks bounds a sample's length, which MP4 gives 32 bits.
const maxTicks = math.MaxUint32

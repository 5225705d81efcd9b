package record

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"citywatch/video"
)

const (
	// partLength and partBytes bound what a killed process loses.
	partLength = time.Second
	partBytes  = 8 << 20
	// maxLoss and maxStall are how long pictures may be missing within a
	// segment: when the stream says that units are, and when they only are
	// far apart.
	maxLoss  = time.Second
	maxStall = 10 * time.Second
	// overlong ends a segment that waits in vain for a key frame to end
	// before.
	overlong = 10 * time.Minute
	// firstFrame is how long a frame is taken to be before a second was seen.
	firstFrame = 40 * time.Millisecond
	// snap is how far a unit of audio may be from the end of the one before,
	// and still follow on it.
	snap = 100 * time.Millisecond
	// soundLead is how far a segment's time begins before its first picture:
	// room for the sound that comes later than the pictures it belongs to.
	soundLead = 500 * time.Millisecond
	// retryAfter is how long a camera waits after a failure to write.
	retryAfter = 2 * time.Second
)

// A camera is the recording of one camera.
type camera struct {
	id      string
	keep    time.Duration
	length  time.Duration // of segments
	rec     *Recorder
	written atomic.Int64          // when a part was last, in nanoseconds since 1970
	fault   atomic.Pointer[error] // why it is not recorded

	mu      sync.Mutex
	stopped bool // the disk is full
	tracks  []*track
	clock   clock
	part    part
	file    *segmentFile  // nil before the first part of a segment is whole
	open    bool          // a segment has begun
	base    time.Duration // of the segment's time, in the stream's
	lead    time.Duration // how long after base its pictures begin
	last    time.Duration // of pictures, in the stream's time
	frame   time.Duration // how far frames are apart
	next    []int64       // where units of audio are expected
	gap     bool
	timed   bool // the clock has started
	units   int  // since idle was last asked
	retry   time.Time
}

// follow records a stream until it ends.
func (c *camera) follow(ctx context.Context, s Stream) error {
	for {
		item, err := s.Next(ctx)
		if err != nil {
			return err
		}
		c.take(&item)
	}
}

// take takes the next of the stream.
func (c *camera) take(item *video.Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if item.Tracks != nil {
		c.begin(item.Tracks)
		return
	}
	c.gap = c.gap || item.Gap
	u := &item.Unit
	if u.Track < 0 || u.Track >= len(c.tracks) || c.tracks[u.Track] == nil {
		return
	}
	c.units++
	if !c.tracks[u.Track].video {
		c.sound(u)
		return
	}
	c.picture(u)
}

// begin prepares for a new stream.
func (c *camera) begin(of []video.Track) {
	c.cut()
	tracks, err := newTracks(of)
	c.tracks, c.timed, c.gap, c.frame = tracks, false, false, firstFrame
	if err != nil {
		c.failed(err)
	}
}

func (c *camera) sound(u *video.Unit) {
	if !c.open || u.DTS < c.base {
		return
	}
	t := c.tracks[u.Track]
	at, lasts := t.toTicks(u.DTS-c.base), t.lasts(u)
	if off := t.duration(at - c.next[u.Track]); off > -snap && off < snap {
		at = c.next[u.Track]
	}
	if at < c.next[u.Track] || lasts <= 0 {
		return // said already, or nothing
	}
	c.part.runs[u.Track].lengthen(at)
	c.part.add(u, at, uint32(lasts))
	c.next[u.Track] = at + lasts
}

func (c *camera) picture(u *video.Unit) {
	if c.timed {
		c.clock.observe(u.DTS, u.Arrived)
	} else {
		c.clock.start(u.DTS, u.Arrived)
		c.timed = true
	}
	if c.open && c.ends(u) {
		c.cut()
	}
	c.gap = false
	if !c.open && !c.start(u) {
		return
	}
	t, r := c.tracks[u.Track], &c.part.runs[u.Track]
	at := t.toTicks(u.DTS - c.base)
	if n := len(r.samples); n > 0 {
		// Two at the same time would be one to some players.
		at = max(at, r.samples[n-1].dts+1)
		r.lengthen(at)
		if t.duration(at-r.samples[0].dts) >= partLength || c.part.size() >= partBytes {
			c.flush()
			if !c.open {
				return
			}
		}
	}
	if d := u.DTS - c.last; d > 0 {
		c.frame = d
	}
	c.last = u.DTS
	c.part.add(u, at, uint32(t.toTicks(c.frame)))
}

// ends says whether the segment ends before a picture.
func (c *camera) ends(u *video.Unit) bool {
	missing := u.DTS - c.last - c.frame
	if missing > maxStall || c.gap && missing > maxLoss {
		return true
	}
	length := u.DTS - c.base - c.lead
	return u.Key && (length >= c.length || c.clock.trouble()) || length >= c.length+overlong
}

// start begins a segment with a picture, if one can.
func (c *camera) start(u *video.Unit) bool {
	if !u.Key || c.stopped || !c.retry.IsZero() && c.rec.now().Before(c.retry) {
		return false
	}
	t, err := c.tracks[u.Track].sized(u)
	if err != nil {
		c.failed(err)
		return false
	}
	c.tracks[u.Track] = t
	c.clock.settle(u.DTS, u.Arrived)
	c.lead = 0
	if slices.ContainsFunc(c.tracks, func(t *track) bool { return t != nil && !t.video }) {
		c.lead = soundLead
	}
	c.open, c.base, c.last = true, u.DTS-c.lead, u.DTS-c.frame
	c.next = append(c.next[:0], make([]int64, len(c.tracks))...)
	c.part.reset(c.tracks)
	return true
}

// flush writes what was collected.
func (c *camera) flush() {
	if !c.open || c.part.empty() {
		return
	}
	ref := c.pictures()
	if len(c.part.runs[ref].samples) == 0 {
		return // sound waits for the pictures it belongs to
	}
	if err := c.write(ref); err != nil {
		c.failed(err)
		c.discard()
		return
	}
	c.part.reset(c.tracks)
}

// pictures returns the index of the track of pictures.
func (c *camera) pictures() int {
	for i, t := range c.tracks {
		if t != nil && t.video {
			return i
		}
	}
	return 0
}

func (c *camera) write(ref int) error {
	t, r := c.tracks[ref], &c.part.runs[ref]
	buf := c.rec.buffers.Get().(*[]byte)
	defer c.rec.buffers.Put(buf)
	b := (*buf)[:0]
	if c.file == nil {
		f, err := c.rec.library.create(c.id, c.clock.at(c.base+c.lead))
		if err != nil {
			return err
		}
		c.rec.metrics.segments.Inc()
		c.file = f
		b = append(b, segmentHeader(c.tracks)...)
	}
	b = c.part.encode(b, c.file.parts+1, ref, c.clock.at(c.base+t.duration(r.samples[0].dts)))
	*buf = b
	began := time.Now()
	if err := c.file.write(b, t.duration(r.end())-c.lead); err != nil {
		return err
	}
	c.rec.metrics.wrote(len(b), time.Since(began))
	c.written.Store(c.rec.now().UnixNano())
	c.retry = time.Time{}
	if c.fault.Swap(nil) != nil {
		c.rec.health.tell()
	}
	return nil
}

// cut ends the segment, with all that came of it.
func (c *camera) cut() {
	c.flush()
	c.discard()
}

// discard ends the segment without what was not written.
func (c *camera) discard() {
	c.part.reset(nil)
	c.open = false
	if c.file == nil {
		return
	}
	f := c.file
	c.file = nil
	if err := f.close(); err != nil {
		c.failed(err)
	}
}

// failed notes that the camera is not recorded, and why.
func (c *camera) failed(err error) {
	c.fault.Store(&err)
	c.retry = c.rec.now().Add(retryAfter)
	c.rec.failed(c.id, err)
}

// idle writes what has been waiting while nothing came. It is called about
// once a second.
func (c *camera) idle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.units == 0 {
		c.flush()
	}
	c.units = 0
}

// stop has no segment begin while the disk is full.
func (c *camera) stop(full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = full
	if full {
		c.cut()
	}
}

// end closes what is open.
func (c *camera) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut()
	c.tracks = nil
}

package rtsp

import (
	"errors"

	"citywatch/video"
)

// A frame is an access unit after its syntax has been looked at.
type frame struct {
	// data is what is handed on; empty if the unit held parameter sets only.
	data [][]byte
	// slice is the first one.
	slice []byte
	key   bool
	// open: it is a key frame with frames after it that refer to others before
	// it. leading: it is one of these.
	open, leading bool
}

// What can be wrong with an access unit.
var (
	errSyntax    = errors.New("not as the standard says")
	errNoFirst   = errors.New("its first slice is missing")
	errDimension = errors.New("a picture of impossible size")
)

// A syntax knows one codec's NAL units. It keeps the newest valid parameter
// sets that it has seen.
type syntax interface {
	fresh() depacketizer
	// parse takes an access unit apart; the slice of nals is used again.
	parse(nals [][]byte) (frame, error)
	// track returns the parameter sets and what they say; ok is false until
	// they are complete.
	track() (t video.Track, ok bool)
	// order returns the DTS of a frame; it is asked of each that is handed on.
	order(f frame, pts int64) (int64, error)
}

// pictures is the decoder of H.264 and H.265.
type pictures struct {
	collector
	syntax syntax
	out    *output

	last     uint32 // timestamp of the last unit
	keyed    bool   // a key frame has been handed on
	dangling bool   // leading frames refer to what was never received
	broken   bool   // order has panicked
}

func newPictures(out *output, x syntax) *pictures {
	p := &pictures{syntax: x, out: out}
	p.collector = collector{fresh: x.fresh, emit: p.take, lost: p.lose}
	if t, ok := x.track(); ok {
		out.stream.tracks[out.track] = t
	}
	return p
}

func (p *pictures) lose(n int) {
	p.dangling = true
	p.out.lost(n)
}

// take judges an access unit.
func (p *pictures) take(u accessUnit) {
	f, err := p.syntax.parse(u.nals)
	again := u.timestamp == p.last
	p.last = u.timestamp
	switch {
	case errors.Is(err, errNoFirst) && again:
		p.byTime = true
		p.lose(1)
		return
	case err != nil:
		p.lose(1)
		return
	case len(f.data) == 0:
		return
	}
	p.out.stream.lastFrame = u.at
	if f.key {
		t, ok := p.syntax.track()
		if !ok {
			return // it may yet send its parameter sets
		}
		p.out.stream.setTrack(p.out.track, t)
		p.dangling = f.open && (p.dangling || !p.keyed)
	}
	if !u.timed || !f.key && !p.keyed || f.leading && p.dangling {
		return
	}
	p.keyed = true
	pts := p.out.clock.time(u.pts, p.out.rate, f.key, u.at)
	p.out.deliver(video.Unit{Data: f.data, Key: f.key, Arrived: u.at}, pts, p.dts(f, pts))
}

// dts returns when the frame is to be decoded.
func (p *pictures) dts(f frame, pts int64) int64 {
	if !p.broken {
		dts, err := p.tryOrder(f, pts)
		if err == nil {
			return dts
		}
		p.broken = errors.Is(err, errPanic)
	}
	if !p.out.any {
		return pts
	}
	// As if it came at the usual distance; the next key frame sets it right.
	return min(pts, p.out.dts+p.out.step)
}

func (p *pictures) tryOrder(f frame, pts int64) (dts int64, err error) {
	defer recovered(&err)
	return p.syntax.order(f, pts)
}

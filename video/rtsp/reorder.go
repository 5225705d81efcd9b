package rtsp

import (
	"slices"
	"time"
)

// A reorder works out when frames are to be decoded, for a stream that says how
// many frames may be sent before one that is shown earlier. A frame is decoded
// when the one so many places before it, in the order of showing, is shown:
// then nothing is decoded after it was to be shown, and nothing earlier than it
// must be.
type reorder struct {
	depth int
	step  int64   // between two frames, as far as is known
	held  []int64 // times of showing, in order; at most depth of them
	last  int64
	any   bool
}

// newReorder takes frames per second as 0 where they are not known.
func newReorder(depth int, fps float64) *reorder {
	step := usualStep
	if fps >= 1 && fps <= 240 {
		step = time.Duration(float64(time.Second) / fps)
	}
	return &reorder{depth: depth, step: fromDuration(step, videoRate)}
}

// dts returns the time of decoding of the next frame.
func (r *reorder) dts(pts int64) int64 {
	i, _ := slices.BinarySearch(r.held, pts)
	r.held = slices.Insert(r.held, i, pts)
	first := !r.any
	r.any = true
	switch {
	case len(r.held) > r.depth:
		r.last = r.held[0]
		r.held = slices.Delete(r.held, 0, 1)
	case first:
		r.last = pts - int64(r.depth)*r.step
	default:
		r.last += r.step
	}
	return r.last
}

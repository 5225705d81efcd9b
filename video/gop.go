package video

import "sync/atomic"

// A budget is the bytes that all caches share.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take reserves n bytes, if there are so many.
func (b *budget) take(n int) bool {
	if b.used.Add(int64(n)) <= b.limit {
		return true
	}
	b.used.Add(-int64(n))
	return false
}

// force reserves n bytes whether they are there or not; a negative n gives them
// back.
func (b *budget) force(n int) { b.used.Add(int64(n)) }

// maxUnits bounds the units cached of one stream: a minute of 25 frames and
// some sound a second.
const maxUnits = 2048

// A group is the newest key frame of a stream and what came after it, so that a
// subscriber need not wait for the next one. It always holds the key frame; the
// rest it gives up, until the next key frame, where it would be too much.
type group struct {
	budget *budget
	tracks []Track  // of its units
	units  []cached // the first is the key frame
	bytes  int
	// alone is set when what came after the key frame was given up.
	alone bool
	// stale is set when nothing that comes can be decoded after it.
	stale bool
}

type cached struct {
	Unit
	gap bool // units are missing before it
}

// start begins a new group with a key frame.
func (g *group) start(tracks []Track, u *Unit) {
	g.clear(0)
	g.tracks, g.alone, g.stale = tracks, false, false
	g.units = append(g.units, cached{Unit: *u})
	g.bytes = u.Size()
	g.budget.force(g.bytes)
}

// add adds a unit to the group.
func (g *group) add(u *Unit, gap bool) {
	if len(g.units) == 0 || g.alone || g.stale {
		return
	}
	size := u.Size()
	if len(g.units) >= maxUnits || g.bytes+size > maxGroup || !g.budget.take(size) {
		g.strip()
		return
	}
	g.units = append(g.units, cached{*u, gap})
	g.bytes += size
}

// strip gives up all but the key frame.
func (g *group) strip() {
	g.clear(1)
	g.alone = true
}

// end is called when the stream ends. The key frame is still the last that was
// seen of the camera.
func (g *group) end() {
	g.strip()
	g.stale = true
}

// drop gives up everything.
func (g *group) drop() {
	g.clear(0)
	g.units, g.tracks, g.stale = nil, nil, true
}

// clear keeps the first n units, at most one.
func (g *group) clear(n int) {
	n = min(n, len(g.units))
	kept := 0
	if n == 1 {
		kept = g.units[0].Size()
	}
	g.budget.force(kept - g.bytes)
	g.bytes = kept
	clear(g.units[n:]) // their bytes are to be freed
	g.units = g.units[:n]
}

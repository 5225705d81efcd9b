package video

import "time"

const (
	// window is what the rates of frames and bits are measured over.
	window = 10 * time.Second
	// firstPatience is how long a stream may pause while it is not known how
	// far apart its frames usually are.
	firstPatience = 15 * time.Second
	// A pause is a fault after leastPatience, or after so many times the
	// usual distance of frames, but never later than mostPatience.
	leastPatience = 5 * time.Second
	mostPatience  = 2 * time.Minute
	usualTimes    = 3
)

// A meter measures one stream from what arrives. The stream's rates are those
// of the present session; how far apart its frames usually are is remembered
// from session to session.
type meter struct {
	last   time.Time // when the last frame arrived, of whatever session
	frames int       // of this session
	bytes  int64     // of this session, sound included

	marks  [12]mark // one a second
	marked int      // how many were set in this session

	recent [8]mark // one for each of the last frames of this session

	lastKey  time.Time // of this session
	keyGaps  [4]time.Duration
	keyCount int // key gaps of this session

	gaps gaps
}

// A mark is where the counts stood when a frame came.
type mark struct {
	at     time.Time
	frames int
	bytes  int64
}

// begin starts a session.
func (m *meter) begin() {
	*m = meter{last: m.last, gaps: m.gaps}
}

// frame takes a frame of pictures.
func (m *meter) frame(at time.Time, size int, key bool) {
	if m.frames > 0 {
		m.gaps.add(at, at.Sub(m.last))
	}
	m.last = at
	m.frames++
	m.bytes += int64(size)
	here := mark{at: at, frames: m.frames, bytes: m.bytes}
	m.recent[m.frames%len(m.recent)] = here
	if key {
		if !m.lastKey.IsZero() {
			m.keyGaps[m.keyCount%len(m.keyGaps)] = at.Sub(m.lastKey)
			m.keyCount++
		}
		m.lastKey = at
	}
	if m.marked == 0 || at.Sub(m.marks[(m.marked-1)%len(m.marks)].at) >= time.Second {
		m.marks[m.marked%len(m.marks)] = here
		m.marked++
	}
}

// sound takes a unit that is no picture.
func (m *meter) sound(size int) { m.bytes += int64(size) }

// patience returns how long the next frame may keep one waiting before
// something is wrong.
func (m *meter) patience() time.Duration {
	usual, known := m.gaps.usual()
	if !known {
		return firstPatience
	}
	return min(max(leastPatience, usualTimes*usual), mostPatience)
}

// fresh reports whether the last frame is so recent that more must be expected
// to come.
func (m *meter) fresh(now time.Time) bool {
	return !m.last.IsZero() && now.Sub(m.last) <= m.patience()
}

// rates returns frames and bits per second, if known.
func (m *meter) rates() (fps, bitrate float64, ok bool) {
	if m.frames < 2 {
		return 0, 0, false
	}
	from := m.windowStart()
	if m.frames-from.frames < len(m.recent)-1 {
		// Too few to say much: a slow stream is measured over more time.
		from = m.recent[max(1, m.frames-len(m.recent)+1)%len(m.recent)]
	}
	span := m.last.Sub(from.at).Seconds()
	if span <= 0 {
		return 0, 0, false
	}
	return float64(m.frames-from.frames) / span, float64(m.bytes-from.bytes) * 8 / span, true
}

// windowStart returns the first mark within the window before the last frame.
func (m *meter) windowStart() mark {
	i := max(0, m.marked-len(m.marks))
	for i < m.marked-1 && m.last.Sub(m.marks[i%len(m.marks)].at) > window {
		i++
	}
	return m.marks[i%len(m.marks)]
}

// keyInterval returns the mean distance of the last key frames, if known.
func (m *meter) keyInterval() (time.Duration, bool) {
	n := min(m.keyCount, len(m.keyGaps))
	if n == 0 {
		return 0, false
	}
	var sum time.Duration
	for _, d := range m.keyGaps[:n] {
		sum += d
	}
	return sum / time.Duration(n), true
}

// gaps remembers how far apart the frames of a stream are: the second longest
// distance of the last minutes, because the longest may have been the one
// fault that there was.
type gaps struct {
	now, before longest
}

// gapSpan is the time after which a longest distance is let go, at the latest
// after twice that.
const gapSpan = 2 * time.Minute

// A longest is the two longest distances since a time.
type longest struct {
	since         time.Time
	count         int
	first, second time.Duration
}

func (g *gaps) add(at time.Time, d time.Duration) {
	if at.Sub(g.now.since) >= gapSpan && g.now.count > 1 {
		g.before, g.now = g.now, longest{since: at}
	}
	l := &g.now
	if l.count == 0 && l.since.IsZero() {
		l.since = at
	}
	l.count++
	switch {
	case d > l.first:
		l.first, l.second = d, l.first
	case d > l.second:
		l.second = d
	}
}

// usual is known after two distances.
func (g *gaps) usual() (time.Duration, bool) {
	if g.now.count+g.before.count < 2 {
		return 0, false
	}
	a, b := g.now, g.before
	if b.first > a.first {
		a, b = b, a
	}
	return max(a.second, b.first), true
}

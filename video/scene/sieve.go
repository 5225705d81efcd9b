package scene

import (
	"time"

	"citywatch/video"
)

// A sieve lets through the units that have to be decoded for two pictures a
// second.
type sieve struct {
	// pictures is set for MJPEG, of which each picture stands for itself.
	pictures bool
	due      time.Time // when the next of them is

	whole bool // a key frame was let through, and nothing is missing since
	// keys counts the key frames in a row that came soon after one another,
	// last is when the last arrived. Where they always do, they alone are
	// enough.
	keys int
	last time.Time
}

const (
	// oftenWithin is how soon after one another key frames must come, and
	// oftenLeast how many times.
	oftenWithin = 600 * time.Millisecond
	oftenLeast  = 8
)

// passes reports whether a unit is to be decoded; gap says that units are
// missing before it.
func (s *sieve) passes(u *video.Unit, gap bool) bool {
	if s.pictures {
		// Also where the clock was set back.
		if u.Arrived.Before(s.due) && s.due.Sub(u.Arrived) <= between {
			return false
		}
		s.due = u.Arrived.Add(between)
		return true
	}
	if u.Key {
		if u.Arrived.Sub(s.last) <= oftenWithin {
			s.keys++
		} else {
			s.keys = 0
		}
		s.last = u.Arrived
		s.whole = true
		return true
	}
	if gap {
		s.whole = false // what is decoded across a gap was never seen so
	}
	return s.whole && s.keys < oftenLeast
}

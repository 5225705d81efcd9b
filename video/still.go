package video

import (
	"hash/maphash"
	"time"
)

// A still notices a picture that does not change: even of a still scene a
// camera's key frames differ, by its noise alone. Each key frame is compared
// with the two before it, because encoders number them alternately.
type still struct {
	seed  maphash.Seed
	last  [2]keySum // the newest first
	seen  int
	run   int       // how many in a row equalled one before
	since time.Time // when the first of these came
}

type keySum struct {
	sum uint64
	at  time.Time
}

const (
	// stillRun equal key frames, over stillFor, are a frozen picture.
	stillRun = 3
	stillFor = 10 * time.Second
)

func newStill() still { return still{seed: maphash.MakeSeed()} }

// begin starts a session: a camera that plays a file begins it anew each time.
func (s *still) begin() { *s = still{seed: s.seed} }

// key takes a key frame.
func (s *still) key(c Codec, data [][]byte, at time.Time) {
	sum := s.sum(c, data)
	matched := false
	for _, k := range s.last[:min(s.seen, 2)] {
		if k.sum == sum {
			matched = true
			if s.run == 0 {
				s.since = k.at
			}
			break
		}
	}
	if matched {
		s.run++
	} else {
		s.run = 0
	}
	s.last[1], s.last[0] = s.last[0], keySum{sum, at}
	s.seen++
}

// frozen reports whether the picture has not changed for long enough to say so.
func (s *still) frozen() bool {
	return s.run >= stillRun && s.last[0].at.Sub(s.since) >= stillFor
}

// moved reports whether the newest key frame differs from those before.
func (s *still) moved() bool { return s.seen > 1 && s.run == 0 }

// sum covers what is of the picture alone: cameras put clocks into messages
// beside it.
func (s *still) sum(c Codec, data [][]byte) uint64 {
	const prime = 1099511628211
	var sum uint64
	for _, nalu := range data {
		if isPicture(c, nalu) {
			sum = sum*prime ^ maphash.Bytes(s.seed, nalu)
		}
	}
	return sum
}

// isPicture reports whether a unit of the bitstream holds part of a picture.
func isPicture(c Codec, nalu []byte) bool {
	if len(nalu) == 0 {
		return false
	}
	switch c {
	case H264:
		t := nalu[0] & 0x1f
		return t >= 1 && t <= 5
	case H265:
		return nalu[0]>>1&0x3f < 32
	default:
		return true
	}
}

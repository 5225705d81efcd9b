package scene

import "math/bits"

// A window remembers of the last 128 pictures which ones showed a fault. A
// fault is claimed when nearly all of a long stretch showed it, and given up
// when few of a short one did: a single picture changes nothing.
type window struct {
	lo, hi uint64
	held   bool
}

// A hold is how many of the last pictures it takes.
type hold struct {
	enter, of     int // claimed from enter faults among the last of
	leave, within int // given up at no more than leave faults among the last within
}

// push adds a picture and returns whether the fault is claimed.
func (w *window) push(faulty bool, h hold) bool {
	w.note(faulty)
	if w.held {
		w.held = w.count(h.within) > h.leave
	} else {
		w.held = w.count(h.of) >= h.enter
	}
	return w.held
}

// note adds a picture.
func (w *window) note(faulty bool) {
	w.hi = w.hi<<1 | w.lo>>63
	w.lo <<= 1
	if faulty {
		w.lo |= 1
	}
}

// count returns how many of the last n pictures, at most 128, were faulty.
func (w *window) count(n int) int {
	if n <= 64 {
		return bits.OnesCount64(w.lo << (64 - n))
	}
	return bits.OnesCount64(w.lo) + bits.OnesCount64(w.hi<<(128-n))
}

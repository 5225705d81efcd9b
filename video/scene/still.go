package scene

import "time"

// still watches for a picture that stands still while its clock goes on.
//
// A live picture is never quite the same from one second to the next: its
// sensor makes noise. What is frozen is coded as "no change" but for its clock,
// and stays near what it was when it froze, however often the coder begins
// anew. Both must hold, for minutes: a quiet night is nearly as still.
type still struct {
	s      size
	anchor []byte // the picture since which nothing has changed
	before []byte
	since  time.Time
	last   time.Time
	// frames were seen since the anchor; quiet are those of them in which
	// nothing but a clock differed from the one before.
	frames, quiet int
	// clock marks the blocks in which something did change since the anchor.
	clock  []bool
	clocks int
	real   window
}

const (
	stillFor   = 2 * time.Minute
	stillLeast = 90 // frames within stillFor
	// stillGap is how long no picture may come, before it is begun anew.
	stillGap = time.Minute
	// stillDrift is by how many grey levels a pixel may differ from the
	// anchor: coding the same picture again makes such differences.
	stillDrift = 4
	// stillPixels of a block may differ by more.
	stillPixels = 1
	// stillEqual is the share of the pixels that must be as they were in the
	// picture before, in stillQuiet of the pictures.
	stillEqual = 0.99
	stillQuiet = 0.85
	// stillClock is the share of the blocks that a clock may cover.
	stillClock = 0.15
)

func newStill(s size) *still {
	return &still{s: s, anchor: make([]byte, s.pixels()), before: make([]byte, s.pixels()), clock: make([]bool, s.blocks())}
}

// add takes a picture and returns whether it is frozen.
func (k *still) add(pix []byte, at time.Time) bool {
	if k.last.IsZero() || at.Sub(k.last) > stillGap || at.Before(k.last) {
		k.begin(pix, at)
		k.real = window{}
	}
	k.last = at
	changed := k.changed(pix)
	if changed {
		k.begin(pix, at)
	}
	k.frames++
	if k.equal(pix) {
		k.quiet++
	}
	copy(k.before, pix)

	frozen := at.Sub(k.since) >= stillFor && k.frames >= stillLeast && float64(k.quiet) >= stillQuiet*float64(k.frames)
	return k.held(frozen, changed)
}

// held keeps a claim until the picture has really changed several times: a
// single torn picture does not thaw it.
func (k *still) held(frozen, changed bool) bool {
	k.real.lo <<= 1
	if changed {
		k.real.lo |= 1
	}
	switch {
	case frozen:
		k.real.held = true
	case k.real.count(10) >= 3:
		k.real.held = false
	}
	return k.real.held
}

func (k *still) begin(pix []byte, at time.Time) {
	copy(k.anchor, pix)
	k.since, k.frames, k.quiet, k.clocks = at, 0, 0, 0
	clear(k.clock)
}

// changed reports whether something other than a clock differs from the
// anchor, and marks where the clock is.
func (k *still) changed(pix []byte) bool {
	s, cols, captions := k.s, k.s.cols(), k.s.captionRows()
	for b := range k.clock {
		if k.clock[b] || !k.differs(pix, b) {
			continue
		}
		if row := b / cols; row >= captions && row < s.rows()-captions {
			return true
		}
		k.clock[b] = true
		k.clocks++
	}
	return float64(k.clocks) > stillClock*float64(len(k.clock))
}

func (k *still) differs(pix []byte, b int) bool {
	over := 0
	for y := range block {
		i := (b/k.s.cols()*block+y)*k.s.w + b%k.s.cols()*block
		for j := i; j < i+block; j++ {
			if abs(int(pix[j])-int(k.anchor[j])) > stillDrift {
				over++
			}
		}
	}
	return over > stillPixels
}

// equal reports whether the picture is, but for its captions, the one before.
func (k *still) equal(pix []byte) bool {
	from, to := k.s.captionRows()*block*k.s.w, (k.s.rows()-k.s.captionRows())*block*k.s.w
	same := 0
	for i, p := range pix[from:to] {
		if p == k.before[from+i] {
			same++
		}
	}
	return float64(same) >= stillEqual*float64(to-from)
}

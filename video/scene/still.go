package scene

import (
	"slices"
	"time"
)

// still watches for a picture that stands still while its clock goes on.
//
// That nothing happens is no proof: an empty street by night is as still. But
// a live picture also hisses, for its sensor does, and a frozen one much less:
// what is left is the coder's own. So a picture is frozen when nothing but a
// clock has changed for minutes, and it hisses less than this camera ever did,
// in such light, while it was seen to live: mostly, and in its key frames, for
// a coder that is short of bits repeats everything between those. Where the
// coder lets no hiss through, it is frozen when it has been still far longer
// than ever, over a day and a night.
type still struct {
	s      size
	anchor []byte // the picture since which nothing has happened
	before []byte
	first  time.Time // the first picture of all
	since  time.Time // of the anchor
	last   time.Time
	frames int // since the anchor
	// clock marks the blocks of captions that have changed since the anchor.
	clock  []bool
	clocks int

	levels [lights]level
	hiss   hiss
	heard  int   // pictures, up to averageOf
	lowest hiss  // since the anchor
	change []int // by block, to find the middle one
	// longest is the longest that the camera was still and then lived.
	longest time.Duration
	changes window // which of the last pictures differed from the anchor
	frozen  bool
}

// A hiss is by how many grey levels the middle block differs from the picture
// before: that of the middle picture of the last minute, and that of the tenth
// that differ most.
type hiss struct{ usual, loud float64 }

func (h hiss) min(o hiss) hiss { return hiss{min(h.usual, o.usual), min(h.loud, o.loud)} }

// follow takes one picture's.
func (h *hiss) follow(v float64) {
	track := func(to *float64, rank float64) {
		switch step := hissStep * max(*to, 0.1); {
		case v > *to:
			*to += step * rank
		case v < *to:
			*to = max(*to-step*(1-rank), 0)
		}
	}
	track(&h.usual, 0.5)
	track(&h.loud, 0.9)
}

// A level is how much a camera hisses in some light, at least, while it lives.
type level struct {
	least hiss
	n     int // stretches between two changes that it was learned from
}

const (
	stillFor   = 3 * time.Minute
	stillLeast = 180 // pictures within stillFor
	// stillGap is how long no picture may come, before it is begun anew.
	stillGap = time.Minute
	// A block has changed when so many of its pixels differ by more grey
	// levels than coding the same picture again makes them differ.
	changedBy     = 10
	changedPixels = 3
	// stillClock is the share of the blocks that captions may change.
	stillClock = 0.15

	lights      = 8  // classes of brightness
	levelSettle = 20 // stretches before the least is followed
	levelLeast  = 60 // and before it is relied on
	levelRise   = 1.00002
	hissStep    = 0.03
	// What is left of the least when it is frozen. Measured: 0.2 to 0.6 of the
	// usual and 0.4 to 0.8 of the loud one when it is, 0.9 to 1.1 when not.
	hushedUsual = 0.6
	hushedLoud  = 0.85
	leastHiss   = 0.05 // grey levels: where there is less, it tells nothing
	// livesFor is how long may lie between two changes for the picture to be
	// sure to have lived meanwhile.
	livesFor = 30 * time.Second
	// farLonger than ever, and at least longStill.
	farLonger = 3
	longStill = 15 * time.Minute
)

func newStill(s size) *still {
	return &still{
		s: s, anchor: make([]byte, s.pixels()), before: make([]byte, s.pixels()),
		clock: make([]bool, s.blocks()), change: make([]int, 0, s.blocks()),
	}
}

// add takes a picture of that brightness and returns whether it is frozen.
func (k *still) add(pix []byte, brightness float64, at time.Time) bool {
	if k.last.IsZero() {
		k.first = at
	}
	if gap := at.Sub(k.last); k.last.IsZero() || gap > stillGap || gap < 0 {
		k.begin(pix, at)
		copy(k.before, pix)
	}
	k.last = at
	k.listen(pix)
	copy(k.before, pix)
	k.frames++
	still := at.Sub(k.since)
	l := &k.levels[min(int(brightness)*lights/256, lights-1)]
	changed := k.changed(pix)
	switch {
	case changed:
		if !k.frozen {
			l.learn(k.lowest, still)
			k.longest = max(k.longest, still)
		}
		k.begin(pix, at)
	default:
		k.lowest = k.lowest.min(k.hiss)
	}
	k.changes.note(changed)
	switch {
	case changed || still < stillFor || k.frames < stillLeast:
		// A single torn picture does not thaw it.
		k.frozen = k.frozen && k.changes.count(10) < 3
	case l.hushed(k.hiss):
		k.frozen = true
	case at.Sub(k.first) >= knownAfter && still >= longStill && still >= farLonger*k.longest:
		k.frozen = true
	}
	return k.frozen
}

func (k *still) begin(pix []byte, at time.Time) {
	copy(k.anchor, pix)
	k.since, k.frames, k.clocks = at, 0, 0
	k.lowest = k.hiss
	clear(k.clock)
}

// learn learns from a stretch between two changes: the picture lived in it. It
// lowers the least, and lets it rise again over days, for coders are set anew.
// In a long stretch the picture may have been frozen.
func (l *level) learn(h hiss, stretch time.Duration) {
	if stretch > livesFor {
		return
	}
	l.n++
	if l.n <= levelSettle {
		l.least = hiss{max(l.least.usual, h.usual), max(l.least.loud, h.loud)}
		return
	}
	l.least = hiss{l.least.usual * levelRise, l.least.loud * levelRise}.min(h)
}

// hushed reports whether h is less than a live picture's.
func (l *level) hushed(h hiss) bool {
	return l.n >= levelLeast && l.least.usual >= leastHiss &&
		h.usual <= hushedUsual*l.least.usual && h.loud <= hushedLoud*l.least.loud
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
			if abs(int(pix[j])-int(k.anchor[j])) > changedBy {
				over++
			}
		}
	}
	return over >= changedPixels
}

// listen hears how much the middle block differs from the picture before.
func (k *still) listen(pix []byte) {
	cols, captions := k.s.cols(), k.s.captionRows()
	k.change = k.change[:0]
	for b := captions * cols; b < (k.s.rows()-captions)*cols; b++ {
		sum := 0
		for y := range block {
			i := (b/cols*block+y)*k.s.w + b%cols*block
			for j := i; j < i+block; j++ {
				sum += abs(int(pix[j]) - int(k.before[j]))
			}
		}
		k.change = append(k.change, sum)
	}
	slices.Sort(k.change)
	v := float64(k.change[len(k.change)/2]) / (block * block)
	if k.heard++; k.heard <= averageOf { // the first pictures' average
		k.hiss.usual += (v - k.hiss.usual) / float64(k.heard)
		k.hiss.loud = max(k.hiss.loud, v)
		return
	}
	k.hiss.follow(v)
}

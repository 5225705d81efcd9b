package scene

import "time"

// A Picture says whether a camera's picture can be used, and why not.
type Picture string

// The judgements. The first that holds is claimed.
const (
	// OK: there is a scene, it is where it was, and it lives.
	OK Picture = "ok"
	// Black: there is nothing but darkness, and no lamp in it.
	Black Picture = "black"
	// Covered: the scene went from one second to the next, and what is seen
	// has no edges: a cloth, a hand, paint.
	Covered Picture = "covered"
	// WashedOut: glare or fog leaves nearly no contrast.
	WashedOut Picture = "washed_out"
	// Frozen: all stands still for minutes, but for a clock in the captions.
	Frozen Picture = "frozen"
	// Moved: the camera looks elsewhere than it did.
	Moved Picture = "moved"
)

// A Verdict is what is known of a camera's picture.
type Verdict struct {
	// At is when the last picture that was judged arrived; the zero time
	// before the first.
	At time.Time
	// Picture is empty until enough pictures were seen to say.
	Picture Picture
	// Activity is the share of the picture that moved from one picture to the
	// next half a second later, averaged over ten seconds: 0 where nothing
	// does, 1 where everything does. A street is around 0.05, a full square
	// around 0.3. Nil unless the picture is ok, for a black picture is not a
	// quiet street.
	Activity *float64
	// Brightness is the average, and Contrast the difference of light and dark
	// parts, of the last picture; 0 to 1. Nil before the first.
	Brightness, Contrast *float64
}

// A Judge judges the pictures of one camera, one after the other. It starts
// nothing and knows no clock. It is not for several goroutines at once.
type Judge struct {
	s      size
	calm   *calm
	still  *still
	place  *place
	motion *motion

	at     time.Time // of the last picture
	looked time.Time // when the place was last looked at
	seen   int       // pictures since the last gap
	now    features

	black, poor, moved window
	// blank says of which of the poor pictures nothing was to be seen at all,
	// covered what was decided when they were claimed.
	blank   window
	covered bool
	// usual is the structure that pictures have, and seenAt when it was last
	// near that.
	usual   float64
	clearAt time.Time
	blankAt time.Time // since when there is nothing to be seen
	sudden  bool      // the scene went from one second to the next
}

// The pictures, at two a second, after which something is claimed or given up.
func blackHold() hold { return hold{enter: 36, of: 40, leave: 10, within: 20} }
func poorHold() hold  { return hold{enter: 54, of: 60, leave: 10, within: 20} }
func movedHold() hold { return hold{enter: 10, of: 12, leave: 1, within: 4} }

const (
	judgeGap   = 5 * time.Second // without pictures, after which it is begun anew
	judgeLeast = 20              // pictures before anything is said

	blackMost    = 40   // of 100 pixels 95 are darker in a black picture
	fewLights    = 3    // pixels: fewer are no lamp
	blankMost    = 0.01 // structure of a picture that shows nothing
	dimStructure = 0.02 // structure of a dark picture that still shows something
	paleSpan     = 32   // grey levels between the dark and the light of a pale picture
	paleMost     = 0.03 // and its structure
	paleDark     = 60   // and it is not dark
	glareLeast   = 0.6  // share of white pixels
	darkCover    = 90   // what shows nothing and is darker is no fog
	suddenly     = 4 * time.Second
)

// NewJudge returns a Judge of a camera's small pictures; Size tells theirs.
func NewJudge(s size) *Judge {
	return &Judge{s: s, calm: newCalm(s), still: newStill(s), place: newPlace(s), motion: newMotion(s)}
}

// Add judges a picture that arrived at the time. Pictures come about two a
// second, in order.
func (j *Judge) Add(pix []byte, at time.Time) {
	if gap := at.Sub(j.at); gap > judgeGap || gap < 0 {
		j.forget()
	}
	j.at = at
	j.seen++
	j.calm.add(pix)
	j.now = measure(pix, j.calm)
	j.judge(at)
	j.still.add(pix, j.now.mean, at)
	j.motion.add(pix, at)
	if at.Sub(j.looked) >= lookEvery && j.calm.n > 8 {
		j.looked = at
		j.moved.push(j.place.add(j.calm, j.now.structure, at), movedHold())
	}
}

// forget begins anew after a gap. What was claimed stays claimed until
// pictures say otherwise, and so does what was learned.
func (j *Judge) forget() {
	j.seen = 0
	j.calm.n = 0
	j.motion.forget()
	j.looked = time.Time{}
}

// judge holds one picture's features against the bounds.
func (j *Judge) judge(at time.Time) {
	f := j.now
	black := f.high < blackMost && f.lights < fewLights && f.structure < dimStructure
	glare := f.glare >= glareLeast
	blank := !black && !glare && f.structure < blankMost
	pale := !black && (glare || f.high-f.low < paleSpan && f.structure < paleMost && f.middle >= paleDark)
	j.usually(f, blank || black || pale, at)
	j.black.push(black, blackHold())
	j.blank.push(blank, poorHold())
	claimed := j.poor.held
	if j.poor.push(blank || pale, poorHold()) && !claimed {
		// What went at once was covered. What went slowly is fog, and so is
		// what was never seen otherwise, if it is bright.
		j.covered = j.blank.count(poorHold().of) >= poorHold().of/2 &&
			(j.sudden || j.usual == 0 && f.middle < darkCover)
	}
}

// usually learns how much there usually is to be seen, and how fast it went.
func (j *Judge) usually(f features, nothing bool, at time.Time) {
	if !nothing && f.structure >= j.usual/2 {
		j.clearAt = at
	}
	if !nothing {
		j.blankAt = time.Time{}
		if j.usual == 0 {
			j.usual = f.structure
		}
		j.usual += (f.structure - j.usual) / 600
		return
	}
	if j.blankAt.IsZero() {
		j.blankAt = at
		j.sudden = !j.clearAt.IsZero() && at.Sub(j.clearAt) <= suddenly
	}
}

// Verdict returns what is known after the last picture.
func (j *Judge) Verdict() Verdict {
	v := Verdict{At: j.at}
	if j.seen == 0 {
		return v
	}
	brightness, contrast := j.now.mean/255, float64(j.now.high-j.now.low)/255
	v.Brightness, v.Contrast = &brightness, &contrast
	if j.seen < judgeLeast {
		return v
	}
	v.Picture = j.picture()
	if activity, known := j.motion.index(); known && v.Picture == OK {
		v.Activity = &activity
	}
	return v
}

func (j *Judge) picture() Picture {
	switch {
	case j.black.held:
		return Black
	case j.poor.held && j.covered:
		return Covered
	case j.poor.held:
		return WashedOut
	case j.still.frozen:
		return Frozen
	case j.moved.held:
		return Moved
	}
	return OK
}

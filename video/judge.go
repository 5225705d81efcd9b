package video

import (
	"errors"
	"time"
	"unicode/utf8"

	"citywatch"
)

const (
	// answerWithin is how long a camera may take to agree to send.
	answerWithin = 15 * time.Second
	// brief is how long frames must come for the session's end to be no fault
	// yet. After a session that had them for less, they must come for as long
	// before they are believed: else a camera that breaks off again and again
	// would be well each time.
	brief = 5 * time.Second
	// frameWithin is how long it may then take to send a first frame.
	frameWithin = 10 * time.Second
)

// A phase is what is being done about a stream.
type phase int

const (
	resting phase = iota // nobody wants it
	waiting              // for the next try, or to be let try
	asking               // a session has begun
	playing              // the camera has agreed to send
)

// A judge tells how a stream is, from what its sessions meet and when its
// frames come. It is told of the former, and looks at the latter whenever asked
// to.
//
// A fault once known stays until frames come, however often it is tried
// meanwhile. A session that ends while frames came is no fault yet: often the
// next one has them again before they are missed.
type judge struct {
	state  citywatch.CameraState
	detail string

	phase phase
	from  time.Time // since when it is in that phase
	fault *Fault    // what the last session met, until a camera agrees again
	spoke bool      // the last frames are still the newest word
	doubt bool      // the last session with frames was over soon
	// casual is set while nobody watches, and frames come only by the way.
	casual bool
}

func newJudge() judge { return judge{state: citywatch.CameraConnecting} }

func (j *judge) enter(p phase, now time.Time) {
	if j.phase != p {
		j.phase, j.from = p, now
	}
}

// began: a session asks the camera.
func (j *judge) began(now time.Time) {
	j.enter(asking, now)
}

// agreed: the camera has said what it will send.
func (j *judge) agreed(now time.Time) {
	j.fault = nil
	j.enter(playing, now)
}

// came: a frame has come, so long after the session's first.
func (j *judge) came(had time.Duration) {
	if j.doubt && had < brief {
		return
	}
	j.fault, j.spoke, j.doubt = nil, true, false
}

// ended: the session ended by itself, with so many frames over that time.
func (j *judge) ended(now time.Time, f *Fault, frames int, had time.Duration) {
	j.fault = f
	if had < brief {
		j.spoke = false
		j.doubt = j.doubt || frames > 0
	}
	j.enter(waiting, now)
}

// refused: the stream may not be tried, because its account was refused for
// another camera. That may also be why its own last session ended, unless more
// is known of it.
func (j *judge) refused(f *Fault, now time.Time) {
	if j.fault == nil || j.fault.State == citywatch.CameraUnreachable {
		j.fault = f
	}
	j.enter(waiting, now)
}

// released: nobody wants the stream any more.
func (j *judge) released(now time.Time) {
	if j.phase != resting {
		j.fault = nil
		j.enter(resting, now)
	}
}

// look decides how the stream is now.
func (j *judge) look(now time.Time, m *meter, frozen bool) {
	switch {
	case j.spoke && m.fresh(now) && frozen:
		j.say(citywatch.CameraFrozen, "the picture has not changed at all for some time")
	case j.spoke && m.fresh(now):
		j.say(j.well(), "")
	case j.phase == resting:
		if j.state == citywatch.CameraOnline {
			j.say(citywatch.CameraIdle, "")
		}
	case j.fault != nil:
		j.say(j.fault.State, j.fault.Error())
	case j.phase == asking && now.Sub(j.from) > answerWithin:
		j.say(citywatch.CameraUnreachable, "no answer")
	case j.phase == playing && m.frames == 0 && now.Sub(j.from) > frameWithin:
		j.say(citywatch.CameraNoVideo, "the camera agreed to send, and no frame has come")
	case j.phase == playing && m.frames > 0 && !m.fresh(now):
		j.say(citywatch.CameraNoVideo, "the session is up, and no more frames come")
	}
}

// well is how a stream is called whose frames come: idle, when they come only
// because it is being checked.
func (j *judge) well() citywatch.CameraState {
	if j.casual || j.phase == resting {
		return citywatch.CameraIdle
	}
	return citywatch.CameraOnline
}

func (j *judge) say(s citywatch.CameraState, detail string) { j.state, j.detail = s, detail }

// maxDetail bounds the text of an error that people are shown.
const maxDetail = 300

// asFault tells from the error of a session how the camera is.
func asFault(err error) *Fault {
	var f *Fault
	switch {
	case err == nil:
		return &Fault{State: citywatch.CameraNoVideo, Err: errEnded}
	case errors.As(err, &f) && f.Err == nil:
		// Its text cannot be asked for.
		return &Fault{State: citywatch.CameraUnreachable, Err: errEnded}
	case f != nil && known(f.State):
		return &Fault{State: f.State, Err: errors.New(short(err.Error()))}
	default:
		return &Fault{State: citywatch.CameraUnreachable, Err: errors.New(short(err.Error()))}
	}
}

func known(s citywatch.CameraState) bool {
	switch s {
	case citywatch.CameraNoVideo, citywatch.CameraBadCredentials, citywatch.CameraUnreachable, citywatch.CameraUnsupported:
		return true
	}
	return false
}

func short(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	cut := maxDetail
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

package video

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"citywatch"
)

// A trial plays what happens to a stream second by second. Its script is a word
// for each thing: ask, agree, frame, end, free, and the faults; +5 lets 5
// seconds pass, *5 does so with 10 frames a second; anything else is the state
// that is expected then.
type trial struct {
	t      *testing.T
	first  time.Time // frame of the session
	judge  judge
	meter  meter
	now    time.Time
	frozen bool
}

func newTrial(t *testing.T) *trial { return &trial{t: t, judge: newJudge(), now: noon} }

func (x *trial) look() { x.judge.look(x.now, &x.meter, x.frozen) }

func (x *trial) frame() {
	if x.meter.frames == 0 {
		x.first = x.now
	}
	x.meter.frame(x.now, 1000, true)
	x.judge.came(x.now.Sub(x.first))
	x.look()
}

func (x *trial) fail(s citywatch.CameraState) {
	var had time.Duration
	if x.meter.frames > 0 {
		had = x.meter.last.Sub(x.first)
	}
	x.judge.ended(x.now, &Fault{State: s, Err: errors.New("told")}, x.meter.frames, had)
}

func (x *trial) run(script string) {
	x.t.Helper()
	for i, word := range strings.Fields(script) {
		var seconds int
		switch {
		case word == "ask":
			x.meter.begin()
			x.judge.began(x.now)
		case word == "agree":
			x.judge.agreed(x.now)
		case word == "frame":
			x.frame()
		case word == "freeze", word == "thaw":
			x.frozen = word == "freeze"
		case word == "rest":
			x.judge.casual = true
			x.judge.released(x.now)
		case word == "casual", word == "watched":
			x.judge.casual = word == "casual"
		case strings.HasPrefix(word, "!"):
			x.fail(citywatch.CameraState(word[1:]))
		case scan(word, "+%d", &seconds):
			for range seconds {
				x.now = x.now.Add(time.Second)
				x.look()
			}
		case scan(word, "*%d", &seconds):
			for range 10 * seconds {
				x.now = x.now.Add(100 * time.Millisecond)
				x.frame()
			}
		default:
			x.look()
			if string(x.judge.state) != word {
				x.t.Errorf("word %d of %q: %s (%s)", i+1, script, x.judge.state, x.judge.detail)
				return
			}
		}
		x.look()
	}
}

func scan(word, format string, n *int) bool {
	_, err := fmt.Sscanf(word, format, n)
	return err == nil
}

func TestVerdicts(t *testing.T) {
	for name, script := range map[string]string{
		"well":                                "connecting ask connecting +1 agree connecting +1 frame online *60 online",
		"does not answer":                     "ask +14 connecting +2 unreachable +60 unreachable",
		"refused at once":                     "ask !bad_credentials bad_credentials +60 bad_credentials",
		"a retry keeps the fault":             "ask !bad_credentials +60 ask +5 bad_credentials agree +5 bad_credentials frame online",
		"a retry meets another fault":         "ask !unreachable unreachable +1 ask +1 !unsupported_codec unsupported_codec",
		"agrees, and sends nothing":           "ask +1 agree +9 connecting +2 no_video +60 no_video frame online",
		"fault, then agrees, then nothing":    "ask !unreachable +1 ask agree +9 unreachable +2 no_video",
		"frames stop":                         "ask agree frame *20 online +5 online +1 no_video +60 no_video *1 online",
		"a session that ends is no fault yet": "ask agree *20 !unreachable online +1 online ask agree *10 online",
		"it is, when frames are missed":       "ask agree *20 !unreachable +4 online +2 unreachable +10 unreachable",
		"and at once, when the next fails":    "ask agree *20 !unreachable online +1 ask !bad_credentials bad_credentials",
		"agrees anew, but frames are missed":  "ask agree *20 !unreachable +1 ask agree +3 online +12 no_video",
		"unsupported after frames":            "ask agree *20 !unsupported_codec +6 unsupported_codec",
		"breaks off":                          "ask agree *2 online !unreachable unreachable +1 ask agree *2 unreachable !unreachable +1 ask agree *4 unreachable *2 online",
		"breaks off, then fails":              "ask agree *2 !unreachable +1 ask !bad_credentials bad_credentials +60 ask agree *4 bad_credentials *2 online",
		"breaks off, then frames stop":        "ask agree *2 !unreachable +1 ask agree *2 unreachable +6 no_video",
		"frozen":                              "ask agree *20 freeze frozen *20 frozen thaw online",
		"frozen, then gone":                   "ask agree *20 freeze frozen !unreachable frozen +6 unreachable",
		"frozen, then no frames":              "ask agree *20 freeze frozen +6 no_video",
		"one frame in 10 s does not flap":     "ask agree frame +10 online frame +10 online frame +10 online frame +29 online +2 no_video",
		"nobody asks":                         "ask agree *5 online rest idle +300 idle",
		"nobody asks, after a fault":          "ask agree *5 +6 no_video rest no_video +300 no_video",
		"nobody asks, after a refusal":        "ask !bad_credentials rest +300 bad_credentials",
		"nobody asked yet":                    "rest connecting +300 connecting",
		"a check finds it well":               "casual ask agree frame idle *3 rest idle +300 casual ask +5 idle agree *3 idle rest idle",
		"a check finds it frozen":             "casual ask agree frame idle freeze *15 frozen rest +300 frozen",
		"a check finds it gone":               "casual ask agree *5 rest idle +300 ask !unreachable unreachable rest +300 unreachable",
		"a check finds it well again":         "casual ask !unreachable rest +300 unreachable ask +1 unreachable agree frame idle rest idle",
		"a check that is watched":             "casual ask agree frame idle watched online *5 casual idle",
	} {
		t.Run(name, func(t *testing.T) { newTrial(t).run(script) })
	}
}

func TestRefusedForAnother(t *testing.T) {
	x := newTrial(t)
	x.judge.refused(&Fault{State: citywatch.CameraBadCredentials, Err: errOthers}, x.now)
	x.run("bad_credentials +60 ask bad_credentials agree frame online")
}

func TestFaultOfAnError(t *testing.T) {
	said := errors.New("said")
	for _, c := range []struct {
		err    error
		state  citywatch.CameraState
		detail string
	}{
		{nil, citywatch.CameraNoVideo, errEnded.Error()},
		{said, citywatch.CameraUnreachable, "said"},
		{&Fault{State: citywatch.CameraUnsupported, Err: said}, citywatch.CameraUnsupported, "said"},
		{fmt.Errorf("tcp: %w", &Fault{State: citywatch.CameraBadCredentials, Err: said}), citywatch.CameraBadCredentials, "tcp: said"},
		{&Fault{State: citywatch.CameraOnline, Err: said}, citywatch.CameraUnreachable, "said"},
		{errors.New(strings.Repeat("ế", 500)), citywatch.CameraUnreachable, strings.Repeat("ế", maxDetail/3) + "…"},
	} {
		f := asFault(c.err)
		if f.State != c.state || f.Error() != c.detail || !utf8.ValidString(f.Error()) {
			t.Errorf("%v: %s, %s", c.err, f.State, f.Error())
		}
	}
	// A fault without an error must not end the process.
	if f := asFault(errors.Join(said, &Fault{State: citywatch.CameraNoVideo})); f.Error() == "" {
		t.Error("no detail")
	}
}

package badcamera

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"

	"citywatch"
)

// A Case is one way to misbehave.
type Case struct {
	// Name is short, and part of the address.
	Name string
	// About says in a few words what the camera does.
	About string
	// Want is how the camera is to be called within 20 s, and from then on.
	Want citywatch.CameraState
	// Shows is set where pictures come that can be used, if only for a time;
	// else the camera must never be called online.
	Shows bool

	how how
}

// A how is what a camera does other than a sound one. What is nil or empty is
// as it should be.
type how struct {
	film string // which one is played; filmPlain

	// port takes the listener, until ctx ends; nothing is accepted.
	port func(ctx context.Context, l net.Listener)
	// whole takes the connection, until it ends.
	whole func(t *talk)
	// answer changes the answer to a request.
	answer func(t *talk, q *request, a *answer)
	// sdp changes the description.
	sdp func(text string) string
	// udp offers UDP, and no TCP.
	udp bool
	// noSprop leaves the parameter sets out of the description, and noSets out
	// of the stream.
	noSprop, noSets bool

	// begin changes the stream before its first frame, later once it has gone
	// on for some time, and packets changes what is sent of each frame.
	begin, later func(s *stream)
	nal          func(s *stream, nal []byte) []byte
	packets      func(s *stream, sound []*packet) []*packet
	// beside sends something after each frame.
	beside func(s *stream) error
}

// Cases returns all cases, in the order in which they are to be read.
func Cases() []Case {
	return slices.Concat(ways(), answers(), descriptions(), echoes(), streams(), times(), packets(), pictures())
}

// Find returns the case of the name.
func Find(name string) (Case, bool) {
	cases := Cases()
	i := slices.IndexFunc(cases, func(c Case) bool { return c.Name == name })
	if i < 0 {
		return Case{}, false
	}
	return cases[i], true
}

func (c *Case) film() string {
	if c.how.film == "" {
		return filmPlain
	}
	return c.how.film
}

// Short names of what is wanted.
const (
	online      = citywatch.CameraOnline
	noVideo     = citywatch.CameraNoVideo
	frozen      = citywatch.CameraFrozen
	refused     = citywatch.CameraBadCredentials
	unreachable = citywatch.CameraUnreachable
	unsupported = citywatch.CameraUnsupported
)

// works is a case that is to be borne: its pictures can be used all the time.
func works(name, about string, h how) Case {
	return Case{Name: name, About: about, Want: online, Shows: true, how: h}
}

// breaks is a case whose pictures can be used for a time.
func breaks(name, about string, want citywatch.CameraState, h how) Case {
	return Case{Name: name, About: about, Want: want, Shows: true, how: h}
}

// fails is a case without pictures that could be used.
func fails(name, about string, want citywatch.CameraState, h how) Case {
	return Case{Name: name, About: about, Want: want, how: h}
}

// description is the SDP.
func (t *talk) description() string {
	film := t.o.Films[t.film()]
	var b strings.Builder
	b.WriteString("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n")
	fmt.Fprintf(&b, "m=video 0 RTP/AVP %d\r\na=rtpmap:%d %s/90000\r\n", videoType, videoType, film.Codec)
	if fmtp := t.fmtp(film); fmtp != "" {
		fmt.Fprintf(&b, "a=fmtp:%d %s\r\n", videoType, fmtp)
	}
	b.WriteString("a=control:trackID=0\r\n")
	text := b.String()
	if t.how.sdp != nil {
		text = t.how.sdp(text)
	}
	return text
}

func (t *talk) fmtp(film *Film) string {
	var sets []string
	for _, set := range film.Sets {
		sets = append(sets, base64.StdEncoding.EncodeToString(set))
	}
	switch {
	case film.Codec == "H265" && !t.how.noSprop:
		return fmt.Sprintf("sprop-vps=%s;sprop-sps=%s;sprop-pps=%s", sets[0], sets[1], sets[2])
	case film.Codec == "H265":
		return ""
	case t.how.noSprop:
		return "packetization-mode=1"
	}
	return "packetization-mode=1;sprop-parameter-sets=" + strings.Join(sets, ",")
}

package rtsp

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"citywatch/video"
)

// keyFrameWait is how long a camera whose frames come may go without a key
// frame before it counts as sending none. A minute between two is in use.
const keyFrameWait = 2 * time.Minute

// A packet is one RTP packet of a track. What it holds belongs to the stream.
type packet struct {
	*rtp.Packet
	pts   int64 // in units of the track's clock; wraps are undone
	timed bool  // pts is known
	at    time.Time
}

// A decoder makes units of the packets of one track.
type decoder interface {
	push(p packet)
}

// A stream makes of packets what a sink is promised. It is used by one
// goroutine at a time.
type stream struct {
	sink     video.Sink
	tracks   []video.Track
	decoders []decoder

	announced bool
	started   bool          // the first key frame has been handed on
	origin    time.Duration // what it began at

	began      time.Time
	lastPacket time.Time // of video
	lastFrame  time.Time // whole and understood, whether handed on or not
}

func newStream(offers []offer, to video.Sink, now time.Time) (*stream, error) {
	s := &stream{sink: to, began: now}
	for i, o := range offers {
		s.tracks = append(s.tracks, o.track)
		d, err := s.newDecoder(i, o.format)
		if err != nil {
			return nil, fmt.Errorf("track %s: %w", o.track.Codec, err)
		}
		s.decoders = append(s.decoders, d)
	}
	return s, nil
}

func (s *stream) newDecoder(track int, f format.Format) (decoder, error) {
	out := &output{stream: s, track: track, rate: int64(max(f.ClockRate(), 1))}
	switch f := f.(type) {
	case *format.H264:
		return newPictures(out, newH264(f.SPS, f.PPS)), nil
	case *format.H265:
		return newPictures(out, newH265(f.VPS, f.SPS, f.PPS)), nil
	case *format.MJPEG:
		return &stills{out: out}, nil
	case *format.MPEG4Audio:
		return newAAC(out, f)
	case *format.MPEG4AudioLATM:
		return newLATM(out, f)
	case *format.G711:
		return &raw{out: out}, nil
	}
	return nil, fmt.Errorf("%T is not carried", f)
}

// announce tells the sink what the stream consists of, once.
func (s *stream) announce() {
	if !s.announced {
		s.announced = true
		s.sink.Tracks(s.tracks)
	}
}

// setTrack tells the sink if the track is not what it was.
func (s *stream) setTrack(i int, t video.Track) {
	old := s.tracks[i]
	if old.Width == t.Width && old.Height == t.Height && bytes.Equal(old.VPS, t.VPS) &&
		bytes.Equal(old.SPS, t.SPS) && bytes.Equal(old.PPS, t.PPS) {
		return
	}
	// The sink may still read the old ones.
	s.tracks = slices.Clone(s.tracks)
	s.tracks[i] = t
	if s.announced {
		s.sink.Tracks(s.tracks)
	}
}

// receive takes the next packet of a track.
func (s *stream) receive(track int, p packet) {
	if track == 0 { // choose puts video first
		s.lastPacket = p.at
	}
	s.decoders[track].push(p)
}

// overdue returns why the stream counts as dead, if it does: the camera has
// sent nothing of use for so long.
func (s *stream) overdue(now time.Time, timeout time.Duration) error {
	last := s.began
	if s.lastFrame.After(last) {
		last = s.lastFrame
	}
	switch {
	case now.Sub(last) >= timeout && s.lastPacket.IsZero():
		return errNothing
	case now.Sub(last) >= timeout && s.lastFrame.IsZero():
		return errNoFrames
	case now.Sub(last) >= timeout:
		return errStalled
	case !s.started && now.Sub(s.began) >= keyFrameWait:
		return errNoKeyFrame
	}
	return nil
}

// An output hands on the units of one track, with a time that never falls.
type output struct {
	stream *stream
	track  int
	rate   int64 // of its clock, 1/s
	clock  clock

	dts  int64 // of the last unit
	step int64 // between the last two
	any  bool
}

// lost tells the sink that something is missing. What is missing of audio is
// not told: nobody has to wait for a key frame for it.
func (o *output) lost(n int) {
	if o.track == 0 && o.stream.started {
		o.stream.sink.Lost(n)
	}
}

// deliver hands on a unit. pts has been through the clock; dts is what the
// order of decoding asks for, or as close to it as could be found out.
func (o *output) deliver(u video.Unit, pts, dts int64) {
	s := o.stream
	if o.any && dts <= o.dts {
		dts = o.dts + 1
	}
	pts = max(pts, dts)
	if !s.started {
		if o.track != 0 || !u.Key {
			return // a stream begins with a key frame
		}
		s.started = true
		s.origin = o.duration(dts)
		s.announce()
	}
	if o.any {
		o.step = dts - o.dts
	}
	o.any, o.dts = true, dts
	u.Track = o.track
	u.PTS, u.DTS = o.duration(pts)-s.origin, o.duration(dts)-s.origin
	if u.DTS < 0 {
		return // audio from before the first picture
	}
	s.sink.Unit(u)
}

func (o *output) duration(ticks int64) time.Duration { return toDuration(ticks, o.rate) }

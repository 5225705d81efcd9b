package video

import (
	"context"
	"time"

	"citywatch"
)

// A Codec names how the units of a track are coded, as SDP does.
type Codec string

// The codecs that are carried.
const (
	H264  Codec = "H264"
	H265  Codec = "H265"
	MJPEG Codec = "JPEG"
	AAC   Codec = "AAC"
	PCMA  Codec = "PCMA"
	PCMU  Codec = "PCMU"
)

// IsVideo reports whether the codec is one of pictures.
func (c Codec) IsVideo() bool { return c == H264 || c == H265 || c == MJPEG }

// A Track is one kind of frames within a stream. Its slices must not be
// changed.
type Track struct {
	Codec Codec
	// VPS (H.265 only), SPS and PPS are the parameter sets, without start
	// codes. They are valid, and complete before the first unit comes.
	VPS, SPS, PPS []byte
	// Width and Height are in pixels; 0 for audio, and for MJPEG until its
	// first frame.
	Width, Height int
	// Config is the AudioSpecificConfig of AAC.
	Config []byte
	// SampleRate and Channels are those of audio.
	SampleRate, Channels int
}

// A Unit is one frame: a whole, validated access unit of H.264 or H.265, one
// picture of MJPEG, one frame of AAC, one packet of G.711. Its slices are shared
// by all who read it and must not be changed.
type Unit struct {
	// Track is the index of the unit's track.
	Track int
	// Data holds the NAL units of an access unit, without start codes, without
	// access unit delimiters and without parameter sets; of other codecs one
	// slice.
	Data [][]byte
	// PTS and DTS count from the stream's first unit. DTS never falls and is
	// never behind PTS; a jump of the camera's own clock does not show in
	// them.
	PTS, DTS time.Duration
	// Key is set where decoding can begin; always for MJPEG and audio.
	Key bool
	// Arrived is when its last packet came, by this machine's clock.
	Arrived time.Time
}

// Size returns how many bytes of the stream the unit is.
func (u *Unit) Size() int {
	n := 0
	for _, d := range u.Data {
		n += len(d)
	}
	return n
}

// A Sink takes what a session receives. A session calls it from one goroutine
// at a time. Its methods do not block.
type Sink interface {
	// Tracks says what the stream consists of; at most one track is video.
	// It is called once the camera has agreed to send, before the first unit,
	// and again whenever a parameter set or a picture's size changes: before
	// the key frame that needs it.
	Tracks(tracks []Track)
	// Unit takes one unit. Units of one track come in the order of DTS.
	Unit(u Unit)
	// Lost says that so many packets, or units that could not be understood,
	// are missing before the next unit.
	Lost(n int)
}

// A Source is where one stream of a camera comes from.
type Source interface {
	// Play pulls the stream until ctx ends or the session fails. It returns
	// only when all that it started has ended. The error of a session that
	// failed is a *Fault where more is known than that the camera did not
	// answer; it holds no secret.
	Play(ctx context.Context, to Sink) error
}

// A Fault is why a session ended, and how the camera thereby is.
type Fault struct {
	// State is one of CameraNoVideo, CameraBadCredentials, CameraUnreachable
	// and CameraUnsupported.
	State citywatch.CameraState
	Err   error
}

func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the underlying error.
func (f *Fault) Unwrap() error { return f.Err }

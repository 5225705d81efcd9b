package citywatch

import (
	"time"

	"github.com/paulmach/orb"
)

// A Camera is one camera point: what people need to know of it. Where its
// streams are, and the credentials for them, never leave package video.
type Camera struct {
	ID     string
	Name   string
	Sector Sector
	// Zone is the id of the zone that holds Position.
	Zone string
	// Position is longitude, latitude (WGS 84).
	Position orb.Point
	// Bearing is where it looks, in degrees clockwise from north; nil where
	// that is not known, or changes.
	Bearing *float64
	// View is how wide it sees, in degrees; nil where that is not known.
	View *float64
	// Gateway is what the camera is reached through: a recorder, a router, a
	// radio link. Cameras behind the same one fail together.
	Gateway string
	// OnDemand cameras are pulled only while somebody watches, and looked at
	// briefly now and then. A page that shows many without being asked to
	// leaves them in peace.
	OnDemand bool
}

// A CameraState is how a camera is, as far as its stream shows.
type CameraState string

// The states of a camera.
const (
	// CameraOnline: frames come, and they differ.
	CameraOnline CameraState = "online"
	// CameraConnecting: it is being asked for the first time since citywatch
	// started, and nothing is known of it yet.
	CameraConnecting CameraState = "connecting"
	// CameraIdle: it is pulled only on demand, nobody asks, and it was well
	// when it was last looked at.
	CameraIdle CameraState = "idle"
	// CameraNoVideo: it answers, and sends no frames.
	CameraNoVideo CameraState = "no_video"
	// CameraFrozen: frames come, and they are all the same.
	CameraFrozen CameraState = "frozen"
	// CameraBadCredentials: it refuses the user or the password.
	CameraBadCredentials CameraState = "bad_credentials"
	// CameraUnreachable: it does not answer, or not as a camera does.
	CameraUnreachable CameraState = "unreachable"
	// CameraUnsupported: it sends no codec that citywatch carries.
	CameraUnsupported CameraState = "unsupported_codec"
)

// Up reports whether the camera's pictures can be used: they come and change.
func (s CameraState) Up() bool { return s == CameraOnline || s == CameraIdle }

// The classes of the readings that citywatch makes about cameras.
const (
	// CameraHealthClass is the class of a camera's own readings; their device
	// is the camera's id.
	CameraHealthClass = "camera_health"
	// CameraGatewayClass is the class of the readings about all cameras
	// behind one gateway; their device is the gateway's id.
	CameraGatewayClass = "camera_gateway"
	// CameraRecorderClass is the class of the readings about the recording of
	// all cameras; their device is RecorderID.
	CameraRecorderClass = "camera_recorder"
	// RecorderID is the device whose readings say how the recording goes. It
	// is nowhere.
	RecorderID = "recorder"
)

// A CameraStatus is how a camera is now.
type CameraStatus struct {
	State CameraState
	// Since is when it came into that state.
	Since time.Time
	// Detail says more, for people; it holds no secret.
	Detail string
	// LastFrame is when the last frame arrived; zero if none did since
	// citywatch started.
	LastFrame time.Time
	// Codec, Width and Height are those of the last frame; empty and 0 before.
	Codec         string
	Width, Height int
	// FPS, Bitrate (bit/s) and KeyInterval (seconds) are measured over the
	// last Window; nil while no frames come.
	FPS, Bitrate, KeyInterval *float64
	// Reconnects counts the sessions that ended by themselves since citywatch
	// started.
	Reconnects int
}

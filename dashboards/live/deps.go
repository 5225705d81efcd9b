package live

import (
	"context"
	"log/slog"
	"time"

	"citywatch"

	"github.com/prometheus/client_golang/prometheus"
)

// A Message is the next thing of a camera's stream that a viewer shows. Its
// data is shared by all viewers and must not be changed.
type Message struct {
	// Codec is set where a stream begins, or begins anew: H264, H265 or JPEG.
	// Data is then the initialization segment, or nil for JPEG.
	Codec string
	// MIME is what the page asks its browser about.
	MIME          string
	Width, Height int
	// Data is one fragment, or one JPEG.
	Data []byte
	// Media is where the fragment lies on the time axis of the stream, and
	// Arrived when its frame came from the camera.
	Media   time.Duration
	Arrived time.Time
	// Skipped says that frames are missing before this one, because the
	// viewer, or the way from the camera, was too slow.
	Skipped bool
}

// A Viewer is one viewer's place in a stream.
type Viewer interface {
	// Next returns what comes next, and waits for it until ctx ends.
	Next(ctx context.Context) (Message, error)
	Close()
}

// Deps is what a Server works with.
type Deps struct {
	// Open begins to view the stream "main" or "sub" of a camera.
	Open func(camera, stream string) (Viewer, error)
	// Status tells how a camera is. It is asked often, and answers at once.
	Status func(camera string) (citywatch.CameraStatus, error)
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
	// Log takes what somebody has to act on; nil discards it.
	Log *slog.Logger
}

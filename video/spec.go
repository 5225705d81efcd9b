package video

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
)

// A Quality names one of a camera's streams.
type Quality string

// The streams of a camera. Sub is smaller; of a camera without a sub stream it
// is the main stream.
const (
	Main Quality = "main"
	Sub  Quality = "sub"
)

// A Spec is one camera, and how it is pulled.
type Spec struct {
	// Camera has an id that no other has.
	Camera citywatch.Camera
	// Main is where its main stream comes from; Sub, where its sub stream
	// does, is nil where it has none.
	Main, Sub Source
	// Account names who logs in where: the host and the user, never the
	// password. Streams with the same account are not tried while a password
	// that was just refused could lock it. By default each camera has one of its
	// own.
	Account string
	// PreferMain makes the main stream the one that is always pulled, and
	// whose health is the camera's, even where there is a sub stream. It is
	// set for cameras that are recorded.
	PreferMain bool
}

// Deps is what a Video works with; every field may be left out.
type Deps struct {
	// Deliver takes readings about the cameras. It may take its time: while
	// it does, the newest readings are kept for it, and older ones dropped.
	Deliver func(ctx context.Context, readings []citywatch.Reading) error
	// Annotate tell more values for a camera's health; those that are not
	// known are absent. They are asked where Deliver is called, and may take
	// their time too. Of values with the same name the health's own count,
	// then those that come first.
	Annotate []func(camera string, now time.Time) []citywatch.Value
	// Gateways tell the zone and the sector of gateways by their ids. Of one
	// that is not among them they are those that all its cameras share.
	Gateways []citywatch.Device
	// Metrics takes the metrics; nil leaves them unregistered.
	Metrics prometheus.Registerer
	// Log takes what somebody has to act on; nil discards it.
	Log *slog.Logger
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

package dashboards

import (
	"context"
	"io"
	"time"

	"citywatch"
)

// A picture is the present: the last of every device, and the open alerts.
type picture interface {
	Alerts() (alerts []citywatch.Alert, seq uint64)
	Alert(id string) (citywatch.Alert, bool)
	Devices() []citywatch.DeviceState
}

// An alerts engine takes what people do about alerts.
type alerts interface {
	// Do carries out an action and returns the alert after it: for a device,
	// the one that stands for its being out of service. The error is
	// ErrNotFound, ErrInvalid, or ErrConflict where it cannot be done as the
	// alert stands: a *Conflict where somebody was quicker.
	Do(ctx context.Context, a Action) (citywatch.Alert, error)
}

// A HistoryQuery asks for one value of one device over time.
type HistoryQuery struct {
	Class, Device, Value string
	// From is included, To is not.
	From, To time.Time
	// Every is the length of the intervals that Fn makes one point each of; 0
	// asks for the readings themselves.
	Every time.Duration
	// Fn is one of mean, min, max, sum, count and last; empty when
	// Every is 0.
	Fn string
}

// A Point is one value at one time: a reading, or an interval named by its
// beginning.
type Point struct {
	Time  time.Time `json:"time"`
	Value float64   `json:"value"`
}

// A history remembers what devices measured.
type history interface {
	// History returns the points in the order of time. An interval without
	// readings has no point.
	History(ctx context.Context, q HistoryQuery) ([]Point, error)
}

// deadLetters are the messages that were refused.
type deadLetters interface {
	// DeadLetters returns up to limit letters from number from on.
	DeadLetters(ctx context.Context, from uint64, limit int) ([]citywatch.DeadLetter, error)
	// Replay sends one through ingest again, and removes it when it is taken.
	Replay(ctx context.Context, seq uint64) error
	Delete(ctx context.Context, seq uint64) error
}

// cameras are the camera points, and how each is now.
type cameras interface {
	// Cameras returns every camera, in the order of the ids. What it returns
	// is not changed.
	Cameras() []citywatch.Camera
	// Status is only asked of cameras that Cameras returns.
	Status(id string) (citywatch.CameraStatus, error)
}

// A Picture is one picture of a camera.
type Picture struct {
	JPEG []byte
	// At is when the camera's frame arrived that this is a picture of.
	At            time.Time
	Width, Height int
}

// snapshots makes pictures of what cameras see, and keeps some. Where there is
// none the errors are ErrNotFound; where there can be none, because nothing
// here decodes or no frame has come, ErrUnavailable.
type snapshots interface {
	// Snapshot returns the newest picture; width 0 is the camera's own.
	Snapshot(ctx context.Context, id string, width int) (Picture, error)
	// Thumbnails returns the times of the pictures that were kept, in order.
	Thumbnails(id string, from, to time.Time) ([]time.Time, error)
	Thumbnail(id string, at time.Time) (Picture, error)
}

// An Interval of time, without To.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// A Clip is a recorded interval as one seekable MP4.
type Clip struct {
	io.ReadSeekCloser
	// Interval is what it holds of what was asked for.
	Interval
	// Holes are when nothing was recorded within it, in order: there the last
	// picture stands.
	Holes []Interval
	// Short says why it ends before what was asked for although there is more.
	Short string
	// ETag tells it from every other clip.
	ETag string
}

// recordings are what cameras saw. Their errors are those of snapshots.
type recordings interface {
	// Intervals returns what is recorded between from and to, in order.
	Intervals(id string, from, to time.Time) ([]Interval, error)
	// Clip is to be closed by whoever asked for it.
	Clip(id string, from, to time.Time) (Clip, error)
}

// A KeyFrame is the newest picture as the camera sent it, for pages that
// decode it themselves.
type KeyFrame struct {
	// Data is what MIME says: an MP4 of one frame, or a JPEG of a camera that
	// sends such.
	Data []byte
	MIME string
	// At is when it arrived.
	At time.Time
}

// A State says how a part of the system is.
type State string

// The states of a part.
const (
	OK       State = "ok"
	Degraded State = "degraded" // works, but not as it should
	Down     State = "down"
	Unknown  State = "unknown"
)

// A Part is one part of the system and how it is.
type Part struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Since is when it came into that state, if that is known.
	Since time.Time `json:"since,omitzero"`
	// Detail says more, for people. It must hold no secret.
	Detail string `json:"detail,omitempty"`
}

// A Lag is how far a reader of the journal is behind its end.
type Lag struct {
	Reader  string  `json:"reader"`
	Entries uint64  `json:"entries"`
	Seconds float64 `json:"seconds"`
}

// System is how the parts are that the picture does not show.
type System struct {
	Sources []Part `json:"sources"`
	Journal Part   `json:"journal"`
	Store   Part   `json:"store"`
	Lags    []Lag  `json:"lags"`
	// Rate is how many readings a second were taken lately; nil where that is
	// not known yet.
	Rate *float64 `json:"rate,omitempty"`
}

// A ReadyReport tells whether readings can be taken, and what stands against
// it or is merely degraded.
type ReadyReport struct {
	Ready bool   `json:"ready"`
	Parts []Part `json:"parts"`
}

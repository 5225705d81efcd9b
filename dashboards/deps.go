package dashboards

import (
	"context"
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
	// Acknowledge says that actor has seen the alert as it was at version. It
	// returns the alert after that, or an error that is ErrNotFound or
	// ErrConflict.
	Acknowledge(ctx context.Context, id string, version int, actor string) (citywatch.Alert, error)
	// Reset ends an alert that latched, once what raised it is over. Its
	// errors are those of Acknowledge.
	Reset(ctx context.Context, id string, version int, actor string) (citywatch.Alert, error)
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
}

// A ReadyReport tells whether readings can be taken, and what stands against
// it or is merely degraded.
type ReadyReport struct {
	Ready bool   `json:"ready"`
	Parts []Part `json:"parts"`
}

package hub

import (
	"time"

	"citywatch"
	"citywatch/dashboards/origin"

	"github.com/prometheus/client_golang/prometheus"
)

// Options configure a Hub. A zero field takes its default.
type Options struct {
	// MaxClients is how many clients are served at once; further ones are
	// refused. Default 20,000.
	MaxClients int `yaml:"max_clients"`
	// Origins are the origins, besides the one that serves the pages, whose
	// pages may connect: https://wall.example.vn. Programs that send no
	// Origin may always.
	Origins []string `yaml:"-"`
	// MaxBehind is how long an alert may wait for a client to take it, before
	// the client is disconnected. Default 10s.
	MaxBehind time.Duration `yaml:"max_behind"`
	// MaxBehindBytes is how many bytes of alerts may wait for one client.
	// Default 1 MiB.
	MaxBehindBytes int `yaml:"max_behind_bytes"`
	// History is how many changes of alerts are kept for clients that come
	// back and resume. Default 8192.
	History int `yaml:"history"`
	// DevicesEvery is the shortest time between two frames of device updates,
	// or of a storm.
	// Default 500ms.
	DevicesEvery time.Duration `yaml:"devices_every"`
	// HeartbeatEvery is the time between two heartbeats. Default 3s.
	HeartbeatEvery time.Duration `yaml:"heartbeat_every"`
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxClients, 20_000)
	setDefault(&o.MaxBehind, 10*time.Second)
	setDefault(&o.MaxBehindBytes, 1<<20)
	setDefault(&o.History, 8192)
	setDefault(&o.DevicesEvery, 500*time.Millisecond)
	setDefault(&o.HeartbeatEvery, 3*time.Second)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	for path, negative := range map[string]bool{
		"$.max_clients":      o.MaxClients < 0,
		"$.max_behind":       o.MaxBehind < 0,
		"$.max_behind_bytes": o.MaxBehindBytes < 0,
		"$.history":          o.History < 0,
		"$.devices_every":    o.DevicesEvery < 0,
		"$.heartbeat_every":  o.HeartbeatEvery < 0,
	} {
		if negative {
			ps = append(ps, citywatch.Problem{Path: path, Message: "is negative", Hint: "leave it out for the default"})
		}
	}
	return append(ps, origin.Problems("$.origins", o.Origins)...)
}

// Deps is what a Hub works with.
type Deps struct {
	// Source holds the present state that the hub tells the changes of.
	Source source
	// Storm tells whether so many alerts come that they are folded; nil folds
	// none.
	Storm func(now time.Time) citywatch.Storm
	// Now is the clock that clients are told; nil is time.Now.
	Now func() time.Time
	// Exercise says that what is told is a drill.
	Exercise bool
	// Due tells how many promises are due that nobody has said to be kept; it may
	// be nil.
	Due func(now time.Time) int
	// Classes describe the values of devices.
	Classes []citywatch.Class
	// Registerer takes the hub's metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// A source is the picture of the present: what a client is told first.
type source interface {
	// Alerts returns the open alerts after the transition with the number
	// seq.
	Alerts() (alerts []citywatch.Alert, seq uint64)
	// Devices returns every registered device. The states must not change
	// after they are returned.
	Devices() []citywatch.DeviceState
	// Epoch names the sequence that seq counts in: numbers of another epoch
	// mean nothing.
	Epoch() string
}

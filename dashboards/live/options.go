package live

import (
	"time"

	"citywatch"
	"citywatch/dashboards/origin"
)

// Options configure a Server. A zero field takes its default.
type Options struct {
	// MaxViewers is how many viewers are served at once, each of one camera;
	// further ones are refused. Default 500.
	MaxViewers int `yaml:"max_viewers"`
	// Origins are the origins, besides the one that serves the pages, whose
	// pages may view: https://wall.example.vn. Programs that send no Origin
	// may always.
	Origins []string `yaml:"-"`
	// WriteTimeout is how long a viewer may take nothing before it is
	// disconnected. Default 10s.
	WriteTimeout time.Duration `yaml:"write_timeout"`
	// SocketBytes is how much of what was sent may be under way to a viewer:
	// what lies there is late, and is not skipped any more; yet too little
	// slows viewers who are far away. Default 128 KiB.
	SocketBytes int `yaml:"socket_bytes"`
	// TellEvery is how often a viewer is told the time, and looked after: a
	// change of the camera's state is told within it. Default 1s.
	TellEvery time.Duration `yaml:"tell_every"`
	// AliveEvery is after how long without anything else a viewer is told that
	// the server is there, to within TellEvery. Pages give a server up that
	// says nothing for 8s. Default 2s.
	AliveEvery time.Duration `yaml:"alive_every"`
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxViewers, 500)
	setDefault(&o.WriteTimeout, 10*time.Second)
	setDefault(&o.SocketBytes, 128<<10)
	setDefault(&o.TellEvery, time.Second)
	setDefault(&o.AliveEvery, 2*time.Second)
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
	for _, p := range []struct {
		path     string
		negative bool
	}{
		{"$.max_viewers", o.MaxViewers < 0},
		{"$.write_timeout", o.WriteTimeout < 0},
		{"$.socket_bytes", o.SocketBytes < 0},
		{"$.tell_every", o.TellEvery < 0},
		{"$.alive_every", o.AliveEvery < 0},
	} {
		if p.negative {
			ps = append(ps, citywatch.Problem{Path: p.path, Message: "is negative", Hint: "leave it out for the default"})
		}
	}
	return append(ps, origin.Problems("$.origins", o.Origins)...)
}

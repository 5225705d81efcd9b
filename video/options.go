package video

import (
	"fmt"
	"time"

	"citywatch"
)

// Options of a Video. A zero field is its default.
type Options struct {
	// HealthEvery is how often the readings about each camera are made, apart
	// from those made at once when its state changes; 10s by default.
	HealthEvery time.Duration `yaml:"health_every"`
	// CheckEvery is how often a camera that is pulled on demand is looked at
	// while nobody watches; 5m by default.
	CheckEvery time.Duration `yaml:"check_every"`
	// Linger is how long a stream is still pulled when its last subscriber
	// has gone, so that turning a page does not connect anew; 10s by default.
	Linger time.Duration `yaml:"linger"`
	// Cache bounds the bytes of the frames kept of all streams, from the last
	// key frame on, so that a viewer begins at once; 16 MiB by default. Where
	// they do not suffice a stream keeps its key frame alone, and a viewer
	// has that one until the next. Key frames are kept in any case.
	Cache int64 `yaml:"cache"`
	// Queue bounds the bytes that wait for one subscriber before frames are
	// dropped; 8 MiB by default.
	Queue int64 `yaml:"queue"`
}

const (
	mib = 1 << 20
	// maxGroup bounds the bytes cached of one stream: 16 s of 2 Mbit/s.
	maxGroup = 4 * mib
	// minQueue holds a cached group, which is put into a new subscription's
	// queue all at once.
	minQueue = maxGroup
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	add := func(path, hint, format string, args ...any) {
		problems = append(problems, citywatch.Problem{Path: "$." + path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	between := func(path string, d, least, most time.Duration) {
		if d != 0 && (d < least || d > most) {
			add(path, fmt.Sprintf("%v to %v", least, most), "%v is out of range", d)
		}
	}
	between("health_every", o.HealthEvery, time.Second, 5*time.Minute)
	between("check_every", o.CheckEvery, 30*time.Second, 24*time.Hour)
	between("linger", o.Linger, time.Second, 10*time.Minute)
	if o.Cache < 0 {
		add("cache", "16777216 is 16 MiB", "%d bytes", o.Cache)
	}
	if o.Queue != 0 && o.Queue < minQueue {
		add("queue", fmt.Sprintf("at least %d: a group of frames is put into it at once", int64(minQueue)), "%d bytes are too few", o.Queue)
	}
	return problems
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&o.HealthEvery, 10*time.Second)
	set(&o.CheckEvery, 5*time.Minute)
	set(&o.Linger, 10*time.Second)
	if o.Cache <= 0 {
		o.Cache = 16 * mib
	}
	if o.Queue <= 0 {
		o.Queue = 8 * mib
	}
	return o
}

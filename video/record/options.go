package record

import (
	"cmp"
	"fmt"
	"time"

	"citywatch"
)

// Options of a Recorder. A zero field is its default.
type Options struct {
	// Dir is the folder of the recordings, and nothing else. It has no
	// default here: without it nothing is recorded.
	Dir string `yaml:"dir"`
	// Segment is how long a file of recordings is, give or take a group of
	// frames; 5m by default. It is also the unit of deletion, and so shorter
	// for cameras whose recordings are kept for less than 20 of it.
	Segment time.Duration `yaml:"segment"`
	// MinFreePercent and MinFreeBytes are what is kept free of the disk,
	// whichever is more: the oldest recordings go for it. 5 and 1 GiB by
	// default.
	MinFreePercent float64 `yaml:"min_free_percent"`
	MinFreeBytes   int64   `yaml:"min_free_bytes"`
	// MaxClip is the longest clip that can be asked for; 1h by default. Its
	// tables take about 1 MB of memory an hour, ten times that while they
	// are made.
	MaxClip time.Duration `yaml:"max_clip"`
}

// A Policy says how a camera is recorded.
type Policy struct {
	// Keep is how long; at least MinKeep. Nothing older is kept, and what is
	// younger only as far as whole segments allow.
	Keep time.Duration
}

const (
	// MinKeep is the shortest time that recordings are kept.
	MinKeep = time.Minute

	minSegment = 10 * time.Second
	maxSegment = time.Hour
	maxMaxClip = 24 * time.Hour
	// segmentsKept is how many segments the shortest-kept camera has: the last
	// of them is deleted whole, when its beginning is too old.
	segmentsKept = 20
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	check := func(bad bool, path, hint, format string, args ...any) {
		if bad {
			problems = append(problems, citywatch.Problem{Path: "$." + path, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
	}
	check(o.Segment != 0 && (o.Segment < minSegment || o.Segment > maxSegment), "segment",
		fmt.Sprintf("%v to %v", minSegment, maxSegment), "%v is out of range", o.Segment)
	check(o.MinFreePercent < 0 || o.MinFreePercent > 90, "min_free_percent", "0.1 to 90", "%v %% cannot be kept free", o.MinFreePercent)
	check(o.MinFreeBytes < 0, "min_free_bytes", "1073741824 is 1 GiB", "%d bytes cannot be kept free", o.MinFreeBytes)
	check(o.MaxClip != 0 && (o.MaxClip < time.Minute || o.MaxClip > maxMaxClip), "max_clip",
		fmt.Sprintf("%v to %v", time.Minute, maxMaxClip), "%v is out of range", o.MaxClip)
	return problems
}

func (o Options) withDefaults() Options {
	o.Segment = cmp.Or(o.Segment, 5*time.Minute)
	o.MinFreePercent = cmp.Or(o.MinFreePercent, 5)
	o.MinFreeBytes = cmp.Or(o.MinFreeBytes, 1<<30)
	o.MaxClip = cmp.Or(o.MaxClip, time.Hour)
	return o
}

// floor is how many bytes of a disk are kept free.
func (o Options) floor(total int64) int64 {
	return max(o.MinFreeBytes, int64(float64(total)*o.MinFreePercent/100))
}

// segmentOf is how long the segments of a camera are.
func (o Options) segmentOf(keep time.Duration) time.Duration {
	return min(o.Segment, max(keep/segmentsKept, minSegment))
}

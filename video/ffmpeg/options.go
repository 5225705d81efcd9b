package ffmpeg

import (
	"cmp"
	"fmt"
	"runtime"
	"time"

	"citywatch"
)

// Off is the path that stands for no ffmpeg, even where one is installed.
const Off = "off"

// MaxPixels is the largest picture that is decoded: what a 20 megapixel camera
// sends. A child refuses larger ones before it allocates them.
const MaxPixels = 24_000_000

// Options of the child processes.
type Options struct {
	// Path is where ffmpeg is: a path, or a name to be looked for in PATH;
	// "ffmpeg" by default. "off" uses none.
	Path string `yaml:"path"`
	// Workers is how many children may turn single pictures at once; by
	// default one less than there are processors, and at least one.
	Workers int `yaml:"workers"`
	// Waiting is how many more may wait for one of the workers before they
	// are refused; 64 by default.
	Waiting int `yaml:"waiting"`
	// Timeout is how long a child may work at a single picture; 10s by
	// default.
	Timeout time.Duration `yaml:"timeout"`
	// Memory is how much address space a child may take, in MiB; 1024 by
	// default. Only Linux enforces it.
	Memory int `yaml:"memory"`
	// Nice is by how much the children's priority is lowered, 0 to 19; 10 by
	// default.
	Nice *int `yaml:"nice"`
}

const (
	maxWorkers = 64
	maxWaiting = 4096
	minMemory  = 512 // the libraries alone take about 350 MiB of addresses
	maxNice    = 19
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	check := func(bad bool, path, hint, format string, args ...any) {
		if bad {
			problems = append(problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
	}
	check(o.Workers < 0 || o.Workers > maxWorkers, "$.workers", fmt.Sprintf("1 to %d", maxWorkers), "%d workers", o.Workers)
	check(o.Waiting < 0 || o.Waiting > maxWaiting, "$.waiting", fmt.Sprintf("1 to %d", maxWaiting), "%d waiting", o.Waiting)
	check(o.Timeout < 0 || o.Timeout > 0 && o.Timeout < time.Second, "$.timeout", "1s or more", "no picture is made in %v", o.Timeout)
	check(o.Memory < 0 || o.Memory > 0 && o.Memory < minMemory, "$.memory", fmt.Sprintf("%d or more", minMemory),
		"ffmpeg does not start with %d MiB of address space", o.Memory)
	check(o.Nice != nil && (*o.Nice < 0 || *o.Nice > maxNice), "$.nice", fmt.Sprintf("0 to %d", maxNice), "priorities are lowered by 0 to %d", maxNice)
	return problems
}

func (o Options) withDefaults() Options {
	o.Path = cmp.Or(o.Path, "ffmpeg")
	o.Workers = cmp.Or(o.Workers, max(1, runtime.NumCPU()-1))
	o.Waiting = cmp.Or(o.Waiting, 64)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Memory = cmp.Or(o.Memory, 1024)
	if o.Nice == nil {
		ten := 10
		o.Nice = &ten
	}
	return o
}

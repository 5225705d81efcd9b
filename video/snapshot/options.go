package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
	"citywatch/video"
	"citywatch/video/ffmpeg"
)

// Options of the snapshots. A zero field is its default.
type Options struct {
	// Dir is the folder of the thumbnails; none are kept without. Nothing else
	// may lie in it.
	Dir string `yaml:"dir"`
	// Every is how often each camera's thumbnail is taken; 1m by default.
	Every time.Duration `yaml:"every"`
	// Keep is how long thumbnails are kept; 24h by default.
	Keep time.Duration `yaml:"keep"`
	// Width is that of thumbnails, in pixels; 320 by default. It is rounded up
	// as every width is; see Snapshots.Snapshot.
	Width int `yaml:"width"`
	// Cache bounds the bytes of the pictures kept in memory; 32 MiB by
	// default.
	Cache int64 `yaml:"cache"`
}

const (
	leastEvery = 10 * time.Second
	mostEvery  = time.Hour
	mostKeep   = 31 * 24 * time.Hour
	mostWidth  = 8192
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	check := func(bad bool, path, hint, format string, args ...any) {
		if bad {
			problems = append(problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
	}
	check(o.Every != 0 && (o.Every < leastEvery || o.Every > mostEvery), "$.every",
		fmt.Sprintf("%v to %v", leastEvery, mostEvery), "%v is out of range", o.Every)
	check(o.Keep < 0 || o.Keep > mostKeep, "$.keep", fmt.Sprintf("up to %v", mostKeep), "%v is out of range", o.Keep)
	check(o.Keep > 0 && o.Keep < o.withDefaults().Every, "$.keep", "longer than every", "thumbnails would be removed before the next is taken")
	check(o.Width < 0 || o.Width > mostWidth, "$.width", fmt.Sprintf("up to %d", mostWidth), "%d pixels", o.Width)
	check(o.Cache < 0, "$.cache", "33554432 is 32 MiB", "%d bytes", o.Cache)
	return problems
}

func (o Options) withDefaults() Options {
	o.Every = cmp.Or(o.Every, time.Minute)
	o.Keep = cmp.Or(o.Keep, 24*time.Hour)
	o.Width = cmp.Or(o.Width, 320)
	o.Cache = cmp.Or(o.Cache, 32<<20)
	return o
}

// A converter runs ffmpeg; see ffmpeg.FFmpeg.
type converter interface {
	Convert(ctx context.Context, j ffmpeg.Job, input []byte, limit int) ([]byte, error)
}

// Deps are what Snapshots are made of. Metrics, Log and Now may be nil.
type Deps struct {
	// Cameras are the ids of those that thumbnails are taken of.
	Cameras []string
	// KeyFrame returns a camera's newest key frame, or video.ErrNoCamera or
	// video.ErrNoFrame.
	KeyFrame func(id string) (video.KeyFrame, error)
	FFmpeg   converter
	Metrics  prometheus.Registerer
	Log      *slog.Logger
	Now      func() time.Time
}

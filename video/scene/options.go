package scene

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

// Options of the judging. A zero field is its default.
type Options struct {
	// Cameras is how many cameras may be judged at once; 16 by default. Each
	// has its stream decoded all the time: README.md says what that costs.
	Cameras int `yaml:"cameras"`
}

const (
	usualCameras = 16
	mostCameras  = 1024
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	if o.Cameras < 0 || o.Cameras > mostCameras {
		return []citywatch.Problem{{
			Path: "$.cameras", Message: fmt.Sprintf("%d cameras", o.Cameras), Hint: fmt.Sprintf("1 to %d", mostCameras),
		}}
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.Cameras = cmp.Or(o.Cameras, usualCameras)
	return o
}

// A Stream is what a camera sends; see video.Subscription.
type Stream interface {
	Next(ctx context.Context) (video.Item, error)
	Close()
}

// Deps are what a Scene is made of. Metrics, Log and Now may be nil.
type Deps struct {
	// Subscribe returns a camera's stream, the cheaper one if it has two. A
	// camera is pulled as long as it is judged.
	Subscribe func(id string) (Stream, error)
	FFmpeg    *ffmpeg.FFmpeg
	Metrics   prometheus.Registerer
	Log       *slog.Logger
	Now       func() time.Time
}

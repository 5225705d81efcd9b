package snapshot

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"citywatch/video/ffmpeg"
)

// The errors that callers tell apart, besides video.ErrNoCamera and
// video.ErrNoFrame.
var (
	// ErrNoFFmpeg: the camera's codec is decoded by ffmpeg, which is not
	// installed.
	ErrNoFFmpeg = ffmpeg.ErrNotFound
	// ErrBusy: too many pictures are being made; see ffmpeg.ErrBusy.
	ErrBusy = ffmpeg.ErrBusy
	// ErrUndecodable: the key frame is no picture, or too large a one.
	ErrUndecodable = errors.New("the camera's picture cannot be decoded")
	// ErrNoThumbnail: none was kept of that time.
	ErrNoThumbnail = errors.New("no thumbnail of that time")
)

// A Picture is one JPEG. It is shared and must not be changed.
type Picture struct {
	JPEG []byte
	// At is when the frame arrived that it shows.
	At            time.Time
	Width, Height int
}

// Snapshots makes and keeps pictures. It may be used by several goroutines.
type Snapshots struct {
	o       Options
	d       Deps
	cache   *cache
	metrics *metrics
	faults  faults
}

// New returns Snapshots; Run takes the thumbnails.
func New(o Options, d Deps) *Snapshots {
	o = o.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Snapshots{o: o, d: d, cache: newCache(o.Cache), metrics: newMetrics(d.Metrics), faults: faults{log: d.Log}}
}

// Snapshot returns the newest picture of a camera, at least that wide where the
// camera's own is; 0 is the camera's own width. Widths are rounded up to one of
// a few, so that few pictures are made: 160, 320, 640, 960, 1280, 1920.
//
// It waits for a decoder, and stops it when ctx ends and nobody else waits for
// the same picture.
func (s *Snapshots) Snapshot(ctx context.Context, id string, width int) (Picture, error) {
	k, err := s.d.KeyFrame(id)
	if err != nil {
		return Picture{}, err
	}
	width = roundUp(width)
	if w := k.Track.Width; w > 0 && width >= w {
		width = 0
	}
	return s.cache.get(ctx, key{id, width}, k.Unit.Arrived, func(ctx context.Context) (Picture, error) {
		start := time.Now()
		p, err := s.picture(ctx, k, width)
		s.metrics.made(err, time.Since(start))
		return p, err
	})
}

// roundUp returns the smallest of the widths that is not below; 0 is the
// camera's own.
func roundUp(width int) int {
	if width <= 0 {
		return 0
	}
	for _, w := range [...]int{160, 320, 640, 960, 1280, 1920} {
		if width <= w {
			return w
		}
	}
	return 0
}

package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citywatch/dashboards"
	"citywatch/video"
	"citywatch/video/live"
	"citywatch/video/record"
	"citywatch/video/snapshot"
)

// newestPicture returns the newest key frame as browsers play it.
func (c *cameras) newestPicture(id string) (dashboards.KeyFrame, error) {
	frame, err := c.video.KeyFrame(id)
	if err != nil {
		return dashboards.KeyFrame{}, cameraError(err)
	}
	data, mime, err := live.KeyFrameMP4(frame)
	if err != nil {
		return dashboards.KeyFrame{}, fmt.Errorf("%w: %w", dashboards.ErrUnavailable, err)
	}
	return dashboards.KeyFrame{Data: data, MIME: mime, At: frame.Unit.Arrived}, nil
}

// snapshots answers from those that are made and kept.
type snapshots struct{ *snapshot.Snapshots }

func (s snapshots) Snapshot(ctx context.Context, id string, width int) (dashboards.Picture, error) {
	p, err := s.Snapshots.Snapshot(ctx, id, width)
	return dashboards.Picture(p), cameraError(err)
}

func (s snapshots) Thumbnails(id string, from, to time.Time) ([]time.Time, error) {
	times, err := s.Snapshots.Thumbnails(id, from, to)
	return times, cameraError(err)
}

func (s snapshots) Thumbnail(id string, at time.Time) (dashboards.Picture, error) {
	p, err := s.Snapshots.Thumbnail(id, at)
	return dashboards.Picture(p), cameraError(err)
}

// recordings answers from what the recorder has kept.
type recordings struct{ *record.Recorder }

func (r recordings) Intervals(id string, from, to time.Time) ([]dashboards.Interval, error) {
	found, err := r.Recorder.Intervals(id, from, to)
	intervals := make([]dashboards.Interval, len(found))
	for i, f := range found {
		intervals[i] = dashboards.Interval(f)
	}
	return intervals, cameraError(err)
}

func (r recordings) Clip(id string, from, to time.Time) (dashboards.Clip, error) {
	c, err := r.Recorder.Clip(id, from, to)
	if err != nil {
		return dashboards.Clip{}, cameraError(err)
	}
	clip := dashboards.Clip{ReadSeekCloser: c, Interval: dashboards.Interval(c.Interval), Short: c.Short, ETag: c.ETag}
	for _, hole := range c.Holes {
		clip.Holes = append(clip.Holes, dashboards.Interval(hole))
	}
	return clip, nil
}

// cameraError gives an error of a part that has to do with cameras the meaning
// that the API knows.
func cameraError(err error) error {
	meanings := []struct{ from, to error }{
		{video.ErrNoCamera, dashboards.ErrNotFound},
		{video.ErrNoFrame, dashboards.ErrUnavailable},
		{video.ErrClosed, dashboards.ErrUnavailable},
		{live.ErrNotRunning, dashboards.ErrUnavailable},
		{record.ErrInterval, dashboards.ErrInvalid},
		{record.ErrNoRecording, dashboards.ErrNotFound},
		{record.ErrGone, dashboards.ErrNotFound},
		{record.ErrNotReady, dashboards.ErrUnavailable},
		{snapshot.ErrNoThumbnail, dashboards.ErrNotFound},
		{snapshot.ErrNoFFmpeg, dashboards.ErrUnavailable},
		{snapshot.ErrBusy, dashboards.ErrUnavailable},
		{snapshot.ErrUndecodable, dashboards.ErrUnavailable},
	}
	for _, m := range meanings {
		if errors.Is(err, m.from) {
			return fmt.Errorf("%w: %w", m.to, err)
		}
	}
	return err
}

package snapshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"citywatch/video"
)

// Run takes the thumbnails, and removes those that were kept long enough, until
// ctx ends. Its error is ctx's, or that the folder cannot be used. Without a
// folder it only waits.
func (s *Snapshots) Run(ctx context.Context) error {
	if s.o.Dir == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := os.MkdirAll(s.o.Dir, 0o700); err != nil {
		return fmt.Errorf("thumbnails: %w", err)
	}
	a, err := openAlbum(s.o.Dir)
	if err != nil {
		return fmt.Errorf("thumbnails: %w", err)
	}
	defer a.close()
	if err := a.tidy(); err != nil {
		s.faults.add(s.d.Now(), "unfinished thumbnails could not be removed", "", err)
	}
	last := map[string]time.Time{}
	for {
		// One at a time and spread over the whole interval: there is always a
		// decoder left for those who wait.
		step := s.o.Every / time.Duration(len(s.d.Cameras)+1)
		for _, id := range s.d.Cameras {
			s.take(ctx, a, id, last)
			if !sleep(ctx, step) {
				return ctx.Err()
			}
		}
		if err := a.expire(s.d.Now().Add(-s.o.Keep)); err != nil {
			s.faults.add(s.d.Now(), "old thumbnails could not be removed", "", err)
		}
		if !sleep(ctx, step) {
			return ctx.Err()
		}
	}
}

// take keeps one thumbnail of a camera, if it has sent a key frame since the
// last; last tells of which key frame that was.
func (s *Snapshots) take(ctx context.Context, a *album, id string, last map[string]time.Time) {
	k, err := s.d.KeyFrame(id)
	if err != nil {
		return // the camera's health tells
	}
	at := k.Unit.Arrived
	if s.d.Now().Sub(at) > s.o.Every || at.Equal(last[id]) {
		s.metrics.old.Inc()
		return
	}
	p, err := s.Snapshot(ctx, id, s.o.Width)
	switch {
	case ctx.Err() != nil || errors.Is(err, ErrNoFFmpeg) || errors.Is(err, video.ErrNoFrame):
		return
	case err == nil:
		err = a.put(id, p)
	}
	if err != nil {
		s.metrics.failed.Inc()
		s.faults.add(s.d.Now(), "a thumbnail could not be kept", id, err)
		return
	}
	last[id] = p.At
	s.metrics.thumbnails.Inc()
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Thumbnails returns the times, from the one up to and without the other, of
// which a camera's pictures are kept, in order. It may be used while Run does
// not run.
func (s *Snapshots) Thumbnails(id string, from, to time.Time) ([]time.Time, error) {
	a, err := s.album()
	if a == nil || err != nil {
		return nil, err
	}
	defer a.close()
	return a.times(id, from, to)
}

// Thumbnail returns the picture that was kept of a time that Thumbnails
// returned, or ErrNoThumbnail.
func (s *Snapshots) Thumbnail(id string, at time.Time) (Picture, error) {
	a, err := s.album()
	switch {
	case err != nil:
		return Picture{}, err
	case a == nil:
		return Picture{}, ErrNoThumbnail
	}
	defer a.close()
	return a.get(id, at)
}

// album returns what is kept; nil if nothing is.
func (s *Snapshots) album() (*album, error) {
	if s.o.Dir == "" {
		return nil, nil
	}
	a, err := openAlbum(s.o.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return a, err
}

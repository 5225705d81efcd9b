package record

import (
	"context"
	"errors"
	"time"

	"citywatch/video"
)

const (
	resubscribeMin = time.Second
	resubscribeMax = 30 * time.Second
)

// run records the camera until ctx ends.
func (c *camera) run(ctx context.Context) {
	defer c.end()
	for wait := resubscribeMin; ctx.Err() == nil; wait = min(2*wait, resubscribeMax) {
		s, err := c.rec.d.Subscribe(c.id)
		if err == nil {
			err = c.follow(ctx, s)
			s.Close()
			c.end()
			wait = resubscribeMin
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, video.ErrClosed) {
			c.refused(err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

func (c *camera) refused(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed(err)
}

// failed counts a failure of a camera, and has the keeper make room if that is
// what was wanting.
func (r *Recorder) failed(id string, err error) {
	r.metrics.failures.Inc()
	r.health.failed(id, err, r.now())
	r.health.tell()
	if noRoom(err) {
		select {
		case r.keeper.kick <- struct{}{}:
		default:
		}
	}
}

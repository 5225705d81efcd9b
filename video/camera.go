package video

import (
	"sync"
	"time"

	"citywatch"
)

// A camera is one camera with its streams.
type camera struct {
	citywatch.Camera
	// primary is the stream whose health is the camera's; secondary is nil
	// where there is one stream.
	primary, secondary *feed
	latest             health // as the watch last found it; the watch's own

	mu    sync.Mutex
	state citywatch.CameraState
	since time.Time
	told  bool // state was told since it changed
}

func newCamera(s *shared, spec Spec, a *account) *camera {
	c := &camera{Camera: spec.Camera, state: citywatch.CameraConnecting, since: s.now(), told: true}
	main, sub := spec.Main, spec.Sub
	if main == nil {
		main = nowhere{}
	}
	c.primary = newFeed(s, origin{camera: c.ID, quality: Main, source: main, account: a})
	if sub != nil {
		c.secondary = newFeed(s, origin{camera: c.ID, quality: Sub, source: sub, account: a})
		if !spec.PreferMain {
			c.primary, c.secondary = c.secondary, c.primary
		}
	}
	c.primary.primary = true
	if spec.Camera.OnDemand {
		c.primary.demand.checks = s.options.CheckEvery - time.Duration(jitter()/10*float64(s.options.CheckEvery))
	} else {
		c.primary.demand.always = true
	}
	return c
}

// feeds returns its streams.
func (c *camera) feeds() []*feed {
	if c.secondary == nil {
		return []*feed{c.primary}
	}
	return []*feed{c.primary, c.secondary}
}

func (c *camera) feed(q Quality) *feed {
	if c.secondary != nil && c.secondary.quality == q {
		return c.secondary
	}
	return c.primary
}

// A health is how a camera is at one time.
type health struct {
	citywatch.CameraStatus
	lost int
}

// health returns how the camera is now, and notes when that changed.
func (c *camera) health(now time.Time) health {
	p := c.primary.view(now)
	state, detail := p.state, p.detail
	if c.secondary != nil {
		other := c.secondary.view(now)
		switch s := other.state; {
		case !other.pulled:
		case state == citywatch.CameraIdle && (s == citywatch.CameraOnline || s == citywatch.CameraFrozen):
			// Somebody watches it: that is newer than the last check.
			p, state, detail = other, s, other.detail
		case state.Up() && faulty(s):
			detail = string(c.secondary.quality) + " stream: " + other.detail
		}
	}
	h := health{lost: p.lost, CameraStatus: citywatch.CameraStatus{
		State: state, Detail: detail, LastFrame: p.meter.last,
		Codec: string(p.newest.Codec), Width: p.newest.Width, Height: p.newest.Height,
		Reconnects: p.reconnects,
	}}
	if state == citywatch.CameraOnline || state == citywatch.CameraFrozen {
		h.measure(&p.meter)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state != c.state {
		c.state, c.since, c.told = state, now, false
	}
	h.Since = c.since
	return h
}

func (h *health) measure(m *meter) {
	if fps, bitrate, ok := m.rates(); ok {
		h.FPS, h.Bitrate = &fps, &bitrate
	}
	if d, ok := m.keyInterval(); ok {
		seconds := d.Seconds()
		h.KeyInterval = &seconds
	}
}

// news reports, once, that the state changed.
func (c *camera) news() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.told
	c.told = true
	return !was
}

// faulty reports whether a state is one of those that somebody must see to.
func faulty(s citywatch.CameraState) bool { return !s.Up() && s != citywatch.CameraConnecting }

package scene

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"citywatch"
)

// freshFor is how old the last picture may be, by its arrival, for what is
// said of the camera to be about now.
const freshFor = 15 * time.Second

// A Scene judges cameras.
type Scene struct {
	d       Deps
	metrics *metrics
	cameras []*camera
	byID    map[string]*camera
	left    []string // those that are too many
}

// New returns a Scene that judges the cameras with these ids, as many of the
// first as the options allow. Run does the work.
func New(ids []string, o Options, d Deps) *Scene {
	o = o.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Scene{d: d, metrics: newMetrics(d.Metrics), byID: map[string]*camera{}}
	for _, id := range ids {
		if s.byID[id] != nil {
			continue
		}
		if len(s.cameras) == o.Cameras {
			s.left = append(s.left, id)
			continue
		}
		c := newCamera(id, &s.d, s.metrics)
		s.cameras = append(s.cameras, c)
		s.byID[id] = c
	}
	return s
}

// Run judges until ctx ends. Whatever happens to one camera or its child is
// tried again, and hurts no other.
func (s *Scene) Run(ctx context.Context) error {
	if len(s.left) > 0 {
		s.d.Log.Warn("more cameras are to be judged than may be at once; raise scene.cameras, or judge fewer",
			"judged", len(s.cameras), "left", s.left)
	}
	var all sync.WaitGroup
	for _, c := range s.cameras {
		all.Go(func() { c.run(ctx) })
	}
	all.Wait()
	<-ctx.Done() // where no camera is judged there is nothing to do until then
	return ctx.Err()
}

// Values returns what is known of a camera's picture, for its health: usable
// (1 or 0), picture (a text; see Picture), activity, brightness and contrast
// (see Verdict), sorted by name. What is not known now is absent; all of it is
// where the camera is not judged or its last picture is older than 15 s.
func (s *Scene) Values(id string, now time.Time) []citywatch.Value {
	c := s.byID[id]
	if c == nil {
		return nil
	}
	v := c.verdict()
	if v.At.IsZero() || now.Sub(v.At) > freshFor {
		return nil
	}
	var values []citywatch.Value
	number := func(name string, n *float64) {
		if n != nil {
			values = append(values, citywatch.Value{Name: name, Number: *n})
		}
	}
	number("activity", v.Activity)
	number("brightness", v.Brightness)
	number("contrast", v.Contrast)
	if v.Picture == "" {
		return values
	}
	usable := 0.0
	if v.Picture == OK {
		usable = 1
	}
	return append(values, citywatch.Value{Name: "picture", Text: string(v.Picture)}, citywatch.Value{Name: "usable", Number: usable})
}

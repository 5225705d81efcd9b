package video

import (
	"cmp"
	"context"
	"slices"
	"time"

	"citywatch"
)

// A report is what there is to tell about one camera, or about one gateway.
type report struct {
	at time.Time

	camera *camera
	health health
	// cutOff is set where the whole gateway of the camera is down.
	cutOff bool

	gateway *gateway
	tally   tally
}

// maxReports bounds the reports that wait for Deliver.
const maxReports = 16

// queue hands reports over, and drops the oldest where they are not taken.
func (v *Video) queue(reports []report) {
	for {
		select {
		case v.reports <- reports:
			return
		default:
		}
		select {
		case old := <-v.reports:
			v.metrics.undelivered.Add(float64(len(old)))
		default:
		}
	}
}

// complainEvery is how often a Deliver that fails again and again is logged.
const complainEvery = time.Minute

// deliver delivers what was queued, until ctx ends.
func (v *Video) deliver(ctx context.Context) {
	var complained time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case reports := <-v.reports:
			if v.deps.Deliver == nil {
				continue
			}
			readings := v.readings(reports)
			err := v.deps.Deliver(ctx, readings)
			if err == nil {
				v.metrics.readings.Add(float64(len(readings)))
				continue
			}
			if ctx.Err() != nil {
				return
			}
			v.metrics.deliverFails.Inc()
			if now := v.now(); now.Sub(complained) >= complainEvery {
				complained = now
				v.log.Warn("readings about cameras were not taken; the next ones will be tried", "err", err)
			}
		}
	}
}

func (v *Video) readings(reports []report) []citywatch.Reading {
	readings := make([]citywatch.Reading, 0, len(reports))
	for i := range reports {
		r := &reports[i]
		if r.gateway != nil {
			readings = append(readings, r.gateway.reading(r.at, r.tally))
			continue
		}
		reading := r.reading()
		for _, annotate := range v.deps.Annotate {
			reading.Values = append(reading.Values, annotate(r.camera.ID, r.at)...)
		}
		reading.Values = tidy(reading.Values)
		readings = append(readings, reading)
	}
	return readings
}

// reading is about the camera, without annotations.
func (r *report) reading() citywatch.Reading {
	h := &r.health
	fault := "none"
	switch {
	case r.cutOff:
		fault = "gateway"
	case faulty(h.State):
		fault = string(h.State)
	}
	values := make([]citywatch.Value, 0, 16)
	values = append(values,
		number("up", flag(h.State.Up())),
		citywatch.Value{Name: "state", Text: string(h.State)},
		citywatch.Value{Name: "fault", Text: fault},
		number("reconnects", float64(h.Reconnects)),
		number("lost", float64(h.lost)))
	known := func(name string, value *float64) {
		if value != nil {
			values = append(values, number(name, *value))
		}
	}
	known("fps", h.FPS)
	known("bitrate", h.Bitrate)
	known("key_interval", h.KeyInterval)
	if !h.LastFrame.IsZero() {
		values = append(values, number("frame_age", max(0, r.at.Sub(h.LastFrame).Seconds())))
	}
	return citywatch.Reading{
		Device: r.camera.ID, Class: citywatch.CameraHealthClass, Zone: r.camera.Zone, Sector: string(r.camera.Sector),
		Time: r.at, Arrived: r.at, Values: values,
	}
}

// reading is about the gateway.
func (g *gateway) reading(at time.Time, t tally) citywatch.Reading {
	values := []citywatch.Value{number("cameras", float64(t.cameras)), number("up", float64(t.up))}
	if t.state != gatewayUnknown {
		values = append(values, citywatch.Value{Name: "state", Text: string(t.state)})
	}
	return citywatch.Reading{
		Device: g.id, Class: citywatch.CameraGatewayClass, Zone: g.zone, Sector: string(g.sector),
		Time: at, Arrived: at, Values: tidy(values),
	}
}

// tidy sorts values by name, and keeps the first of each name.
func tidy(values []citywatch.Value) []citywatch.Value {
	slices.SortStableFunc(values, func(a, b citywatch.Value) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(values, func(a, b citywatch.Value) bool { return a.Name == b.Name })
}

func number(name string, n float64) citywatch.Value { return citywatch.Value{Name: name, Number: n} }

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

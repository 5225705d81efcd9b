package dashboards

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
	"citywatch/dashboards/feature"
)

// PastDeps is what is known of how things were.
type PastDeps struct {
	// Alerts returns those that were open at a moment, each as it stood then.
	// The error is ErrNotFound for a time that is not remembered, or
	// ErrUnavailable.
	Alerts func(ctx context.Context, at time.Time) ([]citywatch.Alert, error)
	// Since returns how far back Alerts can tell.
	Since func(ctx context.Context) (time.Time, error)
	// Values returns the last values that the devices of a class had measured
	// by a moment, and not more than within before it.
	Values func(ctx context.Context, class string, at time.Time, within time.Duration) (map[string][]citywatch.LastValue, error)
}

const (
	// A device's last value is looked for over this many of its periods, but
	// over leastBack at least and mostBack at most.
	periodsBack = 12
	leastBack   = 15 * time.Minute
	mostBack    = 26 * time.Hour
	// classesAtOnce is how many classes the store is asked for at a time.
	classesAtOnce = 4
)

// A pastAnswer is how things were at a moment. A part that cannot be told is
// null, and Trouble says why.
type pastAnswer struct {
	Time time.Time `json:"time"`
	At   time.Time `json:"at"`
	// Since is how far back alerts can be told.
	Since   time.Time                                     `json:"since"`
	Alerts  *feature.Collection[feature.AlertProperties]  `json:"alerts"`
	Devices *feature.Collection[feature.DeviceProperties] `json:"devices"`
	// Recordings are what is recorded of that moment.
	Recordings []pastRecording `json:"recordings"`
	Trouble    []string        `json:"trouble"`
}

// A pastRecording is the recorded interval of a camera that holds the moment.
type pastRecording struct {
	Camera string `json:"camera"`
	Interval
}

// getPast answers with how things were at ?time=.
func (s *site) getPast(w http.ResponseWriter, r *http.Request) {
	if s.deps.Past == nil {
		s.fail(w, r, errNotConfigured("looking back"))
		return
	}
	now := s.now()
	text := r.URL.Query().Get("time")
	at, err := moment(text, now, time.Time{})
	switch {
	case err == nil && text == "":
		err = fmt.Errorf("%w: time is missing: which moment?", ErrInvalid)
	case err == nil && at.After(now):
		err = fmt.Errorf("%w: time %q is yet to come", ErrInvalid, text)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.QueryTimeout)
	defer cancel()
	answer := pastAnswer{Time: now, At: at, Recordings: s.recordedAt(at), Trouble: []string{}}
	alerts, err := s.alertsAt(ctx, &answer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if answer.Devices, err = s.devicesAt(ctx, at, alerts); err != nil {
		s.log.Warn("how devices were cannot be told", "at", at, "err", err)
		answer.Trouble = append(answer.Trouble, "devices: the store does not answer")
	}
	s.answer(w, r, answer)
}

// alertsAt fills in the alerts. That a time is not remembered is no error: the
// devices of that time may be.
func (s *site) alertsAt(ctx context.Context, answer *pastAnswer) ([]citywatch.Alert, error) {
	var err error
	if answer.Since, err = s.deps.Past.Since(ctx); err != nil {
		return nil, fmt.Errorf("since when alerts are remembered: %w", err)
	}
	open, err := s.deps.Past.Alerts(ctx, answer.At)
	if errors.Is(err, ErrNotFound) {
		answer.Trouble = append(answer.Trouble, "alerts: "+err.Error())
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("alerts at %s: %w", answer.At.Format(time.RFC3339), err)
	}
	slices.SortFunc(open, worstFirst)
	answer.Alerts = &feature.Collection[feature.AlertProperties]{Time: answer.At}
	for i := range open {
		answer.Alerts.Features = append(answer.Alerts.Features, feature.Alert(&open[i]))
	}
	return open, nil
}

// devicesAt returns the devices that are registered now as they were then.
func (s *site) devicesAt(ctx context.Context, at time.Time, alerts []citywatch.Alert) (*feature.Collection[feature.DeviceProperties], error) {
	states := s.deps.Picture.Devices()
	back := map[string]time.Duration{}
	for i := range states {
		d := states[i].Device
		back[d.Class] = max(back[d.Class], min(periodsBack*d.Period, mostBack), leastBack)
	}
	values := make([]map[string][]citywatch.LastValue, len(back))
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(classesAtOnce)
	for i, class := range slices.Sorted(maps.Keys(back)) {
		g.Go(func() (err error) {
			values[i], err = s.deps.Past.Values(asking, class, at, back[class])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	byDevice := map[string][]citywatch.LastValue{}
	for _, of := range values {
		maps.Copy(byDevice, of)
	}
	e := feature.Devices{Classes: s.classes, Levels: feature.Levels(alerts), Now: at}
	list := &feature.Collection[feature.DeviceProperties]{Time: at}
	for i := range states {
		list.Features = append(list.Features, deviceAt(&e, &states[i], byDevice[states[i].Device.ID]))
	}
	return list, nil
}

// deviceAt is a device with the values that it had. One without any may have
// been heard longer ago than was looked: it was silent, and it is not said that
// it was never heard.
func deviceAt(e *feature.Devices, now *citywatch.DeviceState, values []citywatch.LastValue) feature.Feature[feature.DeviceProperties] {
	then := citywatch.DeviceState{Device: now.Device, Values: values}
	for _, v := range values {
		if v.Time.After(then.Heard) {
			then.Heard = v.Time
		}
	}
	f := e.Feature(&then)
	if len(values) == 0 {
		f.Properties.Freshness = citywatch.Silent
		if f.Properties.Level == citywatch.None {
			f.Properties.State = string(citywatch.Silent)
		}
	}
	return f
}

// recordedAt returns what is recorded of a moment. A camera whose recordings
// cannot be read has none here; its own page says why.
func (s *site) recordedAt(at time.Time) []pastRecording {
	out := []pastRecording{}
	if s.deps.Recordings == nil || s.deps.Cameras == nil {
		return out
	}
	for _, c := range s.deps.Cameras.Cameras() {
		intervals, err := s.deps.Recordings.Intervals(c.ID, at, at.Add(time.Second))
		if err != nil {
			continue
		}
		for _, i := range intervals {
			if !i.From.After(at) && i.To.After(at) {
				out = append(out, pastRecording{Camera: c.ID, Interval: i})
				break
			}
		}
	}
	return out
}

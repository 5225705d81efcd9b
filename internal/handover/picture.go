package handover

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// A Camera is a camera and how it is.
type Camera struct {
	citywatch.Camera
	citywatch.CameraStatus
}

// Take returns how things stand at now. The rule out-of-service is the one whose
// alerts stand for devices being worked on.
func Take(now time.Time, alerts []citywatch.Alert, devices []citywatch.DeviceState, cameras []Camera) citywatch.HandoverPicture {
	p := citywatch.HandoverPicture{
		Taken: now,
		Open:  []citywatch.HandoverAlert{}, Shelved: []citywatch.HandoverAlert{}, Suppressed: []citywatch.HandoverAlert{},
		Quiet: []citywatch.HandoverAlert{}, Service: []citywatch.HandoverAlert{},
		Cameras: []citywatch.HandoverCamera{}, Sensors: []citywatch.HandoverSensor{},
	}
	for i := range alerts {
		a := &alerts[i]
		list := listOf(&p, a)
		*list = append(*list, citywatch.HandoverAlert{
			ID: a.ID, Rule: a.Rule, Name: a.Name, Hazard: a.Hazard, Device: a.Device, Zone: a.Zone, Incident: a.Incident,
			Since: a.Since, Age: max(0, now.Sub(a.Since).Seconds()), Standing: a.Standing(),
			Escalation: a.Escalation, Promises: slices.Clone(a.Promises),
		})
	}
	for _, list := range [][]citywatch.HandoverAlert{p.Open, p.Suppressed, p.Quiet, p.Service} {
		slices.SortFunc(list, worstFirst)
	}
	slices.SortFunc(p.Shelved, func(a, b citywatch.HandoverAlert) int {
		return cmp.Or(a.Standing.Shelved.Until.Compare(b.Standing.Shelved.Until), worstFirst(a, b))
	})
	for i := range cameras {
		if c := &cameras[i]; !c.State.Up() && c.State != citywatch.CameraConnecting {
			p.Cameras = append(p.Cameras, citywatch.HandoverCamera{
				ID: c.ID, Name: c.Name, Zone: c.Zone, State: c.State, Since: c.Since, LastFrame: c.LastFrame, Detail: c.Detail,
			})
		}
	}
	for i := range devices {
		d := &devices[i]
		if f := d.Freshness(now); !d.Device.Own() && d.Device.Indicator == nil && (f == citywatch.Silent || f == citywatch.Never) {
			p.Sensors = append(p.Sensors, citywatch.HandoverSensor{
				ID: d.Device.ID, Name: d.Device.Name, Class: d.Device.Class, Zone: d.Device.Zone, Freshness: f, Heard: d.Heard,
			})
		}
	}
	return p
}

// serviceRule is the rule of the alerts that stand for devices being worked on.
const serviceRule = "out-of-service"

// listOf returns the one list in which an alert stands.
func listOf(p *citywatch.HandoverPicture, a *citywatch.Alert) *[]citywatch.HandoverAlert {
	switch {
	case a.Rule == serviceRule:
		return &p.Service
	case a.Shelved != nil:
		return &p.Shelved
	case a.OutOfService || a.Flapping:
		return &p.Quiet
	case a.SuppressedBy != "":
		return &p.Suppressed
	}
	return &p.Open
}

func worstFirst(a, b citywatch.HandoverAlert) int {
	return cmp.Or(cmp.Compare(b.Standing.Level, a.Standing.Level), a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID))
}

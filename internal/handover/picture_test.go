package handover

import (
	"slices"
	"testing"
	"time"

	"citywatch"
)

// TestEveryAlertStandsOnce: each open alert is in one list, the worst first,
// and what is put aside in the order in which it asks again.
func TestEveryAlertStandsOnce(t *testing.T) {
	now := eight
	alert := func(id string, level citywatch.Level, o citywatch.Overlay) citywatch.Alert {
		return citywatch.Alert{ID: id, Rule: "r", Level: level, Condition: citywatch.Active, Handling: citywatch.New, Since: now.Add(-time.Minute), Overlay: o}
	}
	shelf := func(d time.Duration) *citywatch.Shelf {
		return &citywatch.Shelf{Until: now.Add(d), By: "Lan", Reason: "x"}
	}
	service := alert("service", 1, citywatch.Overlay{})
	service.Rule = serviceRule
	alerts := []citywatch.Alert{
		alert("low", 1, citywatch.Overlay{}), alert("high", 5, citywatch.Overlay{}),
		alert("late", 3, citywatch.Overlay{Shelved: shelf(2 * time.Hour)}),
		alert("soon", 1, citywatch.Overlay{Shelved: shelf(time.Hour), SuppressedBy: "high"}),
		alert("explained", 2, citywatch.Overlay{SuppressedBy: "high"}),
		alert("worked-on", 2, citywatch.Overlay{OutOfService: true, SuppressedBy: "high"}),
		alert("flaps", 3, citywatch.Overlay{Flapping: true}), service,
	}
	heard := func(id, class string, ago time.Duration) citywatch.DeviceState {
		d := citywatch.DeviceState{Device: &citywatch.Device{ID: id, Class: class, Period: time.Minute}}
		if ago > 0 {
			d.Heard = now.Add(-ago)
		}
		return d
	}
	devices := []citywatch.DeviceState{
		heard("fresh", "gauge", time.Second), heard("late", "gauge", 4*time.Minute), heard("silent", "gauge", 6*time.Minute),
		heard("never", "gauge", 0), heard("camera", citywatch.CameraHealthClass, time.Hour),
	}
	var cameras []Camera
	for _, s := range []citywatch.CameraState{citywatch.CameraOnline, citywatch.CameraIdle, citywatch.CameraConnecting, citywatch.CameraFrozen, citywatch.CameraUnreachable} {
		cameras = append(cameras, Camera{citywatch.Camera{ID: string(s)}, citywatch.CameraStatus{State: s}})
	}
	p := Take(now, alerts, devices, cameras)
	ids := func(list []citywatch.HandoverAlert) (ids []string) {
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return ids
	}
	for name, c := range map[string]struct{ got, want []string }{
		"open":       {ids(p.Open), []string{"high", "low"}},
		"shelved":    {ids(p.Shelved), []string{"soon", "late"}},
		"suppressed": {ids(p.Suppressed), []string{"explained"}},
		"quiet":      {ids(p.Quiet), []string{"flaps", "worked-on"}},
		"service":    {ids(p.Service), []string{"service"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s are %v, want %v", name, c.got, c.want)
		}
	}
	if p.Open[0].Age != 60 || p.Open[0].Standing.Level != 5 {
		t.Errorf("the worst is %+v", p.Open[0])
	}
	if len(p.Sensors) != 2 || p.Sensors[0].ID != "silent" || p.Sensors[1].Freshness != citywatch.Never {
		t.Errorf("silent sensors are %+v", p.Sensors)
	}
	if len(p.Cameras) != 2 || p.Cameras[0].State != citywatch.CameraFrozen {
		t.Errorf("cameras without pictures are %+v", p.Cameras)
	}
}

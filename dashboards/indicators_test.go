package dashboards_test

import (
	"encoding/json"
	"testing"
	"time"

	"citywatch"
)

// TestIndicators: a figure tells its target, its age, and when it says nothing
// of now.
func TestIndicators(t *testing.T) {
	p := newProvince(t)
	now := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return now }
	tell := func(id string, figure float64, ago time.Duration) {
		t.Helper()
		for i := range p.devices {
			if s := &p.devices[i]; s.Device.ID == id {
				name := map[string]string{"one_stop": "on_time", "satisfaction": "satisfied", "lodging": "occupancy", "cashless": "share"}[s.Device.Class]
				// It came just now, but is of before: what counts is the latter.
				s.Heard = now
				s.Values = []citywatch.LastValue{{Value: citywatch.Value{Name: name, Number: figure}, Time: now.Add(-ago)}}
				return
			}
		}
		t.Fatalf("no indicator %s", id)
	}
	tell("mot-cua-dung-han", 97.4, 10*time.Second)
	tell("hai-long-cong-dan", 89.9, 40*time.Second) // two periods
	tell("khong-tien-mat", 60, 41*time.Second)
	for i := range p.devices {
		if s := &p.devices[i]; s.Device.ID == "cong-suat-phong-sa-pa" {
			s.Heard, s.Values = time.Time{}, nil
		}
	}
	s := serve(t, p.site(t))
	type figure struct {
		ID, Sector, Owner, Source string
		Value, Age, Target        *float64
		Stale                     bool
		Met                       *bool
	}
	_, body := s.get(t, "/api/v1/indicators")
	var list struct{ Indicators []figure }
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	byID := map[string]figure{}
	for _, f := range list.Indicators {
		byID[f.ID] = f
		if f.Owner == "" || f.Source == "" {
			t.Errorf("%s has no owner or source", f.ID)
		}
	}
	if len(byID) != 6 {
		t.Errorf("there are %d", len(byID))
	}
	if f := byID["mot-cua-dung-han"]; f.Stale || f.Value == nil || *f.Value != 97.4 || *f.Age != 10 || f.Met == nil || !*f.Met || *f.Target != 95 {
		t.Errorf("what meets its target is %+v", f)
	}
	if f := byID["hai-long-cong-dan"]; f.Stale || f.Met == nil || *f.Met {
		t.Errorf("what does not is %+v", f)
	}
	if f := byID["khong-tien-mat"]; !f.Stale || f.Met != nil || f.Value == nil {
		t.Errorf("what is stale is %+v", f)
	}
	if f := byID["cong-suat-phong-sa-pa"]; !f.Stale || f.Value != nil || f.Met != nil {
		t.Errorf("what never came is %+v", f)
	}
	_, body = s.get(t, "/api/v1/indicators?sector=tourism")
	list.Indicators = nil
	if err := json.Unmarshal(body, &list); err != nil || len(list.Indicators) != 3 {
		t.Errorf("of tourism there are %d, %v", len(list.Indicators), err)
	}
	if resp, _ := s.get(t, "/api/v1/indicators?sector=weather"); resp.StatusCode != 400 {
		t.Errorf("of no sector: %s", resp.Status)
	}
}

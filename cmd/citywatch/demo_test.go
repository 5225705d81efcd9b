package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"citywatch"
	"citywatch/internal/selfcheck"
)

// firstAlertWithin is what a newcomer is promised.
const firstAlertWithin = time.Minute

// TestDemoRaisesAnAlertWithinAMinute listens as the wall does.
func TestDemoRaisesAnAlertWithinAMinute(t *testing.T) {
	begun := time.Now()
	p := start(t, "demo", "--data", t.TempDir(), "--mqtt", "127.0.0.1:0")
	conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+p.http+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(begun.Add(firstAlertWithin)); err != nil {
		t.Fatal(err)
	}
	for heardOf := 0; ; {
		var frame struct {
			Type     string            `json:"type"`
			Devices  []json.RawMessage `json:"devices"`
			Features []json.RawMessage `json:"features"`
			Feature  struct {
				Geometry   struct{ Coordinates []float64 }
				Properties struct{ Zone, Device string }
			} `json:"feature"`
		}
		if err := conn.ReadJSON(&frame); err != nil {
			t.Fatalf("after %v: %v", time.Since(begun), err)
		}
		switch frame.Type {
		case "snapshot":
			heardOf = len(frame.Devices)
		case "alert":
			if heardOf < 100 {
				t.Errorf("the snapshot told of %d devices", heardOf)
			}
			if a := frame.Feature; len(a.Geometry.Coordinates) != 2 || a.Properties.Zone == "" || a.Properties.Device == "" {
				t.Errorf("an alert without its place: %+v", a)
			}
			t.Logf("first alert on the wall after %v", time.Since(begun).Round(time.Millisecond))
			p.knowsItself()
			p.stop()
			return
		}
	}
}

// knowsItself waits for the reading that citywatch makes about itself: each of
// its values rests on a metric that a running citywatch must have.
func (p *process) knowsItself() {
	p.t.Helper()
	p.eventually("/api/v1/devices/"+citywatch.SystemID, func(body []byte) bool {
		var device struct {
			Properties struct{ Values []struct{ Value string } }
		}
		if err := json.Unmarshal(body, &device); err != nil {
			return false
		}
		known := map[string]bool{}
		for _, v := range device.Properties.Values {
			known[v.Value] = true
		}
		for _, q := range selfcheck.Classes(selfcheck.Options{})[0].Quantities {
			if !known[q.Value] {
				return false
			}
		}
		return true
	})
}

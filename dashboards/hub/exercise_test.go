package hub_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"citywatch/dashboards/hub"
)

// The first frame of a drill says that it is one, and every frame tells the
// drill's time.
func TestADrillIsToldAsOne(t *testing.T) {
	then := time.Date(2025, 11, 19, 6, 0, 0, 0, time.UTC)
	b := &bench{picture: newPicture()}
	b.Hub = hub.New(hub.Options{HeartbeatEvery: 20 * time.Millisecond}, hub.Deps{
		Source: b.picture, Exercise: true, Now: func() time.Time { return then },
	})
	server := httptest.NewServer(b.Hub)
	b.url = "ws" + strings.TrimPrefix(server.URL, "http")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		server.CloseClientConnections()
		server.Close()
	})
	b.awaitServing(t)
	c := b.dial(t, "")
	for _, kind := range []string{"snapshot", "heartbeat"} {
		var frame struct {
			Type     string
			Time     time.Time
			Exercise bool
		}
		if err := c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := c.conn.ReadJSON(&frame); err != nil {
			t.Fatal(err)
		}
		if frame.Type != kind || !frame.Time.Equal(then) || frame.Exercise != (kind == "snapshot") {
			t.Errorf("%+v, not a %s of %s", frame, kind, then)
		}
	}
}

package hub_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"citywatch/dashboards/hub"

	"github.com/gorilla/websocket"
)

// TestEnd: when the hub ends, every client is told that it goes away, and new
// ones are refused.
func TestEnd(t *testing.T) {
	b := start(t, fast)
	var clients []*client
	for range 10 {
		c := b.dial(t, "")
		c.next("snapshot")
		clients = append(clients, c)
	}
	httpURL := strings.Replace(b.url, "ws", "http", 1)
	go b.stop()
	for _, c := range clients {
		for {
			_, err := c.read()
			if err == nil {
				continue
			}
			if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("the end came as %v", err)
			}
			break
		}
	}
	// The server may be gone already; if not, it says that it is stopping.
	if resp, err := http.Get(httpURL); err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a new client is answered with %s", resp.Status)
		}
	}
	b.stop()
}

// TestEndCutsTheFrozen: a client that does not read does not hold the end up.
func TestEndCutsTheFrozen(t *testing.T) {
	b := start(t, fast)
	c := b.dialSlow(t)
	c.next("snapshot")
	b.flood(enough)
	began := time.Now()
	b.stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
}

func TestFull(t *testing.T) {
	options := fast
	options.MaxClients = 2
	b := start(t, options)
	first := b.dial(t, "")
	b.dial(t, "")
	_, resp, err := websocket.DefaultDialer.Dial(b.url, nil)
	if err == nil {
		t.Fatal("a third client was let in")
	}
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the third is refused with %s, %v", resp.Status, resp.Header)
	}
	first.conn.Close()
	eventually(t, "the place is free again", func() bool {
		conn, _, err := websocket.DefaultDialer.Dial(b.url, nil)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func TestOrigin(t *testing.T) {
	options := fast
	options.Origins = []string{"https://wall.example.vn"}
	b := start(t, options)
	self := strings.Replace(b.url, "ws", "http", 1)
	for origin, allowed := range map[string]bool{
		"": true, self: true, "https://wall.example.vn": true, "HTTPS://WALL.example.vn": true,
		"https://evil.example": false, "http://wall.example.vn": false, "https://wall.example.vn.evil.example": false,
		"null": false, "https://wall.example.vn:8443": false, "::": false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, resp, err := websocket.DefaultDialer.Dial(b.url, header)
		if conn != nil {
			conn.Close()
		}
		if (err == nil) != allowed {
			t.Errorf("origin %q: %v", origin, err)
		}
		if err != nil && resp.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q is refused with %s", origin, resp.Status)
		}
	}
}

// TestWrongRequests: what is no proper request is answered with a problem.
func TestWrongRequests(t *testing.T) {
	b := start(t, fast)
	for _, query := range []string{
		"level=0", "level=6", "level=x", "sector=weather", "bbox=1,2,3", "bbox=1,2,3,x", "bbox=3,2,1,4", "bbox=NaN,2,3,4",
		"zone=" + strings.Repeat("a,", 300), "",
	} {
		resp, err := http.Get(strings.Replace(b.url, "ws", "http", 1) + "/?" + query)
		if err != nil {
			t.Fatal(err)
		}
		var problem struct {
			Status int
			Detail string
		}
		err = json.NewDecoder(resp.Body).Decode(&problem)
		resp.Body.Close()
		if err != nil || problem.Status != http.StatusBadRequest || problem.Detail == "" ||
			resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%q is answered with %s %+v, %v", query, resp.Status, problem, err)
		}
	}
}

// TestTalkers: clients have nothing to say; one that says much is cut off, one
// that says little is not heard.
func TestTalkers(t *testing.T) {
	b := start(t, fast)
	quiet := b.dial(t, "")
	if err := quiet.conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	loud := b.dial(t, "")
	_ = loud.conn.WriteMessage(websocket.TextMessage, make([]byte, 1<<20))
	for {
		if _, err := loud.read(); err != nil {
			break
		}
	}
	quiet.next("snapshot")
	quiet.next("heartbeat")
	eventually(t, "the loud one has left", func() bool { return b.metric(t, "citywatch_hub_clients", "") == 1 })
}

func TestOptionProblems(t *testing.T) {
	wrong := hub.Options{MaxClients: -1, MaxBehind: -time.Second, Origins: []string{"https://ok.example", "wall.example.vn", "https://a/b"}}
	paths := map[string]bool{}
	for _, p := range wrong.Problems() {
		paths[p.Path] = true
	}
	for _, want := range []string{"$.max_clients", "$.max_behind", "$.origins[1]", "$.origins[2]"} {
		if !paths[want] {
			t.Errorf("%s is not found wrong: %v", want, paths)
		}
	}
	if len(paths) != 4 {
		t.Errorf("found %v", paths)
	}
	if ps := (hub.Options{}).Problems(); len(ps) != 0 {
		t.Errorf("the defaults have problems: %v", ps)
	}
}

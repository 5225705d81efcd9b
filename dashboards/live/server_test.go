package live_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/live"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(viewersEnv) != "" {
		os.Exit(viewersMain())
	}
	goleak.VerifyTestMain(m)
}

// TestProtocol: what comes, and in which order.
func TestProtocol(t *testing.T) {
	b := begin(t, fast)
	c := b.dial(t, 0)
	if f := c.next("state"); f.State != "online" || !f.Up || f.Since != "2026-11-22T07:00:00.000Z" || f.LastFrame != "" {
		t.Errorf("the state is told as %+v", f)
	}
	p := b.camera.pull(t)
	p.begin()
	if f := c.next("stream"); f.Codec != "H264" || f.MIME != `video/mp4; codecs="avc1.42C00D"` || f.Width != 320 || f.Height != 180 {
		t.Errorf("the stream is told as %+v", f)
	}
	if f := c.next("binary"); !strings.Contains(string(f.data), "moov") {
		t.Errorf("the initialization is %q", f.data)
	}
	sent := time.Now()
	p.send(0, 1, 10, 25)
	f := c.next("time")
	if at, err := time.Parse(time.RFC3339, f.At); err != nil || at.Before(sent.Add(-time.Millisecond)) || time.Since(at) > time.Second || f.Media != 0 || f.Skipped {
		t.Errorf("the time is told as %+v", f)
	}
	for range 2 {
		if f := c.next("binary"); !strings.Contains(string(f.data), "moof") {
			t.Errorf("a fragment is %q", f.data)
		}
	}
	b.camera.set(citywatch.CameraStatus{
		State: citywatch.CameraFrozen, Since: sent, Detail: "đứng hình", LastFrame: sent.Add(-time.Second),
	}, nil)
	if f := c.next("state"); f.State != "frozen" || f.Up || f.Detail != "đứng hình" || f.LastFrame == "" {
		t.Errorf("the change is told as %+v", f)
	}
	time.Sleep(fast.TellEvery)
	p.send(2, 2, 10, 25)
	if f := c.next("time"); f.Media != 0.08 {
		t.Errorf("after a while the time is told as %+v", f)
	}
	c.next("binary")
	p.begin()
	p.send(0, 0, 10, 25)
	c.next("stream")
	c.next("binary")
	if f := c.next("time"); f.Media < 0.11 {
		t.Errorf("after a new beginning the time is told as %+v", f)
	}
	c.next("binary")
	if n := b.metric(t, "citywatch_live_sockets", ""); n != 1 {
		t.Errorf("%v sockets are counted", n)
	}
}

// TestStateWithoutPictures: a camera that cannot be pulled is told as it is,
// and is shown as soon as it can be.
func TestStateWithoutPictures(t *testing.T) {
	b := begin(t, fast)
	b.camera.set(citywatch.CameraStatus{State: citywatch.CameraUnreachable}, errors.New("no route"))
	c := b.dial(t, 0)
	if f := c.next("state"); f.State != "unreachable" || f.Since != "" {
		t.Errorf("told as %+v", f)
	}
	b.camera.set(citywatch.CameraStatus{State: citywatch.CameraConnecting}, errors.New("no route"))
	c.next("state")
	b.camera.set(citywatch.CameraStatus{State: citywatch.CameraOnline}, nil)
	c.next("state")
	p := b.camera.pull(t)
	p.begin()
	p.send(0, 0, 10, 25)
	if n, told := c.picture(); n != 0 || told == nil {
		t.Errorf("the first picture is %d, its time %v", n, told)
	}
	// And again when it ends under its viewers.
	close(p.items)
	eventually(t, "it is pulled again", func() bool { return b.camera.pull(t) != p })
	q := b.camera.pull(t)
	q.begin()
	c.next("stream")
}

// TestAlive: where there is nothing to be said, the server says that it is
// there.
func TestAlive(t *testing.T) {
	options := fast
	options.AliveEvery = 100 * time.Millisecond
	b := begin(t, options)
	b.camera.set(citywatch.CameraStatus{State: citywatch.CameraUnreachable}, errors.New("no route"))
	c := b.dial(t, 0)
	c.next("state")
	for range 3 {
		c.next("alive")
	}
	b.camera.set(citywatch.CameraStatus{State: citywatch.CameraOnline}, nil)
	if f := c.next("state"); f.State != "online" {
		t.Errorf("told as %+v", f)
	}
	b.camera.pull(t) // it is there, and sends nothing
	for range 3 {
		c.next("alive")
	}
}

// TestLeaving: a viewer that goes is noticed though nothing is sent to it, and
// the camera is let go.
func TestLeaving(t *testing.T) {
	b := begin(t, fast)
	c := b.dial(t, 0)
	p := b.camera.pull(t)
	c.conn.Close()
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the camera is still pulled")
	}
	eventually(t, "it is counted", func() bool { return b.metric(t, "citywatch_live_sockets_left_total", "gone") == 1 })
}

// flood is more than what lies between the server and a viewer that reads
// nothing.
const flood = 400

// TestFrozenViewer: who takes nothing is disconnected, and nobody else notices.
func TestFrozenViewer(t *testing.T) {
	b := begin(t, fast)
	frozen, well := b.dial(t, 32<<10), b.dial(t, 0)
	p := b.camera.pull(t)
	p.begin()
	got := make(chan int, 1)
	go func() {
		count := 0
		for last := -1; last < flood; count++ {
			last, _ = well.picture()
		}
		got <- count
	}()
	for n := range flood + 1 {
		p.send(n, n, 20_000, 25)
		time.Sleep(time.Millisecond)
	}
	select {
	case n := <-got:
		if n != flood+1 {
			t.Errorf("the other got %d of %d", n, flood+1)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the other got no end")
	}
	eventually(t, "the frozen one is gone", func() bool { return b.metric(t, "citywatch_live_sockets_left_total", "behind") == 1 })
	if n := b.metric(t, "citywatch_live_sockets", ""); n != 1 {
		t.Errorf("%v sockets are left", n)
	}
	_ = frozen
}

// TestSlowViewer: who takes less than there is sees less of it, from key
// frame to key frame, and stays.
func TestSlowViewer(t *testing.T) {
	options := fast
	options.SocketBytes = 64 << 10
	b := begin(t, options)
	slow := b.dial(t, 64<<10)
	p := b.camera.pull(t)
	p.begin()
	const frames = 250
	go func() {
		for n := range frames {
			p.send(n, n, 20_000, 10)
			time.Sleep(10 * time.Millisecond)
		}
	}()
	skips, seen, last := 0, 0, -1
	for last < frames-10 {
		n, told := slow.picture()
		switch {
		case n == last+1:
		case n < last || n%10 != 0 || told == nil || !told.Skipped:
			t.Fatalf("after %d comes %d, told %+v", last, n, told)
		default:
			skips++
		}
		last = n
		seen++
		time.Sleep(25 * time.Millisecond)
	}
	if skips == 0 || seen < 30 {
		t.Errorf("it saw %d pictures and skipped %d times", seen, skips)
	}
}

// TestEnd: when the server ends, viewers are told that it goes away, those who
// do not read are cut, and new ones are refused.
func TestEnd(t *testing.T) {
	b := begin(t, live.Options{TellEvery: 50 * time.Millisecond}) // takes its time over who does not read
	c, frozen := b.dial(t, 0), b.dial(t, 16<<10)
	frozen.next("state")
	p := b.camera.pull(t)
	p.begin()
	for c.next("state"); ; {
		if f, err := c.read(); err != nil || f.Type == "stream" {
			break
		}
	}
	go p.send(0, flood, 20_000, 25)
	done := make(chan error, 1)
	go func() {
		for {
			if _, err := c.read(); err != nil {
				done <- err
				return
			}
		}
	}()
	time.Sleep(300 * time.Millisecond)
	began := time.Now()
	b.stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
	if err := <-done; !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the end came as %v", err)
	}
	if n := b.metric(t, "citywatch_live_sockets_left_total", "stopping"); n != 2 {
		t.Errorf("%v left because it stopped", n)
	}
}

func TestFull(t *testing.T) {
	options := fast
	options.MaxViewers = 2
	b := begin(t, options)
	first := b.dial(t, 0)
	b.dial(t, 0)
	_, resp, err := websocket.DefaultDialer.Dial(b.url, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("a third viewer is answered with %v, %v", resp, err)
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
	b := begin(t, options)
	self := strings.TrimSuffix(strings.Replace(b.url, "ws", "http", 1), "/cameras/one/live")
	for origin, allowed := range map[string]bool{
		"": true, self: true, "https://wall.example.vn": true, "https://evil.example": false, "null": false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, resp, err := websocket.DefaultDialer.Dial(b.url, header)
		if conn != nil {
			conn.Close()
		}
		if (err == nil) != allowed || err != nil && resp.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q is answered with %s, %v", origin, resp.Status, err)
		}
	}
}

// TestWrongRequests: what is no proper request is answered with a problem.
func TestWrongRequests(t *testing.T) {
	b := begin(t, fast)
	for _, query := range []string{"?stream=third", "?stream=MAIN", "", "?stream=main"} {
		resp, err := http.Get(strings.Replace(b.url, "ws", "http", 1) + query)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		var p struct {
			Status int
			Detail string
		}
		if err := json.Unmarshal(data, &p); err != nil || p.Status != http.StatusBadRequest || p.Detail == "" {
			t.Errorf("%q is answered with %s %s", query, resp.Status, data)
		}
	}
}

// TestTalker: viewers have nothing to say; one that says much is cut off.
func TestTalker(t *testing.T) {
	b := begin(t, fast)
	quiet, loud := b.dial(t, 0), b.dial(t, 0)
	if err := quiet.conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	_ = loud.conn.WriteMessage(websocket.TextMessage, make([]byte, 1<<20))
	eventually(t, "the loud one is gone", func() bool { return b.metric(t, "citywatch_live_sockets", "") == 1 })
	p := b.camera.pull(t)
	p.begin()
	p.send(0, 0, 10, 25)
	if n, _ := quiet.picture(); n != 0 {
		t.Errorf("the quiet one sees %d", n)
	}
}

func TestOptions(t *testing.T) {
	if ps := (live.Options{}).Problems(); len(ps) > 0 {
		t.Errorf("the defaults have problems: %v", ps)
	}
	var paths []string
	for _, p := range (live.Options{MaxViewers: -1, WriteTimeout: -1, SocketBytes: -1, TellEvery: -1, Origins: []string{"x"}}).Problems() {
		paths = append(paths, p.Path)
	}
	if got := strings.Join(paths, " "); got != "$.max_viewers $.write_timeout $.socket_bytes $.tell_every $.origins[0]" {
		t.Errorf("found %s", got)
	}
}

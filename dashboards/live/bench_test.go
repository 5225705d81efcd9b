package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/live"
	"citywatch/video"
	videolive "citywatch/video/live"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// A camera is one whose frames a test makes; it is pulled as video pulls.
type camera struct {
	mu     sync.Mutex
	status citywatch.CameraStatus
	fault  error // of subscribing
	pulls  int
	pulled *pull
}

type pull struct {
	items chan video.Item
	ended chan struct{}
	once  sync.Once
}

var errEnded = errors.New("ended")

func (p *pull) Next(ctx context.Context) (video.Item, error) {
	select {
	case it, more := <-p.items:
		if !more {
			return video.Item{}, errEnded
		}
		return it, nil
	case <-ctx.Done():
		return video.Item{}, ctx.Err()
	}
}

func (p *pull) Close() { p.once.Do(func() { close(p.ended) }) }

func (c *camera) subscribe(string, video.Quality) (videolive.Subscription, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault != nil {
		return nil, c.fault
	}
	c.pulls++
	c.pulled = &pull{items: make(chan video.Item, 10_000), ended: make(chan struct{})}
	return c.pulled, nil
}

// pull is the newest; the test fails if nobody pulls.
func (c *camera) pull(t testing.TB) *pull {
	t.Helper()
	var p *pull
	eventually(t, "the camera is pulled", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		p = c.pulled
		return p != nil
	})
	return p
}

func (c *camera) set(s citywatch.CameraStatus, fault error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status, c.fault = s, fault
}

func (c *camera) state(string) (citywatch.CameraStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, nil
}

// send has the camera send frames first to last, 25 a second by their times;
// every key-th is a key frame.
func (p *pull) send(first, last, size, key int) {
	for n := first; n <= last; n++ {
		at := time.Duration(n) * 40 * time.Millisecond
		data := append([]byte(fmt.Sprintf("%06d", n)), make([]byte, size)...)
		p.items <- video.Item{Unit: video.Unit{Data: [][]byte{data}, PTS: at, DTS: at, Key: n%key == 0, Arrived: time.Now()}}
	}
}

func (p *pull) begin() { p.items <- video.Item{Tracks: []video.Track{track()}} }

func track() video.Track {
	return video.Track{
		Codec: video.H264, Width: 320, Height: 180,
		SPS: []byte{0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0c, 0xa3, 0xc5, 0x0a, 0xa8},
		PPS: []byte{0x68, 0xce, 0x0f, 0xc8},
	}
}

// viewer is what internal/app makes of a Viewer of video/live.
type viewer struct{ *videolive.Viewer }

func (v viewer) Next(ctx context.Context) (live.Message, error) {
	m, err := v.Viewer.Next(ctx)
	return live.Message(m), err
}

// A bench is a Server that runs behind a real listener.
type bench struct {
	url      string // of a camera's websocket
	camera   *camera
	registry *prometheus.Registry
	stop     func()
	mux      *http.ServeMux
}

var fast = live.Options{TellEvery: 50 * time.Millisecond, WriteTimeout: time.Second}

func begin(t testing.TB, options live.Options, streamOptions ...videolive.Options) *bench {
	t.Helper()
	b := &bench{camera: &camera{}, registry: prometheus.NewRegistry(), mux: http.NewServeMux()}
	b.camera.status = citywatch.CameraStatus{State: citywatch.CameraOnline, Since: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)}
	streams := videolive.New(append(streamOptions, videolive.Options{})[0], videolive.Deps{Subscribe: b.camera.subscribe})
	server := live.New(options, live.Deps{
		Open: func(id, stream string) (live.Viewer, error) {
			v, err := streams.Open(id, video.Quality(stream))
			if err != nil {
				return nil, err
			}
			return viewer{v}, nil
		},
		Status:     b.camera.state,
		Registerer: b.registry,
	})
	b.mux.Handle("GET /cameras/{id}/live", server)
	srv := httptest.NewServer(b.mux)
	b.url = strings.Replace(srv.URL, "http", "ws", 1) + "/cameras/one/live"
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{streams.Run, server.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	b.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		srv.Close()
	})
	t.Cleanup(b.stop)
	eventually(t, "it serves", func() bool {
		resp, err := http.Get(strings.Replace(b.url, "ws", "http", 1))
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusBadRequest // not a websocket
	})
	return b
}

// metric returns the sum of a metric over all its labels, or of those with
// the given value.
func (b *bench) metric(t testing.TB, name, label string) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || len(m.GetLabel()) > 0 && m.GetLabel()[0].GetValue() == label) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to pass that %s", what)
		}
	}
}

// A client is the other end of a websocket.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

// dial connects a client whose kernel takes so much unread; 0 for as much as
// it likes.
func (b *bench) dial(t testing.TB, buffer int) *client {
	t.Helper()
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil || buffer == 0 {
			return conn, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(buffer)
	}}
	conn, resp, err := dialer.Dial(b.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn}
}

// A frame is one message of the websocket, text or binary.
type frame struct {
	Type, State, Since, Detail, Codec, MIME, At string
	LastFrame                                   string `json:"last_frame"`
	Up, Skipped                                 bool
	Width, Height                               int
	Media                                       float64

	data []byte // binary
}

func (c *client) read() (frame, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, data, err := c.conn.ReadMessage()
	if err != nil || kind == websocket.BinaryMessage {
		return frame{Type: "binary", data: data}, err
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		c.t.Errorf("%v in %s", err, data)
	}
	return f, nil
}

// next returns the next frame, which is of that kind. That the server is there
// it may say whenever the machine is busy.
func (c *client) next(kind string) frame {
	c.t.Helper()
	f, err := c.read()
	for err == nil && f.Type == "alive" && kind != "alive" {
		f, err = c.read()
	}
	if err != nil || f.Type != kind {
		c.t.Fatalf("got %s %+v, %v; want %s", f.Type, f, err, kind)
	}
	return f
}

// picture returns the next picture's number, and the last time frame before
// it, passing over the rest.
func (c *client) picture() (number int, told *frame) {
	c.t.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatalf("instead of a picture: %v", err)
		}
		if f.Type == "time" {
			told = &f
		}
		at := strings.Index(string(f.data), "mdat")
		if f.Type != "binary" || at < 0 {
			continue
		}
		if _, err := fmt.Sscanf(string(f.data[at+8:at+14]), "%06d", &number); err != nil {
			c.t.Fatal(err)
		}
		return number, told
	}
}

package badcamera

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	"citywatch/internal/servertest"
)

// Options of a Camera.
type Options struct {
	// Films are what Shoot made. They may be shared.
	Films Films
	// After is when, in those cases in which something happens in the midst of
	// the stream, it does: 3s by default.
	After time.Duration
	// Addr is where it listens: host:port, on loopback.
	Addr string
}

// A Camera misbehaves as its Case says, towards each client anew.
type Camera struct {
	Case
	o        Options
	listener net.Listener

	mu    sync.Mutex
	stats Stats
	fall  func()        // ends what runs now
	pause time.Duration // since it fell; 0 if it did not
}

// Stats is what clients did so far.
type Stats struct {
	Connections int
	Open        int // connections that have not ended
	Logins      int // requests with credentials in them
}

// ErrFilm is returned by Listen when the film that the case plays is missing.
var ErrFilm = errors.New("the film was not made")

// Listen returns the camera of a case, which listens, and answers once it runs.
func Listen(c Case, o Options) (*Camera, error) {
	if o.After == 0 {
		o.After = 3 * time.Second
	}
	if o.Films[c.film()] == nil {
		return nil, ErrFilm
	}
	camera := &Camera{Case: c, o: o}
	return camera, camera.listen()
}

// Start runs the camera of a case until the test ends.
func Start(t servertest.T, c Case, o Options) *Camera {
	t.Helper()
	if o.Addr == "" {
		o.Addr = servertest.FreeAddr(t)
	}
	camera, err := Listen(c, o)
	if err != nil {
		t.Fatalf("camera %s: %v", c.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- camera.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("camera %s: %v", c.Name, err)
		}
	})
	return camera
}

// URL is where the stream is, with these credentials; with no user, without.
func (c *Camera) URL(user, password string) string {
	u := url.URL{Scheme: "rtsp", Host: c.o.Addr, Path: "/" + c.Name}
	if user != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// Stats returns what clients did so far.
func (c *Camera) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

func (c *Camera) count(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}

func (c *Camera) listen() (err error) {
	c.listener, err = net.Listen("tcp", c.o.Addr)
	return err
}

// Run serves until ctx ends, and returns when every connection has ended.
func (c *Camera) Run(ctx context.Context) error {
	for {
		c.up(ctx, c.listener)
		pause := c.fallen()
		if pause == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		if err := c.listen(); err != nil {
			return err
		}
	}
}

// up serves until ctx ends, or the camera falls.
func (c *Camera) up(ctx context.Context, l net.Listener) {
	defer l.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	c.fall = cancel
	c.mu.Unlock()
	if c.how.port != nil {
		c.how.port(ctx, l)
		return
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var talks sync.WaitGroup
	defer talks.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			<-ctx.Done() // the only reason
			return
		}
		t := &talk{Camera: c, conn: conn, in: bufio.NewReader(conn)}
		t.ctx, t.cancel = context.WithCancel(ctx)
		c.count(func(s *Stats) { s.Connections++; s.Open++; t.nth = s.Connections })
		talks.Go(func() {
			defer c.count(func(s *Stats) { s.Open-- })
			defer context.AfterFunc(ctx, t.reset)()
			t.serve()
		})
	}
}

// fallFor has the camera fall, once, as by kill -9, and come back after the
// pause.
func (c *Camera) fallFor(pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pause == 0 {
		c.pause = pause
		c.fall()
	}
}

// fallen returns for how long the camera fell, or 0.
func (c *Camera) fallen() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pause
}

// reset ends the connection as when a process is killed.
func (t *talk) reset() {
	if tcp, ok := t.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	t.conn.Close()
}

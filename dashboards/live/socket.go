package live

import (
	"context"
	"errors"
	"net"
	"time"

	"citywatch"

	"github.com/gorilla/websocket"
)

const (
	// readLimit: viewers have nothing to say.
	readLimit = 512
	// pingEvery is how often a viewer has to show that it is there, and
	// patience how long it may not.
	pingEvery = 5 * time.Second
	patience  = 20 * time.Second
	// reopenAfter is how long a stream that ended is left alone before its
	// viewer asks for it again.
	reopenAfter = 2 * time.Second
)

// Why a viewer left.
var (
	errStopping = errors.New("stopping")
	errGone     = errors.New("gone")
	errBehind   = errors.New("behind")
)

// errOver: the stream has ended, and may be opened again.
var errOver = errors.New("the stream is over")

// A socket is one websocket. Its reader only watches that the viewer is alive;
// all else is done by one goroutine, which alone writes.
type socket struct {
	server         *Server
	conn           *websocket.Conn
	camera, stream string

	opened time.Time // the stream
	told   citywatch.CameraStatus
	toldAt time.Time // when the time was last told
	pinged time.Time
	sent   time.Time // when anything was
}

// serve returns why the viewer left.
func (c *socket) serve(running context.Context) error {
	ctx, cancel := context.WithCancel(running)
	defer cancel()
	c.limitSocket()
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer cancel()
		c.read()
	}()
	err := c.show(ctx)
	if running.Err() != nil {
		err = errStopping
	}
	c.part(err)
	<-read
	c.cut()
	return err
}

// limitSocket bounds what lies between this process and the viewer: megabytes
// by default, which on a slow line are many seconds.
func (c *socket) limitSocket() {
	conn := c.conn.NetConn()
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(c.server.options.SocketBytes) // else it stays as it is
	}
}

// read takes what the viewer sends, until the connection ends.
func (c *socket) read() {
	alive := func(string) error { return c.conn.SetReadDeadline(time.Now().Add(patience)) }
	c.conn.SetReadLimit(readLimit)
	c.conn.SetPongHandler(alive)
	_ = alive("")
	for {
		if _, _, err := c.conn.NextReader(); err != nil {
			return
		}
	}
}

// part tells a viewer that may still hear it that the server stops. One that
// took nothing cannot be told so.
func (c *socket) part(reason error) {
	if !errors.Is(reason, errStopping) {
		c.cut()
		return
	}
	now := time.Now()
	farewell := websocket.FormatCloseMessage(websocket.CloseGoingAway, "the server is stopping")
	if c.conn.WriteControl(websocket.CloseMessage, farewell, now.Add(partingTime/2)) != nil {
		c.cut() // it does not read: it will see the end itself
		return
	}
	// The viewer has to come to that frame before the connection closes: what
	// it sends to a closed one has its kernel throw away what it has not read.
	_ = c.conn.SetReadDeadline(now.Add(partingTime))
}

// cut closes the connection under whoever is using it.
func (c *socket) cut() { _ = c.conn.Close() }

// show sends the stream, and opens it again whenever it ends, until the viewer
// leaves.
func (c *socket) show(ctx context.Context) error {
	for {
		if err := c.look(time.Now()); err != nil {
			return err
		}
		v, err := c.server.deps.Open(c.camera, c.stream)
		if err == nil {
			c.opened = time.Now()
			err = c.watch(ctx, v)
			v.Close()
			if err != nil {
				return err
			}
		}
		// The stream is not to be had now; the state says why.
		if err := c.linger(ctx, reopenAfter); err != nil {
			return err
		}
	}
}

// linger goes on telling the state, without pictures.
func (c *socket) linger(ctx context.Context, d time.Duration) error {
	until := time.NewTimer(d)
	defer until.Stop()
	tick := time.NewTicker(c.server.options.TellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return errGone
		case now := <-tick.C:
			if err := c.look(now); err != nil {
				return err
			}
		case <-until.C:
			return nil
		}
	}
}

// watch sends what the viewer sees until the stream ends, which is no error.
func (c *socket) watch(ctx context.Context, v Viewer) error {
	for {
		// Waiting for pictures that do not come must not keep the state back.
		round, cancel := context.WithTimeout(ctx, c.server.options.TellEvery)
		err := c.round(round, v)
		cancel()
		switch {
		case ctx.Err() != nil:
			return errGone
		case errors.Is(err, errOver):
			return nil
		case err != nil:
			return err
		}
		if err := c.look(time.Now()); err != nil {
			return err
		}
	}
}

// round sends pictures until ctx ends; the error is errOver once the stream
// has.
func (c *socket) round(ctx context.Context, v Viewer) error {
	for ctx.Err() == nil {
		m, err := v.Next(ctx)
		switch {
		case err == nil && m.Codec != "":
			err = c.begin(&m)
		case err == nil:
			err = c.picture(&m)
		case ctx.Err() == nil:
			err = errOver
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *socket) begin(m *Message) error {
	c.toldAt = time.Time{}
	if err := c.send(websocket.TextMessage, encode(newStreamFrame(m))); err != nil || m.Data == nil {
		return err
	}
	return c.send(websocket.BinaryMessage, m.Data)
}

func (c *socket) picture(m *Message) error {
	now := time.Now()
	if m.Skipped || now.Sub(c.toldAt) >= c.server.options.TellEvery {
		c.toldAt = now
		if err := c.send(websocket.TextMessage, encode(newTimeFrame(m))); err != nil {
			return err
		}
	}
	if err := c.send(websocket.BinaryMessage, m.Data); err != nil {
		return err
	}
	c.server.metrics.bytes.Add(float64(len(m.Data)))
	if m.Arrived.After(c.opened) {
		c.server.metrics.delay.Observe(time.Since(m.Arrived).Seconds())
	}
	return nil
}

// look tells the state where it has changed, and sees to it that the viewer is
// still there.
func (c *socket) look(now time.Time) error {
	if now.Sub(c.pinged) >= pingEvery {
		c.pinged = now
		deadline := now.Add(c.server.options.WriteTimeout)
		if err := c.conn.WriteControl(websocket.PingMessage, nil, deadline); err != nil {
			return reasonOf(err)
		}
	}
	status, err := c.server.deps.Status(c.camera)
	known := err == nil // else it is told when it is
	same := status.State == c.told.State && status.Since.Equal(c.told.Since) && status.Detail == c.told.Detail
	if !known || same {
		return c.live(now)
	}
	c.told = status
	return c.send(websocket.TextMessage, encode(newStateFrame(&status)))
}

// live says that the server is there, where nothing else has said so lately.
func (c *socket) live(now time.Time) error {
	if now.Sub(c.sent) < c.server.options.AliveEvery {
		return nil
	}
	return c.send(websocket.TextMessage, encode(aliveFrame{typeAlive}))
}

func (c *socket) send(kind int, data []byte) error {
	c.sent = time.Now()
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.server.options.WriteTimeout))
	if err := c.conn.WriteMessage(kind, data); err != nil {
		return reasonOf(err)
	}
	return nil
}

// reasonOf tells a viewer that takes nothing from one that is not there.
func reasonOf(err error) error {
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return errBehind
	}
	return errGone
}

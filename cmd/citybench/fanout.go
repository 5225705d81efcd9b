package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"citywatch/internal/servertest"

	"github.com/gorilla/websocket"
)

// fanoutDevices are few: each client is sent all of them when it joins.
const fanoutDevices = 20

var fanoutBudgets = []struct {
	clients int
	p99     float64
}{{5000, 80}, {10000, 250}}

// fanout measures how long one alert takes from the sensor's publish to
// thousands of websocket clients, and beside it the same frame from a bare
// server that has nothing else to do.
func (b *bench) fanout(budget time.Duration) error {
	c, err := b.startCity(site{name: "fanout", devices: fanoutDevices, rules: 1, across: 4, down: 3})
	if err != nil {
		return err
	}
	defer c.kill()
	sensor, err := b.publisher("fanout")
	if err != nil {
		return err
	}
	up := false
	alert := func() error {
		up = !up
		level := bound / 2
		if up {
			level = bound * 2
		}
		return sensor.cross(level)
	}
	ours, frame, err := b.crowds(c.http, budget/2, alert)
	if err != nil {
		return err
	}
	floor, err := b.bareCrowds(frame, budget/2)
	if err != nil {
		return err
	}
	for i, g := range fanoutBudgets {
		r := row{Part: "fanout", What: fmt.Sprintf("publish to frame at %d clients, p99", g.clients), Unit: "ms"}
		if i >= len(ours) {
			r.Error = fmt.Sprintf("%d clients need %d open files, the limit is %d", g.clients, filesFor(g.clients), fileLimit())
			b.table.Rows = append(b.table.Rows, r)
			continue
		}
		r.Value, r.Peer, r.PeerValue = quantile(ours[i], 0.99), "bare server", quantile(floor[i], 0.99)
		b.table.add(r, most(g.p99))
	}
	return nil
}

func filesFor(clients int) int { return clients + 200 }

// crowds gathers the crowds of the budgets, as many as there may be files, and
// measures some alerts to each. It also returns an alert's frame.
func (b *bench) crowds(addr string, budget time.Duration, alert func() error) (times [][]float64, frame []byte, err error) {
	crowd := newCrowd()
	defer crowd.leave()
	for _, g := range fanoutBudgets {
		if fileLimit() < filesFor(g.clients) {
			break
		}
		if err := crowd.grow(b.ctx, addr, g.clients); err != nil {
			return nil, nil, err
		}
		var all []float64
		// Half of the time is for connecting; at least 5 alerts, a second
		// apart.
		for range max(5, int(budget.Seconds()/4)) {
			t, err := crowd.measure(alert)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, t...)
			time.Sleep(300 * time.Millisecond)
		}
		times = append(times, all)
	}
	return times, crowd.sample, nil
}

// bareCrowds is crowds at a bareFanout that sends frame.
func (b *bench) bareCrowds(frame []byte, budget time.Duration) ([][]float64, error) {
	p, addr, err := b.startBareFanout()
	if err != nil {
		return nil, err
	}
	defer p.kill()
	times, _, err := b.crowds(addr, budget, func() error {
		request, err := http.NewRequestWithContext(b.ctx, http.MethodPost, "http://"+addr+"/send", bytes.NewReader(frame))
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	})
	return times, err
}

// startBareFanout starts bareFanout in a process of its own.
func (b *bench) startBareFanout() (*process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	addr := servertest.FreeAddr(b)
	p, err := b.start(self, "bare-fanout", addr)
	if err != nil {
		return nil, "", err
	}
	for range 100 {
		if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			return p, addr, conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, "", errors.Join(errors.New("the bare server does not answer"), p.alive())
}

// A crowd is many websocket clients.
type crowd struct {
	conns    []*websocket.Conn
	readers  sync.WaitGroup
	arrivals chan time.Time
	sample   []byte // the first alert's frame
	once     sync.Once
}

func newCrowd() *crowd { return &crowd{arrivals: make(chan time.Time, 1<<16)} }

// grow connects further clients until there are n, and waits for everybody's
// first frame.
func (c *crowd) grow(ctx context.Context, addr string, n int) error {
	const dialers = 32
	var (
		mu     sync.Mutex
		work   sync.WaitGroup
		failed error
	)
	next := make(chan int)
	for range dialers {
		work.Go(func() {
			for i := range next {
				conn, err := join(ctx, addr, i)
				mu.Lock()
				if err != nil {
					failed = fmt.Errorf("client %d: %w", i, err)
				} else {
					c.conns = append(c.conns, conn)
					c.readers.Go(func() { c.read(conn) })
				}
				mu.Unlock()
			}
		})
	}
	for i := len(c.conns); i < n; i++ {
		next <- i
	}
	close(next)
	work.Wait()
	return failed
}

// join connects a client and takes its first frame.
func join(ctx context.Context, addr string, i int) (*websocket.Conn, error) {
	conn, err := dialStream(ctx, addr, i)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, _, err := conn.ReadMessage(); err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Time{})
	return conn, nil
}

// read takes frames until the connection ends, and tells when alerts have come.
func (c *crowd) read(conn *websocket.Conn) {
	var buf bytes.Buffer
	for {
		_, r, err := conn.NextReader()
		if err != nil {
			return
		}
		buf.Reset()
		if _, err := io.Copy(&buf, r); err != nil {
			return
		}
		if isAlert(buf.Bytes()) {
			c.arrivals <- time.Now()
			c.once.Do(func() { c.sample = bytes.Clone(buf.Bytes()) })
		}
	}
}

// measure raises one alert and returns how many milliseconds it took to each
// client.
func (c *crowd) measure(alert func() error) ([]float64, error) {
	sent := time.Now()
	if err := alert(); err != nil {
		return nil, err
	}
	times := make([]float64, 0, len(c.conns))
	timeout := time.After(patience)
	for range c.conns {
		select {
		case at := <-c.arrivals:
			times = append(times, milliseconds(at.Sub(sent)))
		case <-timeout:
			return nil, fmt.Errorf("the alert reached %d of %d clients within %v", len(times), len(c.conns), patience)
		}
	}
	return times, nil
}

func (c *crowd) leave() {
	for _, conn := range c.conns {
		conn.Close()
	}
	c.readers.Wait()
}

// bareFanout is the least that a server for many websockets can be: one
// goroutine and one queue for each client, one prepared message for all.
func bareFanout(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("bare-fanout ADDRESS")
	}
	var (
		mu     sync.Mutex
		queues []chan *websocket.PreparedMessage
	)
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/stream", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		queue := make(chan *websocket.PreparedMessage, 16)
		mu.Lock()
		queues = append(queues, queue)
		mu.Unlock()
		if conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"snapshot"}`)) != nil {
			return
		}
		for m := range queue {
			if conn.WritePreparedMessage(m) != nil {
				return
			}
		}
	})
	mux.HandleFunc("/send", func(w http.ResponseWriter, r *http.Request) {
		frame, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		message, err := websocket.NewPreparedMessage(websocket.TextMessage, frame)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, queue := range queues {
			select {
			case queue <- message:
			default: // it has gone
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
	server := http.Server{Addr: args[0], Handler: mux, ReadHeaderTimeout: patience}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	return server.ListenAndServe()
}

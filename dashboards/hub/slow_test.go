package hub_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/hub"

	"github.com/gorilla/websocket"
)

// dialSlow connects a client whose kernel takes little: what it does not read
// soon stands at the server.
func (b *bench) dialSlow(t *testing.T) *client {
	t.Helper()
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	}}
	conn, resp, err := dialer.Dial(b.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn}
}

// flood publishes n large changes, and returns the longest that one took.
func (b *bench) flood(n int) time.Duration {
	a := alert("big", "z", 1)
	a.Evidence = []citywatch.Evidence{{Text: strings.Repeat("x", 16<<10)}}
	var longest time.Duration
	for range n {
		began := time.Now()
		b.publish(a, citywatch.ReasonFired)
		longest = max(longest, time.Since(began))
		a.Version++
		time.Sleep(time.Millisecond)
	}
	return longest
}

// enough fills what the kernel keeps for one connection, and 1 MiB more.
const enough = 1200

// TestFrozenClientIsCut: a client that reads nothing is gone after MaxBehind,
// while the others have every alert at once and the publisher never waits.
func TestFrozenClientIsCut(t *testing.T) {
	options := fast
	options.MaxBehind = 2 * time.Second
	b := start(t, options)
	frozen := b.dialSlow(t)
	frozen.next("snapshot")
	well := b.dial(t, "")
	well.next("snapshot")

	got := make(chan []frame, 1)
	go func() { got <- well.alertsUntil(enough) }()
	longest := b.flood(enough)
	frames := <-got
	if len(frames) != enough {
		t.Errorf("the other client got %d of %d", len(frames), enough)
	}
	if longest > time.Second {
		t.Errorf("the publisher waited %v", longest)
	}
	eventually(t, "the frozen client is gone", func() bool { return b.metric(t, "citywatch_hub_left_total", "behind") == 1 })
	if n := b.metric(t, "citywatch_hub_clients", ""); n != 1 {
		t.Errorf("%v clients are left, want 1", n)
	}
}

// TestSlowClientIsTold: a client that reads again, but too late, finds a close
// code that says so; then it resumes where it was.
func TestSlowClientIsTold(t *testing.T) {
	b := start(t, fast)
	slow := b.dialSlow(t)
	slow.next("snapshot")
	b.flood(enough)
	time.Sleep(2600 * time.Millisecond) // longer than a burst may wait
	var last uint64
	for {
		f, err := slow.read()
		if err == nil {
			if f.Type == "alert" {
				last = f.Seq
			}
			continue
		}
		if !websocket.IsCloseError(err, hub.CloseBehind) {
			t.Fatalf("after %d: %v", last, err)
		}
		break
	}
	if last == 0 || last == enough {
		t.Errorf("it was told up to %d before it was disconnected", last)
	}
	again := b.dial(t, "")
	if f := again.next("snapshot"); f.Seq != enough {
		t.Errorf("the snapshot is of %d", f.Seq)
	}
}

// TestBurstDisconnectsNobody: more than a client may be behind, at once, is
// what a storm looks like; whoever takes it is not slow.
func TestBurstDisconnectsNobody(t *testing.T) {
	const burst = 1000
	options := fast
	options.MaxBehindBytes = 64 << 10
	b := start(t, options)
	var clients []*client
	for range 3 {
		c := b.dial(t, "")
		c.next("snapshot")
		clients = append(clients, c)
	}
	for i := range burst {
		b.publish(alert(fmt.Sprintf("a%d", i), "z", 1), citywatch.ReasonFired)
	}
	var reads sync.WaitGroup
	for _, c := range clients {
		reads.Go(func() {
			if frames := c.alertsUntil(burst); len(frames) != burst {
				t.Errorf("got %d of %d", len(frames), burst)
			}
		})
	}
	reads.Wait()
}

// TestThousandClients: everybody is told of every alert, soon.
func TestThousandClients(t *testing.T) {
	const n, alerts = 1000, 20
	b := start(t, hub.Options{})
	var (
		mu     sync.Mutex
		delays []time.Duration
		reads  sync.WaitGroup
		dials  sync.WaitGroup
	)
	for part := range 10 {
		dials.Go(func() {
			for i := part; i < n; i += 10 {
				c := b.dial(t, "")
				c.next("snapshot")
				reads.Go(func() {
					for want := range uint64(alerts) {
						f := c.next("alert")
						if f.Seq != want+1 {
							t.Errorf("got %d, want %d", f.Seq, want+1)
						}
						mu.Lock()
						delays = append(delays, time.Since(f.Time))
						mu.Unlock()
					}
				})
			}
		})
	}
	dials.Wait()
	for i := range alerts {
		b.publish(alert(fmt.Sprintf("a%d", i), "z", 3), citywatch.ReasonFired)
		time.Sleep(50 * time.Millisecond)
	}
	reads.Wait()
	slices.Sort(delays)
	p50, p99 := delays[len(delays)/2], delays[len(delays)*99/100]
	t.Logf("%d clients: p50 %v, p99 %v from publishing to the client", n, p50, p99)
	if p50 > 5*time.Second {
		t.Errorf("p50 is %v", p50)
	}
}

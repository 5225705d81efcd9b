package live_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	videolive "citywatch/video/live"

	"github.com/gorilla/websocket"
)

// viewersEnv has the test's program be the viewers of another one, so that
// what they cost is not counted: the websocket's address and their number.
const viewersEnv = "CITYWATCH_TEST_VIEWERS"

// viewersMain views until its standard input ends, and prints how many
// pictures it has seen.
func viewersMain() int {
	url, count, _ := strings.Cut(os.Getenv(viewersEnv), " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return 2
	}
	var (
		seen sync.WaitGroup
		mu   sync.Mutex
		all  int
	)
	var conns []*websocket.Conn
	for range n {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		conns = append(conns, conn)
		seen.Go(func() {
			count := -1 // the initialization
			for {
				kind, _, err := conn.ReadMessage()
				if err != nil {
					break
				}
				if kind == websocket.BinaryMessage {
					count++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all += count
		})
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	for _, conn := range conns {
		_ = conn.NetConn().(*net.TCPConn).Close()
	}
	seen.Wait()
	fmt.Println(all)
	return 0
}

// TestManyViewers shows one stream of 1 Mbit/s to 200 viewers in another
// process: each sees every frame, and what that costs is told.
func TestManyViewers(t *testing.T) {
	const (
		viewers, frames, size = 200, 75, 5000
		pace                  = 40 * time.Millisecond
		fragment              = size + 126 // with the boxes around it
	)
	// On a machine that is busy with other tests nobody is to skip a frame.
	b := begin(t, fast, videolive.Options{MaxBehind: time.Minute})
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", viewersEnv, b.url, viewers))
	program.Stderr = os.Stderr
	in, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	})
	said := bufio.NewScanner(out)
	if !said.Scan() || said.Text() != "ready" {
		t.Fatal("the viewers are not ready")
	}
	p := b.camera.pull(t)
	p.begin()
	before := cpu(t)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := range frames {
		p.send(n, n, size, 25)
		<-tick.C
	}
	eventually(t, "all is sent", func() bool {
		return b.metric(t, "citywatch_live_sent_bytes_total", "") >= viewers*frames*fragment
	})
	used := cpu(t) - before
	time.Sleep(500 * time.Millisecond) // until it is read, too
	_ = in.Close()
	if !said.Scan() {
		t.Fatal("the viewers say nothing")
	}
	if said.Text() != strconv.Itoa(viewers*frames) {
		t.Errorf("%s pictures were seen, of %d", said.Text(), viewers*frames)
	}
	took := frames * pace
	t.Logf("%d viewers of %d frames of %d bytes: %.2f of a core, %.1f µs a frame and viewer",
		viewers, frames, size, used.Seconds()/took.Seconds(), float64(used.Microseconds())/viewers/frames)
}

// cpu returns what this process has used so far.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package servertest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second // a first start on a busy machine
	stopTimeout  = 30 * time.Second
	logTail      = 8 << 10
)

// Process is one server that keeps its port and its data from start to start.
// Its methods belong to the test's goroutine.
type Process struct {
	// Addr is the host:port it listens on.
	Addr string
	// Dir holds its configuration, its data and its output in the file "log".
	Dir string

	t     T
	name  string
	path  string
	args  []string
	env   []string
	ready func() error

	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has ended
}

// run starts p for the first time and arranges its end.
func (p *Process) run() {
	p.t.Helper()
	p.t.Cleanup(p.cleanup)
	p.Start()
}

// Start starts the server again after Kill or Stop and returns when it answers.
func (p *Process) Start() {
	p.t.Helper()
	if p.cmd != nil {
		p.t.Fatalf("%s is running already", p.name)
	}
	deadline := time.Now().Add(startTimeout)
	for {
		err := p.launch(deadline)
		if err == nil {
			return
		}
		// It ended by itself. The port may still be held by what was killed.
		if !errors.Is(err, errEnded) || time.Now().After(deadline) {
			p.t.Fatalf("start %s: %v\n%s", p.name, err, p.tail())
		}
		time.Sleep(200 * time.Millisecond)
	}
}

var errEnded = errors.New("it ended before it was ready")

func (p *Process) launch(deadline time.Time) error {
	out, err := os.OpenFile(filepath.Join(p.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd, p.exited = cmd, make(chan struct{})
	go func(exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(p.exited)
	for {
		select {
		case <-p.exited:
			p.cmd = nil
			return fmt.Errorf("%w: %v", errEnded, cmd.ProcessState)
		case <-time.After(20 * time.Millisecond):
		}
		err := p.ready()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %v: %w", startTimeout, err)
		}
	}
}

// Kill ends the server as kill -9 does and returns when it is gone.
func (p *Process) Kill() { p.t.Helper(); p.signal(syscall.SIGKILL) }

// Stop asks the server to end, waits, and kills it if it does not.
func (p *Process) Stop() { p.t.Helper(); p.signal(syscall.SIGTERM) }

// Pid returns the process id, or 0 when the server is not running.
func (p *Process) Pid() int {
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *Process) signal(sig syscall.Signal) {
	p.t.Helper()
	if p.cmd == nil {
		return
	}
	select {
	case <-p.exited:
		p.t.Errorf("%s ended by itself: %v", p.name, p.cmd.ProcessState)
	default:
	}
	_ = p.cmd.Process.Signal(sig)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	p.cmd = nil
}

func (p *Process) cleanup() {
	p.t.Helper()
	p.Kill()
	if p.t.Failed() {
		p.t.Logf("the end of %s's output:\n%s", p.name, p.tail())
	}
}

func (p *Process) tail() []byte {
	data, err := os.ReadFile(filepath.Join(p.Dir, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	if len(data) > logTail {
		data = data[len(data)-logTail:]
	}
	return bytes.TrimSpace(data)
}

// answers reports whether something accepts connections at addr.
func answers(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

// FreeAddr returns a loopback address nobody listens on. It stays below the
// range from which the kernel takes ports for outgoing connections: one of
// those could take the port while the server is down between Kill and Start.
func FreeAddr(t T) string {
	t.Helper()
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(15000+rand.IntN(15000)))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatalf("no free port on loopback")
	return ""
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

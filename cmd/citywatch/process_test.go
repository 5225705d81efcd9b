package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"citywatch/internal/servertest"
)

// TestMain lets the test binary be citywatch itself: in the scripts, and as the
// process that the tests start and kill. So the race detector watches that too.
func TestMain(m *testing.M) {
	if os.Getenv(asCitywatch) != "" {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"citywatch": main})
}

const asCitywatch = "CITYWATCH_TEST_MAIN"

// A process is a running citywatch.
type process struct {
	t    *testing.T
	args []string
	http string // its address
	cmd  *exec.Cmd
	out  bytes.Buffer
	// ended gets what the process ended with.
	ended chan error
}

// start runs citywatch and waits until it is ready, and subscribed to every
// broker: what is published before the first subscription is nobody's.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, args: args, http: servertest.FreeAddr(t)}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("citywatch wrote:\n%s", tail(p.out.Bytes(), 8<<10))
		}
	})
	p.eventually("/api/v1/health", func(body []byte) bool {
		var health struct{ Sources []struct{ State string } }
		return json.Unmarshal(body, &health) == nil && len(health.Sources) > 0 &&
			!slices.ContainsFunc(health.Sources, func(s struct{ State string }) bool { return s.State != "ok" })
	})
	return p
}

// start runs it again after a kill, and returns how long it took to be ready.
func (p *process) start() time.Duration {
	p.t.Helper()
	began := time.Now()
	p.cmd = exec.Command(os.Args[0], append(p.args, "--http", p.http)...)
	p.cmd.Env = append(os.Environ(), asCitywatch+"=1")
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.cmd.Wait() }()
	for time.Since(began) < 30*time.Second {
		if p.ready() {
			return time.Since(began)
		}
		select {
		case err := <-p.ended:
			p.cmd = nil
			p.t.Fatalf("ended instead of becoming ready: %v\n%s", err, tail(p.out.Bytes(), 8<<10))
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.t.Fatal("not ready after 30 s")
	return 0
}

func (p *process) ready() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.http+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	if err := <-p.ended; err == nil {
		p.t.Error("it had ended by itself before it was killed")
	}
	p.cmd = nil
}

// stop ends it as a system's service manager does.
func (p *process) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := <-p.ended; err != nil {
		p.t.Errorf("stopping: %v\n%s", err, tail(p.out.Bytes(), 8<<10))
	}
	p.cmd = nil
}

func tail(b []byte, n int) []byte {
	if len(b) > n {
		return b[len(b)-n:]
	}
	return b
}

// write puts a file into a folder and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// metric returns a sample of /metrics whose line begins with name, summed over
// its labels.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	response, err := http.Get("http://" + p.http + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	total := 0.0
	for line := range strings.Lines(string(body)) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if bare, _, _ := strings.Cut(series, "{"); bare != name {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		total += v
	}
	return total
}

// awaitEvaluated waits until the rules have seen n readings.
func (p *process) awaitEvaluated(n int) {
	p.t.Helper()
	p.awaitMetric("citywatch_alerts_evaluated_total", n)
}

// awaitMetric waits until a counter is that high.
func (p *process) awaitMetric(name string, n int) {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if p.metric(name) >= float64(n) {
			return
		}
	}
	p.t.Fatalf("%s is not %d after a minute", name, n)
}

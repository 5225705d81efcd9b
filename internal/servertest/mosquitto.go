package servertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Broker is a running Mosquitto.
type Broker struct {
	*Process
	// URL is what MQTT clients dial, tcp://127.0.0.1:port.
	URL string
}

// Mosquitto starts a Mosquitto that lets everybody in and keeps every message
// of a persistent session, in memory without limit and on disk once a second.
// Further lines of its configuration can follow; a line here that sets the
// same option replaces the default.
func Mosquitto(t T, conf ...string) *Broker {
	t.Helper()
	path := Program(t, "run `make test` or `apt-get install mosquitto`", "mosquitto")
	dir, addr := t.TempDir(), FreeAddr(t)
	file := filepath.Join(dir, "mosquitto.conf")
	if err := os.WriteFile(file, []byte(mosquittoConf(dir, addr, conf)), 0o600); err != nil {
		t.Fatalf("mosquitto: %v", err)
	}
	p := &Process{
		Addr: addr, Dir: dir,
		t: t, name: "mosquitto", path: path, args: []string{"-c", file},
		ready: func() error { return answers(addr) },
	}
	p.run()
	return &Broker{Process: p, URL: "tcp://" + addr}
}

func mosquittoConf(dir, addr string, extra []string) string {
	lines := []string{
		fmt.Sprintf("listener %s 127.0.0.1", port(addr)),
		"allow_anonymous true",
		"persistence true",
		"persistence_location " + dir + "/",
		"autosave_interval 1",
		"max_queued_messages 0", // 1000 unless said, and drops the rest
		"max_queued_bytes 0",
		"max_inflight_messages 1000",
		"set_tcp_nodelay true",
		"log_type error",
		"log_type warning",
	}
	if os.Getuid() == 0 {
		// Otherwise it becomes the user mosquitto, who may not write to dir.
		lines = append(lines, "user root")
	}
	given := map[string]bool{}
	for _, line := range extra {
		option, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		given[option] = true
	}
	var b strings.Builder
	for _, line := range lines {
		if option, _, _ := strings.Cut(line, " "); option == "listener" || !given[option] {
			fmt.Fprintln(&b, line)
		}
	}
	for _, line := range extra {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

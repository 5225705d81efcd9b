package edge_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"citywatch/internal/edge"
)

// childDir makes this test binary a broker, to be killed.
const childDir = "CITYWATCH_EDGE_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		serveUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

const wait = 15 * time.Second

func open(t *testing.T, o edge.Options) *edge.Broker {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	b, err := edge.Open(t.Context(), o, edge.Deps{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// A client is an MQTT client that collects what it gets.
type client struct {
	paho.Client
	mu  sync.Mutex
	got map[string]int // payload: how often
}

// dial connects with a persistent session. change may alter the options.
func dial(t *testing.T, addr, id string, change func(*paho.ClientOptions)) (*client, error) {
	t.Helper()
	c := &client{got: map[string]int{}}
	o := paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).
		SetCleanSession(false).SetAutoReconnect(false).SetConnectTimeout(wait).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.got[string(m.Payload())]++
		})
	if change != nil {
		change(o)
	}
	c.Client = paho.NewClient(o)
	err := done(c.Connect())
	t.Cleanup(func() {
		if c.IsConnected() {
			c.Disconnect(100)
		}
	})
	return c, err
}

func mustDial(t *testing.T, addr, id string) *client {
	t.Helper()
	c, err := dial(t, addr, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func done(token paho.Token) error {
	if !token.WaitTimeout(wait) {
		return fmt.Errorf("no answer in %v", wait)
	}
	return token.Error()
}

func (c *client) subscribe(t *testing.T, filter string) {
	t.Helper()
	if err := done(c.Subscribe(filter, 1, nil)); err != nil {
		t.Fatal(err)
	}
}

func (c *client) publish(t *testing.T, topic string, qos byte, payload string) {
	t.Helper()
	if err := done(c.Publish(topic, qos, false, payload)); err != nil {
		t.Fatal(err)
	}
}

// waitFor waits until every payload has come at least once.
func (c *client) waitFor(t *testing.T, payloads ...string) {
	t.Helper()
	missing := ""
	for deadline := time.Now().Add(wait); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		missing = ""
		c.mu.Lock()
		for _, p := range payloads {
			if c.got[p] == 0 {
				missing = p
			}
		}
		c.mu.Unlock()
		if missing == "" {
			return
		}
	}
	t.Fatalf("%q never came", missing)
}

func numbers(from, to int) []string {
	var s []string
	for i := from; i < to; i++ {
		s = append(s, fmt.Sprint(i))
	}
	return s
}

func TestPublishAndSubscribe(t *testing.T) {
	b := open(t, edge.Options{})
	c := mustDial(t, b.Addr(), "ingest")
	c.subscribe(t, "city/+/+")
	sensor := mustDial(t, b.Addr(), "sensor")
	for i, payload := range numbers(0, 200) {
		sensor.publish(t, fmt.Sprintf("city/disaster/gauge.%d", i), byte(i%2), payload)
	}
	c.waitFor(t, numbers(0, 200)...)
}

// TestSessionKeepsItsQueue has a subscriber away, and then the broker too.
func TestSessionKeepsItsQueue(t *testing.T) {
	dir := t.TempDir()
	b := open(t, edge.Options{Dir: dir})
	c := mustDial(t, b.Addr(), "ingest")
	c.subscribe(t, "city/#")
	c.Disconnect(100)
	sensor := mustDial(t, b.Addr(), "sensor")
	for _, payload := range numbers(0, 100) {
		sensor.publish(t, "city/disaster/gauge", 1, payload)
	}
	sensor.Disconnect(100)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, edge.Options{Dir: dir})
	sensor = mustDial(t, b.Addr(), "sensor")
	sensor.publish(t, "city/disaster/gauge", 1, "100")
	mustDial(t, b.Addr(), "ingest").waitFor(t, numbers(0, 101)...)
}

func serveUntilKilled(dir string) {
	b, err := edge.Open(context.Background(), edge.Options{Dir: dir, Listen: "127.0.0.1:0"}, edge.Deps{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(b.Addr())
	select {}
}

// TestAcknowledgedOutlivesKill kills the broker's process while a sensor
// publishes.
func TestAcknowledgedOutlivesKill(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimSpace(string(line[:n]))
	c := mustDial(t, addr, "ingest")
	c.subscribe(t, "city/#")
	c.Disconnect(100)

	sensor := mustDial(t, addr, "sensor")
	time.AfterFunc(300*time.Millisecond, func() { _ = cmd.Process.Kill() })
	acknowledged := 0
	for sensor.IsConnected() {
		if token := sensor.Publish("city/disaster/gauge", 1, false, fmt.Sprint(acknowledged)); !token.WaitTimeout(time.Second) || token.Error() != nil {
			break
		}
		acknowledged++
	}
	_ = cmd.Wait() // killed
	if acknowledged == 0 {
		t.Fatal("nothing was acknowledged before the kill")
	}
	b := open(t, edge.Options{Dir: dir})
	mustDial(t, b.Addr(), "ingest").waitFor(t, numbers(0, acknowledged)...)
	t.Logf("%d messages acknowledged before the kill are all there", acknowledged)
}

// TestServerSubjectsAreClosed publishes and subscribes to what makes the server
// itself act.
func TestServerSubjectsAreClosed(t *testing.T) {
	dir := t.TempDir()
	b := open(t, edge.Options{Dir: dir})
	c := mustDial(t, b.Addr(), "ingest")
	c.subscribe(t, "city/#")
	c.Disconnect(100)
	attacker := mustDial(t, b.Addr(), "attacker")
	attacker.publish(t, "city/fire/panel", 1, "fire")
	for _, stream := range []string{"$MQTT_msgs", "$MQTT_sess", "$MQTT_out"} {
		attacker.publish(t, "$JS/API/STREAM/DELETE/"+stream, 0, "")
		attacker.publish(t, "$JS/API/STREAM/PURGE/"+stream, 0, "")
	}
	for _, filter := range []string{"$MQTT/msgs/#", "$JS/#", "$SYS/#"} {
		_ = done(attacker.Subscribe(filter, 0, nil)) // refused, or silent
	}
	attacker.publish(t, "city/fire/panel", 1, "still here")
	mustDial(t, b.Addr(), "ingest").waitFor(t, "fire", "still here")
	if len(attacker.got) != 0 {
		t.Errorf("it overheard %v", attacker.got)
	}
}

func TestUsers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("bí mật\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b, err := edge.Open(t.Context(), edge.Options{
		Dir: t.TempDir(), Listen: "0.0.0.0:0", Users: []edge.User{{Name: "sensors", PasswordFile: file}},
	}, edge.Deps{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	login := func(user, password string) error {
		_, err := dial(t, "127.0.0.1:"+port, "c", func(o *paho.ClientOptions) { o.SetUsername(user).SetPassword(password) })
		return err
	}
	if err := login("sensors", "bí mật"); err != nil {
		t.Errorf("the right password: %v", err)
	}
	for _, wrong := range [][2]string{{"sensors", "wrong"}, {"sensors", ""}, {"", ""}, {"anybody", ""}, {"others", "bí mật"}} {
		if login(wrong[0], wrong[1]) == nil {
			t.Errorf("let in: %q", wrong)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "bí mật") {
		t.Errorf("the password is in the log:\n%s", &log)
	}
}

func TestPasswordFileThatIsNone(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + "-not"} {
		_, err := edge.Open(t.Context(), edge.Options{Dir: t.TempDir(), Users: []edge.User{{Name: "sensors", PasswordFile: file}}}, edge.Deps{})
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "sensors") {
			t.Errorf("got %v", err)
		}
	}
}

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = edge.Open(t.Context(), edge.Options{Dir: t.TempDir(), Listen: l.Addr().String()}, edge.Deps{})
	if err == nil {
		t.Fatal("it listens where another does")
	}
	for _, want := range []string{l.Addr().String(), "in use", "edge.listen"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func TestClientsAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	b, err := edge.Open(t.Context(), edge.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"}, edge.Deps{Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	mustDial(t, b.Addr(), "sensor")
	families, err := reg.Gather()
	if err != nil || len(families) != 1 {
		t.Fatal(families, err)
	}
	if n := families[0].Metric[0].GetGauge().GetValue(); n != 1 {
		t.Errorf("%v clients", n)
	}
}

func TestProblems(t *testing.T) {
	user := []edge.User{{Name: "sensors", PasswordFile: "f"}}
	for _, c := range []struct {
		name string
		o    edge.Options
		want string // paths
	}{
		{"defaults", edge.Options{}, "[]"},
		{"loopback", edge.Options{Listen: "localhost:0"}, "[]"},
		{"IPv6 loopback", edge.Options{Listen: "[::1]:1883"}, "[]"},
		{"open with users", edge.Options{Listen: ":1883", Users: user}, "[]"},
		{"open", edge.Options{Listen: ":1883"}, "[$.listen]"},
		{"open to all", edge.Options{Listen: "0.0.0.0:1883"}, "[$.listen]"},
		{"no port", edge.Options{Listen: "localhost"}, "[$.listen]"},
		{"no such port", edge.Options{Listen: "localhost:99999"}, "[$.listen]"},
		{"no name", edge.Options{Users: []edge.User{{PasswordFile: "f"}}}, "[$.users[0].name]"},
		{"a space", edge.Options{Users: []edge.User{{Name: "a b", PasswordFile: "f"}}}, "[$.users[0].name]"},
		{"twice", edge.Options{Users: append(user, user...)}, "[$.users[1].name]"},
		{"no password", edge.Options{Users: []edge.User{{Name: "a"}}}, "[$.users[0].password_file]"},
	} {
		paths := []string{}
		for _, p := range c.o.Problems() {
			paths = append(paths, p.Path)
			if p.Hint == "" {
				t.Errorf("%s: no hint for %s", c.name, p.Message)
			}
		}
		if got := fmt.Sprint(paths); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if _, err := edge.Open(t.Context(), edge.Options{Dir: t.TempDir(), Listen: "0.0.0.0:0"}, edge.Deps{}); err == nil {
		t.Error("open to everybody")
	}
}

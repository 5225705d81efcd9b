package mqtt_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/mqtt"
	"citywatch/internal/servertest"
)

// The consumer is this test's own program, run again with these set.
const (
	consumerURL  = "CITYWATCH_TEST_CONSUMER_URL"
	consumerFile = "CITYWATCH_TEST_CONSUMER_FILE"
)

// A fileJournal writes each value as a line and syncs the file.
type fileJournal struct{ file *os.File }

func (j fileJournal) Append(_ context.Context, _ int, readings []citywatch.Reading) (uint64, error) {
	var lines bytes.Buffer
	for _, r := range readings {
		fmt.Fprintf(&lines, "%s %v\n", r.Device, r.Values[0].Number)
	}
	if _, err := j.file.Write(lines.Bytes()); err != nil {
		return 0, err
	}
	return 1, j.file.Sync()
}

func (fileJournal) AppendDeadLetter(context.Context, citywatch.DeadLetter) error { return nil }

// consumer takes messages until it is killed, if this process is one.
func consumer() bool {
	url := os.Getenv(consumerURL)
	if url == "" {
		return false
	}
	file, err := os.OpenFile(os.Getenv(consumerFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	p := ingest.New(ingest.Options{}, fileJournal{file}, everyone{})
	go func() { _ = p.Run(ctx) }()
	s, err := mqtt.New(mqtt.Options{Name: "crash", URL: url, Topics: []mqtt.Topic{{Filter: "city/#"}}}, p)
	if err != nil {
		panic(err)
	}
	_ = s.Run(ctx)
	return true
}

func TestConsumerIsKilled(t *testing.T) {
	broker := servertest.Mosquitto(t)
	file := filepath.Join(t.TempDir(), "journal")
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), consumerURL+"="+broker.URL, consumerFile+"="+file)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	kill := func(cmd *exec.Cmd) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	cmd := start()
	defer func() { kill(cmd) }()
	eventually(t, "listening", func() bool { // the session exists, and keeps what comes
		device := publisher(t, broker.URL, "probe")
		publish(t, device, "city/disaster/probe", numbered(0))
		device.Disconnect(100)
		return len(lines(t, file)) > 0
	})

	stop := make(chan struct{})
	sent := make(chan int)
	device := publisher(t, broker.URL, "device")
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				sent <- n
				return
			default:
			}
			if token := device.Publish("city/disaster/g1", 1, false, numbered(n)); !token.WaitTimeout(30*time.Second) || token.Error() != nil {
				t.Errorf("publish: %v", token.Error())
			}
		}
	}()
	for range 6 {
		time.Sleep(100*time.Millisecond + rand.N(500*time.Millisecond))
		kill(cmd)
		cmd = start()
	}
	close(stop)
	n := <-sent
	eventually(t, "complete", func() bool {
		kept := lines(t, file)
		missing := 0
		for i := range n {
			if !kept[fmt.Sprintf("g1 %d", i)] {
				missing++
			}
		}
		return missing == 0
	})
	t.Logf("%d messages, 6 kills, none lost", n)
}

func lines(t *testing.T, file string) map[string]bool {
	t.Helper()
	set := map[string]bool{}
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return set
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for scan := bufio.NewScanner(f); scan.Scan(); {
		set[scan.Text()] = true
	}
	return set
}

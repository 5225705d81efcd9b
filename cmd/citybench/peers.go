package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	telegrafVersion = "1.37.2"
	bareLoopName    = "bare loop"
)

var errNoTelegraf = errors.New("no Telegraf " + telegrafVersion + ": run `make telegraf`")

// A fileConsumer is done with a reading when its line is in a file.
type fileConsumer struct {
	*process
	file  *os.File
	lines float64
	buf   []byte
}

func (b *bench) startFileConsumer(file, name string, args ...string) (*fileConsumer, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { f.Close() })
	p, err := b.start(name, args...)
	return &fileConsumer{process: p, file: f, buf: make([]byte, 256<<10)}, err
}

// done counts the lines that have been added.
func (c *fileConsumer) done(context.Context) (float64, error) {
	for {
		n, err := c.file.Read(c.buf)
		c.lines += float64(bytes.Count(c.buf[:n], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return c.lines, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// startTelegraf starts Telegraf with the settings that were found to be the
// fastest that acknowledge only what was written.
func (b *bench) startTelegraf() (consumer, error) {
	binary := b.o.telegraf
	if binary == "" {
		binary = filepath.Join(cacheDir(), "telegraf-"+telegrafVersion, "telegraf")
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, errNoTelegraf
	}
	dir := b.TempDir()
	out, conf := filepath.Join(dir, "lines"), filepath.Join(dir, "telegraf.conf")
	err := os.WriteFile(conf, fmt.Appendf(nil, `[agent]
  omit_hostname = true
  flush_interval = "100ms"
  metric_batch_size = 5000
  metric_buffer_limit = 100000
  quiet = true
[[inputs.mqtt_consumer]]
  servers = [%q]
  topics = ["bench/+/+"]
  qos = 1
  client_id = "telegraf"
  persistent_session = true
  max_undelivered_messages = %d
  data_format = "json"
  json_time_key = "time"
  json_time_format = "2006-01-02T15:04:05.999999999Z07:00"
[[outputs.file]]
  files = [%q]
  data_format = "influx"
`, b.broker.URL, window, out), 0o600)
	if err != nil {
		return nil, err
	}
	return b.startFileConsumer(out, binary, "--config", conf)
}

func cacheDir() string {
	if dir := os.Getenv("CITYWATCH_CACHE"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cache", "citywatch")
}

// startBareLoop starts bareLoop in a process of its own.
func (b *bench) startBareLoop() (consumer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out := filepath.Join(b.TempDir(), "lines")
	return b.startFileConsumer(out, self, "bare-loop", "-broker", b.broker.URL, "-out", out)
}

// bareLoop is the least that can be done with a reading: paho, encoding/json, a
// line of line protocol into a file. Nothing is synced, and paho acknowledges
// by itself.
func bareLoop(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bare-loop", flag.ContinueOnError)
	broker, out := flags.String("broker", "", "URL"), flags.String("out", "", "file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := os.OpenFile(*out, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	var (
		mu    sync.Mutex
		lines = bufio.NewWriterSize(file, 64<<10)
	)
	o := paho.NewClientOptions().AddBroker(*broker).SetClientID("bare-loop").SetCleanSession(false).SetOrderMatters(false)
	client := paho.NewClient(o)
	if err := await(client.Connect()); err != nil {
		return err
	}
	if err := await(client.Subscribe("bench/+/+", 1, func(_ paho.Client, m paho.Message) {
		line, err := lineOf(m.Topic(), m.Payload())
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		_, _ = lines.Write(line)
	})); err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			client.Disconnect(100)
			return nil
		case <-tick.C:
			mu.Lock()
			err := lines.Flush()
			mu.Unlock()
			if err != nil {
				return err
			}
		}
	}
}

// lineOf turns a message into a line.
func lineOf(topic string, payload []byte) ([]byte, error) {
	var m struct {
		Time   time.Time          `json:"time"`
		Values map[string]float64 `json:"values"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, err
	}
	line := make([]byte, 0, 128)
	line = append(line, "river_gauge,device="...)
	line = append(line, topic[strings.LastIndexByte(topic, '/')+1:]...)
	sep := byte(' ')
	for name, v := range m.Values {
		line = append(append(append(line, sep), name...), '=')
		line = strconv.AppendFloat(line, v, 'g', -1, 64)
		sep = ','
	}
	line = strconv.AppendInt(append(line, ' '), m.Time.UnixNano(), 10)
	return append(line, '\n'), nil
}

package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Influx is a running InfluxDB of either generation. One table of tests can
// run against both.
type Influx struct {
	*Process
	URL    string
	Org    string // empty on 1.8
	Token  string // an all-access token; empty on 1.8, which checks nobody
	Bucket string // exists, and keeps data for ever; a database on 1.8

	orgID string
	http  *http.Client
}

// Influx1 starts InfluxDB 1.8.10, without Flux and without authentication.
func Influx1(t T) *Influx {
	t.Helper()
	path, ok := cached(t, "influxd", Influx1Version)
	if !ok {
		Missing(t, "influxd "+Influx1Version, "run `make influxd1`")
	}
	dir, addr := t.TempDir(), FreeAddr(t)
	file := filepath.Join(dir, "influxdb.conf")
	conf := fmt.Sprintf(influx1Conf, FreeAddr(t), dir, dir, dir, addr)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatalf("influxd: %v", err)
	}
	db := newInflux(&Process{
		Addr: addr, Dir: dir,
		t: t, name: "influxd " + Influx1Version, path: path, args: []string{"-config", file},
	})
	db.run()
	db.CreateBucket(db.Bucket, 0)
	return db
}

const influx1Conf = `reporting-disabled = true
bind-address = %q
[meta]
  dir = "%s/meta"
[data]
  dir = "%s/data"
  wal-dir = "%s/wal"
  index-version = "tsi1"
  query-log-enabled = false
[http]
  bind-address = %q
  flux-enabled = false
  log-enabled = false
[monitor]
  store-enabled = false
`

// Influx2 starts InfluxDB 2.9.1 and sets up its organisation, token and bucket.
func Influx2(t T) *Influx {
	t.Helper()
	path, ok := cached(t, "influxd", Influx2Version)
	if !ok {
		missingExtra(t, "influxd "+Influx2Version, "run `make influxd2`, which needs Rust")
	}
	dir, addr := t.TempDir(), FreeAddr(t)
	db := newInflux(&Process{
		Addr: addr, Dir: dir,
		t: t, name: "influxd " + Influx2Version, path: path,
		args: []string{
			"--reporting-disabled",
			"--http-bind-address", addr,
			"--bolt-path", filepath.Join(dir, "influxd.bolt"),
			"--sqlite-path", filepath.Join(dir, "influxd.sqlite"),
			"--engine-path", filepath.Join(dir, "engine"),
			"--log-level", "warn",
		},
	})
	db.Org, db.Token = "citywatch", "servertest-token"
	db.run()
	db.setup()
	return db
}

func newInflux(p *Process) *Influx {
	db := &Influx{
		Process: p, URL: "http://" + p.Addr, Bucket: "test",
		// Kept-alive connections would show up in a test's goroutine-leak check.
		http: &http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{DisableKeepAlives: true},
		},
	}
	p.ready = func() error { _, err := db.do(http.MethodGet, "/health", nil); return err }
	return db
}

func (db *Influx) setup() {
	db.t.Helper()
	reply, err := db.do(http.MethodPost, "/api/v2/setup", map[string]any{
		"username": "admin", "password": "servertest-password",
		"org": db.Org, "bucket": db.Bucket, "token": db.Token,
	})
	if err != nil {
		db.t.Fatalf("set up %s: %v", db.name, err)
	}
	var made struct {
		Org struct {
			ID string `json:"id"`
		} `json:"org"`
	}
	if err := json.Unmarshal(reply, &made); err != nil {
		db.t.Fatalf("set up %s: %v", db.name, err)
	}
	db.orgID = made.Org.ID
}

// CreateBucket makes a bucket (on 1.8 a database) with a retention; 0 keeps for
// ever. The shortest that both generations take is an hour.
func (db *Influx) CreateBucket(name string, retention time.Duration) {
	db.t.Helper()
	var err error
	if db.Org == "" {
		q := fmt.Sprintf("CREATE DATABASE %q", name)
		if retention > 0 {
			q += fmt.Sprintf(" WITH DURATION %ds", int(retention.Seconds()))
		}
		_, err = db.do(http.MethodPost, "/query?"+url.Values{"q": {q}}.Encode(), nil)
	} else {
		rules := []map[string]any{}
		if retention > 0 {
			rules = append(rules, map[string]any{"type": "expire", "everySeconds": int(retention.Seconds())})
		}
		_, err = db.do(http.MethodPost, "/api/v2/buckets", map[string]any{
			"orgID": db.orgID, "name": name, "retentionRules": rules,
		})
	}
	if err != nil {
		db.t.Fatalf("create bucket %s: %v", name, err)
	}
}

// Query runs one InfluxQL statement and returns the rows of all its series, one
// after the other; numbers in them are json.Number.
func (db *Influx) Query(t T, database, q string) [][]any {
	t.Helper()
	reply, err := db.do(http.MethodGet, "/query?"+url.Values{"db": {database}, "q": {q}}.Encode(), nil)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	var answer struct {
		Results []struct {
			Error  string
			Series []struct{ Values [][]any }
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(reply))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	var rows [][]any
	for _, result := range answer.Results {
		if result.Error != "" {
			t.Fatalf("%s: %s", q, result.Error)
		}
		for _, series := range result.Series {
			rows = append(rows, series.Values...)
		}
	}
	return rows
}

// do sends a request with the token and body as JSON, and returns the reply's
// body, or an error that carries it when the status is not 2xx.
func (db *Influx) do(method, path string, body any) ([]byte, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequest(method, db.URL+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if db.Token != "" {
		req.Header.Set("Authorization", "Token "+db.Token)
	}
	resp, err := db.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(reply))
	}
	return reply, err
}

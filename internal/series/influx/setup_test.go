package influx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/series"
	"citywatch/internal/series/influx"
	"citywatch/internal/series/seriestest"
	"citywatch/internal/servertest"
)

func line() []byte {
	now := time.Now()
	return seriestest.Lines(citywatch.Reading{Class: "river_gauge", Device: "thao", Time: now, Arrived: now,
		Values: []citywatch.Value{{Name: "level", Number: 1}}})
}

// ask calls a server directly and returns what it says.
func ask(t *testing.T, server *servertest.Influx, method, path string, body any) []byte {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Token "+server.Token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, answer, err)
	}
	return answer
}

func TestDatabasesAreMade(t *testing.T) {
	server := servertest.Influx1(t)
	keep := series.Retention{Raw: 72 * time.Hour}
	for range 2 { // the second time they are there
		if err := open(t, server, keep).Write(t.Context(), series.OneHour, line()); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"citywatch_raw": "72h0m0s", "citywatch_5m": "0s", "citywatch_1h": "0s"} {
		q := url.Values{"q": {"SHOW RETENTION POLICIES ON " + name}}
		if got := string(ask(t, server, http.MethodPost, "/query?"+q.Encode(), nil)); !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestBucketsAreMade(t *testing.T) {
	server := servertest.Influx2(t)
	keep := series.Retention{Raw: 72 * time.Hour}
	for range 2 {
		if err := open(t, server, keep).Write(t.Context(), series.OneHour, line()); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"citywatch_raw": `"everySeconds":259200`, "citywatch_5m": `"everySeconds":0`, "citywatch_1h": `"everySeconds":0`} {
		got := string(ask(t, server, http.MethodGet, "/api/v2/buckets?name="+name, nil))
		if !strings.Contains(strings.ReplaceAll(got, " ", ""), want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestOtherRetention leaves what an administrator has set, and says so.
func TestOtherRetention(t *testing.T) {
	for name, server := range map[string]*servertest.Influx{"1.8": servertest.Influx1(t), "2": servertest.Influx2(t)} {
		t.Run(name, func(t *testing.T) {
			server.CreateBucket("citywatch_raw", 0)
			var log bytes.Buffer
			db, err := influx.New(influx.Options{URL: server.URL, Org: server.Org, Name: "citywatch", TokenFile: tokenFile(t, server),
				Retention: series.Retention{Raw: 72 * time.Hour}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			old := seriestest.Lines(citywatch.Reading{Class: "river_gauge", Device: "thao", Time: time.Now().Add(-1000 * time.Hour),
				Values: []citywatch.Value{{Name: "level", Number: 1}}})
			if err := db.Write(t.Context(), series.Raw, old); err != nil {
				t.Errorf("it does not keep for ever: %v", err)
			}
			if !strings.Contains(log.String(), "another retention") || !strings.Contains(log.String(), "citywatch_raw") {
				t.Errorf("logged %q", log.String())
			}
		})
	}
}

func tokenFile(t *testing.T, server *servertest.Influx) string {
	if server.Token == "" {
		return ""
	}
	return file(t, server.Token)
}

// TestForeignMapping does not read from a bucket that it does not write to.
func TestForeignMapping(t *testing.T) {
	server := servertest.Influx2(t)
	var found struct {
		Buckets []struct{ ID, OrgID string } `json:"buckets"`
	}
	if err := json.Unmarshal(ask(t, server, http.MethodGet, "/api/v2/buckets?name="+server.Bucket, nil), &found); err != nil {
		t.Fatal(err)
	}
	ask(t, server, http.MethodPost, "/api/v2/dbrps", map[string]any{"database": "citywatch_raw", "retention_policy": "autogen",
		"default": true, "bucketID": found.Buckets[0].ID, "orgID": found.Buckets[0].OrgID})
	db := open(t, server, series.Retention{})
	var rejected *series.Rejected
	if err := db.Write(t.Context(), series.Raw, line()); err == nil || errors.As(err, &rejected) || !strings.Contains(err.Error(), "another bucket") {
		t.Errorf("write: %v", err)
	}
}

// TestAccountThatMayMakeNothing is one of InfluxDB 1.8 that may write to two
// databases; the answers are those of 1.8.10 with authentication.
func TestAccountThatMayMakeNothing(t *testing.T) {
	for _, missing := range []bool{false, true} {
		var log bytes.Buffer
		o := influx.Options{Username: "city", PasswordFile: file(t, "x"), Logger: slog.New(slog.NewTextHandler(&log, nil))}
		db := serveWith(t, "1.8.10", o, func(w http.ResponseWriter, r *http.Request) {
			switch q := r.FormValue("q"); {
			case strings.HasPrefix(q, "CREATE"):
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintf(w, `{"error":"error authorizing query: city not authorized to execute statement '%s', requires admin privilege"}`, q)
			case strings.HasPrefix(q, "SHOW DATABASES") && missing:
				fmt.Fprint(w, `{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["citywatch_raw"],["citywatch_5m"]]}]}]}`)
			case strings.HasPrefix(q, "SHOW DATABASES"):
				fmt.Fprint(w, `{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["citywatch_raw"],["citywatch_5m"],["citywatch_1h"]]}]}]}`)
			default:
				w.WriteHeader(http.StatusNoContent)
			}
		})
		err := db.Write(t.Context(), series.Raw, line())
		told := strings.Contains(log.String(), "database=citywatch_1h") && strings.Contains(log.String(), "CREATE DATABASE")
		if errors.Is(err, series.ErrUnauthorized) != missing || (err != nil) != missing || told != missing {
			t.Errorf("one is missing: %v; %v; logged %s", missing, err, log.String())
		}
	}
}

// TestLeastToken works with a token that may just read and write its three
// buckets; where one is missing it says what to do, and goes on once it is done.
func TestLeastToken(t *testing.T) {
	server := servertest.Influx2(t)
	var org struct {
		Orgs []struct{ ID string } `json:"orgs"`
	}
	if err := json.Unmarshal(ask(t, server, http.MethodGet, "/api/v2/orgs", nil), &org); err != nil {
		t.Fatal(err)
	}
	orgID := org.Orgs[0].ID
	makeBucket := func(name string) string {
		server.CreateBucket(name, 0)
		var found struct {
			Buckets []struct{ ID string } `json:"buckets"`
		}
		if err := json.Unmarshal(ask(t, server, http.MethodGet, "/api/v2/buckets?name="+name, nil), &found); err != nil {
			t.Fatal(err)
		}
		return found.Buckets[0].ID
	}
	token := func(buckets ...string) string {
		var permissions []any
		for _, id := range buckets {
			for _, action := range []string{"read", "write"} {
				permissions = append(permissions, map[string]any{"action": action,
					"resource": map[string]any{"type": "buckets", "id": id, "orgID": orgID}})
			}
		}
		var made struct{ Token string }
		answer := ask(t, server, http.MethodPost, "/api/v2/authorizations", map[string]any{"orgID": orgID, "permissions": permissions})
		if err := json.Unmarshal(answer, &made); err != nil {
			t.Fatal(err)
		}
		return made.Token
	}
	ids := []string{makeBucket("citywatch_raw"), makeBucket("citywatch_5m")}
	least := file(t, token(ids...))
	var log bytes.Buffer
	db, err := influx.New(influx.Options{URL: server.URL, Org: server.Org, Name: "citywatch", TokenFile: least,
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var rejected *series.Rejected
	if err := db.Write(t.Context(), series.Raw, line()); err == nil || errors.As(err, &rejected) {
		t.Errorf("without a bucket: %v", err)
	}
	if !strings.Contains(log.String(), "bucket=citywatch_1h") || strings.Contains(log.String(), "bucket=citywatch_raw") {
		t.Errorf("logged %q", log.String())
	}
	if err := os.WriteFile(least, []byte(token(append(ids, makeBucket("citywatch_1h"))...)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range series.Resolutions() {
		if err := db.Write(t.Context(), r, line()); err != nil {
			t.Errorf("%v: %v", r, err)
		}
		if got, err := db.Query(t.Context(), r, "SELECT level FROM river_gauge"); err != nil || len(got) != 1 {
			t.Errorf("%v: %v, %v", r, got, err)
		}
	}
}

// TestServerGoesAndComes is killed, and is there again with all it had.
func TestServerGoesAndComes(t *testing.T) {
	for name, start := range map[string]func(servertest.T) *servertest.Influx{"1.8": servertest.Influx1, "2": servertest.Influx2} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			db := open(t, server, series.Retention{})
			lines := line()
			if err := db.Write(t.Context(), series.Raw, lines); err != nil {
				t.Fatal(err)
			}
			server.Kill()
			var rejected *series.Rejected
			if err := db.Write(t.Context(), series.Raw, line()); err == nil || errors.As(err, &rejected) {
				t.Errorf("write while it is away: %v", err)
			}
			if _, err := db.Query(t.Context(), series.Raw, "SELECT level FROM river_gauge"); err == nil || errors.As(err, &rejected) {
				t.Errorf("query while it is away: %v", err)
			}
			server.Start()
			if err := db.Write(t.Context(), series.Raw, line()); err != nil {
				t.Errorf("write when it is back: %v", err)
			}
			if got, err := db.Query(t.Context(), series.Raw, "SELECT level FROM river_gauge"); err != nil || len(got) != 1 || len(got[0].Rows) != 2 {
				t.Errorf("query when it is back: %v, %v", got, err)
			}
		})
	}
}

// TestLostDatabase makes a database again that somebody has deleted.
func TestLostDatabase(t *testing.T) {
	server := servertest.Influx1(t)
	db := open(t, server, series.Retention{})
	if err := db.Write(t.Context(), series.Raw, line()); err != nil {
		t.Fatal(err)
	}
	ask(t, server, http.MethodPost, "/query?"+url.Values{"q": {"DROP DATABASE citywatch_raw"}}.Encode(), nil)
	var rejected *series.Rejected
	if err := db.Write(t.Context(), series.Raw, line()); err == nil || errors.As(err, &rejected) {
		t.Errorf("without its database: %v", err)
	}
	if err := db.Write(t.Context(), series.Raw, line()); err != nil {
		t.Errorf("with a new one: %v", err)
	}
}

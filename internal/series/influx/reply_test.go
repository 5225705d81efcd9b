package influx_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"citywatch/internal/series"
	"citywatch/internal/series/influx"
)

// serve answers /ping as the given version, and everything else with handler.
func serve(t *testing.T, version string, handler http.HandlerFunc) *influx.DB {
	t.Helper()
	return serveWith(t, version, influx.Options{}, handler)
}

func serveWith(t *testing.T, version string, o influx.Options, handler http.HandlerFunc) *influx.DB {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ping" {
			w.Header().Set("X-Influxdb-Version", version)
			return
		}
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	o.URL, o.Name = server.URL, "citywatch"
	db, err := influx.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// TestWriteReplies holds the answers of servers and of what stands before them
// against what becomes of the data. Those of InfluxDB 3 are from its
// documentation: no such server runs in these tests.
func TestWriteReplies(t *testing.T) {
	const (
		stored = "stored"
		letter = "dead letter" // the line is refused for good
		split  = "split"
		wait   = "wait" // temporary: nothing is lost
	)
	for _, test := range []struct {
		name   string
		status int
		header string // Retry-After
		body   string
		want   string
		reason string
	}{
		{"1.8 type conflict", 400, "", `{"error":"partial write: field type conflict: input field \"level\" on measurement \"river_gauge\" is type string, already exists as type float dropped=1"}`, letter, "already exists as type float"},
		{"1.8 no line", 400, "", `{"error":"unable to parse 'x y': missing field value"}`, letter, "missing field value"},
		{"1.8 expired", 400, "", `{"error":"partial write: points beyond retention policy dropped=1"}`, letter, "retention"},
		{"1.8 no database", 404, "", `{"error":"database not found: \"citywatch_raw\""}`, wait, "database not found"},
		{"1.8 timeout", 500, "", `{"error":"timeout"}`, wait, "timeout"},
		{"1.8 cache full", 500, "", `{"error":"engine: cache-max-memory-size exceeded: (1073741884/1073741824)"}`, wait, "cache-max-memory-size"},
		{"2 type conflict", 422, "", `{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"level\" on measurement \"river_gauge\" is type string, already exists as type float dropped=1"}`, letter, "already exists as type float"},
		{"2 no line", 400, "", `{"code":"invalid","message":"unable to parse 'x y': missing field value"}`, letter, "missing field value"},
		{"2 no bucket", 404, "", `{"code":"not found","message":"bucket \"citywatch_raw\" not found"}`, wait, "not found"},
		{"2 wrong token", 401, "", `{"code":"unauthorized","message":"unauthorized access"}`, wait, "credentials"},
		{"2 other parameter", 400, "", `{"code":"invalid","message":"invalid precision; valid precision units are ns, us, ms, and s"}`, wait, "precision"},
		{"3 some lines", 400, "", `{"error":"partial write of line protocol occurred","data":[{"original_line":"river_gauge,device=thao level=\"high\" 1","line_number":2,"error_message":"invalid column type for column 'level', expected iox::column_type::field::float, got iox::column_type::field::string"}]}`, letter, "invalid column type"},
		{"3 all lines", 400, "", `{"error":"parsing failed for write_lp endpoint","data":{"original_line":"x y","line_number":1,"error_message":"No fields were provided"}}`, wait, "No fields"},
		{"3 line protocol", 400, "", `{"error":"line protocol parse failed","data":{"original_line":"x y","line_number":1,"error_message":"No fields were provided"}}`, letter, "No fields"},
		{"3 forbidden", 403, "", `{"error": "access denied"}`, wait, "credentials"},
		{"too large", 413, "", "", split, ""},
		{"busy", 429, "7", `{"code":"too many requests","message":"org has exceeded limited_write plan limit"}`, wait, "limit"},
		{"busy until", 503, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "", wait, ""},
		{"proxy: bad request", 400, "", "<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>", wait, "HTTPS port"},
		{"proxy: bad gateway", 502, "", "<html>", wait, ""},
		{"good", 204, "", "", stored, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := serve(t, "3.1.0", func(w http.ResponseWriter, _ *http.Request) {
				if test.header != "" {
					w.Header().Set("Retry-After", test.header)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			err := db.Write(t.Context(), series.Raw, []byte("river_gauge,device=thao level=1 1\n"))
			var rejected *series.Rejected
			got := wait
			switch {
			case err == nil:
				got = stored
			case errors.As(err, &rejected):
				got = letter
			case errors.Is(err, series.ErrTooLarge):
				got = split
			}
			if got != test.want || err != nil && !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%s (%v), want %s (%s)", got, err, test.want, test.reason)
			}
			if unauthorized := test.status == 401 || test.status == 403; errors.Is(err, series.ErrUnauthorized) != unauthorized {
				t.Errorf("%v is ErrUnauthorized: %v", err, !unauthorized)
			}
			var busy *series.Busy
			if errors.As(err, &busy) != (test.status == 429 || test.status == 503) ||
				test.header == "7" && busy.After != 7*time.Second ||
				test.status == 503 && (busy.After < 50*time.Minute || busy.After > time.Hour) {
				t.Errorf("%v: %+v", err, busy)
			}
		})
	}
}

// TestQueryReplies is the same for questions.
func TestQueryReplies(t *testing.T) {
	for _, test := range []struct {
		name     string
		status   int
		body     string
		rejected bool
	}{
		{"1.8 syntax", 400, `{"error":"error parsing query: found EOF, expected identifier at line 1, char 8"}`, true},
		{"1.8 type", 200, `{"results":[{"statement_id":0,"error":"unsupported mean iterator type: *query.stringInterruptIterator"}]}`, true},
		{"1.8 no database", 200, `{"results":[{"statement_id":0,"error":"database not found: citywatch_raw"}]}`, false},
		{"1.8 timeout", 200, `{"results":[{"statement_id":0,"error":"query-timeout limit exceeded"}]}`, false},
		{"1.8 cut off", 200, `{"results":[{"series":[{"name":"x","columns":["time","v"],"values":[[1,2]],"partial":true}]}]}`, false},
		{"2 unauthorized", 401, `{"code":"unauthorized","message":"Unauthorized"}`, false},
		{"3 syntax", 400, `{"error":"error in InfluxQL statement: parsing error"}`, true},
		{"proxy", 502, `<html>`, false},
		{"no JSON", 200, `<html>`, false},
		{"no number", 200, `{"results":[{"series":[{"name":"x","columns":["time"],"values":[[1e400]]}]}]}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := serve(t, "3.1.0", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			got, err := db.Query(t.Context(), series.Raw, "SELECT v FROM x")
			var rejected *series.Rejected
			if err == nil || errors.As(err, &rejected) != test.rejected {
				t.Errorf("%v, %v; refused for good: %v, want %v", got, err, rejected != nil, test.rejected)
			}
		})
	}
}

func TestQueryReadsEveryKindOfCell(t *testing.T) {
	db := serve(t, "1.8.10", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"results":[{"statement_id":0,"series":[{"name":"x","tags":{"device":"thao"},"columns":["time","n","t","b","none"],"values":[[1795305600123456789,3,"a",true,null]]}]}]}`)
	})
	got, err := db.Query(t.Context(), series.Raw, "SELECT * FROM x")
	if err != nil {
		t.Fatal(err)
	}
	want := `[{x map[device:thao] [time n t b none] [[1795305600123456789 3 a true <nil>]]}]`
	if s := fmt.Sprint(got); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// TestLongQuery goes into the body: proxies cut long addresses off.
func TestLongQuery(t *testing.T) {
	long := "SELECT v FROM x WHERE device = '" + strings.Repeat("x", 5000) + "'"
	db := serve(t, "3.1.0", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("q") != long || r.FormValue("db") != "citywatch_1h" || r.FormValue("epoch") != "ns" || len(r.URL.RawQuery) > 2000 {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprint(w, `{"results":[{"statement_id":0}]}`)
	})
	if got, err := db.Query(t.Context(), series.OneHour, long); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestCredentials are read from where they are kept, again when they are
// refused, and told to nobody.
func TestCredentials(t *testing.T) {
	const secret = "s3cret-t0ken"
	password := file(t, secret)
	t.Setenv("CITYWATCH_TEST_TOKEN", secret)
	for name, test := range map[string]struct {
		options influx.Options
		want    string
	}{
		"token from a file":     {influx.Options{TokenFile: file(t, secret)}, "Token " + secret},
		"token from a variable": {influx.Options{TokenEnv: "CITYWATCH_TEST_TOKEN"}, "Token " + secret},
		"password":              {influx.Options{Username: "city", PasswordFile: password}, "Basic Y2l0eTpzM2NyZXQtdDBrZW4="},
		"none":                  {influx.Options{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := serveWith(t, "3.1.0", test.options, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization"); got != test.want {
					t.Errorf("%s: %q, want %q", r.URL.Path, got, test.want)
				}
				w.WriteHeader(http.StatusForbidden)
			})
			err := db.Write(t.Context(), series.Raw, []byte("x v=1\n"))
			if !errors.Is(err, series.ErrUnauthorized) || strings.Contains(err.Error(), secret) {
				t.Errorf("write: %v", err)
			}
			if _, err = db.Query(t.Context(), series.Raw, "SELECT v FROM x"); !errors.Is(err, series.ErrUnauthorized) || strings.Contains(err.Error(), secret) {
				t.Errorf("query: %v", err)
			}
		})
	}
}

func TestCredentialsAreReadAgain(t *testing.T) {
	token := file(t, "old")
	var calls atomic.Int64
	db := serveWith(t, "3.1.0", influx.Options{TokenFile: token}, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Authorization") != "Token new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	write := func() error { return db.Write(t.Context(), series.Raw, []byte("x v=1\n")) }
	if err := write(); !errors.Is(err, series.ErrUnauthorized) {
		t.Fatal(err)
	}
	if err := os.Remove(token); err != nil {
		t.Fatal(err)
	}
	if err := write(); !errors.Is(err, series.ErrUnauthorized) || !strings.Contains(err.Error(), token) {
		t.Fatalf("without a file: %v", err)
	}
	if err := os.WriteFile(token, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(); !errors.Is(err, series.ErrUnauthorized) || !strings.Contains(err.Error(), "is empty") {
		t.Fatalf("with an empty file: %v", err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls without a token", n-1)
	}
	if err := os.WriteFile(token, []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Errorf("with the new token: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, address := range []string{"", "influxdb:8086", "://", "http://user:s3cret@[::1"} {
		if _, err := influx.New(influx.Options{URL: address}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

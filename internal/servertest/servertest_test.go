package servertest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestMosquittoComesBackOnItsPort(t *testing.T) {
	broker := Mosquitto(t, "max_queued_messages 7")
	broker.Kill()
	if err := answers(broker.Addr); err == nil {
		t.Fatal("still answers after Kill")
	}
	broker.Start()
	broker.Stop()
	broker.Start()
	if err := answers(broker.Addr); err != nil {
		t.Fatal(err)
	}
}

func TestMosquittoConfReplacesDefaults(t *testing.T) {
	conf := mosquittoConf("/data", "127.0.0.1:1883", []string{"allow_anonymous false", "listener 1884"})
	for line, want := range map[string]int{
		"allow_anonymous true\n":  0,
		"allow_anonymous false\n": 1,
		"listener ":               2,
		"max_queued_messages 0\n": 1,
	} {
		if n := strings.Count(conf, line); n != want {
			t.Errorf("%q stands %d times, want %d, in\n%s", line, n, want, conf)
		}
	}
}

// Both generations take the v2 write path and answer InfluxQL, and keep what
// they acknowledged over a kill -9.
func TestInflux(t *testing.T) {
	for name, start := range map[string]func(T) *Influx{"1.8": Influx1, "2": Influx2} {
		t.Run(name, func(t *testing.T) {
			db := start(t)
			db.CreateBucket("kept_raw", 24*time.Hour)
			req, err := http.NewRequest(http.MethodPost, db.URL+"/api/v2/write?org="+db.Org+"&bucket=kept_raw",
				strings.NewReader("river_gauge,device=a water_level=80.5"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Token "+db.Token)
			resp, err := db.http.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusNoContent {
				t.Fatalf("write: %s", resp.Status)
			}
			db.Kill()
			db.Start()
			rows := db.Query(t, "kept_raw", "SELECT water_level FROM river_gauge")
			if len(rows) != 1 || rows[0][1] != json.Number("80.5") {
				t.Fatalf("kept %v", rows)
			}
		})
	}
}

type recorder struct {
	T
	skipped, failed string
}

func (r *recorder) Helper()                        {}
func (r *recorder) Skipf(format string, _ ...any)  { r.skipped = format }
func (r *recorder) Fatalf(format string, _ ...any) { r.failed = format }

func TestMissingSkipsOrFails(t *testing.T) {
	for _, c := range []struct {
		noskip  string
		missing func(t T, what, hint string)
		fails   bool
	}{
		{"", Missing, false},
		{"1", Missing, true},
		{"all", Missing, true},
		{"", missingExtra, false},
		{"1", missingExtra, false},
		{"all", missingExtra, true},
	} {
		t.Setenv("CITYWATCH_NOSKIP", c.noskip)
		r := &recorder{}
		c.missing(r, "it", "get it")
		if (r.failed != "") != c.fails || (r.skipped != "") == c.fails {
			t.Errorf("CITYWATCH_NOSKIP=%q: skipped %q, failed %q", c.noskip, r.skipped, r.failed)
		}
	}
}

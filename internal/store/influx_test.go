package store_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"citywatch/internal/series/influx"
	"citywatch/internal/servertest"
)

// servers are the generations of InfluxDB that run in tests.
func servers() map[string]func(servertest.T) *servertest.Influx {
	return map[string]func(servertest.T) *servertest.Influx{"1.8": servertest.Influx1, "2": servertest.Influx2}
}

func connect(t *testing.T, server *servertest.Influx) *influx.DB {
	t.Helper()
	o := influx.Options{URL: server.URL, Org: server.Org, Name: "citywatch"}
	if server.Token != "" {
		o.TokenFile = filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(o.TokenFile, []byte(server.Token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := influx.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func TestInflux(t *testing.T) {
	for name, server := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Run("summaries", func(t *testing.T) { testSummaries(t, connect(t, server(t))) })
			t.Run("history", func(t *testing.T) { testHistory(t, connect(t, server(t))) })
			t.Run("moment", func(t *testing.T) { testMoment(t, connect(t, server(t))) })
			t.Run("outage", func(t *testing.T) { testOutage(t, server(t)) })
		})
	}
}

// testOutage kills the server twice in the middle of writing: what came before,
// meanwhile and after is there, once.
func testOutage(t *testing.T, server *servertest.Influx) {
	m, db := newMemory(), connect(t, server)
	s, stop := start(t, parts(m, db))
	var feeding sync.WaitGroup
	const entries, perEntry = 400, 50
	base := time.Now().Add(-time.Hour)
	feeding.Go(func() {
		for e := range entries {
			for i := range perEntry {
				m.append(reading("thao", base.Add(time.Duration(e*perEntry+i)*time.Millisecond), 1))
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	for range 2 {
		time.Sleep(700 * time.Millisecond)
		server.Kill()
		eventually(t, "degraded", func() bool { since, _ := s.Degraded(); return !since.IsZero() })
		time.Sleep(time.Second)
		server.Start()
		eventually(t, "well again", func() bool { since, _ := s.Degraded(); return since.IsZero() })
	}
	feeding.Wait()
	stored(t, db, entries*perEntry)
	stop()
	if dead := m.dead(); len(dead) > 0 {
		t.Errorf("%d dead letters, the first: %+v", len(dead), dead[0])
	}
}

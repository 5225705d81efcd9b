package influx_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"citywatch/internal/series"
	"citywatch/internal/series/influx"
	"citywatch/internal/series/seriestest"
	"citywatch/internal/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file writes a secret as an administrator would, with a newline at its end.
func file(t *testing.T, secret string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t *testing.T, server *servertest.Influx, keep series.Retention) *influx.DB {
	t.Helper()
	o := influx.Options{URL: server.URL, Org: server.Org, Name: "citywatch", Retention: keep}
	if server.Token != "" {
		o.TokenFile = file(t, server.Token)
	}
	db, err := influx.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func TestSuite(t *testing.T) {
	t.Run("1.8", func(t *testing.T) { seriestest.Run(t, open(t, servertest.Influx1(t), seriestest.Keep())) })
	t.Run("2", func(t *testing.T) { seriestest.Run(t, open(t, servertest.Influx2(t), seriestest.Keep())) })
}

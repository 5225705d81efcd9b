package selfcheck_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/selfcheck"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func canary(sent time.Time) []citywatch.Reading {
	return []citywatch.Reading{{Device: "canary-edge", Class: citywatch.CanaryClass, Time: sent}}
}

func TestMetricsBecomeReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		f := promauto.With(reg)
		lag := f.NewGaugeVec(prometheus.GaugeOpts{Name: "citywatch_alerts_lag_seconds"}, []string{"shard"})
		lag.WithLabelValues("0").Set(1)
		lag.WithLabelValues("1").Set(7)
		refused := f.NewCounterVec(prometheus.CounterOpts{Name: "citywatch_ingest_refused_total"}, []string{"source"})
		refused.WithLabelValues("a").Add(3)
		refused.WithLabelValues("b").Add(4)
		f.NewGauge(prometheus.GaugeOpts{Name: "citywatch_journal_reader_retention_used_ratio"}).Set(0.25)

		var got []citywatch.Reading
		c := selfcheck.New(selfcheck.Options{}, selfcheck.Deps{
			Metrics: reg,
			Deliver: func(_ context.Context, rs []citywatch.Reading) error {
				got = append(got, rs...)
				return errors.New("the next is tried all the same")
			},
		})
		ctx, cancel := context.WithTimeout(t.Context(), 55*time.Second)
		defer cancel()
		time.AfterFunc(5*time.Second, func() { c.Readings(canary(time.Now().Add(-20 * time.Millisecond))) })
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(got) != 5 {
			t.Fatalf("%d readings in 55 s", len(got))
		}
		want := []citywatch.Value{{Name: "alerts_lag", Number: 7}, {Name: "backlog", Number: 25}, {Name: "canary", Number: 0.02}, {Name: "refused", Number: 7}}
		if diff := cmp.Diff(want, got[0].Values); diff != "" {
			t.Error(diff)
		}
		// What has not come back for three times is not told any more.
		if last := got[4]; slices.ContainsFunc(last.Values, func(v citywatch.Value) bool { return v.Name == "canary" }) {
			t.Errorf("a canary of 45 s ago is still told: %v", last.Values)
		}
	})
}

// Every figure is of a metric that a running citywatch has: a renamed one must
// not silently end its alert. The process test of the whole holds that.

func TestTheHeartBeatsOnlyWhileAllIsWell(t *testing.T) {
	var beats atomic.Int32
	answer := http.StatusOK
	watcher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ping/CANARY-SECRET" {
			beats.Add(1)
		}
		w.WriteHeader(answer)
	}))
	defer watcher.Close()
	defer http.DefaultClient.CloseIdleConnections()
	file := filepath.Join(t.TempDir(), "heartbeat")
	if err := os.WriteFile(file, []byte(watcher.URL+"/ping/CANARY-SECRET\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ready, now := true, time.Now()
	c := selfcheck.New(selfcheck.Options{HeartbeatFile: file}, selfcheck.Deps{
		Ready: func(context.Context) bool { return ready },
		Log:   slog.New(slog.NewTextHandler(&log, nil)),
		Now:   func() time.Time { return now },
	})
	beat := func() int32 {
		before := beats.Load()
		c.Beat(t.Context())
		return beats.Load() - before
	}
	if beat() != 0 {
		t.Error("it beats before a canary came back")
	}
	c.Readings(canary(now))
	if beat() != 1 {
		t.Error("it does not beat though all is well")
	}
	ready = false
	if beat() != 0 {
		t.Error("it beats though no readings are taken")
	}
	ready, now = true, now.Add(time.Minute)
	if beat() != 0 {
		t.Error("it beats though the canary is gone")
	}
	c.Readings(canary(now))
	answer = http.StatusInternalServerError
	beat()
	watcher.Close()
	beat()
	if got := log.String(); strings.Count(got, "cannot be sent") != 1 || strings.Contains(got, "SECRET") {
		t.Errorf("the log says %s", got)
	}
}

func TestProblems(t *testing.T) {
	ps := selfcheck.Options{Every: time.Millisecond, HeartbeatEvery: time.Hour}.Problems()
	if len(ps) != 2 || ps[0].Path != "$.every" || ps[1].Path != "$.heartbeat_every" {
		t.Errorf("got %v", ps)
	}
	if ps := (selfcheck.Options{}).Problems(); len(ps) != 0 {
		t.Errorf("the defaults: %v", ps)
	}
}

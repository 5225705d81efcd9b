package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch/internal/config"
)

// TestSiteIsValid holds the generated configuration against citywatch's own
// check.
func TestSiteIsValid(t *testing.T) {
	for _, s := range []site{normalSite(), manyRules(), stormSite(1000)} {
		t.Run(s.name, func(t *testing.T) { validSite(t, s) })
	}
}

func validSite(t *testing.T, s site) {
	dir := t.TempDir()
	s.broker = "tcp://127.0.0.1:1883"
	if err := s.write(dir); err != nil {
		t.Fatal(err)
	}
	site, err := config.Load(filepath.Join(dir, "citywatch.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	gauges := 0
	for _, d := range site.Devices {
		if d.Class != "river_gauge" {
			continue // of citywatch's own
		}
		gauges++
		if d.Zone == "" {
			t.Fatalf("%s lies in no zone", d.ID)
		}
	}
	if gauges != s.devices+1 {
		t.Errorf("%d devices", gauges)
	}
}

func TestMetricsAddUpLabels(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("# HELP a_total A {brace}.\n# TYPE a_total counter\na_total 3\n" +
			"b_total{x=\"1\",y=\"a b}\"} 1.5\nb_total{x=\"2\"} 2e3\n"))
	}))
	defer server.Close()
	c := city{http: strings.TrimPrefix(server.URL, "http://")}
	got, err := c.metrics(t.Context())
	if err != nil || got["a_total"] != 3 || got["b_total"] != 2001.5 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestLineOfBareLoop(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 123, time.UTC)
	line, err := lineOf("bench/disaster/gauge-7", payload(at, 80.12))
	if err != nil {
		t.Fatal(err)
	}
	got := string(line)
	if !strings.HasPrefix(got, "river_gauge,device=gauge-7 ") || !strings.HasSuffix(got, " 1795305600000000123\n") ||
		!strings.Contains(got, "water_level=80.12") || !strings.Contains(got, "battery=3.6") {
		t.Errorf("got %q", got)
	}
	if _, err := lineOf("bench/disaster/gauge-7", []byte("{")); err == nil {
		t.Error("half a message became a line")
	}
}

//go:build pages

package dashboards_test

import (
	"net/http"
	"os"
	"testing"
	"time"
)

// TestServe serves the pages about made-up data, for whoever works on them,
// until it is interrupted:
//
//	CITYWATCH_PAGES=127.0.0.1:8099 go test -tags pages -run TestServe -timeout 0 ./dashboards
//
// CITYWATCH_QUIET=1 leaves out the storm.
func TestServe(t *testing.T) {
	addr := os.Getenv("CITYWATCH_PAGES")
	if addr == "" {
		t.Fatal("CITYWATCH_PAGES says where to listen: 127.0.0.1:8099")
	}
	p := newProvince(t)
	go func() { t.Error(p.hub.Run(t.Context())) }()
	go p.live(t.Context())
	if os.Getenv("CITYWATCH_QUIET") == "" {
		time.Sleep(100 * time.Millisecond)
		p.storm()
	}
	t.Log("http://" + addr + "/wall")
	t.Fatal(http.ListenAndServe(addr, p.site(t)))
}

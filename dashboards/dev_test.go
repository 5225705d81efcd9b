//go:build pages

package dashboards_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"citywatch"
)

// TestServe serves the pages about made-up data, for whoever works on them,
// until it is interrupted:
//
//	CITYWATCH_PAGES=127.0.0.1:8099 go test -tags pages -run TestServe -timeout 0 ./dashboards
//
// CITYWATCH_QUIET=1 leaves out the storm; CITYWATCH_TIMES=80 makes 80 devices
// of each; CITYWATCH_CAMERAS=1 adds cameras.
func TestServe(t *testing.T) {
	addr := os.Getenv("CITYWATCH_PAGES")
	if addr == "" {
		t.Fatal("CITYWATCH_PAGES says where to listen: 127.0.0.1:8099")
	}
	p := newProvince(t)
	if times, err := strconv.Atoi(os.Getenv("CITYWATCH_TIMES")); err == nil {
		p.multiply(times)
	}
	if os.Getenv("CITYWATCH_CAMERAS") != "" {
		p.look(t, streets(t)...)
	}
	go func() { t.Error(p.hub.Run(t.Context())) }()
	go p.live(t.Context())
	if os.Getenv("CITYWATCH_QUIET") == "" {
		time.Sleep(100 * time.Millisecond)
		p.storm()
	}
	t.Log("http://" + addr + "/wall")
	t.Fatal(http.ListenAndServe(addr, p.site(t, p.watch)))
}

// multiply puts further devices around each.
func (p *province) multiply(times int) {
	for _, s := range p.devices {
		for i := range times - 1 {
			d := *s.Device
			d.ID = fmt.Sprintf("%s-%d", d.ID, i)
			d.Position[0] += rand.NormFloat64() * 0.1
			d.Position[1] += rand.NormFloat64() * 0.1
			p.devices = append(p.devices, citywatch.DeviceState{Device: &d})
		}
	}
}

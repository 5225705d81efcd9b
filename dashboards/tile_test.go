package dashboards_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"citywatch/dashboards"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
)

// TestTileOverHTTP: a tile can be read, is not sent twice, and what is no tile
// is a problem that says how to ask.
func TestTileOverHTTP(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	device := p.devices[0].Device
	at := maptile.At(device.Position, 9)
	path := "/api/v1/tiles/" + strings.Join([]string{"9", num(at.X), num(at.Y)}, "/") + ".mvt"
	resp, body := s.get(t, path)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/vnd.mapbox-vector-tile" ||
		resp.Header.Get("Cache-Control") != "private, max-age=5" {
		t.Fatalf("%s: %v", resp.Status, resp.Header)
	}
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range layers[0].Features {
		found = found || f.Properties["id"] == device.ID
	}
	if !found {
		t.Errorf("%s is not among the %d devices of its tile", device.ID, len(layers[0].Features))
	}

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("If-None-Match", `"other", W/`+resp.Header.Get("ETag"))
	again, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Body.Close()
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("what is known is sent again: %s", again.Status)
	}

	for path, status := range map[string]int{
		"/0/0/0.mvt": http.StatusOK, "/9/0/0.mvt": http.StatusNoContent,
		"/15/0/0.mvt": http.StatusNotFound, "/1/2/0.mvt": http.StatusNotFound, "/1/0/2.mvt": http.StatusNotFound, "/1/-1/0.mvt": http.StatusNotFound,
		"/1/0/0.png": http.StatusNotFound, "/x/0/0.mvt": http.StatusNotFound, "/1/99999999999/0.mvt": http.StatusNotFound,
	} {
		if resp, _ := s.get(t, "/api/v1/tiles"+path); resp.StatusCode != status {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// TestProvinceSaysWhenToUseTiles, which is above the number that is configured.
func TestProvinceSaysWhenToUseTiles(t *testing.T) {
	p := newProvince(t)
	if _, body := serve(t, p.site(t)).get(t, "/api/v1/province"); strings.Contains(string(body), "tiles") {
		t.Errorf("a small province: %s", body)
	}
	p.options = dashboards.Options{TilesAbove: len(p.devices) - 1}
	if _, body := serve(t, p.site(t)).get(t, "/api/v1/province"); !strings.Contains(string(body), `"tiles":true`) {
		t.Errorf("a large province: %s", body)
	}
}

func num(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

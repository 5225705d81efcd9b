package dashboards_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	for _, path := range []string{"/", "/wall"} {
		t.Run(path, func(t *testing.T) { checkPage(t, s, path) })
	}
}

func checkPage(t *testing.T, s *server, path string) {
	t.Helper()
	resp, page := s.get(t, path)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%s is %s, %v", path, resp.Status, resp.Header)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy allows what is unsafe: %s", policy)
	}
	if bytes.Contains(page, []byte("http:")) || bytes.Contains(page, []byte("https:")) {
		t.Errorf("the page loads from elsewhere: %s", page)
	}
	links := regexp.MustCompile(`(?:src|href)="(assets/[^"]+)"`).FindAllSubmatch(page, -1)
	if len(links) < 3 {
		t.Errorf("the page links %q", links)
	}
	for _, link := range links {
		resp, _ := s.get(t, "/"+string(link[1]))
		if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is %s, %s", link[1], resp.Status, resp.Header.Get("Cache-Control"))
		}
	}
}

// TestCaching: what has not changed is not sent again, and what is sent is
// compressed.
func TestCaching(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	_, page := s.get(t, "/wall")
	mapLibre := "/" + string(regexp.MustCompile(`assets/maplibre-gl-[^"]+`).Find(page))
	worker := strings.Replace(mapLibre, "maplibre-gl.mjs", "maplibre-gl-worker.mjs", 1)
	for _, path := range []string{"/wall", mapLibre, worker} {
		plain, content := s.get(t, path)
		if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") == "" {
			t.Errorf("%s is sent with %v", path, plain.Header)
		}
		packed, body := s.get(t, path, "Accept-Encoding", "gzip, br")
		if len(content) > 1024 {
			if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("ETag") == plain.Header.Get("ETag") || packed.Header.Get("Vary") == "" {
				t.Fatalf("%s compressed is sent with %v", path, packed.Header)
			}
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(z)
			if err != nil || !bytes.Equal(unpacked, content) {
				t.Errorf("%s is another when compressed: %v", path, err)
			}
		}
		again, body := s.get(t, path, "If-None-Match", plain.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || len(body) != 0 {
			t.Errorf("%s is sent again: %s", path, again.Status)
		}
	}
	if resp, _ := s.get(t, "/assets/none.js"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not there is %s", resp.Status)
	}
}

// TestAnswersAreCompressed: a thousand devices are much text.
func TestAnswersAreCompressed(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	resp, body := s.get(t, "/api/v1/devices", "Accept-Encoding", "gzip")
	_, plain := s.get(t, "/api/v1/devices")
	if resp.Header.Get("Content-Encoding") != "gzip" || len(body)*4 > len(plain) {
		t.Errorf("%d bytes are sent as %d in %q", len(plain), len(body), resp.Header.Get("Content-Encoding"))
	}
}

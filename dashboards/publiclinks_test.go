package dashboards_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"time"

	"citywatch/dashboards"
	"citywatch/dashboards/publicview"
)

// publicLinks opens links about the cameras of an eye, of which one is made and
// taken back, and one made and looked at. It returns the id of the latter.
func publicLinks(t *testing.T) (*publicview.Public, string) {
	t.Helper()
	p := openPublic(t)
	ask := publicview.Request{Camera: "sa-pa", Kind: publicview.Snapshot, Expires: time.Now().Add(time.Hour), Bare: true, Actor: "Lan"}
	first, err := p.Create(ask)
	if err == nil {
		_, err = p.Revoke(first.ID, "Hoa")
	}
	if err != nil {
		t.Fatal(err)
	}
	ask.Mask = publicview.Mask{{{0, 0}, {0.5, 0}, {0, 0.5}}}
	second, err := p.Create(ask)
	if err != nil {
		t.Fatal(err)
	}
	return p, second.ID
}

func openPublic(t *testing.T) *publicview.Public {
	t.Helper()
	cameras := map[string]publicview.Camera{}
	for _, c := range newEye().Cameras() {
		cameras[c.ID] = publicview.Camera{ID: c.ID, Name: c.Name, Sector: c.Sector}
	}
	white := image.NewRGBA(image.Rect(0, 0, 320, 180))
	draw.Draw(white, white.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, white, nil); err != nil {
		t.Fatal(err)
	}
	p, err := publicview.Open(t.TempDir(), publicview.Options{}, publicview.Deps{
		Camera: func(id string) (publicview.Camera, bool) { c, is := cameras[id]; return c, is },
		Snapshot: func(context.Context, string, int) (publicview.Picture, error) {
			return publicview.Picture{JPEG: picture.Bytes(), At: time.Now()}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestPublicLink: its life by the API and by its address.
func TestPublicLink(t *testing.T) {
	p := newProvince(t)
	public := openPublic(t)
	s := serve(t, p.site(t, newEye().see, func(d *dashboards.Deps) { d.Public, d.Now = public, time.Now }))
	type link struct {
		ID, Href string
		Open     bool
		Version  int
	}
	send := func(method, path, body string, want int) (l link) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != want {
			t.Fatalf("%s %s %s is answered with %s", method, path, body, answer.Status)
		}
		_ = json.NewDecoder(answer.Body).Decode(&l)
		return l
	}
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	create := func(camera, mask, actor string, want int) link {
		t.Helper()
		return send("POST", "/api/v1/tourism/links",
			fmt.Sprintf(`{"camera": %q, "kind": "snapshot", "expires": %q, "mask": %s, "actor": %q}`, camera, expires, mask, actor), want)
	}
	create("cau-coc-leu", "[[[0,0],[1,0],[0,1]]]", "Lan", 400) // of traffic
	create("sa-pa", "[]", "Lan", 400)
	create("sa-pa", "[[[0,0],[2,0],[0,1]]]", "Lan", 400)
	create("sa-pa", "[[[0,0],[1,0],[0,1]]]", "", 400)
	l := create("sa-pa", "[[[0,0],[1,0],[0,1]]]", "Lan", 200)
	if !l.Open || !strings.HasPrefix(l.Href, "/p/") || strings.Contains(l.Href, l.ID) {
		t.Fatalf("the link is %+v", l)
	}
	send("GET", l.Href+"/picture.jpg", "", 200)
	if l = send("PUT", "/api/v1/tourism/links/"+l.ID+"/mask", `{"version": 1, "mask": [], "bare": true, "actor": "Hoa"}`, 200); l.Version != 2 {
		t.Errorf("after it was masked anew it is at version %d", l.Version)
	}
	send("PUT", "/api/v1/tourism/links/"+l.ID+"/mask", `{"version": 1, "mask": [], "bare": true, "actor": "Minh"}`, 409)
	href := l.Href
	if l = send("POST", "/api/v1/tourism/links/"+l.ID+"/revoke", `{"actor": "Hoa"}`, 200); l.Open || l.Href != "" {
		t.Errorf("after it was taken back it is %+v", l)
	}
	send("GET", href+"/picture.jpg", "", 410)
	send("POST", "/api/v1/tourism/links/"+l.ID+"/revoke", `{"actor": "Hoa"}`, 409)
	send("POST", "/api/v1/tourism/links/none/revoke", `{"actor": "Hoa"}`, 404)
}

// TestPointsAreOfTourism: other sectors' cameras are not reviewed here.
func TestPointsAreOfTourism(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t, newEye().see))
	_, body := s.get(t, "/api/v1/tourism/points")
	if text := string(body); !strings.Contains(text, `"sa-pa"`) || strings.Contains(text, "cau-coc-leu") {
		t.Errorf("the points are %s", body)
	}
	for path, want := range map[string]int{
		"/tourism/points/cau-coc-leu/hours":         404,
		"/tourism/points/sa-pa/hours?day=2026-13-1": 400,
		"/tourism/points?days=0":                    400,
		"/tourism/points?days=93":                   400,
		"/tourism/report?week=2026-W99":             400,
		"/tourism/report.csv?lang=fr":               400,
		"/tourism/report.csv?lang=en":               200,
		"/tourism/links":                            503,
	} {
		if resp, body := s.get(t, "/api/v1"+path); resp.StatusCode != want {
			t.Errorf("%s is answered with %s: %s", path, resp.Status, body)
		}
	}
	without := serve(t, p.site(t, func(d *dashboards.Deps) { d.Cameras = nil }))
	if resp, _ := without.get(t, "/api/v1/tourism/points"); resp.StatusCode != 503 {
		t.Errorf("without cameras it is answered with %s", resp.Status)
	}
}

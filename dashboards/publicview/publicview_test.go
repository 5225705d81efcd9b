package publicview_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/publicview"
)

// A point is a camera point whose picture and clock the test sets.
type point struct {
	t      *testing.T
	dir    string
	public *publicview.Public
	server *httptest.Server

	mu      sync.Mutex
	now     time.Time
	at      time.Time
	jpeg    []byte
	err     error
	sector  citywatch.Sector
	gone    bool
	asked   int
	options publicview.Options
}

// newPoint returns a point that shows one bright colour.
func newPoint(t *testing.T, o publicview.Options) *point {
	t.Helper()
	now := time.Date(2026, 11, 22, 7, 3, 22, 0, time.UTC)
	p := &point{t: t, dir: t.TempDir(), now: now, at: now, jpeg: flat(t, bright()), sector: citywatch.SectorTourism, options: o}
	p.open()
	t.Cleanup(func() { p.close() })
	return p
}

func (p *point) open() {
	p.t.Helper()
	var err error
	p.public, err = publicview.Open(p.dir, p.options, publicview.Deps{
		Camera: func(id string) (publicview.Camera, bool) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return publicview.Camera{ID: id, Name: "Chợ <Bắc Hà>", Sector: p.sector}, id == "cho-bac-ha" && !p.gone
		},
		Snapshot: func(context.Context, string, int) (publicview.Picture, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.asked++
			return publicview.Picture{JPEG: p.jpeg, At: p.at}, p.err
		},
		Zone: time.FixedZone("+07", 7*3600),
		Now: func() time.Time {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.now
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.public.Mount(mux)
	p.server = httptest.NewServer(mux)
}

func (p *point) close() {
	p.server.CloseClientConnections()
	p.server.Close()
	if err := p.public.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *point) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *point) link(kind publicview.Kind, mask publicview.Mask) publicview.Link {
	p.t.Helper()
	l, err := p.public.Create(publicview.Request{
		Camera: "cho-bac-ha", Kind: kind, Expires: p.now.Add(24 * time.Hour), Mask: mask, Bare: mask == nil, Actor: "Lan",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return l
}

func (p *point) get(path string) (*http.Response, []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.server.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, body
}

func (p *point) picture(l publicview.Link) image.Image {
	p.t.Helper()
	answer, body := p.get("/p/" + l.Token + "/picture.jpg")
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("the picture is answered with %s: %s", answer.Status, body)
	}
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

func bright() color.RGBA { return color.RGBA{250, 160, 20, 255} }

func flat(t *testing.T, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 360))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// like reports whether a pixel is of about that colour.
func like(img image.Image, x, y int, want color.RGBA) bool {
	r, g, b, _ := img.At(x, y).RGBA()
	for _, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(b>>8) - int(want.B)} {
		if d < -24 || d > 24 {
			return false
		}
	}
	return true
}

func covered() color.RGBA { return color.RGBA{0x26, 0x2b, 0x30, 255} }

// TestMask: every pixel within the mask is covered, and what lies apart from it
// is not.
func TestMask(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	bow := publicview.Polygon{{0.6, 0.1}, {0.9, 0.4}, {0.9, 0.1}, {0.6, 0.4}} // crosses itself
	l := p.link(publicview.Snapshot, publicview.Mask{
		{{0.1, 0.1}, {0.4, 0.1}, {0.4, 0.5}, {0.1, 0.5}},
		bow,
		{{0.2, 0.7}, {0.9, 0.7}, {0.9, 0.7001}}, // thinner than a pixel
	})
	img := p.picture(l)
	for y := 36; y < 180; y++ {
		for x := 64; x < 256; x++ {
			if !like(img, x, y, covered()) {
				t.Fatalf("within the mask the pixel %d, %d is %v", x, y, img.At(x, y))
			}
		}
	}
	for _, at := range [][2]int{{390, 90}, {570, 90}, {300, 252}, {570, 252}} {
		if !like(img, at[0], at[1], covered()) {
			t.Errorf("the pixel %v is %v", at, img.At(at[0], at[1]))
		}
	}
	for _, at := range [][2]int{{10, 10}, {320, 100}, {160, 200}, {630, 350}, {480, 200}} {
		if !like(img, at[0], at[1], bright()) {
			t.Errorf("what the mask leaves free is %v at %v", img.At(at[0], at[1]), at)
		}
	}
	if _, err := p.public.Remask(l.ID, "Hoa", 1, publicview.Mask{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, false); err != nil {
		t.Fatal(err)
	}
	if img = p.picture(l); !like(img, 10, 10, covered()) || !like(img, 320, 100, covered()) {
		t.Error("another mask does not hold for the next picture")
	}
}

func TestMasksThatAreNone(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	ask := publicview.Request{Camera: "cho-bac-ha", Kind: publicview.Snapshot, Expires: p.now.Add(time.Hour), Actor: "Lan"}
	many := make(publicview.Mask, 21)
	for i := range many {
		many[i] = publicview.Polygon{{0, 0}, {1, 0}, {0, 1}}
	}
	for name, m := range map[string]publicview.Mask{
		"forgotten": nil, "a line": {{{0, 0}, {1, 1}}}, "outside": {{{0, 0}, {1, 0}, {0, 1.01}}},
		"no number": {{{0, 0}, {math.NaN(), 0}, {0, 1}}}, "many": many, "many corners": {make(publicview.Polygon, 41)},
	} {
		if ask.Mask = m; !fails(p, ask, publicview.ErrMask) {
			t.Errorf("%s is taken for a mask", name)
		}
	}
}

func fails(p *point, ask publicview.Request, want error) bool {
	_, err := p.public.Create(ask)
	return errors.Is(err, want)
}

func TestWhatCannotBeMade(t *testing.T) {
	p := newPoint(t, publicview.Options{MaxDays: 30})
	good := publicview.Request{Camera: "cho-bac-ha", Kind: publicview.Snapshot, Expires: p.now.Add(time.Hour), Bare: true, Actor: "Lan"}
	for name, change := range map[string]func(*publicview.Request){
		"another camera": func(r *publicview.Request) { r.Camera = "cau-coc-leu" },
		"another kind":   func(r *publicview.Request) { r.Kind = "video" },
		"nobody":         func(r *publicview.Request) { r.Actor = "" },
		"for no time":    func(r *publicview.Request) { r.Expires = p.now },
		"for too long":   func(r *publicview.Request) { r.Expires = p.now.AddDate(0, 0, 31) },
	} {
		ask := good
		change(&ask)
		if !fails(p, ask, publicview.ErrRequest) {
			t.Errorf("%s: it is made", name)
		}
	}
	p.set(func() { p.sector = citywatch.SectorTraffic })
	if !fails(p, good, publicview.ErrRequest) {
		t.Error("a camera of traffic has a link")
	}
}

// TestLife: a link shows something from when it is made until it is taken back,
// expires, or its camera is no longer one of tourism; also after a restart.
func TestLife(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	l := p.link(publicview.Snapshot, nil)
	expect := func(token string, want int) {
		t.Helper()
		for _, path := range []string{"", "/picture.jpg"} {
			answer, body := p.get("/p/" + token + path)
			if answer.StatusCode != want {
				t.Errorf("%s is answered with %s", path, answer.Status)
			}
			if want != 200 && (bytes.Contains(body, []byte("bac-ha")) || bytes.Contains(body, []byte("Bắc Hà")) || bytes.Contains(body, []byte(token))) {
				t.Errorf("it tells %s", body)
			}
			if answer.Header.Get("Cache-Control") != "no-store" {
				t.Error("what is shown may be kept")
			}
		}
	}
	expect(l.Token, 200)
	expect("guessed", 404)
	expect(l.ID, 404)
	if answer, _ := p.get("/p/"); answer.StatusCode != 404 {
		t.Errorf("/p/ is answered with %s", answer.Status)
	}
	if answer, _ := p.get("/p/" + l.Token + "/stream.mjpeg"); answer.StatusCode != 404 {
		t.Errorf("a snapshot streams: %s", answer.Status)
	}
	p.set(func() { p.sector = citywatch.SectorTraffic })
	expect(l.Token, 410)
	p.set(func() { p.sector, p.gone = citywatch.SectorTourism, true })
	expect(l.Token, 410)
	p.set(func() { p.gone = false })
	expect(l.Token, 200)
	if _, err := p.public.Revoke(l.ID, "Hoa"); err != nil {
		t.Fatal(err)
	}
	expect(l.Token, 410)
	if _, err := p.public.Revoke(l.ID, "Hoa"); !errors.Is(err, publicview.ErrClosed) {
		t.Errorf("taking it back again is answered with %v", err)
	}
	other := p.link(publicview.Snapshot, nil)
	p.close()
	p.open()
	expect(l.Token, 410)
	expect(other.Token, 200)
	p.set(func() { p.now, p.at = p.now.Add(25*time.Hour), p.at.Add(25*time.Hour) })
	expect(other.Token, 410)
}

// TestAge: a picture tells its time, and one that is no longer new cannot pass
// for the present.
func TestAge(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	l := p.link(publicview.Snapshot, publicview.Mask{{{0, 0}, {0.1, 0}, {0, 0.1}}})
	fresh := p.picture(l)
	if !like(fresh, 320, 100, bright()) {
		t.Error("a new picture has no colour")
	}
	if !like(fresh, 1, 358, color.RGBA{0, 0, 0, 255}) {
		t.Error("no time is written into it")
	}
	p.set(func() { p.now = p.at.Add(12 * time.Minute) })
	answer, _ := p.get("/p/" + l.Token + "/picture.jpg")
	if got := answer.Header.Get("X-Picture-Age"); got != "720.0" {
		t.Errorf("it is %s s old", got)
	}
	if got := answer.Header.Get("X-Captured-At"); got != "2026-11-22T07:03:22Z" {
		t.Errorf("it was taken at %s", got)
	}
	old := p.picture(l)
	r, g, b, _ := old.At(320, 100).RGBA()
	if r>>8 != g>>8 && int(r>>8)-int(b>>8) > 8 {
		t.Errorf("an old picture has the colour %v", old.At(320, 100))
	}
	if bytes.Equal(stampOf(fresh), stampOf(old)) {
		t.Error("an old picture does not say how old it is")
	}
	p.set(func() { p.now = p.at.Add(61 * time.Minute) })
	if answer, _ := p.get("/p/" + l.Token + "/picture.jpg"); answer.StatusCode != 503 {
		t.Errorf("a picture of an hour ago is answered with %s", answer.Status)
	}
}

// stampOf returns the lower edge, black and white.
func stampOf(img image.Image) []byte {
	var out []byte
	b := img.Bounds()
	for y := b.Max.Y - 12; y < b.Max.Y; y++ {
		for x := range b.Max.X {
			r, _, _, _ := img.At(x, y).RGBA()
			out = append(out, byte(r>>15))
		}
	}
	return out
}

// TestNothingUnmasked: where no mask can be painted there is no picture.
func TestNothingUnmasked(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	l := p.link(publicview.Snapshot, publicview.Mask{{{0, 0}, {1, 0}, {0, 1}}})
	for name, change := range map[string]func(){
		"no JPEG":    func() { p.jpeg = []byte("GIF89a") },
		"half of it": func() { p.jpeg = flat(t, bright())[:900] },
		"no picture": func() { p.err = errors.New("ffmpeg is missing") },
	} {
		whole := p.jpeg
		p.set(func() { p.at = p.at.Add(time.Second); p.now = p.at; change() })
		answer, body := p.get("/p/" + l.Token + "/picture.jpg")
		if answer.StatusCode != 503 || bytes.Contains(body, []byte("ffmpeg")) {
			t.Errorf("%s: it is answered with %s: %s", name, answer.Status, body)
		}
		p.set(func() { p.jpeg, p.err = whole, nil })
	}
	p.set(func() { p.at = p.at.Add(time.Second); p.now = p.at })
	if !like(p.picture(l), 20, 20, covered()) {
		t.Error("it does not come back")
	}
}

// TestStream: its pictures are masked, and it ends when the link is taken back.
func TestStream(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	l := p.link(publicview.Stream, publicview.Mask{{{0, 0}, {0.5, 0}, {0.5, 0.5}, {0, 0.5}}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.server.URL+"/p/"+l.Token+"/stream.mjpeg", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, params, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(bufio.NewReader(answer.Body), params["boundary"])
	for n := range 3 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatalf("picture %d: %v", n, err)
		}
		img, err := jpeg.Decode(part)
		if err != nil || !like(img, 10, 10, covered()) || !like(img, 500, 100, bright()) {
			t.Fatalf("picture %d is not masked (%v)", n, err)
		}
		if part.Header.Get("X-Captured-At") == "" {
			t.Error("a picture does not tell its time")
		}
		p.set(func() { p.at = p.at.Add(2 * time.Second); p.now = p.at })
	}
	if _, err := p.public.Revoke(l.ID, "Hoa"); err != nil {
		t.Fatal(err)
	}
	for range 3 { // one may be under way
		if _, err = parts.NextPart(); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("the stream goes on after the link was taken back")
	}
	if answer, _ := p.get("/p/" + l.Token); answer.StatusCode != 410 {
		t.Errorf("the page is answered with %s", answer.Status)
	}
}

// TestLimits: who asks too often is held back, and nobody else.
func TestLimits(t *testing.T) {
	p := newPoint(t, publicview.Options{AddressHeader: "X-Real-IP"})
	l := p.link(publicview.Snapshot, nil)
	from := func(address string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.server.URL+"/p/"+l.Token+"/picture.jpg", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Real-IP", address)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode == 429 && answer.Header.Get("Retry-After") == "" {
			t.Error("nobody says when to try again")
		}
		return answer.StatusCode
	}
	for i := range 20 {
		if status := from("192.0.2.1"); status != 200 {
			t.Fatalf("request %d is answered with %d", i, status)
		}
	}
	if status := from("192.0.2.1"); status != 429 {
		t.Errorf("request 21 at once is answered with %d", status)
	}
	if status := from("192.0.2.2"); status != 200 {
		t.Errorf("another's is answered with %d", status)
	}
	p.set(func() { p.now = p.now.Add(3 * time.Second) })
	if status := from("192.0.2.1"); status != 200 {
		t.Errorf("later it is answered with %d", status)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == 0 {
		t.Error("nobody was asked for a picture")
	}
}

// TestWhoLooked: the log tells who made a link, who looked and for how long, and
// is removed after its time.
func TestWhoLooked(t *testing.T) {
	p := newPoint(t, publicview.Options{LogKeep: 48 * time.Hour})
	l := p.link(publicview.Snapshot, nil)
	for range 3 {
		p.picture(l)
		p.set(func() { p.now = p.now.Add(10 * time.Second); p.at = p.now })
	}
	p.set(func() { p.now = p.now.Add(6 * time.Minute); p.at = p.now })
	run(p)
	if _, err := p.public.Revoke(l.ID, "Hoa"); err != nil {
		t.Fatal(err)
	}
	lines, err := p.public.Accesses(l.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, a := range lines {
		told = append(told, fmt.Sprintf("%s %s%s %d", a.Event, a.Actor, a.Address, a.Pictures))
	}
	if got := strings.Join(told, ", "); got != "revoked Hoa 0, looked 127.0.0.1 3, looking 127.0.0.1 0, created Lan 0" {
		t.Errorf("it tells: %s", got)
	}
	data, err := os.ReadFile(filepath.Join(p.dir, "access-2026-11-22.jsonl"))
	if err != nil || bytes.Contains(data, []byte(l.Token)) {
		t.Errorf("the token stands in the log (%v)", err)
	}
	p.set(func() { p.now = p.now.AddDate(0, 0, 4) })
	run(p)
	if lines, err := p.public.Accesses(l.ID, 10); err != nil || len(lines) != 0 {
		t.Errorf("after its time there are %d lines, %v", len(lines), err)
	}
	if answer, _ := p.get("/p/" + l.Token); answer.StatusCode != 404 {
		t.Errorf("the link of long ago is answered with %s", answer.Status)
	}
}

// run has the point tidied up once.
func run(p *point) {
	ctx, cancel := context.WithCancel(p.t.Context())
	cancel()
	_ = p.public.Run(ctx)
}

// TestPage: it shows the picture by the link's own address, has no script, and
// the camera's name is text.
func TestPage(t *testing.T) {
	p := newPoint(t, publicview.Options{})
	l := p.link(publicview.Stream, nil)
	answer, body := p.get("/p/" + l.Token)
	text := string(body)
	for _, want := range []string{`src="` + l.Token + `/stream.mjpeg"`, "Chợ &lt;Bắc Hà&gt;", `lang="vi"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "cho-bac-ha") || strings.Contains(text, l.ID) {
		t.Error("the page has what it should not")
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("its policy is %s", policy)
	}
}

// TestDamage: a file of links that cannot be read is no reason to show
// anything, or to forget what was taken back.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "links.json"), []byte("[{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := publicview.Open(dir, publicview.Options{}, publicview.Deps{}); err == nil {
		t.Error("it opens")
	}
}

func TestOptions(t *testing.T) {
	if ps := (publicview.Options{}).Problems(); len(ps) != 0 {
		t.Errorf("the defaults have problems: %v", ps)
	}
	bad := publicview.Options{MaxDays: 1000, Width: 20, LogKeep: time.Minute, Viewers: -1}
	if ps := bad.Problems(); len(ps) != 4 {
		t.Errorf("%v", ps)
	}
}

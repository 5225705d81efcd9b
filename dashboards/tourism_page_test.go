package dashboards_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/dashboards/publicview"
	"citywatch/internal/servertest"
)

// ledger is a history in which the church was up for three quarters of the time
// and its picture judged, and of the market nothing is known.
type ledger struct{}

func (ledger) History(_ context.Context, q dashboards.HistoryQuery) ([]dashboards.Point, error) {
	values := map[string]float64{"up": 0.75, "usable": 0.96, "activity": 0.2, "brightness": 0.5, "contrast": 0.4}
	v, known := values[q.Value]
	if q.Device != "nha-tho" || !known {
		return nil, nil
	}
	if q.Fn == "count" {
		v = q.Every.Seconds() / 10
	}
	var out []dashboards.Point
	for at := q.From; at.Before(q.To); at = at.Add(q.Every) {
		out = append(out, dashboards.Point{Time: at, Value: v})
	}
	return out, nil
}

// visit serves a province with two camera points of tourism, one of which
// nothing answers at, and a camera of another sector.
func visit(t *testing.T) (running, *looking) {
	t.Helper()
	film := newStudio(t)
	p := newProvince(t)
	k := p.look(t,
		lens{id: "cho", name: "Chợ Bắc Hà", at: place(1), sector: citywatch.SectorTourism},
		lens{id: "nga-tu", name: "Ngã tư", at: place(2), url: newCamera(t, film).url},
		lens{id: "nha-tho", name: "Nhà thờ đá", at: place(0), url: newCamera(t, film).url, record: true, sector: citywatch.SectorTourism},
	)
	k.draw(t)
	watch := p.watch
	p.watch = func(d *dashboards.Deps) {
		watch(d)
		d.History = ledger{}
		d.Public = k.public(t, d)
	}
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "nha-tho", citywatch.CameraOnline)
	k.waitState(t, "cho", citywatch.CameraUnreachable)
	return r, k
}

// public opens links about the province's cameras.
func (k *looking) public(t *testing.T, d *dashboards.Deps) *publicview.Public {
	t.Helper()
	pictures := d.Snapshots
	p, err := publicview.Open(t.TempDir(), publicview.Options{}, publicview.Deps{
		Camera: func(id string) (publicview.Camera, bool) {
			for _, c := range k.video.Cameras() {
				if c.ID == id {
					return publicview.Camera{ID: id, Name: c.Name, Sector: c.Sector}, true
				}
			}
			return publicview.Camera{}, false
		},
		Snapshot: func(ctx context.Context, camera string, width int) (publicview.Picture, error) {
			p, err := pictures.Snapshot(ctx, camera, width)
			return publicview.Picture{JPEG: p.JPEG, At: p.At}, err
		},
		Zone: d.Province.TimeZone,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func (r running) tourism(query string) string { return "http://" + r.addr + "/tourism" + query }

// fetch asks for something that a page names.
func fetch(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if body, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// accessible fails the test for what axe finds.
func (b *browser) accessible(where string) {
	b.t.Helper()
	var violations []string
	if err := json.Unmarshal(b.do(command{"do": "axe"}), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: %s", where, v)
	}
}

// TestTourism: what the tourism office does, from the gallery to the report.
func TestTourism(t *testing.T) {
	r, _ := visit(t)
	b := newBrowser(t)
	b.open(r.tourism("?theme=light"), 1920, 1080)

	t.Run("gallery", func(t *testing.T) {
		b.wait(`document.querySelectorAll(".card").length === 2`)
		b.wait(`document.querySelector('.card[data-camera="nha-tho"] camera-tile[data-look="live"]')`)
		b.wait(`document.querySelector('.card[data-camera="cho"] .state.off')?.innerText.includes("mất liên lạc")`)
		b.wait(`document.querySelector('.card[data-camera="nha-tho"] .meter')?.innerText.includes("75,0")`)
		church, market := b.text(`.card[data-camera="nha-tho"]`), b.text(`.card[data-camera="cho"]`)
		for _, want := range []string{"Nhà thờ đá", "hoạt động", "75,0 %", "96,0 %", "đo được 100 % thời gian"} {
			if !strings.Contains(church, want) {
				t.Errorf("the church's card lacks %q: %s", want, church)
			}
		}
		if strings.Count(market, "chưa đo") != 2 || strings.Contains(market, "100") {
			t.Errorf("of the market, of which nothing is known, the card says %s", market)
		}
		if all := b.text(".gallery"); strings.Contains(all, "Ngã tư") || !strings.Contains(all, "2 điểm, 1 đang hoạt động") || !strings.Contains(all, "Công suất phòng Sa Pa") {
			t.Errorf("the gallery says %s", all)
		}
	})
	t.Run("clip", func(t *testing.T) {
		b.do(command{"do": "click", "selector": `.card[data-camera="nha-tho"] h2 a`})
		b.wait(`document.querySelector(".point .sight camera-tile[data-look='live']")`)
		b.wait(`document.querySelectorAll(".hours-panel .bar.now:not(.none)").length > 0`)
		b.wait(`document.querySelector(".best strong")?.innerText.includes("0–24 giờ")`)
		b.wait(`document.querySelector(".records .recorded") && document.querySelector(".records a[download]")`)
		playable(t, r, b)
	})
	t.Run("public link", func(t *testing.T) { publish(t, r, b) })
	t.Run("report", func(t *testing.T) {
		b.do(command{"do": "click", "selector": `.top nav a[href="#/report"]`})
		b.wait(`document.querySelectorAll(".report > table tbody tr").length === 2`)
		if text := b.text(".report"); !strings.Contains(text, "75,0 %") || !strings.Contains(text, "chưa đo") || !strings.Contains(text, "Cách tính") {
			t.Errorf("the report says %s", text)
		}
		for lang, want := range map[string]string{"vi": "Nhà thờ đá;75,00;100,0", "en": "Nhà thờ đá,75.00,100.0"} {
			href := evaluate[string](b, `document.querySelector(".report a[download]").href`)
			status, body := fetch(t, strings.Replace(href, "lang=vi", "lang="+lang, 1))
			if status != http.StatusOK || !bytes.Contains(body, []byte(want)) {
				t.Errorf("the table in %s is answered with %d: %s", lang, status, body)
			}
		}
	})
	b.faults()
}

// playable fetches the clip that is chosen and decodes all of it.
func playable(t *testing.T, r running, b *browser) {
	t.Helper()
	ffprobe := servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffprobe")
	// The newest seconds are still being written, and it has begun just now: its
	// end is moved on until there is something of it.
	file := filepath.Join(t.TempDir(), "clip.mp4")
	var out []byte
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		href := evaluate[string](b, `document.querySelector(".records a[download]")?.href ?? ""`)
		status, body := fetch(t, href)
		if status != http.StatusOK {
			continue
		}
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		out, err = exec.CommandContext(t.Context(), ffprobe, "-v", "error", "-count_frames", "-select_streams", "v:0",
			"-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0", file).CombinedOutput()
		var frames int
		if _, scan := fmt.Sscanf(strings.TrimSpace(string(out)), "h264,%d", &frames); err == nil && scan == nil && frames > 10 {
			return
		}
	}
	t.Errorf("the clip does not play: %s", out)
}

// publish makes a masked link by the page, looks at what the public gets, and
// takes it back.
func publish(t *testing.T, r running, b *browser) {
	t.Helper()
	if text := b.text(".links"); !strings.Contains(text, "người ngoài không xem được") {
		t.Errorf("before there is a link it says %s", text)
	}
	b.do(command{"do": "click", "selector": ".links > button"})
	b.wait(`document.querySelector("dialog.mask img")?.naturalWidth > 0`)
	b.do(command{"do": "click", "selector": `dialog.mask button[type="submit"]`})
	b.wait(`document.querySelector("dialog.mask [role=alert]")?.innerText.includes("Vẽ vùng che")`)
	// An area by its corners, and one by its numbers.
	b.do(command{"do": "eval", "js": `(() => {
		const svg = document.querySelector(".mask-canvas svg"), box = svg.getBoundingClientRect();
		for (const [x, y] of [[0.6, 0.2], [0.9, 0.2], [0.9, 0.6], [0.6, 0.6]])
			svg.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
	})()`})
	b.wait(`document.querySelectorAll(".mask-canvas .corner").length === 4`)
	b.do(command{"do": "fill", "selector": `dialog.mask input[name="width"]`, "text": "30"})
	b.do(command{"do": "fill", "selector": `dialog.mask input[name="height"]`, "text": "40"})
	b.do(command{"do": "click", "selector": "dialog.mask .rectangle button"})
	b.do(command{"do": "click", "selector": `dialog.mask button[type="submit"]`})
	b.do(command{"do": "fill", "selector": `dialog[aria-labelledby="operator-title"] input`, "text": "Nguyễn Thị Lan"})
	b.do(command{"do": "press", "key": "Enter"})
	b.wait(`document.querySelector(".link .url a") && !document.querySelector("dialog.mask")`)
	if text := b.text(".link"); !strings.Contains(text, "2 vùng che") || !strings.Contains(text, "Nguyễn Thị Lan") {
		t.Errorf("the link says %s", text)
	}
	href := evaluate[string](b, `document.querySelector(".link .url a").href`)
	status, body := fetch(t, href+"/picture.jpg")
	public, err := jpeg.Decode(bytes.NewReader(body))
	if status != http.StatusOK || err != nil {
		t.Fatalf("the public gets %d, %v", status, err)
	}
	own := func(x, y float64) bool { return !painted(public, x, y) }
	for _, at := range [][2]float64{{0.02, 0.1}, {0.15, 0.2}, {0.28, 0.38}, {0.62, 0.22}, {0.75, 0.4}, {0.88, 0.58}} {
		if own(at[0], at[1]) {
			t.Errorf("at %v the mask covers nothing", at)
		}
	}
	for _, at := range [][2]float64{{0.45, 0.3}, {0.35, 0.7}, {0.95, 0.7}, {0.75, 0.75}} {
		if !own(at[0], at[1]) {
			t.Errorf("at %v something is covered that the mask leaves free", at)
		}
	}
	b.do(command{"do": "click", "selector": ".link button.revoke"})
	b.do(command{"do": "click", "selector": ".link button.danger"})
	b.wait(`!document.querySelector(".link") && document.querySelector(".links details")`)
	if status, _ := fetch(t, href); status != http.StatusGone {
		t.Errorf("after it was taken back it is answered with %d", status)
	}
}

// painted reports whether a part of a picture is of the mask's colour.
func painted(img image.Image, x, y float64) bool {
	size := img.Bounds().Size()
	r, g, b, _ := img.At(int(x*float64(size.X)), int(y*float64(size.Y))).RGBA()
	near := func(v uint32, want int) bool { return int(v>>8) > want-8 && int(v>>8) < want+8 }
	return near(r, 0x26) && near(g, 0x2b) && near(b, 0x30)
}

// TestTourismForEverybody: each view in both themes and languages.
func TestTourismForEverybody(t *testing.T) {
	r, _ := visit(t)
	b := newBrowser(t)
	for _, theme := range []string{"dark", "light"} {
		for _, lang := range []string{"vi", "en"} {
			query := "?theme=" + theme + "&lang=" + lang
			b.open(r.tourism(query), 1920, 1080)
			b.wait(`document.querySelectorAll(".card .meter").length === 4 && document.querySelector(".indicator")`)
			b.accessible("gallery " + query)
			b.do(command{"do": "eval", "js": `location.hash = "#/point/nha-tho"`})
			b.wait(`document.querySelector(".hours-panel .plot") && document.querySelector(".record-line") && document.querySelector(".best strong")`)
			b.accessible("point " + query)
			b.do(command{"do": "click", "selector": ".links > button"})
			b.wait(`document.querySelector("dialog.mask img")?.naturalWidth > 0`)
			b.accessible("mask " + query)
			b.do(command{"do": "press", "key": "Escape"})
			b.do(command{"do": "eval", "js": `location.hash = "#/report"`})
			b.wait(`document.querySelectorAll(".report > table tbody tr").length === 2`)
			b.accessible("report " + query)
			b.faults()
		}
	}
	for _, hash := range []string{"#/", "#/point/nha-tho", "#/report"} {
		b.open(r.tourism("?theme=light&lang=vi"+hash), 390, 844)
		b.wait(`document.querySelectorAll(".card .meter").length === 4 || document.querySelector(".records .recorded") || document.querySelector(".report tbody tr")`)
		if over := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("on a phone %s is %d px too wide", hash, over)
		}
		b.faults()
	}
}

package dashboards_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
)

// A running is the site of a province behind a listener, with its hub.
type running struct {
	addr string
	stop func()
}

func (r running) wall() string { return "http://" + r.addr + "/wall" }

// run serves p at addr, which may be 127.0.0.1:0, until the test ends or stop
// is called.
func (p *province) run(t *testing.T, addr string) running {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: p.site(t, p.watch), ReadHeaderTimeout: 5 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = srv.Serve(listener) })
	parts.Go(func() {
		if err := p.hub.Run(ctx); err != nil {
			t.Errorf("hub: %v", err)
		}
	})
	parts.Go(func() { p.live(ctx) })
	r := running{addr: listener.Addr().String(), stop: sync.OnceFunc(func() {
		cancel()
		_ = srv.Close()
		parts.Wait()
	})}
	t.Cleanup(r.stop)
	return r
}

// flood is an alert as the rules of the province raise it.
func (p *province) flood(level citywatch.Level) citywatch.Alert {
	bound := 80.0
	return p.raise("lao-cai-thao", "river-flood", level, citywatch.Text{VI: "Lũ vượt mức báo động", EN: "River above flood alarm level"},
		citywatch.Evidence{Value: "water_level", Number: 80.42, Unit: "m", Bound: &bound})
}

// TestAlertOnTheWall follows an alert from its publishing to its end.
func TestAlertOnTheWall(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	if quiet := b.text(".alerts"); !strings.Contains(quiet, "Không có cảnh báo nào đang mở") ||
		!strings.Contains(quiet, "117 trên 120 thiết bị") || !strings.Contains(quiet, "không biết gì về nơi đó") {
		t.Errorf("a quiet wall says %q", quiet)
	}

	began := time.Now()
	a := p.flood(1)
	b.wait(`document.querySelector(".card.level-1.unseen")`)
	if took := time.Since(began); took > time.Second {
		t.Errorf("the alert was on the wall after %v", took)
	} else {
		t.Logf("the alert was on the wall after %v", took)
	}
	card := b.text(".card")
	for _, want := range []string{"Lũ vượt mức báo động", "Lào Cai (sông Thao)", "ngưỡng 80,00", "từ "} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q: %q", want, card)
		}
	}
	// Its incident card comes by itself, with the river drawn under its alarm levels.
	b.wait(`document.querySelector(".incident .place")?.innerText.startsWith("Lào Cai (sông Thao)")`)
	b.wait(`document.querySelector(".incident .sensor .curve")?.getAttribute("d").length > 100`)
	if names := b.text(".incident .sensor .names"); names != "BĐ3 83,50 BĐ1 80,00" && names != "BĐ1 80,00" {
		t.Errorf("the river is drawn under %q", names)
	}
	b.wait(`[...document.querySelectorAll(".gauge")].find((g) => g.innerText.includes("Lào Cai (sông Thao)"))?.querySelector(".missing span").innerText === "BĐ2: chưa cấu hình"`)

	a.Level = 3
	a = p.publish(a, citywatch.ReasonRaised, "")
	b.wait(`document.querySelector(".card.level-3.unseen")`)

	b.touch()
	b.do(command{"do": "click", "selector": ".action button"})
	b.do(command{"do": "fill", "selector": "dialog input", "text": "Nguyễn Thị Hoa"})
	b.do(command{"do": "press", "key": "Enter"})
	b.wait(`document.querySelector(".card.seen")?.innerText.includes("Đã xác nhận: Nguyễn Thị Hoa")`)
	if known, _ := p.Alert(a.ID); known.HandledBy != "Nguyễn Thị Hoa" {
		t.Errorf("it was acknowledged by %q", known.HandledBy)
	}

	a, _ = p.Alert(a.ID)
	a.Stale = true
	a = p.publish(a, citywatch.ReasonStale, "")
	b.wait(`document.querySelector(".card.stale .no-signal")?.innerText === "Mất tín hiệu"`)
	a.Stale, a.Condition = false, citywatch.Normal
	p.publish(a, citywatch.ReasonRecovered, "")
	b.wait(`!document.querySelector(".card")`)
	b.faults()
}

// TestAcknowledgeTooLate: what has changed in the meantime is not acknowledged
// unseen.
func TestAcknowledgeTooLate(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	p.flood(1)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.touch()
	p.mu.Lock()
	for id, a := range p.open { // changed, and the wall has not been told yet
		a.Version++
		p.open[id] = a
	}
	p.mu.Unlock()
	b.do(command{"do": "click", "selector": ".action button"})
	b.do(command{"do": "fill", "selector": "dialog input", "text": "Hoa"})
	b.do(command{"do": "click", "selector": "dialog [type=submit]"})
	b.wait(`document.querySelector(".action [role=alert]")?.innerText.includes("vừa thay đổi")`)
	if !evaluate[bool](b, `!!document.querySelector(".card.unseen")`) {
		t.Error("the alert counts as seen")
	}
}

// TestFireIsReset: a fire stays on the wall until somebody says that it is out.
func TestFireIsReset(t *testing.T) {
	p := newProvince(t)
	p.burns = true
	a := p.raise(p.first("fire_panel"), "fire-panel", 4, citywatch.Text{VI: "Tủ báo cháy"}, citywatch.Evidence{Value: "state", Text: "fire"})
	_, err := p.Do(t.Context(), dashboards.Action{Do: "acknowledge", Alert: a.ID, Version: a.Version, Actor: "Hoa"})
	if err != nil {
		t.Fatal(err)
	}
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	if value := b.text(".card .value"); value != "CHÁY" {
		t.Errorf("the card says %q, whatever the panel says now", value)
	}
	b.touch()
	b.do(command{"do": "click", "selector": ".action.reset button"})
	b.do(command{"do": "fill", "selector": "dialog input", "text": "Hoa"})
	b.do(command{"do": "press", "key": "Enter"})
	b.wait(`document.querySelector(".action [role=alert]")?.innerText.includes("chưa hết")`)
	p.mu.Lock()
	p.burns = false
	p.mu.Unlock()
	b.do(command{"do": "click", "selector": ".action.reset button"})
	b.wait(`!document.querySelector(".card")`)
}

// TestConnectionLost: a wall whose server is gone says so over everything, and
// has the truth again when the server is back.
func TestConnectionLost(t *testing.T) {
	p := newProvince(t)
	p.flood(1)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.touch()
	b.faults()

	r.stop()
	b.wait(`document.querySelector(".banner")`)
	banner := b.text(".banner")
	if !strings.Contains(banner, "MẤT KẾT NỐI — số liệu từ ") || !strings.Contains(banner, "Đang thử kết nối lại") {
		t.Errorf("the banner says %q", banner)
	}
	if filter := evaluate[string](b, `getComputedStyle(document.querySelector("main")).filter`); !strings.Contains(filter, "grayscale") {
		t.Errorf("the rest is shown with filter %q", filter)
	}
	if strip := b.text(".strip"); strings.Contains(strip, "có số liệu") || !strings.Contains(strip, "không rõ tình trạng hệ thống") {
		t.Errorf("the strip still knows %q", strip)
	}
	if !evaluate[bool](b, `document.querySelector(".action button").disabled`) {
		t.Error("an alert can be acknowledged though nobody hears it")
	}

	again := newProvince(t)
	again.storm()
	again.run(t, r.addr)
	b.wait(`!document.querySelector(".banner") && document.querySelectorAll(".card").length === 7`)
	b.wait(`document.querySelector(".strip").innerText.includes("Nhật ký: tốt")`)
}

// TestSilentServer: a server that keeps the socket open and says nothing is
// not alive.
func TestSilentServer(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	proxy := newProxy(t, r.addr)
	b.open("http://"+proxy.addr+"/wall", 1920, 1080)
	b.waitLive()
	proxy.freeze()
	b.wait(`document.querySelector(".banner")`)
	proxy.thaw()
	b.wait(`!document.querySelector(".banner")`)
}

// TestDeviceFallsSilent: a device that stops reporting greys and says so,
// though no frame tells of it.
func TestDeviceFallsSilent(t *testing.T) {
	p := newProvince(t)
	p.devices[30].Device.Period = time.Second // which does not report
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	name := p.devices[30].Device.ID
	p.raise(name, "soil-saturated", 2, citywatch.Text{VI: "Đất gần bão hòa nước"}, citywatch.Evidence{Value: "soil_moisture", Number: 86})
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector(".incident .sensor.silent")`)
	b.wait(`document.querySelector(".strip .kind.silent")?.innerText.trim() === "2 mất tín hiệu"`)
	never := p.devices[60].Device.ID
	p.raise(never, "soil-saturated", 5, citywatch.Text{VI: "Đất"}, citywatch.Evidence{Value: "soil_moisture", Number: 86})
	b.wait(`document.querySelector(".incident .sensor.never")`)
	b.do(command{"do": "click", "selector": ".incident .sensor.never button"})
	b.wait(`document.querySelector(".device .heard.never")?.innerText.startsWith("Chưa có số liệu")`)
	b.faults()
}

// TestParts: what does not work is told.
func TestParts(t *testing.T) {
	p := newProvince(t)
	p.system.Store = dashboards.Part{Name: "store", State: dashboards.Down, Detail: "connection refused"}
	p.system.Lags = []dashboards.Lag{{Reader: "store", Entries: 1234}}
	p.broken = dashboards.ErrUnavailable
	p.flood(1)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector(".part.down")?.innerText === "Kho số liệu: hỏng"`)
	b.wait(`document.querySelector(".incident .sensor .wait")?.innerText === "kho số liệu chưa trả lời"`)
	b.do(command{"do": "click", "selector": ".incident .sensor button"})
	b.wait(`document.querySelector(".plot .over")?.innerText === "Không đọc được số liệu cũ"`)
	if strip := b.text(".parts"); !strings.Contains(strip, "(chậm 1.234)") || !strings.Contains(strip, "mức chưa cấu hình") {
		t.Errorf("the strip says %q", strip)
	}
}

// A screen is one that the wall is made for.
type screen struct {
	lang, theme   string
	width, height int
}

func (s screen) name() string { return fmt.Sprintf("wall-%d-%s-%s", s.width, s.lang, s.theme) }

// busy is a province on a bad day, and a browser to look at it.
func busy(t *testing.T) (*browser, running) {
	t.Helper()
	p := newProvince(t)
	p.storm()
	long := p.raise(p.first("smoke_detector"), "smoke", 2, citywatch.Text{VI: "Báo khói, cần xác minh", EN: "Smoke, to be verified"}, citywatch.Evidence{Value: "smoke", Number: 1})
	long.Stale, long.ToVerify, long.Condition = true, true, citywatch.Recovering
	p.publish(long, citywatch.ReasonStale, "")
	r := p.run(t, "127.0.0.1:0")
	return newBrowser(t), r
}

// look opens the wall on a screen, and finds what is wrong with it.
// CITYWATCH_SHOTS names a folder for pictures to look at.
func (s screen) look(b *browser, r running) {
	t := b.t
	t.Helper()
	b.open(r.wall()+"?lang="+s.lang+"&theme="+s.theme, s.width, s.height)
	b.waitLive()
	b.wait(`document.querySelectorAll(".card").length === 8 && document.querySelector(".incident .sensor")`)
	if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("%s: %d pixels wider than the screen", s.name(), wide)
	}
	if lost := evaluate[[]string](b, cutOff); len(lost) > 0 {
		t.Errorf("%s: cut off: %q", s.name(), lost)
	}
	if got := evaluate[string](b, `document.documentElement.lang + " " + document.documentElement.dataset.theme`); got != s.lang+" "+s.theme {
		t.Errorf("%s: the page says it is in %q", s.name(), got)
	}
	if dir := os.Getenv("CITYWATCH_SHOTS"); dir != "" {
		time.Sleep(2 * time.Second) // until the map stands still
		b.do(command{"do": "screenshot", "path": filepath.Join(dir, s.name()+".png")})
	}
	b.axe(s.name())
	b.faults()
}

// TestScreens opens the wall on every screen it is made for.
func TestScreens(t *testing.T) {
	b, r := busy(t)
	for _, s := range []screen{{"en", "dark", 3840, 2160}, {"vi", "dark", 390, 844}, {"en", "dark", 1920, 1080}} {
		s.look(b, r)
	}
	// The language is remembered.
	b.reload(`history.replaceState(null, "", "wall")`)
	b.wait(`document.querySelector(".wall.live") && document.documentElement.lang === "en"`)
	b.touch()
	b.do(command{"do": "click", "selector": `.strip button[lang="vi"]`})
	b.wait(`document.documentElement.lang === "vi" && location.search === "?lang=vi" && document.querySelector(".alerts h2").innerText === "Cảnh báo đang mở"`)
}

// TestLightScreens does so for rooms with daylight.
func TestLightScreens(t *testing.T) {
	b, r := busy(t)
	for _, s := range []screen{{"vi", "light", 3840, 2160}, {"en", "light", 390, 844}, {"vi", "light", 1920, 1080}} {
		s.look(b, r)
	}
	// The theme is changed without beginning anew, on the map too.
	b.touch()
	b.do(command{"do": "eval", "js": `(window.same = true)`})
	b.do(command{"do": "click", "selector": ".strip button:nth-last-child(2)"})
	b.wait(`document.documentElement.dataset.theme === "dark" && window.same && new URLSearchParams(location.search).get("theme") === "dark"`)
	b.faults()
}

// cutOff lists the values and names of which a part lies outside its card.
const cutOff = `[...document.querySelectorAll(".card .name, .card .value, .card .bound, .card .no-signal, .card .since, .clock .time, .levels li")]
	.filter((e) => { if (e.getClientRects().length === 0) return false; const b = e.getBoundingClientRect(), within = (e.closest(".card") ?? document.body).getBoundingClientRect(); return b.left < within.left || b.right > within.right + 1 || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"; })
	.map((e) => e.className + ": " + e.innerText)
	.concat([...document.querySelectorAll(".card .open")].filter((card) => {
		const boxes = [".name", ".place", ".since", ".no-signal", ".value", ".bound", ".age"].map((s) => card.querySelector(s)?.getBoundingClientRect()).filter(Boolean);
		return boxes.some((a, i) => boxes.some((b, j) => i < j && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4));
	}).map((card) => "overlap: " + card.innerText))`

// TestChoosing: a click on an alert brings its incident, one on a sensor its
// chart, and Escape what the wall finds itself.
func TestChoosing(t *testing.T) {
	p := newProvince(t)
	p.storm()
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector(".incident h2")?.innerText === "Tủ báo cháy"`) // the worst
	b.do(command{"do": "click", "selector": `[data-alert="rain-24h/mua-sa-pa/1"] .open`})
	b.wait(`document.querySelector(".incident .place")?.innerText.startsWith("Đo mưa Sa Pa") && document.querySelector(".card.shown .name").innerText === "Mưa to trong 24 giờ"`)
	b.do(command{"do": "press", "key": "Escape"})
	b.wait(`document.querySelector(".incident h2")?.innerText === "Tủ báo cháy"`)
	b.do(command{"do": "click", "selector": ".incident .sensor button"})
	b.wait(`document.querySelector(".device h2")?.innerText.startsWith("Tủ báo cháy")`)
	b.do(command{"do": "press", "key": "Escape"})
	fire, _ := p.Alert("fire-panel/" + p.first("fire_panel") + "/1")
	fire.Handling, fire.HandledBy = citywatch.Acknowledged, "Hoa"
	p.publish(fire, citywatch.ReasonAcknowledged, "Hoa")
	b.wait(`document.querySelector(".incident .place")?.innerText.startsWith("Lào Cai (sông Thao)")`)
	b.do(command{"do": "click", "selector": ".incident .sensor button"})
	b.wait(`document.querySelector(".device h2")?.innerText === "Lào Cai (sông Thao)"`)
	b.do(command{"do": "click", "selector": ".values li:first-child button"})
	b.wait(`document.querySelector(".plot").getAttribute("aria-label") === "Biểu đồ Mực nước của Lào Cai (sông Thao), m"`)
	b.do(command{"do": "click", "selector": ".spans button:first-child"})
	b.wait(`document.querySelector(".spans [aria-pressed=true]").innerText === "5 phút"`)
	b.do(command{"do": "press", "key": "Escape"})
	b.wait(`document.querySelector(".incident .place")?.innerText.startsWith("Lào Cai (sông Thao)")`)
	b.faults()
}

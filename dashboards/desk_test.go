package dashboards_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
)

func (r running) desk(hash string) string { return "http://" + r.addr + "/" + hash }

// openDesk opens the desk and waits until it is connected and has its map.
func (b *browser) openDesk(url string, width, height int) {
	b.t.Helper()
	b.open(url, width, height)
	b.wait(`document.querySelector(".desk.live") && document.querySelector(".map canvas") && document.querySelector(".alerts ol, .alerts .nothing")`)
}

func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.do(command{"do": "press", "key": key})
	}
}

// axe fails the test for everything that keeps people from using the page.
func (b *browser) axe(name string) {
	b.t.Helper()
	var violations []string
	if err := json.Unmarshal(b.do(command{"do": "axe"}), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: %s", name, v)
	}
}

// TestDeskByKeyboard: an alert is chosen, acknowledged and given a reason
// without a mouse; the name is asked for once.
func TestDeskByKeyboard(t *testing.T) {
	p := newProvince(t)
	p.storm()
	fire := "fire-panel/" + p.first("fire_panel") + "/1"
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.openDesk(r.desk("?lang=vi"), 1920, 1080)
	b.press("j")
	b.wait(fmt.Sprintf(`document.querySelector("[data-card='%s'] h2")?.innerText === "Tủ báo cháy"`, fire))
	b.press("a")
	b.wait(`document.querySelector("dialog[open] input")`)
	b.do(command{"do": "fill", "selector": "dialog[open] input", "text": "Trần Văn Nam"})
	b.press("Enter")
	b.wait(`document.querySelector(".outcome.done")?.innerText === "Đã ghi: Xác nhận"`)
	b.wait(fmt.Sprintf(`document.querySelector("[data-alert='%s'].seen .states").innerText.includes("đã xác nhận: Trần Văn Nam")`, fire))
	if a, ok := p.Alert(fire); !ok || a.Handling != citywatch.Acknowledged || a.HandledBy != "Trần Văn Nam" {
		t.Errorf("the alert is %+v", a)
	}
	// The next one down: the name is known already.
	b.press("j", "a")
	b.wait(`document.querySelectorAll(".card.unseen").length === 4`)
	// Down here nobody may write over what somebody else has done meanwhile.
	b.press("x")
	b.wait(`document.querySelector("dialog.action[open] textarea")`)
	b.press("Escape")
	b.wait(`!document.querySelector("dialog[open]")`)
	b.press("?")
	b.wait(`document.querySelector("dialog.help[open]")?.innerText.includes("Điều lực lượng")`)
	b.press("Escape")
	b.wait(`!document.querySelector("dialog[open]")`)
	b.press("Escape")
	b.wait(`!document.querySelector("[data-card]") && location.hash === "#/"`)
	b.faults()
}

// TestDeskTellsWhoWasQuicker: of two who act at once, one is told who was
// first, and what became of it.
func TestDeskTellsWhoWasQuicker(t *testing.T) {
	p := newProvince(t)
	a := p.flood(3)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.openDesk(r.desk("?lang=vi#/alert/"+strings.ReplaceAll(a.ID, "/", "%2F")), 1366, 768)
	b.reload(`localStorage.setItem("operator", "Hoa")`)
	b.wait(`document.querySelector(".desk.live [data-card]")`)
	b.press("f")
	b.wait(`document.querySelector("dialog.action[open] textarea")`)
	b.do(command{"do": "fill", "selector": "dialog.action textarea", "text": "Không có gì"})
	b.do(command{"do": "click", "selector": "dialog.action [type=submit]"})
	b.wait(`document.querySelector(".outcome.quicker")?.innerText.startsWith("Lan đã làm trước: bây giờ mới")`)
	p.mu.Lock()
	done := p.done[len(p.done)-1]
	p.mu.Unlock()
	if done.Do != "false_alarm" || done.Note != "Không có gì" || done.Actor != "Hoa" || done.Version != a.Version {
		t.Errorf("what was sent is %+v", done)
	}
}

// TestDeskFindsWithoutAccents: nobody has time for accents.
func TestDeskFindsWithoutAccents(t *testing.T) {
	p := newProvince(t)
	p.storm()
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.openDesk(r.desk("?lang=vi"), 1366, 768)
	b.press("/")
	b.wait(`document.querySelector("dialog.search[open] input") === document.activeElement`)
	b.do(command{"do": "fill", "selector": "dialog.search input", "text": "bao ha"})
	b.wait(`[...document.querySelectorAll("#found [role=option] b")].some((e) => e.innerText.includes("Bảo Hà"))`)
	b.do(command{"do": "fill", "selector": "dialog.search input", "text": "do mua sa pa"})
	b.wait(`document.querySelector("#found [aria-selected=true]")?.innerText.includes("Đo mưa Sa Pa")`)
	b.press("ArrowDown", "ArrowUp", "Enter")
	// The alert about it comes before the device itself.
	b.wait(`document.querySelector("[data-card='rain-24h/mua-sa-pa/1']") && !document.querySelector("dialog[open]")`)
	// What a filter hides is said.
	b.do(command{"do": "fill", "selector": ".filters [type=search]", "text": "lu vuot"})
	b.wait(`document.querySelectorAll(".alerts .card").length === 2 && document.querySelector(".hidden-count").innerText.includes("Bộ lọc ẩn 5 cảnh báo")`)
	b.do(command{"do": "click", "selector": ".hidden-count button"})
	b.wait(`document.querySelectorAll(".alerts .card").length === 7`)
	b.faults()
}

// TestDeskLooksBack: the list, the map and the devices are as they were, and
// nothing can be done about what was.
func TestDeskLooksBack(t *testing.T) {
	p := newProvince(t)
	begun := time.Now().Truncate(time.Minute)
	moment := begun
	p.now = func() time.Time { return moment }
	ago := func(d time.Duration) time.Time { moment = begun.Add(-d); return moment }
	ago(3 * time.Hour)
	flood := p.flood(3)
	ago(2 * time.Hour)
	if _, err := p.Do(t.Context(), dashboards.Action{Do: "acknowledge", Alert: flood.ID, Version: 1, Actor: "Hoa"}); err != nil {
		t.Fatal(err)
	}
	ago(time.Hour)
	gone, _ := p.Alert(flood.ID)
	gone.Handling = citywatch.Closed
	p.publish(gone, citywatch.ReasonClosed, "Hoa")
	p.now = time.Now
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.openDesk(r.desk("?lang=vi"), 1366, 768)
	b.wait(`document.querySelector(".alerts .nothing")?.innerText.includes("Không có cảnh báo nào đang mở")`)
	b.press("t")
	b.wait(`document.querySelector(".desk.then .scrub strong")?.innerText.startsWith("ĐANG XEM QUÁ KHỨ")`)
	// On the clock of the province, whatever that of the browser is.
	hanoi := time.FixedZone("+07", 7*3600)
	look := func(at time.Time) {
		t.Helper()
		b.do(command{"do": "fill", "selector": ".jump input", "text": at.In(hanoi).Format("2006-01-02T15:04")})
		b.do(command{"do": "click", "selector": ".jump button"})
		b.wait(fmt.Sprintf(`document.querySelector(".scrub strong").innerText.includes(%q)`, at.In(hanoi).Format("15:04")))
	}
	look(begun.Add(-150 * time.Minute))
	b.wait(`document.querySelector(".card.unseen .name")?.innerText === "Lũ vượt mức báo động"`)
	b.do(command{"do": "click", "selector": ".card"})
	b.wait(`document.querySelector("[data-card] .handling")?.innerText.includes("Đang xem quá khứ") && [...document.querySelectorAll(".handling button")].every((e) => e.disabled)`)
	look(begun.Add(-90 * time.Minute))
	b.wait(`document.querySelector(".card.seen .states")?.innerText.includes("đã xác nhận: Hoa")`)
	look(begun.Add(-30 * time.Minute))
	b.wait(`!document.querySelector(".card") && document.querySelector(".chosen").innerText.includes("không còn mở")`)
	look(begun.Add(-30 * time.Hour))
	b.wait(`document.querySelector(".alerts .nothing.warn")?.innerText.includes("chỉ được nhớ từ")`)
	b.axe("the past")
	b.press("t")
	b.wait(`document.querySelector(".desk.now")`)
	b.faults()
}

// TestDeskHandover: a shift is handed over, signed by both, and stays signed.
func TestDeskHandover(t *testing.T) {
	p := newProvince(t)
	p.storm()
	book := p.handovers(t)
	p.watch = func(d *dashboards.Deps) { d.Cameras, d.Handovers = noCameras{}, book }
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.desk("?lang=vi#/handover"), 1366, 768)
	b.reload(`localStorage.setItem("operator", "Nguyễn Thị Hoa")`)
	b.wait(`document.querySelector(".desk.live .handover .list")?.innerText.includes("Chưa có lần giao ca nào")`)
	b.do(command{"do": "click", "selector": ".handover .list header button"})
	b.wait(`document.querySelectorAll(".one .standing li").length === 7`)
	b.do(command{"do": "fill", "selector": ".remarks textarea", "text": "Sông Thao còn lên, gọi Bảo Hà lúc 3 giờ"})
	b.do(command{"do": "fill", "selector": ".standing input", "text": "Đội 3 đang ở đó"})
	b.do(command{"do": "click", "selector": ".sign-leaving"})
	b.wait(`document.querySelector(".signatures")?.innerText.includes("Nguyễn Thị Hoa đã ký giao")`)
	b.do(command{"do": "fill", "selector": ".arriving input", "text": "Nguyễn Thị Hoa"})
	b.do(command{"do": "click", "selector": ".arriving button"})
	b.wait(`document.querySelector(".one [role=alert]")?.innerText === "Người nhận phải là người khác"`)
	b.do(command{"do": "fill", "selector": ".arriving input", "text": "Lê Văn Minh"})
	b.do(command{"do": "click", "selector": ".arriving button"})
	b.wait(`document.querySelector(".signatures")?.innerText.includes("Đã ký đủ")`)
	b.wait(`document.querySelector(".who")?.innerText.includes("Lê Văn Minh")`)
	heads := book.List()
	h, err := book.Get(heads[0].ID)
	if err != nil || !h.Signed() || h.Remarks != "Sông Thao còn lên, gọi Bảo Hà lúc 3 giờ" || len(h.Notes) != 1 || h.Arriving.Name != "Lê Văn Minh" {
		t.Errorf("kept as %+v, %v", h, err)
	}
	b.axe("a signed handover")
	b.faults()
}

// TestDeskMaintenance: what is planned is listed with its times, and moved in
// a form that knows them.
func TestDeskMaintenance(t *testing.T) {
	p := newProvince(t)
	from := time.Now().Add(2 * time.Hour).Truncate(time.Minute).UTC()
	window := p.publish(citywatch.Alert{
		ID: "out-of-service/mua-sa-pa/1", Rule: "out-of-service", Name: citywatch.Text{VI: "Thiết bị ngừng phục vụ", EN: "Device out of service"},
		Hazard: "device", Device: "mua-sa-pa", Zone: "sa-pa", Sector: "disaster", Level: 1, Condition: citywatch.Pending,
		Handling: citywatch.Acknowledged, HandledBy: "Minh", Since: time.Now(), Maintenance: &citywatch.Maintenance{From: from, Until: from.Add(time.Hour)},
	}, citywatch.ReasonOutOfService, "Minh")
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.desk("?lang=vi#/devices"), 1366, 768)
	b.reload(`localStorage.setItem("operator", "Hoa")`)
	hanoi := time.FixedZone("+07", 7*3600)
	b.wait(fmt.Sprintf(`document.querySelector(".windows tbody tr")?.innerText.includes("lịch bảo trì") && document.querySelector(".windows tbody tr").innerText.includes(%q)`, from.In(hanoi).Format("15:04")))
	b.axe("windows")
	b.do(command{"do": "click", "selector": ".windows tbody button:not(.link)"})
	b.wait(fmt.Sprintf(`document.querySelector("dialog.action[open] input")?.value === %q`, from.In(hanoi).Format("2006-01-02T15:04")))
	b.do(command{"do": "fill", "selector": "dialog.action input", "text": ""})
	b.do(command{"do": "fill", "selector": "dialog.action textarea", "text": "Thợ đến sớm"})
	b.axe("moving a window")
	b.do(command{"do": "click", "selector": "dialog.action [type=submit]"})
	b.wait(`!document.querySelector("dialog[open]")`)
	deadline := time.Now().Add(20 * time.Second)
	for {
		p.mu.Lock()
		done := slices.Clone(p.done)
		p.mu.Unlock()
		if len(done) > 0 {
			if a := done[0]; a.Do != "out_of_service" || a.Device != "mua-sa-pa" || a.Version != window.Version || !a.From.IsZero() || !a.Until.Equal(from.Add(time.Hour)) {
				t.Errorf("what was sent is %+v", a)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was sent")
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.faults()
}

// TestDeskLetters: what was refused is shown with its reason, sent again and
// thrown away; what is thrown away is asked about twice.
func TestDeskLetters(t *testing.T) {
	p := newProvince(t)
	for i, refusal := range []citywatch.Refusal{citywatch.RefusedDecode, citywatch.RefusedDevice} {
		p.letters = append(p.letters, citywatch.DeadLetter{
			Seq: uint64(i + 1), Source: "mqtt", Topic: "city/disaster/x", Arrived: time.Now(), Refusal: refusal, Detail: "no JSON", Payload: []byte("{hỏng"),
		})
	}
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.desk("?lang=vi#/letters"), 1366, 768)
	b.wait(`document.querySelectorAll("[data-letter]").length === 2`)
	if text := b.text("[data-letter='1']"); !strings.Contains(text, "không đọc được") || !strings.Contains(text, "{hỏng") {
		t.Errorf("the letter says %q", text)
	}
	b.wait(`!document.querySelector("[data-letter='1'] button").disabled`)
	b.do(command{"do": "click", "selector": "[data-letter='1'] button:first-child"})
	b.wait(`document.querySelector(".told")?.innerText === "Đã nhận bản tin 1" && document.querySelectorAll("[data-letter]").length === 1`)
	b.do(command{"do": "click", "selector": "[data-letter='2'] button:last-child"})
	b.wait(`document.querySelector("[data-letter='2'] button:last-child").innerText === "Xóa hẳn?"`)
	b.do(command{"do": "click", "selector": "[data-letter='2'] button:last-child"})
	b.wait(`document.querySelector(".letters .nothing")?.innerText === "Không có bản tin nào bị từ chối"`)
	if letters, _ := p.DeadLetters(t.Context(), 0, 10); len(letters) > 0 {
		t.Errorf("kept are %v", letters)
	}
	b.faults()
}

func TestDeskScreensDark(t *testing.T) { testDeskScreens(t, "dark", "vi", 1366, 768) }

func TestDeskScreensLight(t *testing.T) { testDeskScreens(t, "light", "en", 1920, 1080) }

// testDeskScreens opens every view. CITYWATCH_SHOTS names a folder for pictures
// to look at.
func testDeskScreens(t *testing.T, theme, lang string, width, height int) {
	t.Helper()
	p := newProvince(t)
	p.storm()
	p.letters = []citywatch.DeadLetter{{Seq: 3, Source: "mqtt", Topic: "city/x", Arrived: time.Now(), Refusal: citywatch.RefusedDecode, Detail: "no JSON", Payload: []byte("x")}}
	book := p.handovers(t)
	handedOver := p.handedOver(t, book)
	p.watch = func(d *dashboards.Deps) {
		d.Cameras, d.Handovers = noCameras{}, book
		d.KPIs = func(from, to time.Time) (citywatch.KPIs, error) {
			return citywatch.KPIs{From: from, To: to, Operators: 2, Calls: 40, Rate: 3.1, RateMax: 12, Rules: []citywatch.KPIRule{}}, nil
		}
	}
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	hashes := []string{
		"#/alert/river-flood%2Flao-cai-thao%2F1", "#/device/lao-cai-thao", "#/devices", "#/cameras", "#/rules",
		"#/handover/" + handedOver, "#/audit", "#/letters", "#/system",
	}
	b.openDesk(r.desk("?lang="+lang+"&theme="+theme), width, height)
	for _, hash := range hashes {
		name := fmt.Sprintf("desk-%s-%d-%s-%s", strings.Split(hash, "/")[1], width, theme, lang)
		b.do(command{"do": "eval", "js": "location.hash = " + fmt.Sprintf("%q", hash)})
		b.wait(`document.querySelector(".detail, .sheet table, .sheet ul, .one") && !/Đang đọc|Reading…|Reading the/.test(document.querySelector("main").innerText)`)
		if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s: %d pixels wider than the screen", name, wide)
		}
		if dir := os.Getenv("CITYWATCH_SHOTS"); dir != "" {
			time.Sleep(2 * time.Second) // until the map stands still
			b.do(command{"do": "screenshot", "path": filepath.Join(dir, name+".png")})
		}
		b.axe(name)
		b.faults()
	}
	if got := evaluate[string](b, `document.documentElement.lang`); got != lang {
		t.Errorf("the page says it is in %q, not %q", got, lang)
	}
}

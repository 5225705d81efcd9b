package dashboards_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"citywatch"

	"github.com/paulmach/orb"
)

// incidentOf waits until the wall shows the incident of an alert, and the map
// its place.
func (b *browser) incidentOf(a *citywatch.Alert) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelector(".incident")?.dataset.incident === %q && document.querySelector(".map").dataset.at === "%v %v"`,
		a.Incident, a.Position.Lon(), a.Position.Lat()))
}

// TestIncidentByItself: a new alert brings its card, with the nearest camera
// live and the sensors drawn, and nobody touches anything.
func TestIncidentByItself(t *testing.T) {
	p := newProvince(t)
	k := p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: orb.Point{103.9655, 22.5010}, url: newCamera(t, newStudio(t)).url})
	k.draw(t)
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "cau-coc-leu", citywatch.CameraOnline)
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	if at := evaluate[string](b, `document.querySelector(".map").dataset.at`); at != "" {
		t.Errorf("with nothing to look at the map looks at %q", at)
	}

	began := time.Now()
	a := p.flood(3)
	b.wait(`document.querySelector(".incident .checklist li")`)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the card was there after %v", took)
	} else {
		t.Logf("the card was there after %v", took)
	}
	b.incidentOf(&a)
	b.wait(`document.querySelector('.incident .near camera-tile[data-look="live"]')`)
	t.Logf("with its camera live after %v", time.Since(began))
	b.wait(`[...document.querySelectorAll(".incident .sensor .curve")].filter((c) => c.getAttribute("d").length > 100).length >= 4`)
	text := b.text(".incident")
	for _, want := range []string{
		"Lũ vượt mức báo động", "Lào Cai (sông Thao)", "1/1 cảnh báo đang mở · 1 thiết bị", "Gọi 114", "0/2 xong", "phát sinh",
		"không có đội nào rảnh", "BĐ1 80,00",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the card lacks %q: %q", want, text)
		}
	}
	b.axe("the card")
	b.faults()
}

// TestFocus: the wall never leaves a higher alert that nobody has seen, and
// goes on when somebody has.
func TestFocus(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	low := p.flood(2)
	b.incidentOf(&low)
	fire := p.raise(p.first("fire_panel"), "fire-panel", 4, citywatch.Text{VI: "Tủ báo cháy"}, citywatch.Evidence{Value: "state", Text: "fire"})
	b.incidentOf(&fire)
	p.raise("mua-sa-pa", "rain-24h", 3, citywatch.Text{VI: "Mưa to"}, citywatch.Evidence{Value: "rain_24h", Number: 120})
	b.wait(`document.querySelectorAll(".card").length === 3`)
	// Two more seconds of the server's time pass, and it is where it was.
	b.wait(`(window.begun ??= document.querySelector(".clock .time").innerText, window.ticks ??= new Set(), window.ticks.add(document.querySelector(".clock .time").innerText).size > 3)`)
	b.incidentOf(&fire)
	fire, _ = p.Alert(fire.ID)
	fire.Handling, fire.HandledBy = citywatch.Acknowledged, "Hoa"
	p.publish(fire, citywatch.ReasonAcknowledged, "Hoa")
	b.wait(`document.querySelector(".incident h2")?.innerText === "Mưa to"`)

	// An alert of a whole zone has its place there.
	zone := p.zones[3]
	whole := citywatch.Alert{
		ID: "rain-zone/" + zone.ID + "/1", Rule: "rain-zone", Name: citywatch.Text{VI: "Mưa to toàn xã"}, Hazard: "rain", Zone: zone.ID, Sector: "disaster",
		Level: 5, Condition: citywatch.Active, Handling: citywatch.New, Since: time.Now(),
	}
	p.publish(whole, citywatch.ReasonFired, "")
	b.wait(fmt.Sprintf(`document.querySelector(".incident .place")?.innerText === %q`, zone.Name))
	at := evaluate[string](b, `document.querySelector(".map").dataset.at`)
	var lon, lat float64
	if _, err := fmt.Sscan(at, &lon, &lat); err != nil || !zone.Geometry.Bound().Contains(orb.Point{lon, lat}) {
		t.Errorf("the alert of %s is at %q", zone.Name, at)
	}
	b.faults()
}

// TestStormOnTheWall: of a flood the wall shows the places, and not more than
// anybody can read.
func TestStormOnTheWall(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	for i := range 300 {
		zone := p.zones[i%len(p.zones)]
		level := citywatch.Level(1 + i%3)
		p.publish(citywatch.Alert{
			ID: fmt.Sprintf("rain/%d/1", i), Rule: "rain", Name: citywatch.Text{VI: "Mưa to"}, Hazard: fmt.Sprint("rain", i), Zone: zone.ID, Sector: "disaster",
			Position: zone.Geometry.Bound().Center(), Level: level, Condition: citywatch.Active, Handling: citywatch.New, Since: time.Now(),
		}, citywatch.ReasonFired, "")
	}
	b.wait(`document.querySelector(".banner.storm")?.innerText.includes("ĐÔNG CẢNH BÁO")`)
	b.wait(`document.querySelector(".storm-rows > header .count").innerText === "300"`)
	rows := evaluate[int](b, `document.querySelectorAll(".storm-rows .row").length`)
	if rows == 0 || rows > 200 {
		t.Errorf("there are %d rows", rows)
	}
	if cards := evaluate[int](b, `document.querySelectorAll("[data-alert]").length`); cards != 0 {
		t.Errorf("%d alerts are listed one by one", cards)
	}
	if first := evaluate[string](b, `document.querySelector(".storm-rows .row").className`); !strings.Contains(first, "level-3") {
		t.Errorf("the first row is %q", first)
	}
	b.wait(`document.querySelector(".storm-rows .row.shown")`)
	b.axe("the storm")
	b.faults()
}

// TestSound: an alert is heard until somebody has seen it, and a browser that
// bars sound is not taken for silence.
func TestSound(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	// Nobody has touched the page yet.
	b.wait(`document.querySelector(".sound").dataset.state === "blocked" && document.querySelector(".sound").innerText.includes("chặn âm thanh")`)
	b.wait(`document.querySelector(".sound").dataset.level === "0"`)
	a := p.flood(3)
	b.wait(`document.querySelector(".sound").dataset.level === "3"`)
	b.do(command{"do": "click", "selector": ".title"})
	b.wait(`document.querySelector(".sound").dataset.state === "on" && Number(document.querySelector(".sound").dataset.rung) > 0`)
	a.Level = 5
	a = p.publish(a, citywatch.ReasonRaised, "")
	b.wait(`document.querySelector(".sound").dataset.level === "5"`)
	a.Handling, a.HandledBy = citywatch.Acknowledged, "Hoa"
	p.publish(a, citywatch.ReasonAcknowledged, "Hoa")
	b.wait(`document.querySelector(".sound").dataset.level === "0"`)
	b.faults()
}

// TestOverlaysOnTheWall: why nobody is called is told, and nothing is hidden.
func TestOverlaysOnTheWall(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	a := p.flood(3)
	a.Shelved = &citywatch.Shelf{Until: time.Now().Add(time.Hour), By: "Hoa", Reason: "đang kiểm tra"}
	a = p.publish(a, citywatch.ReasonShelved, "Hoa")
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector(".card.quiet .state.shelved")?.innerText.startsWith("Tạm gác đến ")`)
	b.wait(`document.querySelector(".sound").dataset.level === "0" && !document.querySelector(".incident")`)
	a.Shelved, a.ToVerify, a.SuppressedBy, a.OutOfService, a.Flapping, a.Retrospective = nil, true, "x/y/1", true, true, true
	p.publish(a, citywatch.ReasonFlapping, "")
	b.wait(`[".to-verify", ".suppressed", ".out-of-service", ".flapping", ".looks-back"].every((s) => document.querySelector(".card.quiet .state" + s))`)
	b.axe("overlays")
	b.faults()
}

package main

import (
	"fmt"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/servertest"
)

// A waySite is two gauges at a river behind a real broker, a real camera that
// looks at it, a team, and whoever looks at the pages.
type waySite struct {
	t                 *testing.T
	dir               string
	broker            *servertest.Broker
	p                 *process
	wall, desk, phone *servertest.Page
}

const wayDevices = `classes:
  - id: river_gauge
    name: {vi: Trạm thủy văn, en: River gauge}
    sector: disaster
    period: 1h
    quantities: [{value: water_level, name: {vi: Mực nước, en: Water level}, unit: m, decimals: 2}]
devices:
  - {id: bao-ha, name: Bảo Hà (sông Thao), class: river_gauge, at: [104.35, 22.165]}
  - {id: pho-lu, name: Phố Lu (sông Thao), class: river_gauge, at: [104.19, 22.31]}
`

const wayRules = `rules:
  - id: river-flood
    name: {vi: Lũ vượt mức báo động, en: River above flood alarm level}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {1: 57, 3: 60}, recover: {margin: 0, for: 0s}}
`

// newWay starts everything, and opens the three pages.
func newWay(t *testing.T) *waySite {
	t.Helper()
	s := &waySite{t: t, dir: t.TempDir(), broker: servertest.Mosquitto(t)}
	camera := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: map[string]string{"live": servertest.GstH264}})
	write(t, s.dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, s.dir, "devices.yaml", wayDevices)
	write(t, s.dir, "rules.yaml", wayRules)
	write(t, s.dir, "cameras.yaml", fmt.Sprintf("cameras:\n  - {id: cau-bao-ha, name: Cầu Bảo Hà, sector: disaster, at: [104.351, 22.166], main: %q}\n", camera.URL+"live"))
	write(t, s.dir, "teams.yaml", "teams:\n  - {id: doi-bao-ha, name: Đội xung kích Bảo Hà, kind: commune_command, at: [104.36, 22.17]}\n")
	config := write(t, s.dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Lào Cai, extent: [103, 22, 105, 23]}
data: data
sources:
  - {name: mosquitto, url: %q, client_id: way, topics: [{filter: city/+/+}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
cameras: {file: cameras.yaml, networks: [127.0.0.0/8], health_every: 1s}
teams: {file: teams.yaml}
rules: {file: rules.yaml}
`, s.broker.URL))
	s.p = start(t, "serve", "--config", config)
	s.measure("bao-ha", 52)
	s.measure("pho-lu", 51)
	s.p.eventually("/api/v1/cameras", func(body []byte) bool { return strings.Contains(string(body), `"state":"online"`) })
	s.look()
	return s
}

// look opens the pages, each on a device of its own.
func (s *waySite) look() {
	s.t.Helper()
	b, at := servertest.NewBrowser(s.t), "http://"+s.p.http
	s.wall, s.desk, s.phone = b.Page("the wall"), b.Page("the desk"), b.Page("the phone")
	s.wall.Open(at+"/wall?lang=vi", 1920, 1080)
	s.wall.Wait(`document.querySelector(".wall.live .alerts .nothing") && document.querySelector(".map canvas")`)
	s.wall.Click(".title") // until somebody has, browsers bar sound
	s.desk.Open(at+"/?lang=vi", 1366, 768)
	s.desk.Wait(`document.querySelector(".desk.live .alerts .nothing") && document.querySelector(".map canvas")`)
	s.phone.Open(at+"/field?lang=vi", 390, 844)
	s.phone.Do(map[string]any{"do": "grant", "permissions": []string{"geolocation"}, "at": map[string]float64{"longitude": 104.36, "latitude": 22.17, "accuracy": 9}})
	s.phone.Fill("[name=person]", "Thào A Minh")
	s.phone.Choose("[name=team]", "doi-bao-ha")
	s.phone.Click(".settings [type=submit]")
	s.phone.Wait(`document.querySelector(".field.live .top") && !document.querySelector(".settings")`)
}

// measure has a gauge measure, which its broker passes on.
func (s *waySite) measure(device string, level float64) {
	s.t.Helper()
	publish(s.t, s.broker.URL, "city/disaster/"+device, fmt.Sprintf(`{"time":%q,"values":{"water_level":%v}}`, time.Now().Format(time.RFC3339Nano), level))
}

// turn turns the desk to another of its views.
func (s *waySite) turn(hash string) {
	s.t.Helper()
	s.desk.Do(map[string]any{"do": "eval", "js": fmt.Sprintf("location.hash = %q", hash)})
}

// TestWayOfAnAlert follows one from the sensor to the audit, over every page,
// with nothing between that is not real.
func TestWayOfAnAlert(t *testing.T) {
	s := newWay(t)
	s.saturated("before anything happens", 0)

	// The sensor publishes, and the wall brings the incident by itself.
	began := time.Now()
	s.measure("bao-ha", 60.8)
	s.wall.Wait(`document.querySelector(".card.level-3.unseen")`)
	t.Logf("on the wall %v after the sensor published", time.Since(began).Round(time.Millisecond))
	s.wall.Wait(`document.querySelector(".incident.unseen .place")?.innerText.startsWith("Bảo Hà (sông Thao)")`)
	s.wall.Wait(`document.querySelector(".incident .near camera-tile[camera=cau-bao-ha][data-look=live]")`)
	s.wall.Wait(`document.querySelector(".sound").dataset.level === "3" && document.querySelector(".sound").dataset.state === "on"`)
	t.Logf("with its camera live %v after", time.Since(began).Round(time.Millisecond))
	s.saturated("while nobody has seen it", 2000)
	s.phone.Wait(`document.querySelector(".card")?.innerText.includes("Lũ vượt mức báo động")`)

	// It is acknowledged on the desk, by keyboard, and the wall is quiet.
	s.desk.Wait(`document.querySelector(".card.unseen")`)
	s.desk.Press("j", "a")
	s.desk.Wait(`document.querySelector("dialog[open] input")`)
	s.desk.Fill("dialog[open] input", "Nguyễn Thị Hoa")
	s.desk.Press("Enter")
	s.desk.Wait(`document.querySelector(".outcome.done")`)
	s.wall.Wait(`document.querySelector(".card.seen")?.innerText.includes("Đã xác nhận: Nguyễn Thị Hoa") && document.querySelector(".incident.seen")`)
	s.wall.Wait(`document.querySelector(".sound").dataset.level === "0"`)
	s.saturated("once somebody has seen it", 0)

	s.answer()
	id := s.end()
	s.recorded(id)
	s.faults()
}

// answer has the phone go, arrive and be done; whoever sits in the room sees it.
func (s *waySite) answer() {
	s.t.Helper()
	s.phone.Wait(`document.querySelector(".card .standing")?.innerText.includes("Nguyễn Thị Hoa")`)
	s.phone.Click(".card .open")
	for _, step := range []struct{ do, wall string }{
		{"dispatch", "Đã điều lực lượng"}, {"on_scene", "Đã đến hiện trường"}, {"contained", "Đã khống chế"},
	} {
		s.phone.Click(fmt.Sprintf(".steps [data-do=%s]", step.do))
		s.wall.Wait(fmt.Sprintf(`document.querySelector(".card .handled")?.innerText === %q`, step.wall))
	}
	s.phone.Wait(`document.querySelector(".finished") && !document.querySelector(".queue")`)
	s.desk.Wait(`document.querySelector("[data-card]")?.innerText.includes("Đội xung kích Bảo Hà")`)
}

// end has the water fall, the shift begin its handover and the alert be closed,
// and returns the alert's id.
func (s *waySite) end() (id string) {
	s.t.Helper()
	s.measure("bao-ha", 52)
	a := s.p.alert("river-flood", "bao-ha", func(a personsAlert) bool { return a.Handling == citywatch.Contained })
	s.wall.Wait(`document.querySelector(".card.over")`)

	s.turn("#/handover")
	s.desk.Click(".handover .list header button")
	s.desk.Wait(`document.querySelector(".one .standing li")?.innerText.includes("Bảo Hà (sông Thao)")`)
	s.desk.Fill(".one .standing input", "Nước đã rút, đội còn ở đó")
	s.desk.Click(".sign-leaving")
	s.desk.Wait(`document.querySelector(".signatures")?.innerText.includes("Nguyễn Thị Hoa đã ký giao")`)

	s.turn("#/alert/" + url.PathEscape(a.ID))
	s.desk.Wait(`document.querySelector("[data-card] .handling button:not(:disabled)")`)
	s.desk.Press("x")
	s.desk.Fill("dialog.action[open] textarea", "Đội đã rút")
	s.desk.Click("dialog.action[open] [type=submit]")
	s.desk.Wait(`document.querySelector(".alerts .nothing")`)
	s.wall.Wait(`document.querySelector(".alerts .nothing") && !document.querySelector(".incident")`)
	s.phone.Wait(`!document.querySelector(".card")`)

	s.turn("#/handover")
	s.desk.Click(".handover .list .head")
	s.desk.Fill(".arriving input", "Lê Văn Minh")
	s.desk.Click(".arriving button")
	s.desk.Wait(`document.querySelector(".signatures")?.innerText.includes("Đã ký đủ")`)
	return a.ID
}

// recorded finds the alert in the handover that was signed, and all that was
// done in the audit, which is as it was written and as the handover says.
func (s *waySite) recorded(id string) {
	t := s.t
	t.Helper()
	var signed string
	s.desk.Eval(`document.querySelector("[data-handover]").dataset.handover`, &signed)
	h := s.p.does("GET", "/handovers/"+url.PathEscape(signed), "").Handover
	if !h.Signed() || len(h.Open) != 1 || h.Open[0].ID != id || h.Open[0].Standing.Handling != citywatch.Contained ||
		h.Notes[id] != "Nước đã rút, đội còn ở đó" {
		t.Errorf("the handover is %+v", h)
	}
	s.turn("#/audit")
	s.desk.Wait(`document.querySelectorAll(".audit tbody tr").length >= 6`)
	audit := s.desk.Text(".audit tbody")
	for _, want := range []string{"Nguyễn Thị Hoa", "Thào A Minh", "Đội đã rút"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit lacks %q: %s", want, audit)
		}
	}
	verify := exec.Command(os.Args[0], "audit", "verify", "--data", filepath.Join(s.dir, "data"),
		"--head", fmt.Sprintf("%d:%s", h.AuditLines, h.AuditHash)) // as it was signed
	verify.Env = append(os.Environ(), asCitywatch+"=1")
	said, err := verify.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(said), "ok: ") {
		t.Errorf("the audit is verified with %v: %s", err, said)
	}
}

// saturated waits until at least so many pixels of the wall are of a saturated
// colour, or none where least is 0.
func (s *waySite) saturated(when string, least int) {
	t := s.t
	t.Helper()
	file := filepath.Join(s.dir, "wall.png")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		s.wall.Do(map[string]any{"do": "screenshot", "path": file})
		switch n := saturated(t, file); {
		case n == 0 && least == 0, n >= least && least > 0:
			return
		case time.Now().After(deadline):
			t.Errorf("%s %d pixels of the wall are saturated", when, n)
			return
		}
	}
}

// saturated counts the pixels whose colour is as strong as only that of an alert
// which nobody has seen.
func saturated(t *testing.T, file string) (n int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			if max(r, g, b)-min(r, g, b) > 0x9600 {
				n++
			}
		}
	}
	return n
}

// faults are what a person with the browser's tools open would see go wrong.
func (s *waySite) faults() {
	s.t.Helper()
	for _, page := range []*servertest.Page{s.wall, s.desk, s.phone} {
		for _, fault := range page.Faults() {
			s.t.Errorf("%s: %s", page, fault)
		}
	}
}

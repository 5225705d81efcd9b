package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/servertest"
)

const peopleRules = `inhibit: [{source: flood, target: [mud], same: [zone]}]
rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {2: 50}}
    escalate: [{after: 3s, to: truong-ca}, {after: 5s, to: lanh-dao}]
  - id: mud
    name: {vi: Bùn, en: Mud}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: mud, levels: {1: 50}}
`

// peopleSite is a citywatch with one gauge that readings can be pushed to.
func peopleSite(t *testing.T) *process {
	dir := t.TempDir()
	write(t, dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, dir, "devices.yaml", "classes:\n  - {id: river_gauge, name: {vi: Trạm thủy văn}, sector: disaster, period: 1h}\n"+
		"devices:\n  - {id: gauge, class: river_gauge, at: [104, 22.5]}\n  - {id: other, class: river_gauge, at: [104, 22.6]}\n")
	write(t, dir, "rules.yaml", peopleRules)
	return start(t, "serve", "--config", write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
edge: {listen: %[1]q}
sources:
  - {name: edge, url: "tcp://%[1]s", topics: [{filter: city/+/+, format: json, device: "{2}"}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
notify: {push: {networks: [127.0.0.1/32]}}
`, servertest.FreeAddr(t))))
}

// An answer is what is answered to something that somebody does.
type answer struct {
	Status     int
	Detail     string
	Properties personsAlert
	// Handover's By is who was quicker, too.
	citywatch.Handover
}

type personsAlert struct {
	ID         string             `json:"id"`
	Rule       string             `json:"rule"`
	Device     string             `json:"device"`
	Handling   citywatch.Handling `json:"handling"`
	HandledBy  string             `json:"handled_by"`
	Assigned   string             `json:"assigned"`
	Escalation int                `json:"escalation"`
	Version    int                `json:"version"`
	citywatch.Overlay
}

// does has somebody do something.
func (p *process) does(method, path, body string) answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.http+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		p.t.Fatalf("%s is answered with %s: %v", path, data, err)
	}
	a.Status = response.StatusCode
	return a
}

// alert waits until the open alert of a rule for a device is as it should be.
func (p *process) alert(rule, device string, good func(personsAlert) bool) (found personsAlert) {
	p.t.Helper()
	p.eventually("/api/v1/alerts", func(body []byte) bool {
		var list struct {
			Features []struct{ Properties personsAlert }
		}
		if json.Unmarshal(body, &list) != nil {
			return false
		}
		for _, f := range list.Features {
			if found = f.Properties; found.Rule == rule && found.Device == device && good(found) {
				return true
			}
		}
		return false
	})
	return found
}

func actionPath(a personsAlert, do string) string {
	return "/alerts/" + url.PathEscape(a.ID) + "/" + do
}

// TestPeople: what two operators do about two gauges, through the whole of
// citywatch, with a kill between nearly all of it.
func TestPeople(t *testing.T) {
	p := peopleSite(t)
	measure := func(device string, water, mud float64) {
		p.post("/api/v1/readings", "application/json", fmt.Sprintf(`{"device":%q,"values":{"water_level":%v,"mud":%v}}`, device, water, mud))
	}
	again := func() { p.kill(); p.start() }
	measure("gauge", 60, 0)
	p.alert("flood", "gauge", func(a personsAlert) bool { return a.Escalation >= 1 })
	again()
	flood := p.alert("flood", "gauge", func(a personsAlert) bool { return a.Escalation == 2 })

	// Both press at once: one wins, the other is told who.
	var both sync.WaitGroup
	answers := map[string]answer{}
	var mu sync.Mutex
	for _, name := range []string{"Lan", "Minh"} {
		both.Go(func() {
			got := p.does("POST", actionPath(flood, "dispatch"), fmt.Sprintf(`{"actor":%q,"version":%d,"to":"Đội %s"}`, name, flood.Version, name))
			mu.Lock()
			defer mu.Unlock()
			answers[name] = got
		})
	}
	both.Wait()
	winner, loser := "Lan", "Minh"
	if answers[winner].Status != http.StatusOK {
		winner, loser = loser, winner
	}
	if won, lost := answers[winner], answers[loser]; won.Status != http.StatusOK || lost.Status != http.StatusConflict || lost.By != winner {
		t.Fatalf("%s: %+v\n%s: %+v", winner, won, loser, lost)
	}
	again()
	flood = p.alert("flood", "gauge", func(a personsAlert) bool { return a.Handling == citywatch.Dispatched })
	if flood.HandledBy != winner || flood.Assigned != "Đội "+winner {
		t.Errorf("after a kill it is %+v", flood)
	}
	if got := p.does("POST", actionPath(flood, "close"), fmt.Sprintf(`{"actor":"Lan","version":%d,"note":"xong"}`, flood.Version)); got.Status != http.StatusConflict || got.Detail == "" {
		t.Errorf("a flood is closed: %+v", got)
	}

	measure("other", 0, 60)
	p.alert("mud", "other", func(a personsAlert) bool { return a.SuppressedBy == flood.ID })
	again()
	if got := p.does("POST", "/devices/gauge/out_of_service", `{"actor":"Hoa","note":"thay cảm biến"}`); got.Status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	p.alert("flood", "gauge", func(a personsAlert) bool { return a.OutOfService })
	mud := p.alert("mud", "other", func(a personsAlert) bool { return a.SuppressedBy == "" })
	until := time.Now().Add(5 * time.Second).Format(time.RFC3339)
	if got := p.does("POST", actionPath(mud, "shelve"), fmt.Sprintf(`{"actor":"Hoa","version":%d,"note":"biết rồi","until":%q}`, mud.Version, until)); got.Status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	again()
	p.handover(winner, loser)
	p.alert("mud", "other", func(a personsAlert) bool { return a.Shelved == nil })
	service := p.alert("out-of-service", "gauge", func(personsAlert) bool { return true })
	until = time.Now().Add(5 * time.Second).Format(time.RFC3339)
	if got := p.does("POST", "/devices/gauge/out_of_service", fmt.Sprintf(`{"actor":"Lan","version":%d,"note":"sắp xong","until":%q}`, service.Version, until)); got.Status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	p.alert("flood", "gauge", func(a personsAlert) bool { return !a.OutOfService })
}

// handover hands over from one to the other, with a kill between all of it.
func (p *process) handover(leaving, arriving string) {
	t := p.t
	t.Helper()
	h := p.does("POST", "/handovers", fmt.Sprintf(`{"actor":%q}`, leaving))
	if h.Status != http.StatusOK || len(h.Shelved) != 1 || len(h.Quiet) != 1 || len(h.Service) != 1 || len(h.Open) != 0 || h.AuditLines == 0 {
		t.Fatalf("begun as %+v", h)
	}
	path := "/handovers/" + h.ID
	if got := p.does("PUT", path, fmt.Sprintf(`{"actor":%q,"version":1,"remarks":"x"}`, arriving)); got.Status != http.StatusForbidden {
		t.Errorf("another writes it: %+v", got)
	}
	note, _ := json.Marshal(map[string]string{h.Quiet[0].ID: "đội đang ở hiện trường"})
	h = p.does("PUT", path, fmt.Sprintf(`{"actor":%q,"version":1,"remarks":"Nước lên chậm","notes":%s,"promises":[{"due":"2026-11-22T10:00:00+07:00","by":"Đội 2","note":"báo lại"}]}`, leaving, note))
	if h.Status != http.StatusOK || h.Version != 2 {
		t.Fatalf("written as %+v", h)
	}
	p.kill()
	p.start()
	for i, name := range []string{leaving, arriving} {
		got := p.does("POST", path+"/sign", fmt.Sprintf(`{"actor":%q,"version":%d}`, name, 2+i))
		if got.Status != http.StatusOK {
			t.Fatalf("signed by %s: %+v", name, got)
		}
	}
	if got := p.does("PUT", path, fmt.Sprintf(`{"actor":%q,"version":4,"remarks":"khác"}`, leaving)); got.Status != http.StatusConflict {
		t.Errorf("what is signed is written: %+v", got)
	}
	p.kill()
	p.start()
	kept := p.does("GET", path, "")
	if !kept.Signed() || kept.Fault != "" || kept.Remarks != "Nước lên chậm" || kept.Notes[h.Quiet[0].ID] == "" || kept.Hash == "" {
		t.Errorf("kept as %+v", kept)
	}
	if next := p.does("POST", "/handovers", fmt.Sprintf(`{"actor":%q}`, arriving)); len(next.Promises) != 1 {
		t.Errorf("the next begins with %+v", next.Promises)
	}
}

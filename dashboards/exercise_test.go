package dashboards_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"citywatch/dashboards"
)

// Every page of a drill says so, whatever the page itself does, and no page of
// anything else.
func TestEveryPageOfADrillSaysSo(t *testing.T) {
	files, err := os.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	drill := serve(t, newProvince(t).site(t, func(d *dashboards.Deps) { d.Exercise = true }))
	real := serve(t, newProvince(t).site(t))
	pages := 0
	for _, f := range files {
		name, isPage := strings.CutSuffix(f.Name(), ".html")
		if !isPage {
			continue
		}
		pages++
		if name == "desk" {
			name = "" // it is what opens first
		}
		_, page := drill.get(t, "/"+name)
		for _, part := range []string{">DIỄN TẬP</b>", ">EXERCISE</b>", `<link rel="stylesheet" href="exercise.css">`, "<title>DIỄN TẬP · "} {
			if !strings.Contains(string(page), part) {
				t.Errorf("%s has no %s", name, part)
			}
		}
		if _, page := real.get(t, "/"+name); strings.Contains(string(page), "DIỄN TẬP") {
			t.Errorf("%s says that it is a drill, and is not", name)
		}
	}
	if pages == 0 {
		t.Fatal("there are no pages")
	}
	if resp, css := drill.get(t, "/exercise.css"); resp.StatusCode != http.StatusOK || !strings.Contains(string(css), "#exercise") || resp.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style of the banner: %s", resp.Status)
	}
	if resp, _ := real.get(t, "/exercise.css"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the banner's style is served where there is none: %s", resp.Status)
	}
}

// So does every answer; where it has room for it, in its content.
func TestEveryAnswerOfADrillSaysSo(t *testing.T) {
	p := newProvince(t)
	p.storm()
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Exercise = true }))
	d := readDescription(t)
	for path, schemaName := range map[string]string{"/province": "Province", "/health": "Health", "/alerts": "Alerts", "/none": "Problem"} {
		resp, body := s.get(t, "/api/v1"+path)
		if resp.Header.Get("Citywatch-Exercise") != "true" {
			t.Errorf("%s does not say so", path)
		}
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		for _, fault := range d.faults(schema{Ref: "#/components/schemas/" + schemaName}, answer, path) {
			t.Error(fault)
		}
		if (path == "/province" || path == "/health") && answer["exercise"] != true {
			t.Errorf("%s: %s", path, body)
		}
	}
	if resp, body := serve(t, p.site(t)).get(t, "/api/v1/province"); resp.Header.Get("Citywatch-Exercise") != "" || strings.Contains(string(body), "exercise") {
		t.Errorf("what is no drill says that it is: %s", body)
	}
}

// An alert of a drill carries it wherever it goes.
func TestAnAlertOfADrillSaysSo(t *testing.T) {
	p := newProvince(t)
	p.storm()
	alerts, _ := p.Alerts()
	id := alerts[0].ID
	for _, exercise := range []bool{false, true} {
		p.mu.Lock()
		a := p.open[id]
		a.Exercise = exercise
		p.open[id] = a
		p.mu.Unlock()
		_, body := serve(t, p.site(t)).get(t, "/api/v1/alerts/"+strings.ReplaceAll(id, "/", "%2F"))
		if got := strings.Contains(string(body), `"exercise":true`); got != exercise {
			t.Errorf("exercise %v: %s", exercise, body)
		}
	}
}

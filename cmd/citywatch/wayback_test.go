package main

import (
	"strings"
	"testing"

	"citywatch"
	"citywatch/internal/servertest"
)

// TestPagesComeBack: while citywatch is dead every page says so; when it is
// started again, each shows by itself what is so by then, without beginning anew.
func TestPagesComeBack(t *testing.T) {
	s := newWay(t)
	s.measure("bao-ha", 60.8)
	old := s.p.alert("river-flood", "bao-ha", func(personsAlert) bool { return true })
	pages := []struct {
		*servertest.Page
		lost, live string
	}{
		{s.wall, ".wall.lost .banner", ".wall.live"},
		{s.desk, ".desk.lost", ".desk.live"},
		{s.phone, ".field.lost .banner", ".field.live"},
	}
	for _, page := range pages {
		page.Wait(`document.querySelectorAll(".card.unseen, .field .card").length === 1`)
		page.Do(map[string]any{"do": "eval", "js": `(window.same = true)`})
	}
	s.faults()

	s.p.kill()
	for _, page := range pages {
		page.Wait(`document.querySelector("` + page.lost + `")`)
		_ = page.Faults() // that nobody answers stands in the console
	}
	s.measure("pho-lu", 58) // the broker keeps it
	s.p.start()
	// The one is taken up by somebody who is quicker than the pages, the other
	// was measured while nobody listened.
	if got := s.p.does("POST", actionPath(old, "acknowledge"), `{"actor":"Lê Văn Minh","version":1}`); got.Properties.Handling != citywatch.Acknowledged {
		t.Fatalf("it is answered with %+v", got)
	}
	for _, page := range pages {
		page.Wait(`document.querySelector("` + page.live + `") && !document.querySelector(".banner")`)
		page.Wait(`window.same && document.querySelectorAll(".card").length === 2 && document.body.innerText.includes("Phố Lu (sông Thao)")`)
		page.Wait(`[...document.querySelectorAll(".card")].some((c) => c.innerText.includes("Lê Văn Minh"))`)
		_ = page.Faults()
	}
	// The cameras too: what is live is from after the start.
	s.wall.Wait(`document.querySelector(".near camera-tile[data-look=live]")`)
	s.measure("bao-ha", 52)
	for _, page := range pages { // of which somebody knew, so that it needs nobody any more
		page.Wait(`document.querySelectorAll(".card").length === 1 && document.querySelector(".card").innerText.includes("Phố Lu (sông Thao)")`)
	}
	s.p.eventually("/api/v1/audit?limit=100", func(body []byte) bool {
		if strings.Contains(string(body), "0001-01-01") {
			t.Fatalf("the audit has a line of no time: %s", body)
		}
		return strings.Contains(string(body), "Lê Văn Minh")
	})
	s.faults()
}

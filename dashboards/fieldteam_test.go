package dashboards_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
)

// TestFieldTeam: the first page is short, a team is chosen and not written, what
// is given to it comes at once from wherever it is, and the centre sees where it
// is while it answers and its people want that.
func TestFieldTeam(t *testing.T) {
	p := newProvince(t)
	flood := p.flood(3)
	book := p.crewBook(t)
	f := openFirst(t, p, "", func(d *dashboards.Deps) { d.Teams = book })
	f.wait(`document.querySelectorAll("select[name=team] option").length > 10`)
	f.inView(".settings [type=submit]")
	f.ask(command{"do": "fill", "selector": "[name=person]", "text": "Thào A Minh"})
	f.ask(command{"do": "click", "selector": ".nearest"})
	f.wait(`/Lào Cai.* · [\d,]+ k?m$/.test(document.querySelectorAll("select[name=team] option")[1].textContent)`)
	f.ask(command{"do": "eval", "js": `(() => { const s = document.querySelector("select[name=team]"); s.value = "csgt-sa-pa"; s.dispatchEvent(new Event("change", {bubbles: true})); return null; })()`})
	f.wait(`document.querySelector(".settings summary").innerText.includes("Sa Pa và 1 vùng khác")`)
	f.begin()
	f.ask(command{"do": "reload"}) // from now on the stream tells of its zones alone
	f.wait(`document.querySelector(".field.live .nothing")`)

	given := flood
	given.Assigned, given.Handling, given.HandledBy = "csgt-sa-pa", citywatch.Acknowledged, "Lan"
	given = p.publish(given, citywatch.ReasonAssigned, "Lan")
	f.wait(`document.querySelector(".card")`)
	f.wait(`document.querySelector(".card .place").innerText.includes("Lào Cai (sông Thao)")`)
	if standing := f.text(".card .standing"); !strings.Contains(standing, "Trạm CSGT Sa Pa") || strings.Contains(standing, "csgt-sa-pa") {
		t.Errorf("the team is called %q", standing)
	}

	f.handle(func(_ context.Context, do dashboards.Action) (citywatch.Alert, error) {
		if do.To != "csgt-sa-pa" {
			return given, fmt.Errorf("%w: sent %q", dashboards.ErrInvalid, do.To)
		}
		gone := given
		gone.Handling, gone.HandledBy, gone.Assigned = citywatch.Dispatched, do.Actor, do.To
		gone = p.publish(gone, citywatch.ReasonDispatched, do.Actor)
		book.Transition(&citywatch.Transition{At: p.now(), Alert: gone})
		return gone, nil
	})
	f.ask(command{"do": "click", "selector": ".card .step"})
	f.wait(`document.querySelector(".share.ask")`)
	if s := stateOf(t, book, "csgt-sa-pa"); s.From != citywatch.FromHome {
		t.Errorf("before anybody agreed it is known from %s", s.From)
	}
	f.ask(command{"do": "click", "selector": "[data-share=yes]"})
	f.wait(`document.querySelector(".share.on")?.innerText.includes("±14 m")`)
	if s := stateOf(t, book, "csgt-sa-pa"); s.From != citywatch.FromPhone || s.Accuracy != 14 || s.Position.Lon() != 103.96 || s.Stage != citywatch.TeamDispatched || time.Since(s.Located) > time.Minute {
		t.Errorf("the centre knows %+v", s)
	}
	f.ask(command{"do": "click", "selector": "[data-share=no]"})
	f.wait(`document.querySelector(".share.off")`)
	f.faults()
}

func stateOf(t *testing.T, book *crewBook, team string) citywatch.TeamState {
	t.Helper()
	states, err := book.States(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Team.ID == team {
			return s
		}
	}
	t.Fatalf("there is no team %q", team)
	return citywatch.TeamState{}
}

// inView fails the test if an element is not within the phone's screen.
func (f *fieldPage) inView(selector string) {
	f.t.Helper()
	if !evaluate[bool](f.browser, fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; })()`, selector)) {
		f.t.Errorf("%s is not to be seen without scrolling", selector)
	}
}

// TestFieldArrow: an arrow points there only where the phone knows how it is
// held; words say it always.
func TestFieldArrow(t *testing.T) {
	p := newProvince(t)
	p.flood(3)
	f := openField(t, p, "")
	f.ask(command{"do": "click", "selector": ".position button"})
	f.wait(`document.querySelector(".card .away")?.innerText.includes("hướng bắc")`)
	if evaluate[bool](f.browser, `document.querySelector(".arrow") !== null`) {
		t.Error("an arrow points somewhere, and nobody knows where north is")
	}
	// The upper edge looks east: what lies in the north is on the left.
	const turn = `(window.dispatchEvent(new DeviceOrientationEvent("deviceorientationabsolute", {absolute: true, alpha: 270})), document.querySelector(".arrow")?.dataset.turn)`
	f.wait(`Math.abs(` + turn + ` - 270) < 30`)
	f.wait(`!document.querySelector(".arrow")`) // the compass has fallen silent
	f.faults()
}

// TestFieldPhotoOfAClosedAlert: an alert that is closed while somebody
// photographs it stays on the phone, and a photo that is not taken can be saved.
func TestFieldPhotoOfAClosedAlert(t *testing.T) {
	p := newProvince(t)
	a := p.flood(3)
	f := openField(t, p, "")
	f.ask(command{"do": "click", "selector": ".card .open"})
	file := filepath.Join(t.TempDir(), "x.jpg")
	if err := os.WriteFile(file, aJPEG(t), 0o600); err != nil {
		t.Fatal(err)
	}
	f.wait(`document.querySelector("input[type=file]")`)
	f.ask(command{"do": "upload", "selector": "input[type=file]", "path": file})
	f.wait(`document.querySelector(".write img.preview")`)
	a.Handling = citywatch.Closed
	p.publish(a, citywatch.ReasonClosed, "Lan")
	f.wait(`document.querySelector(".detail .closed-note") && document.querySelector(".write img.preview") && !document.querySelector(".steps")`)
	f.ask(command{"do": "click", "selector": ".write [type=submit]"})
	// The squad does not know when it was closed: the photo is refused, and kept.
	f.wait(`document.querySelector(".queue .refused a[download]")?.href.startsWith("blob:")`)
	if len(f.team.photos.Of(a.ID)) != 0 {
		t.Error("it was taken")
	}
}

package dashboards_test

import (
	"context"
	"encoding/json"
	"fmt"
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

// A fieldPage is the page on a phone, past its first questions.
type fieldPage struct {
	*browser
	p    *province
	team *squad
	// do stands before the province's Do; nil does not.
	mu sync.Mutex
	do func(context.Context, dashboards.Action) (citywatch.Alert, error)
}

func (f *fieldPage) handle(do func(context.Context, dashboards.Action) (citywatch.Alert, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.do = do
}

func openField(t *testing.T, p *province, query string) *fieldPage {
	t.Helper()
	f := openFirst(t, p, query)
	f.browser.do(command{"do": "fill", "selector": "[name=person]", "text": "Thào A Minh"})
	f.wait(`!document.querySelector("[name=team]").disabled`)
	f.browser.do(command{"do": "fill", "selector": "[name=team]", "text": "cap-lao-cai"})
	f.begin()
	return f
}

// begin presses the button under the first questions.
func (f *fieldPage) begin() {
	f.t.Helper()
	f.browser.do(command{"do": "click", "selector": ".settings [type=submit]"})
	f.wait(`document.querySelector(".field.live .top")`)
	f.wait(`navigator.serviceWorker.controller`)
}

// openFirst opens the page as somebody does for the first time.
func openFirst(t *testing.T, p *province, query string, changes ...func(*dashboards.Deps)) *fieldPage {
	t.Helper()
	team, field := newSquad(t, p)
	f := &fieldPage{p: p, team: team}
	p.watch = func(d *dashboards.Deps) {
		d.Cameras = noCameras{}
		field(d)
		for _, change := range changes {
			change(d)
		}
		d.Alerts = doer(func(ctx context.Context, a dashboards.Action) (citywatch.Alert, error) {
			f.mu.Lock()
			do := f.do
			f.mu.Unlock()
			if do != nil {
				return do(ctx, a)
			}
			return p.Do(ctx, a)
		})
	}
	r := p.run(t, "127.0.0.1:0")
	f.browser = newBrowser(t)
	f.open("http://"+r.addr+"/field"+query, 390, 844)
	f.ask(command{"do": "grant", "permissions": []string{"geolocation", "notifications"}, "at": map[string]float64{"longitude": 103.96, "latitude": 22.47, "accuracy": 14}})
	return f
}

func (f *fieldPage) ask(c command) { f.t.Helper(); f.browser.do(c) }

// did returns what was done so far.
func (f *fieldPage) did() []dashboards.Action {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return append([]dashboards.Action{}, f.p.done...)
}

// TestFieldAnswersAnAlert: nearest first, and one tap answers; who was quicker is told.
func TestFieldAnswersAnAlert(t *testing.T) {
	p := newProvince(t)
	p.storm()
	f := openField(t, p, "")
	f.ask(command{"do": "click", "selector": ".position button"})
	f.wait(`document.querySelector(".card .away")`)
	first := f.text(".card")
	for _, want := range []string{"Lũ vượt mức báo động", "Lào Cai (sông Thao)", "km hướng bắc", "83,62 m", "Chưa ai trả lời"} {
		if !strings.Contains(first, want) {
			t.Errorf("the nearest alert lacks %q: %q", want, first)
		}
	}
	if line := f.text(".position"); !strings.Contains(line, "±14 m") {
		t.Errorf("the position is told as %q", line)
	}
	f.ask(command{"do": "click", "selector": ".card .step"})
	f.wait(`document.querySelector(".card .standing").innerText.includes("Đã xem: Thào A Minh") && !document.querySelector(".queue")`)
	f.faults()
	// The province's engine lets Lan be quicker with everything else.
	f.ask(command{"do": "click", "selector": ".card .open"})
	f.ask(command{"do": "click", "selector": ".steps [data-do=dispatch]"})
	f.wait(`document.querySelector(".queue .refused")?.innerText.includes("Lan đã làm trước")`)
	if tel := evaluate[string](f.browser, `document.querySelector(".call").href`); tel != "tel:+842143840114" {
		t.Errorf("the centre is called at %q", tel)
	}
	f.ask(command{"do": "click", "selector": ".queue .plain"})
	f.wait(`!document.querySelector(".queue")`)
	done := f.did()
	last := done[len(done)-1]
	if last.Do != "dispatch" || last.To != "cap-lao-cai" || last.Actor != "Thào A Minh" || last.Request == "" {
		t.Errorf("sent %+v", last)
	}
}

// TestFieldWithoutASignal: what is pressed is kept over a reload, sent once when
// there is a signal, and bears the time at which it was pressed.
func TestFieldWithoutASignal(t *testing.T) {
	p := newProvince(t)
	a := p.flood(3)
	f := openField(t, p, "")
	f.wait(`document.querySelector(".card")`)
	f.faults()
	f.ask(command{"do": "offline", "on": true})
	f.wait(`document.querySelector(".field.lost .banner")`)
	pressed := time.Now()
	f.ask(command{"do": "click", "selector": ".card .step"})
	f.wait(`document.querySelector(".queue .waiting") && document.querySelector(".card .unsent")`)
	f.ask(command{"do": "reload"})
	f.wait(`document.querySelector(".queue .waiting") && document.querySelector(".banner")?.innerText.includes("NGOẠI TUYẾN") && document.querySelector(".card .unsent")`)
	if done := f.did(); len(done) != 0 {
		t.Fatalf("without a signal %+v was done", done)
	}
	// The first time it is carried out, and citywatch is killed before it answers.
	f.team.done = func(_ string, _ uint64) (citywatch.Alert, bool, error) {
		after, _ := p.Alert(a.ID)
		return after, after.Handling == citywatch.Acknowledged, nil
	}
	killed := sync.OnceFunc(func() { panic(http.ErrAbortHandler) })
	f.handle(func(ctx context.Context, action dashboards.Action) (citywatch.Alert, error) {
		after, err := p.Do(ctx, action)
		killed()
		return after, err
	})
	f.ask(command{"do": "offline", "on": false})
	f.wait(`document.querySelector(".field.live") && !document.querySelector(".queue")`)
	f.wait(`document.querySelector(".card .standing").innerText.includes("Đã xem: Thào A Minh")`)
	done := f.did()
	if len(done) != 1 || done[0].Do != "acknowledge" || done[0].Request == "" {
		t.Fatalf("done %+v", done)
	}
	if at := done[0].Pressed; at.Before(pressed.Add(-5*time.Second)) || at.After(time.Now()) {
		t.Errorf("pressed at %v, told as %v", pressed, at)
	}
}

// TestFieldPhoto: a photo goes with where it was taken.
func TestFieldPhoto(t *testing.T) {
	p := newProvince(t)
	a := p.flood(3)
	f := openField(t, p, "")
	f.handle(func(_ context.Context, action dashboards.Action) (citywatch.Alert, error) {
		after, _ := p.Alert(action.Alert)
		return after, nil
	})
	f.ask(command{"do": "click", "selector": ".position button"})
	f.wait(`document.querySelector(".card .away")`)
	f.ask(command{"do": "click", "selector": ".card .open"})
	file := filepath.Join(t.TempDir(), "x.jpg")
	if err := os.WriteFile(file, aJPEG(t), 0o600); err != nil {
		t.Fatal(err)
	}
	f.wait(`document.querySelector("input[type=file]")`)
	f.ask(command{"do": "upload", "selector": "input[type=file]", "path": file})
	f.wait(`document.querySelector(".write img.preview")`)
	f.ask(command{"do": "fill", "selector": ".write textarea", "text": "Nước tràn qua cầu"})
	f.ask(command{"do": "click", "selector": ".write [type=submit]"})
	for deadline := time.Now().Add(30 * time.Second); len(f.team.photos.Of(a.ID)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no photo came")
		}
	}
	got := f.team.photos.Of(a.ID)[0]
	if got.By != "Thào A Minh" || got.Note != "Nước tràn qua cầu" || got.Position == nil || got.Position.Lon() != 103.96 || got.Accuracy != 14 || got.Located.IsZero() {
		t.Errorf("kept %+v", got)
	}
	f.faults()
}

// TestFieldIsToldWhileClosed: what is pushed is shown, and the same once more is
// not shown twice.
func TestFieldIsToldWhileClosed(t *testing.T) {
	p := newProvince(t)
	a := p.flood(3)
	f := openField(t, p, "")
	data, err := json.Marshal(map[string]any{
		"id": a.ID + ".1", "alert": a.ID, "level": 3, "title": "Cấp 3 · Lũ vượt mức báo động", "body": "Lào Cai", "at": time.Now(), "lang": "vi",
	})
	if err != nil {
		t.Fatal(err)
	}
	const shown = `(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => n.title + "|" + n.tag + "|" + n.silent).join())()`
	f.ask(command{"do": "push", "data": string(data)})
	first := f.eventually(shown, "Lũ vượt")
	if first != "Cấp 3 · Lũ vượt mức báo động|"+a.ID+"|false" && first != "Cấp 3 · Lũ vượt mức báo động|"+a.ID+"|null" {
		t.Errorf("shown %q", first)
	}
	f.ask(command{"do": "push", "data": string(data)})
	again := f.eventually(shown, "true")
	if again != "Cấp 3 · Lũ vượt mức báo động|"+a.ID+"|true" {
		t.Errorf("then shown %q", again)
	}
	// What stands for many has a place of its own, and rings once.
	for i, n := range []string{"7", "8"} {
		data, err := json.Marshal(map[string]any{
			"id": "m." + n, "alert": "m" + n, "level": 2, "title": n + " cảnh báo trong 10 phút, cao nhất cấp 2", "body": "Lào Cai", "at": time.Now(), "lang": "vi", "tag": "many",
		})
		if err != nil {
			t.Fatal(err)
		}
		f.ask(command{"do": "push", "data": string(data)})
		both := f.eventually(shown, n+" cảnh báo trong 10 phút, cao nhất cấp 2|many|")
		if strings.Count(both, "|many|") != 1 || !strings.Contains(both, "|"+a.ID+"|") || strings.Contains(both, "|many|true") != (i == 1) {
			t.Errorf("after number %s are shown %q", n, both)
		}
	}
	f.faults()
}

// eventually evaluates until what comes contains a text.
func (b *browser) eventually(js, want string) string {
	b.t.Helper()
	got := ""
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = evaluate[string](b, js); strings.Contains(got, want) {
			return got
		}
	}
	b.t.Fatalf("after 30 s %s is still %q, without %q", js, got, want)
	return ""
}

// TestFieldForEverybody: installable, in both languages and themes, with targets
// large enough for a wet thumb.
func TestFieldForEverybody(t *testing.T) {
	p := newProvince(t)
	p.storm()
	f := openField(t, p, "")
	var errors []string
	if err := json.Unmarshal(f.browser.do(command{"do": "installability"}), &errors); err != nil {
		t.Fatal(err)
	}
	for _, e := range errors {
		if e != "in-incognito" { // as every page of a test is
			t.Errorf("it cannot be installed: %s", e)
		}
	}
	origin := evaluate[string](f.browser, "location.origin")
	const small = `[...document.querySelectorAll("button, a, label.button, .check, select, summary, input:not([type=checkbox], [type=radio], [type=file])")]
		.filter((e) => e.offsetParent && e.getBoundingClientRect().height < 48).map((e) => e.outerHTML.slice(0, 80) + " " + e.getBoundingClientRect().height).join("\n")`
	for _, look := range []string{"theme=light&lang=vi", "theme=dark&lang=en", "theme=light&lang=en", "theme=dark&lang=vi"} {
		for _, where := range []string{"list", "detail", "settings"} {
			f.ask(command{"do": "eval", "js": fmt.Sprintf(`(window.old = true, location.href = %q, null)`, origin+"/field?"+look)})
			f.wait(`!window.old && document.querySelector(".field.live .card")`)
			switch where {
			case "detail":
				f.ask(command{"do": "click", "selector": ".card .open"})
				f.wait(`document.querySelector(".detail")`)
			case "settings":
				f.ask(command{"do": "click", "selector": ".gear"})
				f.ask(command{"do": "click", "selector": ".settings summary"})
				f.wait(`document.querySelector(".settings .zones .check")`)
			}
			var violations []string
			if err := json.Unmarshal(f.browser.do(command{"do": "axe"}), &violations); err != nil {
				t.Fatal(err)
			}
			for _, v := range violations {
				t.Errorf("%s, %s: %s", look, where, v)
			}
			if list := evaluate[string](f.browser, small); list != "" {
				t.Errorf("%s, %s: lower than 48 pixels:\n%s", look, where, list)
			}
			if wide := evaluate[bool](f.browser, "document.documentElement.scrollWidth > innerWidth"); wide {
				t.Errorf("%s, %s: wider than the phone", look, where)
			}
		}
		english := strings.Contains(look, "lang=en")
		if lang := evaluate[string](f.browser, "document.documentElement.lang"); (lang == "en") != english {
			t.Errorf("%s speaks %s", look, lang)
		}
	}
	f.faults()
}

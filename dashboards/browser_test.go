package dashboards_test

import (
	"encoding/json"
	"testing"

	"citywatch/internal/servertest"
)

// A browser is a real Chromium with one page open.
type browser struct {
	t *testing.T
	*servertest.Page
}

// newBrowser starts one; the test is skipped where a part of it is missing.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	return &browser{t: t, Page: servertest.NewBrowser(t).Page("")}
}

type command map[string]any

func (b *browser) try(c command) (json.RawMessage, error) {
	b.t.Helper()
	return b.Try(c)
}

func (b *browser) do(c command) json.RawMessage {
	b.t.Helper()
	value, err := b.try(c)
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

func (b *browser) open(url string, width, height int) {
	b.t.Helper()
	b.do(command{"do": "open", "url": url, "width": width, "height": height})
}

// wait waits until an expression is true.
func (b *browser) wait(js string) {
	b.t.Helper()
	b.Wait(js)
}

// waitLive waits until the page is connected and has its map.
func (b *browser) waitLive() {
	b.t.Helper()
	b.wait(`document.querySelector(".wall.live") && document.querySelector(".map canvas") && document.querySelector(".alerts ol, .alerts .nothing .muted")`)
}

// touch has somebody move the pointer: only then does a wall show buttons.
func (b *browser) touch() {
	b.t.Helper()
	b.do(command{"do": "eval", "js": `(window.dispatchEvent(new PointerEvent("pointermove")), null)`})
	b.wait(`document.querySelector(".wall.touched")`)
}

// heap returns how many bytes the page's objects take, rubbish removed.
func (b *browser) heap() int {
	b.t.Helper()
	var used int
	if err := json.Unmarshal(b.do(command{"do": "heap"}), &used); err != nil {
		b.t.Fatal(err)
	}
	return used
}

// text returns what an element shows; all of it in one line.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return b.Text(selector)
}

// faults fails the test for everything that went wrong in the page since it
// was opened or last asked.
func (b *browser) faults() {
	b.t.Helper()
	for _, fault := range b.Faults() {
		b.t.Error(fault)
	}
}

// reload does something and loads the page anew. What is asked afterwards is
// asked of the new page, and not of the old one while it goes.
func (b *browser) reload(js string) {
	b.t.Helper()
	b.do(command{"do": "eval", "js": `(` + js + `, window.old = true, location.reload(), null)`})
	b.wait(`!window.old`)
}

func evaluate[T any](b *browser, js string) T {
	b.t.Helper()
	var v T
	if err := json.Unmarshal(b.do(command{"do": "eval", "js": js}), &v); err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

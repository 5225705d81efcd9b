package servertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a page may take for what it will do: a machine that is
// busy with other tests is slow.
const patience = 90 * time.Second

// Browser is a real Chromium. It and its pages belong to the test's goroutine.
type Browser struct {
	t   T
	in  *json.Encoder
	out *bufio.Scanner
}

// NewBrowser starts Chromium, which dashboards/web/test/driver.mjs drives.
func NewBrowser(t T) *Browser {
	t.Helper()
	chromium := Chromium(t)
	node := Program(t, "run `make test` or `apt-get install nodejs`", "node")
	root, err := moduleRoot()
	if err != nil {
		t.Fatalf("the browser's driver: %v", err)
	}
	web := filepath.Join(root, "dashboards", "web")
	if _, err := os.Stat(filepath.Join(web, "node_modules")); err != nil {
		Missing(t, "dashboards/web/node_modules", "run `make test` or `npm ci` in dashboards/web")
	}
	cmd := exec.Command(node, filepath.Join(web, "test", "driver.mjs"), chromium)
	var said bytes.Buffer
	cmd.Stderr = &said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("the browser's driver: %v", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("the browser's driver: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("the browser's driver: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // it leaves at the end of its input
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		_ = cmd.Wait()
		if t.Failed() && said.Len() > 0 {
			t.Logf("the browser said: %s", said.Bytes())
		}
	})
	b := &Browser{t: t, in: json.NewEncoder(stdin), out: bufio.NewScanner(stdout)}
	b.out.Buffer(nil, 16<<20)
	return b
}

// Page returns the page of that name, on which nothing is open yet. Each is a
// device of its own, that shares nothing with the others.
func (b *Browser) Page(name string) *Page { return &Page{b: b, name: name} }

// Page is one page of a browser.
type Page struct {
	b    *Browser
	name string
}

// Try has the page do something and returns what comes of it. What there is to
// do stands in driver.mjs.
func (p *Page) Try(command map[string]any) (json.RawMessage, error) {
	t := p.b.t
	t.Helper()
	if p.name != "" {
		command["page"] = p.name
	}
	if err := p.b.in.Encode(command); err != nil {
		t.Fatalf("the browser is gone: %v", err)
	}
	if !p.b.out.Scan() {
		t.Fatalf("the browser is gone: %v", p.b.out.Err())
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal(p.b.out.Bytes(), &answer); err != nil {
		t.Fatalf("the browser's driver says %q: %v", p.b.out.Bytes(), err)
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return answer.Value, nil
}

// Do is Try for what must succeed.
func (p *Page) Do(command map[string]any) json.RawMessage {
	t := p.b.t
	t.Helper()
	value, err := p.Try(command)
	if err != nil {
		t.Fatalf("%s: %v\n%s", p, err, p.all())
	}
	return value
}

// Open opens an address on a screen of that size.
func (p *Page) Open(url string, width, height int) {
	p.b.t.Helper()
	p.Do(map[string]any{"do": "open", "url": url, "width": width, "height": height})
}

// Wait waits until an expression is true.
func (p *Page) Wait(js string) {
	t := p.b.t
	t.Helper()
	if _, err := p.Try(map[string]any{"do": "wait", "js": js, "timeout": patience.Milliseconds()}); err != nil {
		t.Fatalf("%s: after %v still not %s: %v\nit shows %s", p, patience, js, err, p.all())
	}
}

// Click clicks on an element, once it is there.
func (p *Page) Click(selector string) {
	p.b.t.Helper()
	p.Do(map[string]any{"do": "click", "selector": selector})
}

// Fill writes into a field, once it is there.
func (p *Page) Fill(selector, text string) {
	p.b.t.Helper()
	p.Do(map[string]any{"do": "fill", "selector": selector, "text": text})
}

// Choose takes what a list offers under a value.
func (p *Page) Choose(selector, text string) {
	p.b.t.Helper()
	p.Do(map[string]any{"do": "choose", "selector": selector, "text": text})
}

// Press presses keys, one after another.
func (p *Page) Press(keys ...string) {
	p.b.t.Helper()
	for _, key := range keys {
		p.Do(map[string]any{"do": "press", "key": key})
	}
}

// Eval evaluates an expression into v.
func (p *Page) Eval(js string, v any) {
	t := p.b.t
	t.Helper()
	if err := json.Unmarshal(p.Do(map[string]any{"do": "eval", "js": js}), v); err != nil {
		t.Fatalf("%s: %s: %v", p, js, err)
	}
}

// Text returns what an element shows, in one line.
func (p *Page) Text(selector string) (text string) {
	p.b.t.Helper()
	p.Eval(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector), &text)
	return strings.Join(strings.Fields(text), " ")
}

// Faults returns everything that went wrong in the page since it was opened or
// last asked: what stands in its console, what its policy forbade, and what was
// not answered or answered with an error.
func (p *Page) Faults() []string {
	p.b.t.Helper()
	return p.list("faults")
}

// Barriers returns what axe finds to keep people from using the page.
func (p *Page) Barriers() []string {
	p.b.t.Helper()
	return p.list("axe")
}

func (p *Page) list(do string) (all []string) {
	t := p.b.t
	t.Helper()
	if err := json.Unmarshal(p.Do(map[string]any{"do": do}), &all); err != nil {
		t.Fatalf("%s: %s: %v", p, do, err)
	}
	return all
}

// String is the page's name.
func (p *Page) String() string {
	if p.name == "" {
		return "the page"
	}
	return p.name
}

// all is everything that the page shows, for who looks why a test failed.
func (p *Page) all() string {
	p.b.t.Helper()
	text, err := p.Try(map[string]any{"do": "eval", "js": "document.body.innerText"})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

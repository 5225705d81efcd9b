package dashboards_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch/internal/servertest"
)

// A browser is a real Chromium with one page open.
type browser struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Scanner
}

// newBrowser starts one; the test is skipped where a part of it is missing.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	chromium := servertest.Chromium(t)
	node := servertest.Program(t, "run `make test` or `apt-get install nodejs`", "node")
	if _, err := os.Stat(filepath.Join("web", "node_modules")); err != nil {
		servertest.Missing(t, "dashboards/web/node_modules", "run `make test` or `npm ci` in dashboards/web")
	}
	cmd := exec.Command(node, filepath.Join("web", "test", "driver.mjs"), chromium)
	var said bytes.Buffer
	cmd.Stderr = &said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // it leaves at the end of its input
		done := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
		if t.Failed() && said.Len() > 0 {
			t.Logf("the browser said: %s", said.Bytes())
		}
	})
	b := &browser{t: t, in: json.NewEncoder(stdin), out: bufio.NewScanner(stdout)}
	b.out.Buffer(nil, 16<<20)
	return b
}

type command map[string]any

func (b *browser) try(c command) (json.RawMessage, error) {
	b.t.Helper()
	if err := b.in.Encode(c); err != nil {
		b.t.Fatalf("the browser is gone: %v", err)
	}
	if !b.out.Scan() {
		b.t.Fatalf("the browser is gone: %v", b.out.Err())
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal(b.out.Bytes(), &answer); err != nil {
		b.t.Fatal(err)
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s", answer.Error)
	}
	return answer.Value, nil
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
	if _, err := b.try(command{"do": "wait", "js": js, "timeout": 30_000}); err != nil {
		text, _ := b.try(command{"do": "eval", "js": "document.body.innerText"})
		b.t.Fatalf("after 30 s still not %s: %v\nthe page says %s", js, err, text)
	}
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
	return strings.Join(strings.Fields(evaluate[string](b, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector))), " ")
}

// faults fails the test for everything that went wrong in the page since it
// was opened or last asked.
func (b *browser) faults() {
	b.t.Helper()
	var faults []string
	if err := json.Unmarshal(b.do(command{"do": "faults"}), &faults); err != nil {
		b.t.Fatal(err)
	}
	for _, fault := range faults {
		b.t.Error(fault)
	}
}

func evaluate[T any](b *browser, js string) T {
	b.t.Helper()
	var v T
	if err := json.Unmarshal(b.do(command{"do": "eval", "js": js}), &v); err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

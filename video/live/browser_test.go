package live_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"citywatch/internal/servertest"
)

// playerPage plays each clip through a MediaSource as a viewer does, one
// fragment after the other, and posts what came of it.
const playerPage = `<!doctype html><video muted autoplay></video><script>
const video = document.querySelector("video");
async function play(name) {
  const clip = await (await fetch("/clips/" + name)).arrayBuffer();
  const parts = [], view = new DataView(clip);
  for (let at = 0; at < clip.byteLength; at += 4 + view.getUint32(at)) parts.push(clip.slice(at + 4, at + 4 + view.getUint32(at)));
  const mime = new TextDecoder().decode(parts.shift());
  const result = { mime, supported: MediaSource.isTypeSupported(mime) };
  if (!result.supported) return result;
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((go) => source.addEventListener("sourceopen", go, { once: true }));
  const buffer = source.addSourceBuffer(mime);
  for (const part of parts) {
    const done = new Promise((go, stop) => {
      buffer.addEventListener("updateend", go, { once: true });
      buffer.addEventListener("error", () => stop(new Error("append")), { once: true });
    });
    buffer.appendBuffer(part);
    await done;
  }
  const end = buffer.buffered.end(buffer.buffered.length - 1);
  const until = performance.now() + 8000;
  while (video.currentTime < end - 0.2 && !video.error && performance.now() < until) await new Promise((go) => setTimeout(go, 20));
  const quality = video.getVideoPlaybackQuality();
  return { ...result, ranges: buffer.buffered.length, begins: buffer.buffered.start(0), ends: end, at: video.currentTime,
    width: video.videoWidth, height: video.videoHeight, frames: quality.totalVideoFrames, error: video.error?.message ?? "" };
}
(async () => {
  for (const name of await (await fetch("/clips")).json()) {
    let result;
    try { result = await play(name); } catch (e) { result = { error: String(e) + " " + (video.error?.message ?? "") }; }
    await fetch("/results/" + name, { method: "POST", body: JSON.stringify(result) });
  }
})();
</script>`

type played struct {
	MIME          string
	Supported     bool
	Ranges        int
	Begins, Ends  float64
	At            float64
	Width, Height int
	Frames        int
	Error         string
}

// TestBrowser: a browser's MediaSource takes every fragment, joins them without
// a hole, and plays them to the end.
func TestBrowser(t *testing.T) {
	clips := map[string]clip{
		"baseline": record(t, "testsrc2=size=320x180:rate=25:duration=2", x264("-profile:v", "baseline")...),
		"bframes":  record(t, "testsrc2=size=320x180:rate=25:duration=2", x264("-bf", "3", "-b_strategy", "0")...),
		"slices":   record(t, "testsrc2=size=320x192:rate=30000/1001:duration=2", x264("-slices", "4")...),
	}
	results := browse(t, clips)
	for name, c := range clips {
		p := results[name]
		if !p.Supported || p.Error != "" || p.Ranges != 1 || p.Width != c.track.Width || p.Height != c.track.Height {
			t.Errorf("%s: %+v", name, p)
		}
		if p.At < p.Ends-0.3 || p.Ends-p.Begins < 1.9 || p.Frames < len(c.units)*3/4 {
			t.Errorf("%s is not played to its end: %+v", name, p)
		}
	}
}

// browse has a browser play the clips.
func browse(t *testing.T, clips map[string]clip) map[string]played {
	t.Helper()
	var names []string
	mux := http.NewServeMux()
	for name, c := range clips {
		names = append(names, name)
		start, messages := play(t, &c)
		data := part([]byte(start.MIME), start.Data)
		for _, m := range messages {
			data = append(data, part(m.Data)...)
		}
		mux.HandleFunc("GET /clips/"+name, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	}
	type result struct {
		name string
		played
	}
	results := make(chan result, len(clips))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(playerPage)) })
	mux.HandleFunc("GET /clips", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(names) })
	mux.HandleFunc("POST /results/{name}", func(_ http.ResponseWriter, r *http.Request) {
		one := result{name: r.PathValue("name")}
		if err := json.NewDecoder(r.Body).Decode(&one.played); err != nil {
			one.Error = err.Error()
		}
		results <- one
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	defer chromium(t, srv.URL)()
	all := map[string]played{}
	for range clips {
		select {
		case r := <-results:
			all[r.name] = r.played
		case <-time.After(30 * time.Second):
			t.Fatalf("the browser says nothing; so far %+v", all)
		}
	}
	return all
}

// part puts the length before each.
func part(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(p))), p...)
	}
	return out
}

// chromium opens an address in a browser, and returns what ends that.
func chromium(t *testing.T, url string) (stop func()) {
	t.Helper()
	path := servertest.Chromium(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path,
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
		"--user-data-dir="+filepath.Join(t.TempDir(), "profile"), url)
	// Its children write to its profile until they end, too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}
}

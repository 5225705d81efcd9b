package record_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/record"
)

// counted is footage of one plane each, whose brightness tells the number of
// the picture.
const counted = "-f lavfi -i nullsrc=size=%s:rate=25:duration=12,geq=lum='%s':cb=128:cr=128 "

// brightness is what ffmpeg makes of 16+mod(4*N,200).
func brightness(n int) float64 { return float64(n*4%200) * 255 / 219 }

// TestClipsInABrowser holds that Chromium plays clips, and that what it shows at
// a time is what was at that time: within a group of frames, after a hole, and
// after the camera's parameters changed.
func TestClipsInABrowser(t *testing.T) {
	t.Parallel()
	const args, half = "-c:v libx264 -g 100 -bf %d -crf 12 -preset ultrafast -pix_fmt yuv420p", 12 * time.Second
	plain := film(t, fmt.Sprintf(counted+args, "320x180", "16+mod(4*N,200)", 0))
	ordered := film(t, fmt.Sprintf(counted+args, "320x180", "16+mod(4*N,200)", 2))
	small := film(t, fmt.Sprintf(counted+args, "160x96", "16+mod(4*N,200)", 0))
	sound := film(t, fmt.Sprintf(counted+tone+args+" -c:a aac", "320x180", "16+mod(4*N,200)", 0))
	phone := plain.with(video.Track{Codec: video.PCMA, SampleRate: 8000, Channels: 1}, 20*time.Millisecond, make([]byte, 160))
	s := open(t, set{Options: record.Options{Segment: 10 * time.Second}, now: epoch, ids: []string{"plain", "ordered", "changed", "hole", "sound", "phone"}})
	show := func(id string, of ...footage) {
		at := epoch
		for _, f := range of {
			s.begin(id, f)
			s.shoot(id, f, 0, at)
			at = at.Add(f.length)
		}
		s.settle(id, plain)
	}
	show("plain", plain, plain)
	show("ordered", ordered, ordered)
	show("changed", plain, small)
	show("sound", sound, sound)
	show("phone", phone, phone)
	show("hole", plain)
	s.shoot("hole", plain, 0, epoch.Add(half+10*time.Second))
	s.settle("hole", plain)

	mux := http.NewServeMux()
	mux.HandleFunc("/{id}", func(w http.ResponseWriter, r *http.Request) {
		c, err := s.rec.Clip(r.PathValue("id"), epoch.Add(3*time.Second), epoch.Add(time.Minute))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		defer c.Close()
		http.ServeContent(w, r, "clip.mp4", c.To, c)
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><video muted></video><canvas width=320 height=180></canvas>`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	b := newBrowser(t)
	b.do(map[string]any{"do": "open", "url": server.URL + "/page", "width": 640, "height": 480})
	for _, c := range []struct {
		id     string
		at     float64
		number int
	}{
		{"plain", 0.02, 75}, {"plain", 1.02, 100}, {"plain", 9.5, 312 - 300}, {"plain", 3.3, 157},
		{"ordered", 0.02, 75}, {"ordered", 1.02, 100}, {"ordered", 9.5, 312 - 300},
		{"changed", 2.02, 125}, {"changed", 9.5, 12}, {"changed", 14.02, 125},
		{"hole", 2.02, 125}, {"hole", 15, 299}, {"hole", 19.5, 12},
		{"sound", 1.02, 100}, {"sound", 9.5, 12},
		{"phone", 1.02, 100}, {"phone", 9.5, 12},
	} {
		t.Run(fmt.Sprintf("%s at %v", c.id, c.at), func(t *testing.T) {
			var shown struct{ Light, Duration, Time float64 }
			b.eval(t, fmt.Sprintf(seekAndLook, c.id, c.at), &shown)
			if off := math.Abs(shown.Light - brightness(c.number)); off > 3 {
				t.Errorf("brightness %.1f, want %.1f: picture %d", shown.Light, brightness(c.number), c.number)
			}
			want := 21.0
			if c.id == "hole" {
				want = 31
			}
			if math.Abs(shown.Duration-want) > 0.1 {
				t.Errorf("the clip lasts %v s, want %v", shown.Duration, want)
			}
		})
	}
	for _, id := range []string{"plain", "sound", "phone", "changed"} {
		t.Run(id+" plays", func(t *testing.T) {
			var at float64
			b.eval(t, fmt.Sprintf(play, id), &at)
			if at < 9.2 {
				t.Errorf("it stopped at %v s", at)
			}
		})
	}
}

const seekAndLook = `new Promise((done, fail) => {
	const v = document.querySelector("video");
	const at = %[2]v;
	const look = () => {
		const g = document.querySelector("canvas").getContext("2d");
		g.drawImage(v, 0, 0, 320, 180);
		done({ light: g.getImageData(160, 90, 1, 1).data[1], duration: v.duration, time: v.currentTime });
	};
	const seek = () => {
		v.onseeked = () => setTimeout(look, 50);
		v.currentTime = at;
	};
	v.onerror = () => fail(new Error(v.error.message));
	setTimeout(() => fail(new Error("not within 10 s")), 10000);
	if (v.src.endsWith("/%[1]s")) return seek();
	v.onloadeddata = seek;
	v.src = "/%[1]s";
})`

// play plays across the border of two segments.
const play = `new Promise((done, fail) => {
	const v = document.querySelector("video");
	v.onerror = () => fail(new Error(v.error.message));
	v.onloadeddata = () => { v.currentTime = 8; };
	v.onseeked = () => {
		v.play().catch(fail);
		const end = performance.now() + 8000;
		const look = () => v.currentTime > 9.2 || performance.now() > end ? (v.pause(), done(v.currentTime)) : setTimeout(look, 50);
		look();
	};
	v.src = "/%s?";
})`

// A browser is a real Chromium, driven as the pages' own tests drive it.
type browser struct {
	in  *json.Encoder
	out *bufio.Scanner
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	chromium := servertest.Chromium(t)
	node := servertest.Program(t, "run `make test` or `apt-get install nodejs`", "node")
	web := filepath.Join("..", "..", "dashboards", "web")
	if _, err := os.Stat(filepath.Join(web, "node_modules")); err != nil {
		servertest.Missing(t, "dashboards/web/node_modules", "run `make test` or `npm ci` in dashboards/web")
	}
	cmd := exec.Command(node, filepath.Join(web, "test", "driver.mjs"), chromium)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it leaves at the end of its input
		stuck := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer stuck.Stop()
		_ = cmd.Wait()
	})
	return &browser{in: json.NewEncoder(in), out: bufio.NewScanner(out)}
}

func (b *browser) try(command map[string]any) (json.RawMessage, error) {
	if err := b.in.Encode(command); err != nil {
		return nil, err
	}
	if !b.out.Scan() {
		return nil, fmt.Errorf("the browser is gone: %w", b.out.Err())
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal(b.out.Bytes(), &answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s", answer.Error)
	}
	return answer.Value, nil
}

func (b *browser) do(command map[string]any) {
	if _, err := b.try(command); err != nil {
		panic(err)
	}
}

func (b *browser) eval(t *testing.T, js string, into any) {
	t.Helper()
	value, err := b.try(map[string]any{"do": "eval", "js": js})
	if err == nil {
		err = json.Unmarshal(value, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

package record_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
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
	b := servertest.NewBrowser(t).Page("")
	b.Open(server.URL+"/page", 640, 480)
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
			b.Eval(fmt.Sprintf(seekAndLook, c.id, c.at), &shown)
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
			b.Eval(fmt.Sprintf(play, id), &at)
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

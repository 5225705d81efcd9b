package dashboards_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"citywatch"

	"github.com/paulmach/orb"
)

// order lists the cameras in the row, as they stand there.
const order = `[...document.querySelectorAll(".cameras camera-tile")].map((tile) => tile.getAttribute("camera")).join(" ")`

// TestCamerasOnTheWall: an alert brings the cameras near it, and one of them is
// shown large.
func TestCamerasOnTheWall(t *testing.T) {
	film := newStudio(t)
	url := newCamera(t, film).url
	p := newProvince(t)
	var here orb.Point
	for _, s := range p.Devices() {
		if s.Device.ID == "lao-cai-thao" {
			here = s.Device.Position
		}
	}
	at := func(east float64) orb.Point { return orb.Point{here.Lon() + east, here.Lat()} }
	k := p.look(t,
		lens{id: "a-far", name: "Cầu Yên Bái", at: at(0.4), url: url},
		lens{id: "b-middle", name: "Chợ Bắc Hà", at: at(0.15), url: url},
		lens{id: "c-dead", name: "Cửa khẩu Hồ Kiều", at: at(0.001)},
		lens{id: "d-near", name: "Cầu Cốc Lếu", at: at(0.01), url: url},
	)
	k.draw(t)
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "c-dead", citywatch.CameraUnreachable)
	for _, id := range []string{"a-far", "b-middle", "d-near"} {
		k.waitState(t, id, citywatch.CameraOnline)
	}
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(order + ` === "a-far b-middle c-dead d-near"`) // about nothing, each keeps its place
	if strip := b.text(".strip"); !strings.Contains(strip, "Thiết bị 120 ") || !strings.Contains(strip, " 3/4 1 ") {
		t.Errorf("the strip counts %q", strip)
	}
	b.wait(`document.querySelectorAll('camera-tile[data-look="live"]').length === 3`)

	p.flood(3)
	const near = `[...document.querySelectorAll(".near camera-tile")].map((tile) => tile.getAttribute("camera")).join(" ")`
	b.wait(near + ` === "d-near b-middle"`) // 41 km away nobody sees anything
	b.wait(`document.querySelectorAll('.near camera-tile[data-look="live"]').length === 2`)
	if text := b.text(`.near camera-tile[camera="d-near"]`); !regexp.MustCompile(`^Cầu Cốc Lếu \d,\d s 1,0 km · không nhìn về phía này$`).MatchString(text) {
		t.Errorf("the nearest says %q", text)
	}
	if down := b.text(".near .down"); down != "1 camera gần hơn không hoạt động: Cửa khẩu Hồ Kiều" {
		t.Errorf("of the one that is gone it says %q", down)
	}

	b.do(command{"do": "click", "selector": `.tile:has([camera="d-near"])`})
	b.wait(there(`.camera camera-tile[data-look="live"]`))
	b.wait(`/H264 · 640 × 360 · 2\d hình\/giây/.test(` + there(".camera .details") + `.innerText)`)
	if details := b.text(".camera .details"); !strings.HasPrefix(details, "trực tuyến từ ") {
		t.Errorf("the details are %q", details)
	}
	b.do(command{"do": "press", "key": "Escape"})
	b.wait("!" + there(".camera"))
	k.waitViewers(t, "d-near", 1)
	b.faults()
}

// TestStateReachesTheWall: that a camera is gone is on the wall within a second
// of its being known.
func TestStateReachesTheWall(t *testing.T) {
	victim := newCamera(t, newStudio(t))
	p := newProvince(t)
	k := p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: place(0), url: victim.url})
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector(".strip .camera-counts")?.innerText.trim() === "1/1"`)
	victim.kill()
	k.waitState(t, "cau-coc-leu", citywatch.CameraUnreachable)
	known := time.Now()
	b.wait(`document.querySelector(".strip .camera-counts .off")?.innerText.trim() === "1"`)
	if took := time.Since(known); took > time.Second {
		t.Errorf("the wall knew after %v", took)
	} else {
		t.Logf("the wall knew after %v", took)
	}
}

// TestClipOnTheWall: what is recorded is played where somebody points, is not
// taken for live, and is of the time that it says.
func TestClipOnTheWall(t *testing.T) {
	film := newStudio(t)
	p := newProvince(t)
	k := p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: place(0), url: newCamera(t, film).url, record: true})
	k.draw(t)
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "cau-coc-leu", citywatch.CameraOnline)
	time.Sleep(7 * time.Second) // of recording
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.do(command{"do": "click", "selector": ".tile"})
	b.wait(there(".camera .timeline rect"))
	b.do(command{"do": "eval", "js": there(".camera .line") + ".focus()"})
	b.do(command{"do": "press", "key": "Enter"})
	clip := there(".clip video")
	b.wait(clip + "?.readyState >= 3 && " + clip + ".currentTime > 0.5")
	if says := b.text(".clip-of"); !regexp.MustCompile(`^ĐÃ GHI lúc \d\d:\d\d:\d\d, không phải trực tiếp Về trực tiếp$`).MatchString(says) {
		t.Errorf("it says %q", says)
	}
	length := evaluate[float64](b, clip+".duration")
	if length < 5 || length > 60 {
		t.Errorf("the clip is %v s long", length)
	}
	for _, part := range []float64{0.75, 0.25} {
		b.do(command{"do": "eval", "js": fmt.Sprintf(`(window.sought = false, %[1]s.pause(), %[1]s.addEventListener("seeked", () => (window.sought = true), { once: true }), %[1]s.currentTime = %[2]v)`, clip, part*length)})
		b.wait("window.sought")
		// The time burned into the picture, against that which the page tells.
		off := evaluate[float64](b, strings.ReplaceAll(burnedTime, "VIDEO", clip))
		if off < -1500 || off > 1500 {
			t.Errorf("at %.0f %% the page is %v ms off the time in the picture", part*100, off)
		}
	}
	b.do(command{"do": "click", "selector": ".clip-of button"})
	b.wait(there(`.camera camera-tile[data-look="live"]`))
	b.faults()
}

// burnedTime is how much later than the picture says the page says it is, in
// ms.
const burnedTime = `(() => {
	const code = document.createElement("canvas");
	code.width = 32; code.height = 1;
	const pen = code.getContext("2d");
	pen.imageSmoothingEnabled = false;
	pen.drawImage(VIDEO, 0, 6, 512, 4, 0, 0, 32, 1);
	const pixels = pen.getImageData(0, 0, 32, 1).data;
	let bits = 0;
	for (let i = 0; i < 32; i++) bits = bits * 2 + (pixels[i * 4] > 125 ? 1 : 0);
	const [h, m, s] = document.querySelector(".clip-of").innerText.match(/(\d\d):(\d\d):(\d\d)/).slice(1).map(Number);
	const day = 86_400_000, wrap = 1 << 24;
	const midnight = Math.floor((Date.now() + 7 * 3_600_000) / day) * day - 7 * 3_600_000;
	const off = (midnight + ((h * 60 + m) * 60 + s) * 1000 + 500 - Math.floor(bits / 256)) % wrap;
	return off > wrap / 2 ? off - wrap : off;
})()`

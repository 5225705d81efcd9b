package dashboards_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"citywatch"
	"citywatch/video"
	"citywatch/video/ffmpeg/ffmpegtest"

	"github.com/paulmach/orb"
)

// streets are eight cameras: five that work, one of them only on demand, one
// that hangs, one that is gone, and one whose pictures no browser here plays.
func streets(t *testing.T) []lens {
	t.Helper()
	scene := func(filter string, codec video.Codec, seconds float64) string {
		return newCamera(t, newReel(t, ffmpegtest.Recipe{
			Filter: filter + "=size=640x360:rate=15", GOP: 15, Codec: codec, Width: 640, Height: 360, FPS: 15, Seconds: seconds, Bitrate: 400,
		})).url
	}
	test := scene("testsrc2", video.H264, 4)
	return []lens{
		{id: "bac-ha", name: "Chợ Bắc Hà", at: orb.Point{104.2900, 22.5400}, bearing: 200, url: test},
		{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: orb.Point{103.9655, 22.5010}, bearing: 120, url: test},
		{id: "cua-khau", name: "Cửa khẩu Hồ Kiều", at: orb.Point{103.9641, 22.5069}, bearing: 10, url: test},
		{id: "ga-lao-cai", name: "Ga Lào Cai", at: orb.Point{103.9830, 22.4900}, bearing: 300, url: scene("testsrc", video.H265, 3)},
		{id: "ho-sa-pa", name: "Hồ Sa Pa", at: orb.Point{103.8438, 22.3364}, bearing: 60, url: test, onDemand: true},
		{id: "quoc-lo-4d", name: "Quốc lộ 4D, đèo Ô Quy Hồ", at: orb.Point{103.7700, 22.3560}, bearing: 270, url: scene("testsrc", video.H264, 1)},
		{id: "quoc-lo-70", name: "Quốc lộ 70", at: orb.Point{104.3300, 22.3000}, bearing: 150},
		{id: "yen-bai", name: "Cầu Yên Bái", at: orb.Point{104.8700, 21.7000}, bearing: 90, url: test},
	}
}

// TestCameraScreens opens the wall with cameras on every screen it is made for.
// CITYWATCH_SHOTS names a folder for pictures to look at.
func TestCameraScreens(t *testing.T) {
	p := newProvince(t)
	k := p.look(t, streets(t)...)
	p.storm()
	r := p.run(t, "127.0.0.1:0")
	for id, state := range map[string]citywatch.CameraState{
		"cau-coc-leu": citywatch.CameraOnline, "ho-sa-pa": citywatch.CameraIdle, "quoc-lo-70": citywatch.CameraUnreachable,
		"quoc-lo-4d": citywatch.CameraFrozen,
	} {
		k.waitState(t, id, state)
	}
	b := newBrowser(t)
	shot := func(name string) {
		if dir := os.Getenv("CITYWATCH_SHOTS"); dir != "" {
			time.Sleep(2500 * time.Millisecond) // until the map stands still
			b.do(command{"do": "screenshot", "path": filepath.Join(dir, name+".png")})
		}
	}
	for _, screen := range []struct {
		lang   string
		width  int
		height int
	}{{"vi", 1920, 1080}, {"vi", 390, 844}, {"en", 3840, 2160}, {"en", 1920, 1080}} {
		if screen.width > 1920 && os.Getenv("CITYWATCH_SHOTS") == "" {
			continue // it is the same, twice as large
		}
		name := fmt.Sprintf("cameras-%d-%s", screen.width, screen.lang)
		b.open(r.wall()+"?layout=map,alerts,cameras,status&lang="+screen.lang, screen.width, screen.height)
		b.waitLive()
		b.do(command{"do": "eval", "js": `document.querySelector(".cameras").scrollIntoView({ block: "nearest" })`})
		b.wait(`document.querySelector('camera-tile[data-look="live"]')`)
		if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s: %d pixels wider than the screen", name, wide)
		}
		if lost := evaluate[[]string](b, cutOffTiles); len(lost) > 0 {
			t.Errorf("%s: cut off: %q", name, lost)
		}
		shot(name)
		var violations []string
		if err := json.Unmarshal(b.do(command{"do": "axe"}), &violations); err != nil {
			t.Fatal(err)
		}
		for _, v := range violations {
			t.Errorf("%s: %s", name, v)
		}
	}
	b.touch()
	b.do(command{"do": "click", "selector": ".cameras > header button"})
	b.wait(`document.querySelectorAll("camera-tile").length === 8 && document.querySelectorAll('camera-tile[data-look="live"]').length === 4`)
	b.wait(`document.querySelector('camera-tile[camera="ga-lao-cai"]').innerText.includes("H.265")`)
	shot("cameras-all")
	b.do(command{"do": "click", "selector": `.tile:has([camera="cau-coc-leu"])`})
	b.wait(`document.querySelector('.camera camera-tile[data-look="live"]')`)
	shot("cameras-one")
}

// cutOffTiles lists what the tiles say that does not fit into them.
const cutOffTiles = `[...document.querySelectorAll("camera-tile")].flatMap((tile) => {
	const veil = tile.querySelector(".veil"), within = veil.getBoundingClientRect();
	return [...veil.children].filter((e) => {
		const box = e.getBoundingClientRect();
		return e.innerText && (box.top < within.top - 1 || box.bottom > within.bottom + 1 || box.left < within.left || box.right > within.right);
	}).map((e) => tile.getAttribute("camera") + ": " + e.innerText);
})`

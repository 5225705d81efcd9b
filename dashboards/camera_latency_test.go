package dashboards_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"

	"github.com/paulmach/orb"
)

// TestLatency is how long it takes from what a camera sees to the screen, with
// sixteen tiles at once: the time stands in the pictures, is encoded, sent over
// RTSP, pulled, made into fragments, sent over websockets, decoded and read
// back from what the browser shows.
func TestLatency(t *testing.T) {
	const tiles = 16
	p := newProvince(t)
	film := newStudio(t)
	var lenses []lens
	for i := range tiles {
		id := fmt.Sprintf("cam-%02d", i)
		lenses = append(lenses, lens{id: id, name: id, at: orb.Point{103.9 + float64(i)*0.01, 22.4}, url: newCamera(t, film).url})
	}
	k := p.look(t, lenses...)
	r := p.run(t, "127.0.0.1:0")
	for _, l := range lenses {
		k.waitState(t, l.id, citywatch.CameraOnline)
	}
	b := newBrowser(t)
	b.open(r.wall(), 2560, 1440)
	b.waitLive()
	evaluate[bool](b, strings.ReplaceAll(readClock, "TILES", fmt.Sprint(tiles)))
	b.wait(`document.querySelectorAll("camera-tile[data-look=live]").length === ` + fmt.Sprint(tiles))
	time.Sleep(3 * time.Second) // until each has settled at its edge
	evaluate[bool](b, `(readings.splice(0), shown = 0, began = performance.now(), true)`)
	time.Sleep(8 * time.Second)
	got := evaluate[struct {
		Latencies []float64
		Wrong     int
		FPS       float64
	}](b, `({ latencies: readings.splice(0), wrong, fps: shown / ((performance.now() - began) / 1000) })`)
	slices.Sort(got.Latencies)
	n := len(got.Latencies)
	if n < 5*tiles || got.Wrong > n/20 { // few, where others keep the processors busy
		t.Fatalf("%d times were read, and %d could not be", n, got.Wrong)
	}
	at := func(q float64) float64 { return got.Latencies[int(q*float64(n-1))] }
	t.Logf("encoder to screen, %d tiles: p50 %.0f ms, p90 %.0f ms, p99 %.0f ms (%d readings); %.1f of %d frames a second shown",
		tiles, at(0.5), at(0.9), at(0.99), n, got.FPS, tiles*film.fps)
	if at(0.5) > 400 {
		t.Errorf("half of what is shown is older than %.0f ms", at(0.5))
	}
	for _, fault := range b.Faults() {
		// The page's own tiles are taken away, perhaps before they are connected.
		if !strings.Contains(fault, "closed before the connection is established") {
			t.Error(fault)
		}
	}
}

// readClock shows the tiles alone, each as large as its pictures, and has the
// time read from some of what they show.
const readClock = `(() => {
	document.body.replaceChildren();
	window.readings = []; window.wrong = 0; window.shown = 0; window.began = performance.now();
	const code = document.createElement("canvas");
	code.width = 32; code.height = 1;
	const pen = code.getContext("2d", { willReadFrequently: true });
	pen.imageSmoothingEnabled = false;
	const read = (video, shownAt) => {
		pen.drawImage(video, 0, 6, 512, 4, 0, 0, 32, 1);
		const pixels = pen.getImageData(0, 0, 32, 1).data;
		let bits = 0;
		for (let i = 0; i < 32; i++) bits = bits * 2 + (pixels[i * 4] > 125 ? 1 : 0);
		const ms = Math.floor(bits / 256), sum = bits % 256;
		if (((ms >> 16) + (ms >> 8) + ms & 255) !== sum) { window.wrong++; return; }
		const now = Math.round(performance.timeOrigin + shownAt) % (1 << 24);
		readings.push((now - ms + (1 << 24)) % (1 << 24));
	};
	for (let i = 0; i < TILES; i++) {
		const tile = document.createElement("camera-tile");
		tile.setAttribute("camera", "cam-" + String(i).padStart(2, "0"));
		Object.assign(tile.style, { position: "absolute", left: (i % 4) * 640 + "px", top: Math.floor(i / 4) * 360 + "px", width: "640px", height: "360px" });
		document.body.append(tile);
		const video = tile.querySelector("video");
		let before = 0, count = i;
		const frame = (_, { presentedFrames, expectedDisplayTime }) => {
			window.shown += presentedFrames - before;
			before = presentedFrames;
			if (++count % 4 === 0) read(video, expectedDisplayTime);
			video.requestVideoFrameCallback(frame);
		};
		video.requestVideoFrameCallback(frame);
	}
	return true;
})()`

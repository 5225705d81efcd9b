package dashboards_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/video"
	"citywatch/video/ffmpeg/ffmpegtest"

	"github.com/paulmach/orb"
)

// tile is the selector of a camera's tile in the row.
func tile(camera string, more string) string {
	return fmt.Sprintf(`.cameras camera-tile[camera=%q]%s`, camera, more)
}

// there is an expression that is true once something is on the page.
func there(selector string) string { return fmt.Sprintf("document.querySelector(%q)", selector) }

// place is where the ith camera stands: each a little further from the first.
func place(i int) orb.Point { return orb.Point{103.9655 + float64(i)*0.01, 22.5010} }

// TestTiles: each camera's tile says how that camera is.
func TestTiles(t *testing.T) {
	film := newStudio(t)
	victim := newCamera(t, film)
	short := ffmpegtest.Recipe{Filter: "testsrc=size=320x180:rate=10", Width: 320, Height: 180, FPS: 10, Seconds: 2}
	hevc, pictures := short, short
	hevc.Codec, hevc.Seconds = video.H265, 6
	pictures.Codec, pictures.Seconds = video.MJPEG, 4
	p := newProvince(t)
	k := p.look(t,
		lens{id: "a-well", name: "Cầu Cốc Lếu", at: place(0), url: newCamera(t, film).url},
		lens{id: "b-dies", name: "Cửa khẩu Hồ Kiều", at: place(1), url: victim.url},
		lens{id: "c-hangs", name: "Quốc lộ 70", at: place(2), url: newCamera(t, newReel(t, short)).url}, // one group, over and over
		lens{id: "d-h265", name: "Ga Lào Cai", at: place(3), url: newCamera(t, newReel(t, hevc)).url},
		lens{id: "e-rests", name: "Hồ Sa Pa", at: place(4), url: newCamera(t, film).url, onDemand: true},
		lens{id: "f-mjpeg", name: "Bãi đỗ xe", at: place(5), url: newCamera(t, newReel(t, pictures)).url},
	)
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "b-dies", citywatch.CameraOnline)
	k.waitState(t, "e-rests", citywatch.CameraIdle)
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.touch()
	b.do(command{"do": "click", "selector": ".cameras > header button"}) // all of them

	t.Run("plays", func(t *testing.T) {
		b.wait(there(tile("a-well", `[data-look="live"]`)))
		at := evaluate[float64](b, there(tile("a-well", " video"))+".currentTime")
		b.wait(fmt.Sprintf("%s.currentTime > %v", there(tile("a-well", " video")), at+1))
		if text := b.text(tile("a-well", "")); !regexp.MustCompile(`^Cầu Cốc Lếu [0-2],\d s$`).MatchString(text) {
			t.Errorf("it says %q", text)
		}
	})
	t.Run("resting", func(t *testing.T) {
		b.wait(there(tile("e-rests", `[data-look="still"]`)))
		b.wait(there(tile("e-rests", ` video`)) + ".readyState >= 2") // the server makes no pictures: the page draws the key frame
		if text := b.text(tile("e-rests", "")); !strings.Contains(text, "ảnh · ") {
			t.Errorf("a single picture is shown as %q", text)
		}
		if n := k.count("e-rests", 0); n != 0 {
			t.Errorf("%d pull a camera that is to be left in peace", n)
		}
	})
	t.Run("H.265", func(t *testing.T) {
		b.wait(there(tile("d-h265", "")) + `.innerText.includes("H.265 không hỗ trợ trên trình duyệt này")`)
		if look := evaluate[string](b, there(tile("d-h265", ""))+".dataset.look"); look == "live" {
			t.Error("it is shown as live")
		}
		k.waitViewers(t, "d-h265", 0)
	})
	t.Run("MJPEG", func(t *testing.T) {
		b.wait(there(tile("f-mjpeg", `[data-look="live"][data-showing="pictures"]`)))
		b.wait(there(tile("f-mjpeg", ` canvas`)) + ".width === 320")
	})
	t.Run("without streams", func(t *testing.T) {
		// As in a browser that has no MediaSource.
		b.do(command{"do": "eval", "js": `(() => {
			const has = window.MediaSource;
			window.MediaSource = undefined;
			const tile = document.createElement("camera-tile");
			tile.setAttribute("camera", "a-well");
			tile.id = "plain";
			tile.style.cssText = "position: fixed; z-index: 9; left: 0; top: 0; width: 320px; height: 180px";
			document.body.append(tile);
			window.restore = () => { window.MediaSource = has; tile.remove(); };
		})()`})
		b.wait(there(`#plain[data-look="still"][data-showing="video"]`))
		b.do(command{"do": "eval", "js": "restore()"})
	})
	t.Run("gone", func(t *testing.T) {
		b.wait(there(tile("b-dies", `[data-look="live"]`)))
		killed := time.Now()
		victim.kill()
		b.wait(there(tile("b-dies", `[data-look="stale"]`)))
		t.Logf("greyed out %v after it was killed", time.Since(killed).Round(10*time.Millisecond))
		b.wait(there(tile("b-dies", "")) + `.innerText.includes("Mất liên lạc với camera")`)
		showsLast(b, killed)
		if filter := evaluate[string](b, `getComputedStyle(`+there(tile("b-dies", " video"))+`).filter`); !strings.Contains(filter, "grayscale(1)") {
			t.Errorf("its last picture is shown with filter %q", filter)
		}
		b.wait(`document.querySelector(".strip .camera-counts .off")`)
	})
	t.Run("frozen", func(t *testing.T) {
		b.wait(there(tile("c-hangs", `[data-look="frozen"]`)))
		if text := b.text(tile("c-hangs", "")); !regexp.MustCompile(`^Hình đứng từ \d\d:\d\d:\d\d Quốc lộ 70$`).MatchString(text) {
			t.Errorf("it says %q", text)
		}
		b.wait(`document.querySelector(".strip .camera-counts .frozen")`)
	})
	t.Run("forgets", func(t *testing.T) {
		// What was shown is not kept, and what is shown goes on.
		kept := there(tile("a-well", " video")) + ".buffered"
		b.wait(kept + ".start(0) > 2")
		if span := evaluate[float64](b, kept+".end(0) - "+kept+".start(0)"); span > 12 {
			t.Errorf("it keeps %.1f s", span)
		}
		b.wait(there(tile("a-well", `[data-look="live"]`)))
	})
	t.Run("seen late", func(t *testing.T) {
		// A wall that is opened now sees what there was last.
		b.open(r.wall()+"?lang=en", 1920, 1080)
		b.waitLive()
		b.wait(there(tile("b-dies", `[data-look="stale"][data-showing="video"]`)))
		if text := b.text(tile("b-dies", "")); !strings.Contains(text, "Camera not reachable last picture ") {
			t.Errorf("it says %q", text)
		}
		b.wait(there(tile("d-h265", "")) + `.innerText.includes("H.265 is not supported in this browser")`)
	})
}

// TestPicturesInstead: a stream that the browser does not play is shown as
// single pictures, and as nothing else.
func TestPicturesInstead(t *testing.T) {
	hevc := ffmpegtest.Recipe{Filter: "testsrc=size=320x180:rate=10", Codec: video.H265, Width: 320, Height: 180, FPS: 10, Seconds: 6}
	p := newProvince(t)
	k := p.look(t, lens{id: "ga", name: "Ga Lào Cai", at: place(0), url: newCamera(t, newReel(t, hevc)).url})
	k.draw(t)
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "ga", citywatch.CameraOnline)
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(there(tile("ga", `[data-look="still"][data-showing="still"] img`)) + `?.naturalWidth === 320`)
	if text := b.text(tile("ga", "")); !regexp.MustCompile(`^H.265 không hỗ trợ trên trình duyệt này Ga Lào Cai ảnh · .+$`).MatchString(text) {
		t.Errorf("it says %q", text)
	}
	b.faults()
}

// showsLast fails the test unless the tile of b-dies tells when its last
// picture came.
func showsLast(b *browser, killed time.Time) {
	b.t.Helper()
	text := b.text(tile("b-dies", ""))
	found := regexp.MustCompile(`hình cuối (\d\d:\d\d:\d\d)`).FindStringSubmatch(text)
	if found == nil {
		b.t.Fatalf("it says %q", text)
	}
	zone := time.FixedZone("", 7*3600)
	for _, about := range []time.Duration{-time.Second, 0, time.Second} {
		if killed.Add(about).In(zone).Format(time.TimeOnly) == found[1] {
			return
		}
	}
	b.t.Errorf("its last picture is of %s; it was killed at %s", found[1], killed.In(zone).Format(time.TimeOnly))
}

// TestUnseenTiles: who sees nothing asks for nothing, and what was seen before
// is not shown as if it were now.
func TestUnseenTiles(t *testing.T) {
	p := newProvince(t)
	k := p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: place(0), url: newCamera(t, newStudio(t)).url})
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	live := there(tile("cau-coc-leu", `[data-look="live"]`))
	b.wait(live)
	k.waitViewers(t, "cau-coc-leu", 1)
	for _, c := range []struct{ name, hide, show string }{
		{"out of sight", `document.querySelector(".cameras").style.display = "none"`, `document.querySelector(".cameras").style.display = ""`},
		{"hidden", hidden("true"), hidden("false")},
	} {
		b.do(command{"do": "eval", "js": c.hide})
		k.waitViewers(t, "cau-coc-leu", 0)
		if look := evaluate[string](b, there(tile("cau-coc-leu", ""))+".dataset.look"); look == "live" {
			t.Errorf("%s: it is shown as live", c.name)
		}
		b.do(command{"do": "eval", "js": c.show})
		b.wait(live)
		k.waitViewers(t, "cau-coc-leu", 1)
	}
	b.faults()
}

// hidden has the page believe that nobody looks at it, or that somebody does.
func hidden(is string) string {
	return `Object.defineProperty(document, "hidden", { value: ` + is + `, configurable: true }), document.dispatchEvent(new Event("visibilitychange"))`
}

// TestTileComesBack: after the server, or the camera, was away, and came back
// with pictures of another size.
func TestTileComesBack(t *testing.T) {
	film := newStudio(t)
	first := newCamera(t, film)
	p := newProvince(t)
	p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: place(0), url: first.url})
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	proxy := newProxy(t, r.addr)
	b.open("http://"+proxy.addr+"/wall", 1920, 1080)
	b.waitLive()
	live := there(tile("cau-coc-leu", `[data-look="live"]`))
	b.wait(live)

	first.kill()
	b.wait("!" + live)
	recipe := ffmpegtest.Recipe{Filter: "testsrc2=size=320x240:rate=25", Width: 320, Height: 240, FPS: 25, Seconds: 6}
	serveCamera(t, newReel(t, recipe), first.addr)
	b.wait(live + ` && ` + there(tile("cau-coc-leu", " video")) + `.videoHeight === 240`)
	at := evaluate[float64](b, there(tile("cau-coc-leu", " video"))+".currentTime")
	b.wait(fmt.Sprintf("%s.currentTime > %v", there(tile("cau-coc-leu", " video")), at+1))

	// The wire keeps still: nothing says that the server is gone.
	proxy.freeze()
	b.wait(there(tile("cau-coc-leu", `[data-look="stale"]`)) + `?.innerText.includes("Không có hình mới")`)
	b.wait(there(tile("cau-coc-leu", `[data-look="stale"]`)) + `?.innerText.includes("Mất kết nối máy chủ")`)
	proxy.thaw()
	b.wait(live)
}

package dashboards_test

import (
	"fmt"
	"testing"
	"time"

	"citywatch"
)

// TestReadableFromAfar: where people sit far from a small panel, everything
// that is written is as large as they need, and less is shown.
func TestReadableFromAfar(t *testing.T) {
	b, r := busy(t)
	for _, panel := range []float64{1.2, 3.6} {
		b.open(r.wall()+fmt.Sprintf("?distance=5&panel=%v", panel), 1920, 1080)
		b.waitLive()
		b.wait(`document.querySelector(".incident h2") && document.querySelector(".card .name")`)
		// 29.1 mm, seen from 5 m, are 20 minutes of arc; capitals are 0.7 of the font's size.
		least := 29.09 / (panel * 1000) * 1920 / 0.7
		small := evaluate[[]string](b, fmt.Sprintf(tooSmall, least-0.5))
		if len(small) > 0 {
			t.Errorf("on %v m less than %.1f pixels: %q", panel, least, small)
		}
		if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("on %v m: %d pixels wider than the screen", panel, wide)
		}
		if lost := evaluate[[]string](b, cutOff); len(lost) > 0 {
			t.Errorf("on %v m: cut off: %q", panel, lost)
		}
		for _, must := range []string{".clock .time", ".card .name", ".incident h2", ".incident .measured .value"} {
			if !evaluate[bool](b, fmt.Sprintf(`(() => { const box = document.querySelector(%q)?.getBoundingClientRect(); return !!box && box.width > 0 && box.bottom <= innerHeight; })()`, must)) {
				t.Errorf("on %v m %s cannot be seen", panel, must)
			}
		}
		b.faults()
	}
}

// tooSmall lists the texts that can be seen and are smaller than so many
// pixels. Pictures of cameras have letters of their own.
const tooSmall = `(() => {
	const found = new Set(), walker = document.createTreeWalker(document.querySelector(".wall"), NodeFilter.SHOW_TEXT);
	for (let node; (node = walker.nextNode()); ) {
		const e = node.parentElement, box = e.getBoundingClientRect();
		if (!node.data.trim() || !box.width || !box.height || e.closest("svg, camera-tile, .maplibregl-ctrl")) continue;
		const size = parseFloat(getComputedStyle(e).fontSize);
		if (size < %v) found.add(size.toFixed(1) + " " + e.className + ": " + node.data);
	}
	return [...found];
})()`

// TestReloadsWhenNew: pages begin anew when the server has become another, and
// not when it was merely gone.
func TestReloadsWhenNew(t *testing.T) {
	p := newProvince(t)
	p.version = "1.0"
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector(".part.ok")`) // it has heard which build it is
	b.do(command{"do": "eval", "js": `(window.old = true)`})

	r.stop()
	b.wait(`document.querySelector(".banner")`)
	same := newProvince(t)
	same.version = "1.0"
	again := same.run(t, r.addr)
	b.wait(`document.querySelector(".wall.live") && document.querySelector(".part.ok")`)
	same.flood(1)
	b.wait(`document.querySelector(".card")`)
	if !evaluate[bool](b, `window.old === true`) {
		t.Error("it began anew for the same server")
	}

	again.stop()
	b.wait(`document.querySelector(".banner")`)
	newer := newProvince(t)
	newer.version = "1.1"
	newer.run(t, r.addr)
	b.wait(`window.old === undefined && document.querySelector(".wall.live")`)
}

// TestLayouts: an address, or the configuration, says what a screen shows.
func TestLayouts(t *testing.T) {
	b, r := busy(t)
	for layout, want := range map[string]string{
		"":               "map alerts incident side strip",
		"map":            "map strip",
		"alerts,rivers":  "alerts side",
		"incident":       "map alerts incident strip",
		"sectors":        "side strip",
		"no-such-layout": "map alerts incident side strip",
	} {
		b.open(r.wall()+"?layout="+layout, 1920, 1080)
		b.wait(`document.querySelector(".wall.live") && document.querySelector("main section")`)
		shown := `["map", "alerts", "incident", "side", "strip"].filter((c) => document.querySelector("." + c)).join(" ")`
		b.wait(fmt.Sprintf(`%s === %q`, shown, want))
		if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%q is %d pixels wider than the screen", layout, wide)
		}
	}
}

// TestHeapFlat: hours of alerts that come and go leave nothing behind in the
// page.
func TestHeapFlat(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall()+"?sound=off", 1920, 1080)
	b.waitLive()
	round := 0
	// As much as a shift sees on a bad day: 150 alerts, each of which rises, is
	// seen and ends.
	shift := func() int {
		for range 150 {
			round++
			a := p.raise("lao-cai-thao", fmt.Sprint("flood", round), citywatch.Level(1+round%4), citywatch.Text{VI: "Lũ"}, citywatch.Evidence{Value: "water_level", Number: 80.4, Unit: "m"})
			a.Level = 5
			a = p.publish(a, citywatch.ReasonRaised, "")
			a.Handling, a.HandledBy, a.Condition = citywatch.Acknowledged, "Hoa", citywatch.Normal
			p.publish(a, citywatch.ReasonAcknowledged, "Hoa")
			time.Sleep(2 * time.Millisecond)
		}
		last := p.raise("mua-sa-pa", fmt.Sprint("rain", round), 2, citywatch.Text{VI: fmt.Sprint("Mưa ", round)}, citywatch.Evidence{Value: "rain_24h", Number: 60})
		b.wait(fmt.Sprintf(`document.querySelector(".incident h2")?.innerText === "Mưa %d" || document.querySelector(".storm-rows .row")`, round))
		last.Handling, last.HandledBy, last.Condition = citywatch.Acknowledged, "Hoa", citywatch.Normal
		p.publish(last, citywatch.ReasonAcknowledged, "Hoa")
		b.wait(`!document.querySelector(".card:not(.row)")`)
		return b.heap()
	}
	shift() // what is made once is made
	before := shift()
	for range 2 {
		shift()
	}
	after := shift()
	t.Logf("%d KiB in use after two shifts, %d KiB after five", before>>10, after>>10)
	if after-before > 1<<20+before/10 {
		t.Errorf("the page grew from %d to %d KiB in three shifts", before>>10, after>>10)
	}
}

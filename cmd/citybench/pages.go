package main

import (
	"fmt"
	"time"

	"citywatch/internal/servertest"
)

// drawnAlerts is how often an alert comes to the wall.
const drawnAlerts = 20

// watchDrawing notes when an alert that is so is on the screen: in the frame
// after the one in which it came into the page.
const watchDrawing = `(() => {
	window.drawn = [];
	let was = false;
	new MutationObserver(() => {
		const is = document.querySelector(".card:not(.over)") !== null;
		if (is && !was) requestAnimationFrame(() => requestAnimationFrame(() => window.drawn.push(performance.timeOrigin + performance.now())));
		was = is;
	}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
})()`

// pageLoad is what a first visit loads of a page's own files, in bytes as they
// go over the network.
const pageLoad = `(() => {
	const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource").filter((r) => r.name.includes("/assets/"))];
	const sum = (list) => list.reduce((n, r) => n + r.encodedBodySize, 0);
	const fonts = all.filter((r) => r.name.endsWith(".woff2"));
	return { code: sum(all) - sum(fonts), fonts: sum(fonts) };
})()`

// pages measures what each page loads, and how long it takes from a sensor's
// publish until Chromium has drawn the alert on the wall; beside it, until the
// alert's frame came to a websocket at the same time.
func (b *bench) pages(time.Duration) error {
	c, err := b.startCity(site{name: "pages", devices: 200, rules: 1, across: 4, down: 3})
	if err != nil {
		return err
	}
	defer c.kill()
	page := servertest.NewBrowser(b.host).Page("")
	for _, p := range []struct{ name, path, ready string }{
		{"desk", "/", ".desk.live"}, {"tourism", "/tourism", "#app > *"}, {"field", "/field", ".settings"}, {"wall", "/wall?sound=off", ".wall.live .map canvas"},
	} {
		page.Open("http://"+c.http+p.path, 1920, 1080)
		page.Wait(fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q)`, p.ready))
		var load struct{ Code, Fonts float64 }
		page.Eval(pageLoad, &load)
		b.table.add(row{Part: "pages", What: p.name + ": script and style as loaded, in gzip", Unit: "KiB", Value: load.Code / 1024}, nil)
		b.table.add(row{Part: "pages", What: p.name + ": fonts", Unit: "KiB", Value: load.Fonts / 1024}, nil)
	}
	page.Wait(`document.querySelector(".wall.live .alerts .nothing")`)
	return b.drawn(c, page)
}

// drawn has alerts come to the wall, which is open in the page.
func (b *bench) drawn(c *city, page *servertest.Page) error {
	frames, err := b.watch(c)
	if err != nil {
		return err
	}
	sensor, err := b.publisher("pages")
	if err != nil {
		return err
	}
	var nothing any
	page.Eval(watchDrawing+", null", &nothing)
	var drawn, framed []float64
	for n := range drawnAlerts {
		sent := time.Now()
		if err := sensor.cross(2 * bound); err != nil {
			return err
		}
		select {
		case at := <-frames:
			framed = append(framed, milliseconds(at.Sub(sent)))
		case <-time.After(patience):
			return fmt.Errorf("alert %d did not come within %v", n+1, patience)
		}
		page.Wait(fmt.Sprintf("window.drawn.length > %d", n))
		var at float64
		page.Eval("window.drawn.at(-1)", &at)
		drawn = append(drawn, at-float64(sent.UnixNano())/1e6)
		if err := sensor.cross(bound / 2); err != nil {
			return err
		}
		select {
		case <-frames:
		case <-time.After(patience):
			return fmt.Errorf("the end of alert %d did not come within %v", n+1, patience)
		}
		page.Wait(`!document.querySelector(".card:not(.over)")`)
	}
	b.table.add(row{Part: "pages", What: "publish to the first alert drawn on the wall", Unit: "ms", Value: drawn[0], Peer: "its frame", PeerValue: framed[0]}, most(1000))
	b.table.add(row{Part: "pages", What: fmt.Sprintf("publish to an alert drawn, p50 of %d", len(drawn)), Unit: "ms",
		Value: median(drawn), Peer: "its frame", PeerValue: median(framed)}, nil)
	return nil
}

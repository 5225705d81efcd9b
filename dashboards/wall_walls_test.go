package dashboards_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"citywatch"
	"citywatch/dashboards"

	"github.com/paulmach/orb"
)

// TestWallsInStep: walls of one room show the same, whenever each was opened.
func TestWallsInStep(t *testing.T) {
	p := newProvince(t)
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	b.open(r.wall(), 1280, 720)
	b.waitLive()
	p.flood(2)
	fire := p.raise(p.first("fire_panel"), "fire-panel", 4, citywatch.Text{VI: "Tủ báo cháy"}, citywatch.Evidence{Value: "state", Text: "fire"})
	rain := p.raise("mua-sa-pa", "rain-24h", 4, citywatch.Text{VI: "Mưa to"}, citywatch.Evidence{Value: "rain_24h", Number: 220})
	b.incidentOf(&rain) // when the fire has had its time

	b.do(command{"do": "beside", "url": r.wall()})
	b.waitLive()
	b.incidentOf(&rain)
	rain.Handling, rain.HandledBy = citywatch.Acknowledged, "Hoa"
	p.publish(rain, citywatch.ReasonAcknowledged, "Hoa")
	for range 2 {
		b.incidentOf(&fire)
		b.do(command{"do": "turn"})
	}
	// What somebody looks at on one of them is only theirs.
	b.do(command{"do": "eval", "js": `(document.querySelector('[data-alert^="river-flood"] .open').click(), null)`})
	b.wait(`document.querySelector(".incident .place")?.innerText.startsWith("Lào Cai (sông Thao)")`)
	b.do(command{"do": "turn"})
	b.incidentOf(&fire)
	b.faults()
}

// TestDrillOnTheWall: nobody takes a drill for real, from wherever they sit.
func TestDrillOnTheWall(t *testing.T) {
	p := newProvince(t)
	p.watch = func(d *dashboards.Deps) { d.Cameras, d.Exercise = noCameras{}, true }
	a := p.flood(3)
	a.Exercise = true
	p.publish(a, citywatch.ReasonRaised, "")
	r := p.run(t, "127.0.0.1:0")
	b := newBrowser(t)
	for _, theme := range []string{"dark", "light"} {
		b.open(r.wall()+"?theme="+theme, 1920, 1080)
		b.waitLive()
		b.wait(`document.querySelector(".card .state.exercise")`)
		if banner := b.text("#exercise"); !strings.Contains(banner, "DIỄN TẬP") || !strings.Contains(banner, "EXERCISE") {
			t.Errorf("%s: the banner says %q", theme, banner)
		}
		// It lies over everything, hides nothing, and is as large as a title.
		if !evaluate[bool](b, `(() => {
			const banner = document.querySelector("#exercise"), box = banner.getBoundingClientRect();
			const mark = banner.querySelector("b").getBoundingClientRect();
			const top = document.elementFromPoint(mark.x + mark.width / 2, mark.y + mark.height / 2);
			const covers = [...document.querySelectorAll(".top, main, .strip")].some((e) => {
				const other = e.getBoundingClientRect();
				return Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 6;
			});
			return banner.contains(top) && !covers && box.width >= innerWidth * 0.9 && parseFloat(getComputedStyle(banner.querySelector("b")).fontSize) >= 16;
		})()`) {
			t.Errorf("%s: the banner does not stand out", theme)
		}
		if title := evaluate[string](b, "document.title"); !strings.HasPrefix(title, "DIỄN TẬP") {
			t.Errorf("the title is %q", title)
		}
		b.axe("a drill, " + theme)
		b.faults()
	}
}

// TestDeviceOnTheMap: a click on a device opens what it measured, whether the
// map has the devices one by one or from tiles.
func TestDeviceOnTheMap(t *testing.T) {
	for name, above := range map[string]int{"one by one": 1000, "tiles": 1} {
		t.Run(name, func(t *testing.T) {
			p := newProvince(t)
			p.options.TilesAbove = above
			lonely := p.lonely()
			r := p.run(t, "127.0.0.1:0")
			b := newBrowser(t)
			b.open(r.wall(), 1920, 1080)
			b.waitLive()
			x, y := p.extent().fraction(lonely.Position)
			// The map may still be on its way to where it draws it.
			b.wait(fmt.Sprintf(`(() => {
				const canvas = document.querySelector(".map canvas"), box = canvas.getBoundingClientRect();
				const side = Math.min((box.width - 56) / %[1]v, (box.height - 56) / %[2]v);
				const at = { bubbles: true, clientX: box.x + box.width / 2 + %[3]v * side, clientY: box.y + box.height / 2 + %[4]v * side };
				for (const event of ["mousedown", "mouseup", "click"]) canvas.dispatchEvent(new MouseEvent(event, at));
				return document.querySelector(".device h2")?.innerText === %[5]q;
			})()`, p.extent().width(), p.extent().height(), x, y, lonely.Name))
			b.faults()
		})
	}
}

// A frame is what a map shows, in the units of Mercator's projection.
type frame orb.Bound

func (p *province) extent() frame {
	extent := p.zones[0].Geometry.Bound()
	for _, z := range p.zones {
		extent = extent.Union(z.Geometry.Bound())
	}
	return frame{Min: mercator(extent.Min), Max: mercator(extent.Max)}
}

func mercator(at orb.Point) orb.Point {
	sin := math.Sin(at.Lat() * math.Pi / 180)
	return orb.Point{at.Lon() / 360, math.Log((1+sin)/(1-sin)) / (4 * math.Pi)}
}

func (f frame) width() float64  { return f.Max.X() - f.Min.X() }
func (f frame) height() float64 { return f.Max.Y() - f.Min.Y() }

// fraction returns how far right of and below the middle a position is.
func (f frame) fraction(at orb.Point) (x, y float64) {
	m := mercator(at)
	return m.X() - (f.Min.X()+f.Max.X())/2, (f.Min.Y()+f.Max.Y())/2 - m.Y()
}

// lonely returns the device that is farthest from every other.
func (p *province) lonely() *citywatch.Device {
	var best *citywatch.Device
	most := 0.0
	for _, s := range p.devices {
		nearest := math.Inf(1)
		for _, o := range p.devices {
			if o.Device != s.Device && o.Device.Position != s.Device.Position {
				nearest = min(nearest, math.Hypot(o.Device.Position[0]-s.Device.Position[0], o.Device.Position[1]-s.Device.Position[1]))
			}
		}
		if nearest > most && s.Device.Position != (orb.Point{}) {
			best, most = s.Device, nearest
		}
	}
	return best
}

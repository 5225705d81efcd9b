package dashboards_test

import (
	"strconv"
	"testing"

	"citywatch"

	"github.com/paulmach/orb"
)

var square = orb.Point{103.9655, 22.5010}

// TestTilePlays: a tile shows what the camera sees, moving, and as young as it
// says.
func TestTilePlays(t *testing.T) {
	p := newProvince(t)
	k := p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: square, url: newCamera(t, newStudio(t)).url})
	r := p.run(t, "127.0.0.1:0")
	k.waitState(t, "cau-coc-leu", citywatch.CameraOnline)
	b := newBrowser(t)
	b.open(r.wall(), 1920, 1080)
	b.waitLive()
	b.wait(`document.querySelector('camera-tile[data-look="live"] video')?.currentTime > 0`)
	at := evaluate[float64](b, `document.querySelector("camera-tile video").currentTime`)
	b.wait(`document.querySelector("camera-tile video").currentTime > ` + number(at+1))
	t.Log(b.text("camera-tile"))
	b.faults()
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

package dashboards_test

import (
	"testing"
	"time"

	"citywatch"
)

// TestServerGone: a server that falls silent without a farewell is told of on
// the tile within seconds, also where the camera sends nothing anyhow.
func TestServerGone(t *testing.T) {
	film := newStudio(t)
	p := newProvince(t)
	k := p.look(t,
		lens{id: "a-well", name: "Cầu Cốc Lếu", at: place(0), url: newCamera(t, film).url},
		lens{id: "b-away", name: "Cửa khẩu Hồ Kiều", at: place(1)},
	)
	r := p.run(t, "127.0.0.1:0")
	way := newProxy(t, r.addr)
	k.waitState(t, "a-well", citywatch.CameraOnline)
	k.waitState(t, "b-away", citywatch.CameraUnreachable)
	b := newBrowser(t)
	b.open("http://"+way.addr+"/wall?lang=vi", 1920, 1080)
	b.waitLive()
	b.wait(there(tile("a-well", `[data-look="live"]`)))
	b.wait(there(tile("b-away", "")) + `.innerText.includes("Mất liên lạc với camera")`)
	way.freeze()
	frozen := time.Now()
	b.wait(there(tile("b-away", "")) + `.innerText.includes("Mất kết nối máy chủ")`)
	b.wait(there(tile("a-well", `[data-look="stale"]`)))
	t.Logf("told %v after the last byte", time.Since(frozen).Round(100*time.Millisecond))
	way.thaw()
	b.wait(there(tile("b-away", "")) + `.innerText.includes("Mất liên lạc với camera")`)
	b.wait(there(tile("a-well", `[data-look="live"]`)))
}

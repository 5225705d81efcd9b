package dashboards_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// TestClipHole: a clip over a time in which the camera was away says so beside
// the picture, on the wall and at the desk.
func TestClipHole(t *testing.T) {
	film := newStudio(t)
	cam := newCamera(t, film)
	host := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(cam.url)
	way := newProxy(t, host)
	p := newProvince(t)
	k := p.look(t, lens{id: "cau-coc-leu", name: "Cầu Cốc Lếu", at: place(0), url: strings.Replace(cam.url, host, way.addr, 1), record: true})
	k.draw(t)
	r := p.run(t, "127.0.0.1:0")
	began := time.Now()
	k.waitState(t, "cau-coc-leu", citywatch.CameraOnline)
	k.waitRecorded(t, r, "cau-coc-leu", 1, 3*time.Second)
	way.freeze()
	way.cut()
	k.waitNotState(t, "cau-coc-leu", citywatch.CameraOnline)
	time.Sleep(4 * time.Second) // of which nothing is recorded
	way.thaw()
	k.waitState(t, "cau-coc-leu", citywatch.CameraOnline)
	k.waitRecorded(t, r, "cau-coc-leu", 2, 3*time.Second)

	b := newBrowser(t)
	for _, page := range []struct {
		name string
		open func()
	}{
		{"wall", func() {
			b.open(r.wall(), 1920, 1080)
			b.waitLive()
			b.do(command{"do": "click", "selector": ".tile"})
			b.wait(there(".camera .timeline rect"))
			b.do(command{"do": "click", "selector": ".camera .line"}) // in its middle: the first that is there
		}},
		{"desk", func() {
			b.open("http://"+r.addr+"/#/camera/cau-coc-leu", 1920, 1080)
			b.wait(there("button.recorded rect"))
			b.do(command{"do": "click", "selector": "button.recorded"})
		}},
	} {
		name := page.name
		page.open()
		b.wait(there(".clip-holes"))
		clock := regexp.MustCompile(`\d\d:\d\d:\d\d`).FindAllString(b.text(".clip-holes"), -1)
		if len(clock) != 2 {
			t.Fatalf("on the %s it says %q", name, b.text(".clip-holes"))
		}
		zone := time.FixedZone("+07", 7*3600)
		if from, to := began.In(zone).Format(time.TimeOnly), time.Now().In(zone).Format(time.TimeOnly); from < to && (clock[0] < from || clock[1] > to || clock[0] >= clock[1]) {
			t.Errorf("on the %s the hole is from %s to %s, within %s to %s", name, clock[0], clock[1], from, to)
		}
		clip := there(".clip video")
		b.wait(clip + "?.readyState >= 2")
		// Through all of it, until nothing was recorded of what is shown.
		if !evaluate[bool](b, `(async () => {
			const video = `+clip+`;
			video.pause();
			for (let i = 0; i < 60; i++) {
				const sought = new Promise((go) => video.addEventListener("seeked", go, { once: true }));
				video.currentTime = (i * video.duration) / 60;
				await sought;
				await new Promise((go) => setTimeout(go, 50));
				if (document.querySelector(".clip-holes.inside .here")) return true;
			}
			return false;
		})()`) {
			t.Errorf("on the %s the picture that stands is taken for what was to be seen", name)
		}
	}
	b.faults()
}

// waitRecorded waits until that many stretches are recorded, the last for so
// long.
func (k *looking) waitRecorded(t *testing.T, r running, camera string, stretches int, length time.Duration) {
	t.Helper()
	until(t, camera+" is recorded", func() bool {
		status, body := fetch(t, "http://"+r.addr+"/api/v1/cameras/"+camera+"/recordings?from=-10m&to=-0s")
		var list struct {
			Intervals []struct{ From, To time.Time }
		}
		if status != http.StatusOK || json.Unmarshal(body, &list) != nil || len(list.Intervals) < stretches {
			return false
		}
		last := list.Intervals[len(list.Intervals)-1]
		return last.To.Sub(last.From) >= length
	})
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// waitNotState waits until a camera is in another state.
func (k *looking) waitNotState(t *testing.T, camera string, state citywatch.CameraState) {
	t.Helper()
	until(t, camera+" is no longer "+string(state), func() bool {
		s, err := k.video.Status(camera)
		return err == nil && s.State != state
	})
}

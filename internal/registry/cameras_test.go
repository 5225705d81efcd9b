package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/registry"
)

func TestParseCameras(t *testing.T) {
	cameras, _, problems := registry.ParseCameras([]byte(`gateways:
  - {id: nvr, name: Đầu ghi cửa khẩu}
cameras:
  - id: kim-thanh
    name: Cửa khẩu Kim Thành
    sector: traffic
    at: [104, 22.5]
    bearing: 0
    view: 70
    gateway: nvr
    main: rtsp://10.0.0.1/main
    sub: rtsp://10.0.0.1/sub
    username: viewer
    password_file: secret
    transport: udp
    record: 7d
    picture: true
  - {id: bac-ha, sector: tourism, at: [104.2, 22.7], gateway: nvr, main: "rtsp://10.0.0.2/", pull: on_demand}
`), nil, east)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	first, second := cameras.Cameras[0], cameras.Cameras[1]
	north, view := 0.0, 70.0
	want := citywatch.Camera{
		ID: "kim-thanh", Name: "Cửa khẩu Kim Thành", Sector: citywatch.SectorTraffic, Zone: "east",
		Position: orb.Point{104, 22.5}, Bearing: &north, View: &view, Gateway: "nvr",
	}
	if diff := cmp.Diff(want, first.Camera); diff != "" {
		t.Error(diff)
	}
	if first.Main.Host() != "10.0.0.1" || first.Sub.IsZero() || first.Username != "viewer" || first.PasswordFile != "secret" ||
		first.Transport != "udp" || first.OnDemand || first.Record != 7*24*time.Hour || !first.Picture {
		t.Errorf("got %+v", first)
	}
	if !second.OnDemand || !second.Sub.IsZero() || second.Name != "bac-ha" {
		t.Errorf("got %+v", second)
	}
	devices := cameras.Devices(10 * time.Second)
	if len(devices) != 4 || devices[0].Class != citywatch.CameraGatewayClass ||
		devices[2].Class != citywatch.CameraHealthClass || devices[3].ID != citywatch.RecorderID {
		t.Fatalf("devices %+v", devices)
	}
	if at := devices[0].Position; at.Lon() < 104.09 || at.Lon() > 104.11 {
		t.Errorf("the gateway is at %v, not amid its cameras", at)
	}
}

func TestParseCamerasSaysEverythingThatIsWrong(t *testing.T) {
	taken := []citywatch.Device{{ID: "gauge"}}
	cameras, doc, problems := registry.ParseCameras([]byte(`gateways:
  - {id: nvr-1}
cameras:
  - {id: gauge, sector: traffic, at: [104, 22], main: "rtsp://10.0.0.1/"}
  - {id: a, sector: road, at: [104, 22], main: "rtsp://10.0.0.1/"}
  - {id: b, sector: traffic, at: [22, 104], main: "rtsp://10.0.0.1/"}
  - {id: c, sector: traffic, at: [104, 22], gateway: nvr1, main: "rtsp://10.0.0.1/"}
  - {id: d, sector: traffic, at: [104, 22], bearing: 360, view: 0, main: "rtsp://10.0.0.1/"}
  - {id: e, sector: traffic, at: [104, 22]}
  - {id: f, sector: traffic, at: [104, 22], main: "rtsp://u:CANARY@10.0.0.1:port/?password=CANARY"}
  - {id: g, sector: traffic, at: [104, 22], main: "rtsp://10.0.0.1/", username: viewer}
  - {id: h, sector: traffic, at: [104, 22], main: "rtsp://10.0.0.1/", pull: sometimes, transport: smoke}
  - {id: i, sector: traffic, at: [104, 22], main: "rtsp://10.0.0.1/", pull: on_demand, record: 1d}
  - {id: j, sector: traffic, at: [104, 22], main: "exec:ffmpeg -i CANARY"}
`), taken, east)
	if len(cameras.Cameras) != 0 {
		t.Errorf("accepted %v", cameras.Cameras)
	}
	got := map[int]string{}
	for _, p := range problems {
		line, _ := doc.Position(p.Path)
		got[line] += fmt.Sprintln(p.Error())
	}
	for line, want := range map[int]string{
		2:  `no camera is behind the gateway "nvr-1"`,
		4:  `"gauge" names something else already`,
		5:  `unknown sector "road"`,
		6:  `longitude comes first`,
		7:  `did you mean "nvr-1"?`,
		8:  `360 is not a direction`,
		9:  `camera "e" has no stream`,
		11: `one of username and password_file without the other`,
		12: `cannot be pulled "sometimes"`,
		13: `need the stream all the time`,
	} {
		if !strings.Contains(got[line], want) {
			t.Errorf("line %d: %q does not say %q", line, got[line], want)
		}
	}
	for _, line := range []int{10, 14} {
		if got[line] == "" || strings.Contains(got[line], "CANARY") {
			t.Errorf("line %d: %q", line, got[line])
		}
	}
}

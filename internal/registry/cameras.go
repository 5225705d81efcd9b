package registry

import (
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/strictyaml"
	"citywatch/video/address"
	"citywatch/video/record"
)

// A CameraFile is a list of cameras as a person writes it.
type CameraFile struct {
	Gateways []GatewayEntry `yaml:"gateways"`
	Cameras  []CameraEntry  `yaml:"cameras"`
}

// A GatewayEntry is what several cameras are reached through.
type GatewayEntry struct {
	ID   string     `yaml:"id"`
	Name string     `yaml:"name"`
	At   *orb.Point `yaml:"at"` // longitude, latitude; by default amid its cameras
}

// A CameraEntry is one camera.
type CameraEntry struct {
	ID      string           `yaml:"id"`
	Name    string           `yaml:"name"`
	Sector  citywatch.Sector `yaml:"sector"`
	At      *orb.Point       `yaml:"at"` // longitude, latitude
	Bearing *float64         `yaml:"bearing"`
	View    *float64         `yaml:"view"`
	Gateway string           `yaml:"gateway"`

	Main         string        `yaml:"main"`
	Sub          string        `yaml:"sub"`
	Username     string        `yaml:"username"`
	PasswordFile string        `yaml:"password_file"`
	Transport    string        `yaml:"transport"`
	Pull         string        `yaml:"pull"`
	Record       time.Duration `yaml:"record"`
	Picture      bool          `yaml:"picture"`
}

// A Camera is one camera and how it is to be pulled.
type Camera struct {
	citywatch.Camera
	// Main and Sub are where its streams are. Sub is zero where it has none.
	Main, Sub address.Address
	// Username, unless it stands in the addresses, and the file that holds
	// the password.
	Username, PasswordFile string
	// Transport is auto, tcp or udp.
	Transport string
	// Record is how long recordings are kept; 0 records nothing.
	Record time.Duration
	// Picture has its pictures judged.
	Picture bool
}

// A Gateway is what several cameras are reached through.
type Gateway struct {
	ID, Name string
	Zone     string
	Position orb.Point
}

// Cameras is what a list of cameras says.
type Cameras struct {
	Cameras  []Camera
	Gateways []Gateway
}

// ParseCameras reads a list of cameras and returns what is in it with every
// problem found. Cameras with a problem are left out. No camera may have the id
// of one of the devices: each is a device itself, whose readings tell how it
// is.
func ParseCameras(src []byte, devices []citywatch.Device, locate Locator) (Cameras, *strictyaml.Document, []citywatch.Problem) {
	var file CameraFile
	doc, problems := strictyaml.Decode(src, &file)
	p := cameraParser{parser: parser{locate: locate, taken: map[string]string{}, broken: map[string]bool{}}}
	for _, problem := range problems {
		p.broken[problem.Path] = true
	}
	p.problems = problems
	p.taken[citywatch.RecorderID] = "the recorder"
	for _, d := range devices {
		for _, id := range append([]string{d.ID}, d.Aliases...) {
			p.taken[id] = "the device file"
		}
	}
	for i, e := range file.Gateways {
		p.gateway(e, strictyaml.Index("$.gateways", i))
	}
	var out Cameras
	for i, e := range file.Cameras {
		if c, ok := p.camera(e, strictyaml.Index("$.cameras", i)); ok {
			out.Cameras = append(out.Cameras, c)
		}
	}
	for i, e := range file.Gateways {
		out.Gateways = append(out.Gateways, p.amid(e, out.Cameras, strictyaml.Index("$.gateways", i)))
	}
	return out, doc, p.problems
}

type cameraParser struct {
	parser
	gateways []string
}

// claim reports an id that cannot be one, or that something else has.
func (p *cameraParser) claim(id, path, what string) {
	if !deviceID.MatchString(id) {
		p.report(path+".id", "up to 64 of a-z A-Z 0-9 . _ : -, the first a letter or digit", "%q cannot be the id of a %s", id, what)
		return
	}
	if _, double := p.taken[id]; double {
		p.report(path+".id", "ids must be unique among devices, cameras and gateways", "%q names something else already", id)
	}
	p.taken[id] = path
}

func (p *cameraParser) gateway(e GatewayEntry, path string) {
	p.claim(e.ID, path, "gateway")
	p.gateways = append(p.gateways, e.ID)
}

// amid returns the gateway, placed amid its cameras where it has no place of
// its own.
func (p *cameraParser) amid(e GatewayEntry, cameras []Camera, path string) Gateway {
	g := Gateway{ID: e.ID, Name: e.Name}
	if g.Name == "" {
		g.Name = e.ID
	}
	if e.At != nil {
		g.Position, g.Zone = p.within(*e.At, path+".at", fmt.Sprintf("gateway %q", e.ID))
		return g
	}
	n := 0.0
	for _, c := range cameras {
		if c.Gateway == e.ID {
			g.Position[0] += c.Position[0]
			g.Position[1] += c.Position[1]
			n++
		}
	}
	if n == 0 {
		p.report(path+".id", "", "no camera is behind the gateway %q", e.ID)
		return g
	}
	g.Position[0] /= n
	g.Position[1] /= n
	g.Zone = p.locate(g.Position) // "" if its cameras lie around another zone
	return g
}

func (p *cameraParser) camera(e CameraEntry, path string) (Camera, bool) {
	before := len(p.problems)
	p.claim(e.ID, path, "camera")
	c := Camera{
		Camera: citywatch.Camera{
			ID: e.ID, Name: e.Name, Sector: e.Sector,
			Bearing: e.Bearing, View: e.View, Gateway: e.Gateway, OnDemand: e.Pull == "on_demand",
		},
		Username: e.Username, PasswordFile: e.PasswordFile,
		Transport: e.Transport,
		Record:    e.Record, Picture: e.Picture,
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if !slices.Contains(citywatch.Sectors(), e.Sector) {
		p.report(path+".sector", fmt.Sprintf("one of %v", citywatch.Sectors()), "unknown sector %q", e.Sector)
	}
	if e.At == nil {
		p.report(path+".at", "at: [longitude, latitude]", "camera %q has no position", e.ID)
	} else {
		c.Position, c.Zone = p.within(*e.At, path+".at", fmt.Sprintf("camera %q", e.ID))
	}
	p.look(e, path)
	p.streams(e, &c, path)
	p.habits(e, path)
	return c, len(p.problems) == before
}

// look checks where the camera looks.
func (p *cameraParser) look(e CameraEntry, path string) {
	if e.Bearing != nil && (*e.Bearing < 0 || *e.Bearing >= 360) {
		p.report(path+".bearing", "0 is north, 90 east", "%v is not a direction of 0 to 360 degrees", *e.Bearing)
	}
	if e.View != nil && (*e.View <= 0 || *e.View > 360) {
		p.report(path+".view", "how wide it sees, as in 70", "%v is not an angle of 0 to 360 degrees", *e.View)
	}
	if e.Gateway != "" && !slices.Contains(p.gateways, e.Gateway) {
		hint := "list it under gateways: {id: …, name: …}"
		if near := strictyaml.Nearest(e.Gateway, p.gateways); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		p.report(path+".gateway", hint, "unknown gateway %q", e.Gateway)
	}
}

func (p *cameraParser) streams(e CameraEntry, c *Camera, path string) {
	if e.Main == "" {
		p.report(path+".main", "main: rtsp://10.0.0.1/stream, or onvif://10.0.0.1; `citywatch camera probe` tells what a camera offers", "camera %q has no stream", e.ID)
	} else {
		c.Main = p.address(e.Main, path+".main")
	}
	if e.Sub != "" {
		c.Sub = p.address(e.Sub, path+".sub")
	}
	if (e.Username == "") != (e.PasswordFile == "") {
		p.report(path+".username", "the password stands in the file that password_file names", "camera %q has one of username and password_file without the other", e.ID)
	}
}

func (p *cameraParser) address(text, path string) address.Address {
	a, err := address.Parse(text)
	if err != nil {
		p.report(path, "as in rtsp://10.0.0.1:554/stream", "%v", err)
	}
	return a
}

// habits checks how the camera is to be used.
func (p *cameraParser) habits(e CameraEntry, path string) {
	if !slices.Contains([]string{"", "auto", "tcp", "udp"}, e.Transport) {
		p.report(path+".transport", "auto, tcp or udp", "unknown transport %q", e.Transport)
	}
	if !slices.Contains([]string{"", "always", "on_demand"}, e.Pull) {
		p.report(path+".pull", "always or on_demand", "camera %q cannot be pulled %q", e.ID, e.Pull)
	}
	if e.Record != 0 && e.Record < record.MinKeep {
		p.report(path+".record", "as in 7d; leave it out to record nothing", "recordings are kept for at least %v", record.MinKeep)
	}
	if e.Pull == "on_demand" && (e.Record > 0 || e.Picture) {
		p.report(path+".pull", "recording and judging pictures need the stream all the time", "camera %q is to be pulled on demand only", e.ID)
	}
}

// Devices returns the devices whose readings tell how the cameras and gateways
// are, which come every period.
func (c Cameras) Devices(period time.Duration) []citywatch.Device {
	var devices []citywatch.Device
	for _, g := range c.Gateways {
		devices = append(devices, citywatch.Device{
			ID: g.ID, Name: g.Name, Class: citywatch.CameraGatewayClass, Sector: citywatch.SectorTraffic,
			Zone: g.Zone, Position: g.Position, Period: period,
		})
	}
	for _, camera := range c.Cameras {
		devices = append(devices, citywatch.Device{
			ID: camera.ID, Name: camera.Name, Class: citywatch.CameraHealthClass, Sector: camera.Sector,
			Zone: camera.Zone, Position: camera.Position, Period: period,
		})
	}
	if slices.ContainsFunc(c.Cameras, func(camera Camera) bool { return camera.Record > 0 }) {
		devices = append(devices, citywatch.Device{
			ID: citywatch.RecorderID, Name: "Ghi hình camera", Class: citywatch.CameraRecorderClass,
			Sector: citywatch.SectorTraffic, Period: period, Auto: true,
		})
	}
	return devices
}

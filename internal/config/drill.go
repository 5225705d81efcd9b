package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"citywatch"
	"citywatch/geo"
	"citywatch/internal/journal"
	"citywatch/internal/registry"
	"citywatch/internal/selfcheck"
	"citywatch/internal/store"
)

// A Drill is a site for an exercise. It has the province, the devices, the rules
// and how the engine goes by them; and nothing else of the site that it was made
// of: no source, broker, camera, store, journal, notification, heartbeat or
// secret, and so nothing real that it could reach. It can only be made by
// Site.Drill, which names what is taken over one by one: what is added to the
// configuration one day is not.
type Drill struct{ site Site }

// DrillOptions are where a drill takes place.
type DrillOptions struct {
	// Data is the folder of everything that it keeps: one that was not there, an
	// empty one, or one of an earlier drill.
	Data string
	// HTTP is the address of its pages.
	HTTP string
}

// drillMark is the file that says that a folder is a drill's.
const drillMark = "DIEN-TAP"

// ErrNotDrills means that a folder has something in it that is not a drill's.
var ErrNotDrills = errors.New("the folder has something in it that is no drill's")

// Site returns what an App is made of.
func (d *Drill) Site() *Site { return &d.site }

// Drill returns the site's drill, and marks its folder as one of a drill. The
// error is ErrNotDrills, or the disk's.
func (s *Site) Drill(o DrillOptions) (*Drill, error) {
	if err := claim(o.Data); err != nil {
		return nil, err
	}
	d := &Drill{Site{
		Config:   s.drillConfig(o),
		Province: s.Province,
		Zones:    s.Zones,
		Classes:  s.Classes,
		Devices:  slices.DeleteFunc(slices.Clone(s.Devices), func(d citywatch.Device) bool { return d.Own() }),
		Cameras:  registry.Cameras{},
		Rules:    s.Rules,
		source:   s.source,
	}}
	places := make([]geo.Place, 0, len(d.site.Devices))
	for _, device := range d.site.Devices {
		places = append(places, geo.Place{ID: device.ID, Kind: geo.Device, Position: device.Position})
	}
	d.site.Index = geo.NewIndex(s.Zones, places)
	return d, nil
}

// drillHeartbeat is how often pages are told the time, which passes quickly.
const drillHeartbeat = 500 * time.Millisecond

// drillConfig is made of nothing, not of a copy: what it does not name is not
// there.
func (s *Site) drillConfig(o DrillOptions) Config {
	c := defaults()
	c.Province = s.Config.Province
	c.Data = o.Data
	c.HTTP.Listen = o.HTTP
	c.HTTP.QueryTimeout = s.HTTP.QueryTimeout
	c.HTTP.Wall = s.HTTP.Wall
	c.HTTP.Stream.HeartbeatEvery = drillHeartbeat
	c.Journal = journal.Options{Dir: filepath.Join(o.Data, "journal"), Shards: 1, MaxBytes: 1 << 30, TransitionsMaxAge: 30 * 24 * time.Hour}
	c.Store = store.DefaultOptions()
	c.Store.Name = "drill"
	c.Store.Dir = filepath.Join(o.Data, "series")
	c.Store.Retention.Raw, c.Store.Retention.FiveMinutes, c.Store.Retention.OneHour = 0, 0, 0 // a recording may be old
	c.Alerts = s.Alerts
	c.Alerts.Exercise = true
	c.Rules = s.Config.Rules
	c.Incidents = s.Incidents
	c.Cameras.FFmpeg.Path = "off"
	c.Cameras.Record.Dir = filepath.Join(o.Data, "recordings")
	c.Cameras.Snapshots.Dir = filepath.Join(o.Data, "thumbnails")
	c.Self = selfcheck.Options{NoCanary: true}
	c.Devices.MaxAuto = s.Config.Devices.MaxAuto
	return c
}

// claim makes a folder a drill's, unless it is something else's.
func claim(dir string) error {
	if dir == "" {
		return errors.New("no folder is given for the drill's data")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	marked := slices.ContainsFunc(files, func(f os.DirEntry) bool { return f.Name() == drillMark })
	if len(files) > 0 && !marked {
		return fmt.Errorf("%w: %s (name one that is empty, or none)", ErrNotDrills, dir)
	}
	return os.WriteFile(filepath.Join(dir, drillMark), []byte("Dữ liệu diễn tập, không có gì là thật. / Data of a drill, nothing in it is real.\n"), 0o600)
}

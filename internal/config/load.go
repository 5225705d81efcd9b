package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/alerts"
	"citywatch/geo"
	"citywatch/ingest/mqtt"
	"citywatch/internal/partition"
	"citywatch/internal/registry"
	"citywatch/internal/selfcheck"
	"citywatch/internal/strictyaml"
	"citywatch/video"
)

// A Site is a configuration with everything that it names, read and checked.
type Site struct {
	Config
	Province citywatch.Province
	Zones    []citywatch.Zone
	Index    *geo.Index
	Classes  []citywatch.Class
	// Devices are those of the device file, and those whose readings tell how
	// the cameras and citywatch itself are.
	Devices []citywatch.Device
	Cameras registry.Cameras
	Rules   *alerts.Rules
	Teams   []citywatch.Team

	// source is where it was read from.
	source loader
}

// Summary says in one line what there is.
func (s *Site) Summary() string {
	sensors := 0
	for _, d := range s.Devices {
		if !d.Own() && d.Indicator == nil {
			sensors++
		}
	}
	summary := fmt.Sprintf("%s: %d zones, %d devices, %d cameras, %d rules, %d MQTT sources",
		s.Province.Name, len(s.Zones), sensors, len(s.Cameras.Cameras), s.Rules.Len(), len(s.Sources))
	if s.Journal.Shards > 1 {
		sizes := s.Plan(s.Rules).Sizes()
		summary += fmt.Sprintf(", %d shards of %s devices", len(sizes), strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", ", "), "[]"))
	}
	return summary
}

// Plan says which shard of the journal holds what, if these are the rules.
func (s *Site) Plan(rules *alerts.Rules) *partition.Plan {
	return partition.New(s.Devices, max(1, s.Journal.Shards), func(tie func(a, b *citywatch.Device)) {
		rules.Together(s.Devices, tie)
	})
}

// Overrides stand above what the file says; what is empty does not.
type Overrides struct {
	Data string // data folder
	HTTP string // address of pages and API
	MQTT string // address of the embedded broker
}

func (o Overrides) apply(c *Config) {
	if o.Data != "" {
		c.Data = o.Data
	}
	if o.HTTP != "" {
		c.HTTP.Listen = o.HTTP
	}
	if o.MQTT != "" && c.Edge != nil {
		for i := range c.Sources {
			if c.Sources[i].URL == "tcp://"+c.Edge.Listen {
				c.Sources[i].URL = "tcp://" + o.MQTT
			}
		}
		c.Edge.Listen = o.MQTT
	}
}

// Load reads a configuration and all that it names. The error is Problems if
// something is wrong with what is in the files. Relative names of files are
// relative to the configuration.
func Load(name string, o Overrides) (*Site, error) {
	dir := filepath.Dir(name)
	return load(name, o, folder{
		read:    os.ReadFile,
		resolve: func(file string) string { return resolve(dir, file) },
	})
}

func resolve(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

// LoadFS is Load for a configuration that is part of the program.
func LoadFS(files fs.FS, name string, o Overrides) (*Site, error) {
	return load(name, o, folder{
		read:    func(file string) ([]byte, error) { return fs.ReadFile(files, file) },
		resolve: func(file string) string { return path.Join(path.Dir(name), file) },
	})
}

// A folder is where a configuration and its files lie.
type folder struct {
	read    func(name string) ([]byte, error)
	resolve func(name string) string
}

func load(name string, o Overrides, files folder) (*Site, error) {
	src, err := files.read(name)
	if err != nil {
		return nil, err
	}
	c, doc, found, err := Parse(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	l := loader{files: files, name: name, doc: doc}
	l.problems.add(name, doc, found)
	l.resolveFiles(c)
	o.apply(c)
	c.Data = files.resolve(c.Data)
	if o.Data != "" {
		c.Data = o.Data
	}
	c.Journal.Dir = filepath.Join(c.Data, "journal")
	c.Store.Dir = filepath.Join(c.Data, "series")
	setDefault(&c.Cameras.Record.Dir, filepath.Join(c.Data, "recordings"))
	setDefault(&c.Cameras.Snapshots.Dir, filepath.Join(c.Data, "thumbnails"))
	if c.Edge != nil {
		c.Edge.Dir = filepath.Join(c.Data, "edge")
	}
	site := &Site{Config: *c, Province: c.Province.value(), source: l}
	l.zones(site)
	l.devices(site)
	l.own(site)
	l.teams(site)
	l.rules(site)
	l.sources(site)
	if len(l.problems) > 0 {
		return nil, l.problems.sorted()
	}
	return site, nil
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// A loader gathers what is wrong on the way.
type loader struct {
	files    folder
	name     string // of the configuration
	doc      *strictyaml.Document
	problems Problems
}

// report adds a problem of the configuration itself.
func (l *loader) report(path, hint, format string, args ...any) {
	l.problems.add(l.name, l.doc, []citywatch.Problem{{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint}})
}

// read returns the content of a file named at path in the configuration, which
// has been resolved.
func (l *loader) read(path, file string) ([]byte, bool) {
	if file == "" {
		return nil, false // reported already
	}
	src, err := l.files.read(file)
	if err != nil {
		l.reportMissing(path, err)
		return nil, false
	}
	return src, true
}

func (l *loader) reportMissing(path string, err error) {
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "relative names start from the configuration's folder"
	}
	l.report(path, hint, "%v", err)
}

// resolveFiles makes the names of files absolute or relative to the working
// directory, and reports the secrets that cannot be read. Those are read anew
// at each use, so that they can be changed while citywatch runs.
func (l *loader) resolveFiles(c *Config) {
	for path, file := range c.namedFiles() {
		if *file != "" {
			*file = l.files.resolve(*file)
		}
		if strings.HasPrefix(path, "$.rules.files") {
			continue // read below
		}
		switch path {
		case "$.zones.file", "$.devices.file", "$.cameras.file", "$.rules.file", "$.teams.file":
			continue // read below
		case "$.cameras.record.dir", "$.cameras.snapshots.dir":
			continue // made when they are needed
		case "$.indicators.file":
			continue // may come later
		}
		if *file == "" {
			continue
		}
		if _, err := l.files.read(*file); err != nil {
			l.reportMissing(path, err)
		}
	}
}

func (l *loader) zones(site *Site) {
	const path = "$.zones.file"
	src, ok := l.read(path, site.Config.Zones.File)
	if !ok {
		return
	}
	zones, problems := site.Config.Zones.Parse(bytes.NewReader(src), site.Province.Extent)
	for _, p := range problems {
		// GeoJSON is written by programs: a feature's name says more than a
		// line of it.
		l.problems = append(l.problems, Located{Problem: p, File: site.Config.Zones.File, Line: 1, Column: 1})
	}
	site.Zones = zones
}

// devices needs the zones.
func (l *loader) devices(site *Site) {
	zonesOnly := geo.NewIndex(site.Zones, nil)
	locate := func(p orb.Point) string {
		if z, ok := zonesOnly.ZoneAt(p); ok {
			return z.ID
		}
		return ""
	}
	if src, ok := l.read("$.devices.file", site.Config.Devices.File); ok {
		classes, devices, doc, problems := registry.Parse(src, locate)
		l.problems.add(site.Config.Devices.File, doc, problems)
		site.Classes, site.Devices = classes, devices
	}
	places := make([]geo.Place, 0, len(site.Devices))
	for _, d := range site.Devices {
		places = append(places, geo.Place{ID: d.ID, Kind: geo.Device, Position: d.Position})
	}
	l.cameras(site, locate)
	for _, c := range site.Cameras.Cameras {
		places = append(places, geo.Place{ID: c.ID, Kind: geo.Camera, Position: c.Position})
	}
	site.Index = geo.NewIndex(site.Zones, places)
}

// teams needs the zones.
func (l *loader) teams(site *Site) {
	const path = "$.teams.file"
	if site.Config.Teams.File == "" {
		return
	}
	src, ok := l.read(path, site.Config.Teams.File)
	if !ok {
		return
	}
	zones := geo.NewIndex(site.Zones, nil)
	teams, doc, problems := registry.ParseTeams(src, site.Zones, func(p orb.Point) string {
		z, _ := zones.ZoneAt(p)
		return z.ID
	})
	l.problems.add(site.Config.Teams.File, doc, problems)
	site.Teams = teams
}

// cameras needs the devices, whose ids they may not have, and adds those that
// tell how the cameras are.
func (l *loader) cameras(site *Site, locate registry.Locator) {
	if site.Config.Cameras.File == "" {
		return
	}
	src, ok := l.read("$.cameras.file", site.Config.Cameras.File)
	if !ok {
		return
	}
	cameras, doc, problems := registry.ParseCameras(src, site.Devices, locate)
	l.problems.add(site.Config.Cameras.File, doc, problems)
	for i := range cameras.Cameras {
		c := &cameras.Cameras[i]
		if c.PasswordFile == "" {
			continue
		}
		c.PasswordFile = l.files.resolve(c.PasswordFile)
		if _, err := l.files.read(c.PasswordFile); err != nil {
			l.report("$.cameras.file", "password_file names a file that holds nothing but the password", "camera %q: %v", c.ID, err)
		}
	}
	site.Cameras = cameras
	site.Devices = append(site.Devices, cameras.Devices(site.Config.Cameras.HealthEvery)...)
	l.addClasses(site, video.Classes())
}

// own adds the devices whose readings tell how citywatch itself is.
func (l *loader) own(site *Site) {
	self := site.Config.Self
	l.addClasses(site, selfcheck.Classes(self))
	every := self.WithDefaults().Every
	add := func(id, name, class string) {
		if slices.ContainsFunc(site.Devices, func(d citywatch.Device) bool { return d.ID == id }) {
			l.report("$.devices.file", "choose another", "the id %q is citywatch's own", id)
		}
		site.Devices = append(site.Devices, citywatch.Device{
			ID: id, Name: name, Class: class, Sector: citywatch.SectorDisaster, Period: every, Auto: true,
		})
	}
	add(citywatch.SystemID, "citywatch", citywatch.SystemClass)
	if self.NoCanary {
		return
	}
	for i := range site.Sources {
		source := &site.Sources[i]
		source.CanaryEvery = every
		add(mqtt.CanaryDevice(source.Name), "citywatch ↔ "+source.Name, citywatch.CanaryClass)
	}
}

func (l *loader) addClasses(site *Site, classes []citywatch.Class) {
	for _, c := range classes {
		if slices.ContainsFunc(site.Classes, func(listed citywatch.Class) bool { return listed.ID == c.ID }) {
			l.report("$.devices.file", "leave it out: its readings are citywatch's own", "the class %q is in the device file", c.ID)
		}
		site.Classes = append(site.Classes, c)
	}
}

// sources checks what a source says of classes, which it cannot know itself.
func (l *loader) sources(site *Site) {
	known := map[string]bool{}
	for _, c := range site.Classes {
		known[c.ID] = true
	}
	for i, source := range site.Sources {
		for j, topic := range source.Topics {
			if topic.Class != "" && !known[topic.Class] {
				l.report(fmt.Sprintf("$.sources[%d].topics[%d].class", i, j), "the classes are in the device file", "unknown class %q", topic.Class)
			}
		}
	}
}

func (p Province) value() citywatch.Province {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		zone = time.UTC // reported already
	}
	return citywatch.Province{
		ID: p.ID, Name: p.Name, TimeZone: zone,
		Extent: orb.Bound{Min: orb.Point{p.Extent[0], p.Extent[1]}, Max: orb.Point{p.Extent[2], p.Extent[3]}},
	}
}

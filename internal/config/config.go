// Package config reads the one configuration file and the files it names:
// zones, devices and rules. It is strict, and tells everything that is wrong
// at once, with file, line and a hint.
//
// What can be configured is described where it is used: every part has its
// Options, and this package only gathers them.
package config

import (
	_ "embed"
	"io"
	"time"

	"citywatch"
	"citywatch/alerts"
	"citywatch/alerts/incident"
	"citywatch/alerts/notify"
	"citywatch/dashboards"
	"citywatch/dashboards/hub"
	viewers "citywatch/dashboards/live"
	"citywatch/dashboards/publicview"
	"citywatch/geo"
	"citywatch/ingest"
	"citywatch/ingest/mqtt"
	"citywatch/ingest/push"
	"citywatch/internal/edge"
	"citywatch/internal/incidents"
	"citywatch/internal/journal"
	"citywatch/internal/photos"
	"citywatch/internal/selfcheck"
	"citywatch/internal/store"
	"citywatch/internal/strictyaml"
	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/live"
	"citywatch/video/record"
	"citywatch/video/scene"
	"citywatch/video/snapshot"
)

// Reference is the commented configuration that `citywatch config` prints. It
// names every key.
//
//go:embed reference.yaml
var Reference string

// A Config is the configuration file.
type Config struct {
	Province Province        `yaml:"province"`
	Data     string          `yaml:"data"`
	HTTP     HTTP            `yaml:"http"`
	Edge     *edge.Options   `yaml:"edge"`
	Sources  []mqtt.Options  `yaml:"sources"`
	Push     push.Options    `yaml:"push"`
	Ingest   ingest.Options  `yaml:"ingest"`
	Journal  journal.Options `yaml:"journal"`
	Alerts   alerts.Options  `yaml:"alerts"`
	Store    store.Options   `yaml:"store"`
	Zones    Zones           `yaml:"zones"`
	Devices  Devices         `yaml:"devices"`
	Cameras  Cameras         `yaml:"cameras"`
	Rules    Rules           `yaml:"rules"`
	// Indicators is the table in which figures of other systems are kept.
	Indicators push.FileOptions `yaml:"indicators"`
	Teams      Teams            `yaml:"teams"`
	// Public is how the public sees camera points of tourism, by links that
	// somebody makes.
	Public publicview.Options `yaml:"public"`
	// Self is how citywatch watches itself.
	Self selfcheck.Options `yaml:"self"`
	// Incidents is how alerts are shown together; which of them belong together
	// stands in the rules file.
	Incidents incidents.Options `yaml:"incidents"`
	// Notify is how people are told while no page is open.
	Notify notify.Options `yaml:"notify"`
	Field  Field          `yaml:"field"`
}

// Field is what people with phones need.
type Field struct {
	// Call is the telephone of the duty centre.
	Call   dashboards.Call `yaml:"call"`
	Photos photos.Options  `yaml:"photos"`
}

// Province says where the centre is.
type Province struct {
	ID       string     `yaml:"id"`
	Name     string     `yaml:"name"`
	TimeZone string     `yaml:"time_zone"`
	Extent   [4]float64 `yaml:"extent"` // west, south, east, north
}

// HTTP says where pages, API and metrics are served.
type HTTP struct {
	Listen             string `yaml:"listen"`
	dashboards.Options `yaml:",inline"`
	Stream             hub.Options `yaml:"stream"`
}

// Zones names the GeoJSON file of communes and wards.
type Zones struct {
	File        string `yaml:"file"`
	geo.Options `yaml:",inline"`
}

// Devices names the list of devices.
type Devices struct {
	File string `yaml:"file"`
	// MaxAuto bounds how many devices that are not listed may register
	// themselves, where a source allows it.
	MaxAuto int `yaml:"max_auto"`
}

// Cameras names the list of cameras, and says how all of them are pulled.
type Cameras struct {
	// File is empty where there are no cameras.
	File string `yaml:"file"`
	// Networks are those that cameras may be in.
	Networks      []string `yaml:"networks"`
	video.Options `yaml:",inline"`
	Live          Live             `yaml:"live"`
	Record        record.Options   `yaml:"record"`
	FFmpeg        ffmpeg.Options   `yaml:"ffmpeg"`
	Snapshots     snapshot.Options `yaml:"snapshots"`
	// Pictures are judged of the cameras that say so.
	Pictures scene.Options `yaml:"pictures"`
}

// Teams names the list of those who can be sent out.
type Teams struct {
	// File is empty where there is none: then alerts are given to whoever is
	// written.
	File string `yaml:"file"`
}

// Live is how cameras are watched.
type Live struct {
	live.Options `yaml:",inline"`
	Viewers      viewers.Options `yaml:",inline"`
}

// Rules names the files of alert rules: one, several, or both.
type Rules struct {
	File  string   `yaml:"file"`
	Files []string `yaml:"files"`
}

func defaults() Config {
	return Config{
		Province: Province{TimeZone: "Asia/Ho_Chi_Minh"},
		HTTP:     HTTP{Listen: "127.0.0.1:8480"},
		Devices:  Devices{MaxAuto: 1000},
		Cameras:  Cameras{Options: video.Options{HealthEvery: 10 * time.Second}},
		Store:    store.DefaultOptions(),

		Incidents: incidents.Options{Storm: incident.StormOptions{}.WithDefaults()},
	}
}

// Parse reads a configuration file and returns every problem in it. It does
// not look at the files that it names.
func Parse(r io.Reader) (*Config, *strictyaml.Document, []citywatch.Problem, error) {
	src, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, nil, err
	}
	c := defaults()
	doc, problems := strictyaml.Decode(src, &c)
	problems = append(problems, c.problems()...)
	return &c, doc, problems, nil
}

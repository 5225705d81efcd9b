// Package laocai holds the demo province as data: its zones, devices,
// cameras, rules and teams, in the files that a real centre would write for itself.
//
// The zones are a coarse sketch: communes and wards bear their names of July
// 2025 and lie where they lie, but their borders were drawn by hand and stand
// for no administrative boundary.
package laocai

import "embed"

// The names of the files in Files.
const (
	ZonesFile   = "zones.geojson"
	DevicesFile = "devices.yaml"
	CamerasFile = "cameras.yaml"
	RulesFile   = "rules.yaml"
	TeamsFile   = "teams.yaml"
	// ConfigFile is the configuration that names the others.
	ConfigFile = "citywatch.yaml"
)

// Files holds the province's files by the names above.
//
//go:embed citywatch.yaml zones.geojson devices.yaml cameras.yaml rules.yaml teams.yaml
var Files embed.FS

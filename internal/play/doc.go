// Package play publishes recorded data as devices would: each row of a CSV
// file becomes an MQTT message that keeps the time at which it was measured.
//
// A Mapping says which columns mean what. From the same file the package
// writes the list of devices and a zone around them, so that anybody's
// recording can be played against a fresh citywatch:
//
//	citywatch play devices flood.csv > devices.yaml
//	citywatch play zones flood.csv > zones.geojson
//	citywatch play flood.csv --mqtt mqtt://localhost:1883 --speed 3600
package play

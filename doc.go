// Package citywatch holds the values that every part of citywatch shares:
// what a device measured, where things are, and what an alert is.
//
// It holds values only: no I/O, no goroutines, no interfaces. The parts
// (ingest, video, alerts, geo, dashboards) never import one another; they
// meet in the values of this package.
package citywatch

// Package flux stands in for github.com/influxdata/flux, the query language
// of InfluxDB 2, by a replace directive in this repository's go.mod.
//
// citywatch embeds InfluxDB 1.13's storage engine and asks it in InfluxQL. One
// file of that engine, query/encode.go, names a few types of the Flux module to
// declare result encoders that nothing here ever calls. The real module would
// bring a compiler written in Rust, Apache Arrow and every cloud vendor's SDK
// into a binary that otherwise is plain Go. The names below are just enough for
// that file to compile; none of them does anything.
//
// The empty packages beside it are imported by tests of the engine, which are
// never built here; go mod tidy fails where it cannot find them.
package flux

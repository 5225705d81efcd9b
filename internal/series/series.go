// Package series is the shape of the time series store, whichever it is: line
// protocol in, InfluxQL out.
//
// Every implementation has two methods:
//
//	Write(ctx context.Context, to Resolution, lines []byte) error
//	Query(ctx context.Context, from Resolution, q string) (Result, error)
//
// Write takes any number of lines, each with its newline, in nanoseconds, and
// returns nil when all of them are durable. A nil error is the only promise:
// after any other, some lines may be stored and writing them again is
// harmless, because a point is known by its series and its time.
//
// Query takes one SELECT or SHOW statement whose measurements have neither
// database nor retention policy. InfluxQL over /query is what InfluxDB 1.8, 2
// and 3 all answer.
//
// # Schema
//
// One measurement per device class; the tags device, sector and zone (left out
// where empty); a field per value, numbers always as floats. Names that the
// protocol cannot carry are stored as [Name] gives them. The coarser
// resolutions hold, for a numeric value v, the fields v_mean, v_min, v_max,
// v_count and v_last at the start of each window.
package series

import (
	"fmt"
	"time"
)

// A Resolution is one of the grains in which values are kept, each in a
// database (a bucket) of its own.
type Resolution int

// The resolutions, from fine to coarse.
const (
	Raw         Resolution = iota // as they were measured
	FiveMinutes                   // summaries of 5 minutes
	OneHour                       // summaries of an hour
)

// Resolutions returns all of them, from fine to coarse.
func Resolutions() []Resolution { return []Resolution{Raw, FiveMinutes, OneHour} }

// String returns the suffix of the resolution's database: raw, 5m or 1h.
func (r Resolution) String() string {
	switch r {
	case Raw:
		return "raw"
	case FiveMinutes:
		return "5m"
	case OneHour:
		return "1h"
	}
	return fmt.Sprintf("Resolution(%d)", int(r))
}

// Window is the length of time that one point stands for; 0 for Raw.
func (r Resolution) Window() time.Duration {
	switch r {
	case FiveMinutes:
		return 5 * time.Minute
	case OneHour:
		return time.Hour
	}
	return 0
}

// Database returns the name of the database (the bucket) that holds r.
func (r Resolution) Database(name string) string { return name + "_" + r.String() }

// Retention is how long each resolution is kept; 0 keeps for ever.
type Retention struct {
	Raw         time.Duration `yaml:"raw"`
	FiveMinutes time.Duration `yaml:"5m"`
	OneHour     time.Duration `yaml:"1h"`
}

// DefaultRetention keeps readings for 30 days, their summaries of 5 minutes
// for a year and those of an hour for ten.
func DefaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{Raw: 30 * day, FiveMinutes: 365 * day, OneHour: 3650 * day}
}

// Of returns the retention of r.
func (t Retention) Of(r Resolution) time.Duration {
	switch r {
	case FiveMinutes:
		return t.FiveMinutes
	case OneHour:
		return t.OneHour
	}
	return t.Raw
}

// A Result is the answer to one query: a table for each combination of the
// tags it groups by. It is empty when nothing matched.
type Result []Series

// A Series is one table of a Result.
type Series struct {
	Name    string            // the measurement
	Tags    map[string]string // those grouped by; "" where a point has none
	Columns []string
	// Rows hold a cell for each column: nil, a bool, a string, or a float64,
	// except that the column "time" is an int64 of nanoseconds since 1970.
	Rows [][]any
}

// Column returns the index of the named column, or -1.
func (s *Series) Column(name string) int {
	for i, c := range s.Columns {
		if c == name {
			return i
		}
	}
	return -1
}

package store

import (
	"time"

	"citywatch"
	"citywatch/internal/series"
)

const (
	// maxLines and maxBytes are what one write takes at most. InfluxDB's makers
	// advise 5,000 lines; the bytes matter when lines are long.
	maxLines = 5000
	maxBytes = 4 << 20
	// maxWait is how long a reading waits for company.
	maxWait = 250 * time.Millisecond
)

// A batch is readings on their way into the time series store, as lines.
type batch struct {
	lines    []byte
	ends     []int                // of each line in lines
	readings []*citywatch.Reading // of each line
	last     uint64               // the last entry that is in it
	at       time.Time            // when that entry was made, about
}

// add takes in a reading. It reports whether there was anything to store.
func (b *batch) add(r *citywatch.Reading) bool {
	lines, ok := series.AppendReading(b.lines, r)
	if !ok {
		return false
	}
	b.lines = lines
	b.ends = append(b.ends, len(lines))
	b.readings = append(b.readings, r)
	return true
}

func (b *batch) full() bool { return len(b.ends) >= maxLines || len(b.lines) >= maxBytes }

func (b *batch) reset() {
	clear(b.readings) // they hold the memory of whole entries
	b.lines, b.ends, b.readings = b.lines[:0], b.ends[:0], b.readings[:0]
	if cap(b.lines) > 4*maxBytes {
		b.lines = nil
	}
}

// A block is a part of a batch, or of the lines of summaries: all that a writer
// needs to know.
type block struct {
	lines []byte
	ends  []int
}

// slice returns the bytes of the lines from i up to j.
func (b block) slice(i, j int) []byte {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.lines[start:b.ends[j-1]]
}

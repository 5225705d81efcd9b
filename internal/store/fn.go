package store

import (
	"iter"

	"citywatch/internal/series"
)

// A Fn is how the readings of a window become one number.
type Fn string

// The functions.
const (
	Mean  Fn = "mean"
	Min   Fn = "min"
	Max   Fn = "max"
	Count Fn = "count"
	Last  Fn = "last"
	Sum   Fn = "sum" // of amounts, such as rain; kept as mean and count
)

// Valid reports whether f is one of the functions.
func (f Fn) Valid() bool {
	switch f {
	case Mean, Min, Max, Count, Last, Sum:
		return true
	}
	return false
}

// summaryFns are those that the coarser resolutions keep, in the order in which
// they are asked for.
func summaryFns() [5]Fn { return [5]Fn{Mean, Min, Max, Count, Last} }

// A summary is what is known of a value in a window. Its zero value is that of
// nothing.
type summary struct {
	min, max, sum, count, last float64
	lastAt                     int64 // nanoseconds since 1970
}

// columnsOf finds the columns of summaryFns in a table by their names.
func columnsOf(table *series.Series, name func(Fn) string) (columns [5]int) {
	for i, fn := range summaryFns() {
		columns[i] = table.Column(name(fn))
	}
	return columns
}

// rows yields the rows of a table, each with its time.
func rows(table *series.Series) iter.Seq2[int64, []any] {
	return func(yield func(int64, []any) bool) {
		column := table.Column("time")
		if column < 0 {
			return
		}
		for _, row := range table.Rows {
			if at, ok := row[column].(int64); ok && !yield(at, row) {
				return
			}
		}
	}
}

// readSummary takes a summary out of a row whose columns are those of
// summaryFns. A window in which the value was not measured has none.
func readSummary(row []any, columns [5]int, at int64) (summary, bool) {
	var n [5]float64
	for i, c := range columns {
		if c < 0 || c >= len(row) {
			return summary{}, false
		}
		f, ok := row[c].(float64)
		if !ok {
			return summary{}, false
		}
		n[i] = f
	}
	mean, count := n[0], n[3]
	return summary{min: n[1], max: n[2], sum: mean * count, count: count, last: n[4], lastAt: at}, count > 0
}

// add joins a summary of other readings to s.
func (s *summary) add(o summary) {
	if s.count == 0 {
		*s = o
		return
	}
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
	s.sum += o.sum
	s.count += o.count
	if o.lastAt >= s.lastAt {
		s.last, s.lastAt = o.last, o.lastAt
	}
}

// of returns one number of s, which must not be that of nothing.
func (s *summary) of(f Fn) float64 {
	switch f {
	case Min:
		return s.min
	case Max:
		return s.max
	case Count:
		return s.count
	case Last:
		return s.last
	case Sum:
		return s.sum
	}
	return s.sum / s.count
}

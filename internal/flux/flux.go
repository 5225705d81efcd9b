package flux

import "io"

// DialectType names a format of query results.
type DialectType string

// A MultiResultEncoder writes the results of a query.
type MultiResultEncoder interface {
	Encode(w io.Writer, results ResultIterator) (int64, error)
}

// A ResultIterator goes over the results of a query.
type ResultIterator interface {
	More() bool
	Next() Result
	Release()
	Err() error
}

// A Result is a stream of tables.
type Result interface{ Tables() TableIterator }

// A TableIterator calls f with every table of a result.
type TableIterator interface {
	Do(f func(Table) error) error
}

// A Table is a stream of rows.
type Table interface {
	Do(f func(ColReader) error) error
}

// A ColReader reads the columns of some rows of a table.
type ColReader interface{ Len() int }

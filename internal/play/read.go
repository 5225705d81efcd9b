package play

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// A Recording is what a file holds: stations, and what they measured.
type Recording struct {
	// Stations are sorted by id.
	Stations []*Station
	// Rows are sorted by time; rows of the same time stand as in the file.
	Rows []Row
	// Bad are the rows that were left out, in the order of the file.
	Bad []RowError
	// Filtered counts the rows that the mapping's Where left out.
	Filtered int
	// Repeats counts the rows that say again what an earlier one said;
	// Revisions those of the same station and time with another value. Both
	// are among Rows.
	Repeats, Revisions int

	mapping *Mapping
}

// A Station is one device of a recording.
type Station struct {
	ID, Name, Alias string
	// Position is nil where the file has none.
	Position *orb.Point
	// Bounds are the station's own alarm levels by value name.
	Bounds map[string]citywatch.Bounds
}

// A Row is one reading of a recording.
type Row struct {
	// Line is where it stands in the file, from 1.
	Line    int
	Station *Station
	Time    time.Time
	// Values are sorted by name; there is at least one.
	Values []citywatch.Value
	// Answer is the level that the data's publisher computed, None for none.
	// Answered is false where the file does not say.
	Answer   citywatch.Level
	Answered bool
}

// A RowError is why a row was left out.
type RowError struct {
	Line int
	Err  error
}

func (e RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e RowError) Unwrap() error { return e.Err }

// ReadFile reads a recording from a file; see Read.
func ReadFile(name string, m Mapping) (*Recording, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := Read(f, m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Read reads a recording whole: it must be in memory to be played in the order
// of time. Rows that cannot be read, and rows that say something else of their
// station than its first one did, are left out and listed. The error is a file
// that cannot be read at all, or a column that is not there.
func Read(src io.Reader, m Mapping) (*Recording, error) {
	if problems := m.Problems(); len(problems) > 0 {
		return nil, fmt.Errorf("mapping: %w", problems[0])
	}
	text := bufio.NewReader(src)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = text.Discard(3)
	}
	in := csv.NewReader(text)
	in.Comma = []rune(m.Separator)[0]
	in.ReuseRecord = true
	rd, err := newReader(in, m)
	if err != nil {
		return nil, err
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rd.finish(), nil
		}
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax):
			rd.bad(syntax.StartLine, syntax.Err)
		case err != nil:
			return nil, err
		default:
			line, _ := in.FieldPos(0)
			if err := rd.row(line, record); err != nil {
				rd.bad(line, err)
			}
		}
	}
}

// A reader makes a recording of records.
type reader struct {
	Recording
	columns  map[string]int
	where    *time.Location
	stations map[string]*Station // by id
	sources  map[string]string   // the text that an id was made of
	seen     map[seenKey][]citywatch.Value
}

type seenKey struct {
	station *Station
	at      int64
}

func newReader(in *csv.Reader, m Mapping) (*reader, error) {
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("the headings: %w", err)
	}
	where, err := m.Time.location()
	if err != nil {
		return nil, err
	}
	rd := &reader{
		Recording: Recording{mapping: &m},
		columns:   map[string]int{},
		where:     where,
		stations:  map[string]*Station{},
		sources:   map[string]string{},
		seen:      map[seenKey][]citywatch.Value{},
	}
	for i, heading := range header {
		rd.columns[strings.TrimSpace(heading)] = i
	}
	return rd, rd.check(m.columns())
}

// columns returns the headings of all the columns that the mapping needs.
func (m *Mapping) columns() []string {
	all := []string{m.Device, m.Name, m.Alias, m.Longitude, m.Latitude, m.Time.Column, m.Answer.Column}
	all = slices.AppendSeq(all, maps.Keys(m.Where))
	all = slices.AppendSeq(all, maps.Values(m.Values))
	for _, table := range m.Bounds {
		all = slices.AppendSeq(all, maps.Values(table))
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

func (rd *reader) check(needed []string) error {
	var errs []error
	known := slices.Sorted(maps.Keys(rd.columns))
	for _, column := range needed {
		if _, there := rd.columns[column]; there {
			continue
		}
		hint := fmt.Sprintf("the file has %q", known)
		if near := strictyaml.Nearest(column, known); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		errs = append(errs, fmt.Errorf("no column %q (%s)", column, hint))
	}
	return errors.Join(errs...)
}

func (rd *reader) bad(line int, err error) { rd.Bad = append(rd.Bad, RowError{line, err}) }

// row takes one record.
func (rd *reader) row(line int, record []string) error {
	f := fields{rd: rd, record: record}
	for column, want := range rd.mapping.Where {
		if f.text(column) != want {
			rd.Filtered++
			return nil
		}
	}
	row, err := f.row(line)
	if err != nil {
		return err
	}
	if row.Station, err = rd.station(&f); err != nil {
		return err
	}
	key := seenKey{row.Station, row.Time.UnixNano()}
	if before, again := rd.seen[key]; again {
		if slices.Equal(before, row.Values) {
			rd.Repeats++
		} else {
			rd.Revisions++
		}
	}
	rd.seen[key] = row.Values
	rd.Rows = append(rd.Rows, row)
	return nil
}

// station returns the station of a row that is whole.
func (rd *reader) station(f *fields) (*Station, error) {
	s := f.station
	old, known := rd.stations[s.ID]
	if !known {
		rd.stations[s.ID], rd.sources[s.ID] = s, f.source
		return s, nil
	}
	if rd.sources[s.ID] != f.source {
		return nil, fmt.Errorf("the stations %q and %q have the same id %s; use another column as device", rd.sources[s.ID], f.source, s.ID)
	}
	if err := old.agrees(s); err != nil {
		return nil, fmt.Errorf("station %s: %w", s.ID, err)
	}
	return old, nil
}

// finish sorts the recording.
func (rd *reader) finish() *Recording {
	r := &rd.Recording
	for _, id := range slices.Sorted(maps.Keys(rd.stations)) {
		r.Stations = append(r.Stations, rd.stations[id])
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	return r
}

package play

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/geo"
)

// fields are the fields of one record, found by their headings.
type fields struct {
	rd     *reader
	record []string
	// What row leaves behind besides the row: the station as this record
	// describes it, and the text that its id was made of.
	station *Station
	source  string
}

// text returns a field without the space around it, "" for a column without a
// name.
func (f *fields) text(column string) string {
	i, there := f.rd.columns[column]
	if !there || i >= len(f.record) {
		return ""
	}
	return strings.TrimSpace(f.record[i])
}

// row reads everything that is said in the record.
func (f *fields) row(line int) (Row, error) {
	m := f.rd.mapping
	row := Row{Line: line}
	var err error
	if f.station, err = f.describe(); err != nil {
		return row, err
	}
	if row.Time, err = time.ParseInLocation(m.Time.Layout, f.text(m.Time.Column), f.rd.where); err != nil {
		return row, fmt.Errorf("%s: %q is not a time written as %s", m.Time.Column, f.text(m.Time.Column), m.Time.Layout)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		number, err := f.number(m.Values[name])
		if err != nil {
			return row, err
		}
		if number != nil {
			row.Values = append(row.Values, citywatch.Value{Name: name, Number: *number})
		}
	}
	if len(row.Values) == 0 {
		return row, errors.New("nothing was measured: every value is empty")
	}
	row.Answer, row.Answered, err = f.answer()
	return row, err
}

// describe reads what the record says of its station.
func (f *fields) describe() (*Station, error) {
	m := f.rd.mapping
	f.source = f.text(m.Device)
	s := &Station{ID: geo.Slug(f.source), Name: f.source, Alias: f.text(m.Alias)}
	if s.ID == "" {
		return nil, fmt.Errorf("%s: no id can be made of %q", m.Device, f.source)
	}
	if m.Name != "" {
		s.Name = f.text(m.Name)
	}
	longitude, err := f.number(m.Longitude)
	if err != nil {
		return nil, err
	}
	latitude, err := f.number(m.Latitude)
	if err != nil {
		return nil, err
	}
	if longitude != nil && latitude != nil {
		// To a tenth of a metre: floats that were printed twice differ in
		// their last digits.
		s.Position = &orb.Point{math.Round(*longitude*1e6) / 1e6, math.Round(*latitude*1e6) / 1e6}
	}
	s.Bounds, err = f.bounds()
	return s, err
}

func (f *fields) bounds() (map[string]citywatch.Bounds, error) {
	var all map[string]citywatch.Bounds
	for value, columns := range f.rd.mapping.Bounds {
		table := citywatch.Bounds{}
		for level, column := range columns {
			bound, err := f.number(column)
			if err != nil {
				return nil, err
			}
			table[level] = bound
		}
		if all == nil {
			all = map[string]citywatch.Bounds{}
		}
		all[value] = table
	}
	return all, nil
}

func (f *fields) answer() (level citywatch.Level, answered bool, err error) {
	c := f.rd.mapping.Answer
	number, err := f.number(c.Column)
	if number == nil || err != nil {
		return citywatch.None, false, err
	}
	level = citywatch.Level(*number)
	if float64(level) != *number || level != citywatch.None && !level.Valid() {
		return citywatch.None, false, fmt.Errorf("%s: %v is not a level", c.Column, *number)
	}
	if c.Max != 0 {
		level = min(level, c.Max)
	}
	return level, true, nil
}

// number returns nil for an empty field.
func (f *fields) number(column string) (*float64, error) {
	s := f.text(column)
	if s == "" {
		return nil, nil
	}
	// ParseFloat also takes NaN, Inf, hexadecimal and 1_000.
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, fmt.Errorf("%s: %q is not a number", column, s)
	}
	return &x, nil
}

// agrees tells where another description of the same station differs.
func (s *Station) agrees(o *Station) error {
	switch {
	case s.Name != o.Name:
		return fmt.Errorf("it was called %q before and is called %q now", s.Name, o.Name)
	case s.Alias != o.Alias:
		return fmt.Errorf("its other id was %q before and is %q now", s.Alias, o.Alias)
	case (s.Position == nil) != (o.Position == nil) || s.Position != nil && *s.Position != *o.Position:
		return errors.New("its position changes")
	}
	for value, table := range s.Bounds {
		for level, bound := range table {
			now := o.Bounds[value][level]
			if (bound == nil) != (now == nil) || bound != nil && *bound != *now {
				return fmt.Errorf("its alarm level %d of %s changes", level, value)
			}
		}
	}
	return nil
}

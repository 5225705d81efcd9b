package push

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseTable reads figures from a table in CSV as spreadsheets save it: with
// commas, or with semicolons and decimal commas. Its first line names the
// columns indicator, as_of and value, in any order; others are passed over. A
// time without a zone is by the clock of zone, and a date alone is the beginning
// of that day. The error tells of every line that cannot be read.
func ParseTable(data []byte, zone *time.Location) ([]Figure, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	first, _, _ := bytes.Cut(data, []byte("\n"))
	decimalComma := bytes.Contains(first, []byte(";"))
	if decimalComma {
		r.Comma = ';'
	}
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the table is empty")
	}
	if err != nil {
		return nil, err
	}
	columns, err := tableColumns(head)
	if err != nil {
		return nil, err
	}
	var figures []Figure
	var faults []error
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return nil, errors.Join(append(faults, err)...)
		}
		if strings.Join(cells, "") == "" {
			continue // a spreadsheet's empty rows
		}
		figure, err := columns.figure(cells, decimalComma, zone)
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", line, err))
			if len(faults) == mostFaults {
				break
			}
			continue
		}
		figures = append(figures, figure)
	}
	return figures, errors.Join(faults...)
}

// mostFaults is how many bad lines are told of.
const mostFaults = 20

// tableOrder says which column is what.
type tableOrder struct{ indicator, asOf, value int }

func tableColumns(head []string) (tableOrder, error) {
	find := func(name string) int {
		return slices.IndexFunc(head, func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), name) })
	}
	o := tableOrder{find("indicator"), find("as_of"), find("value")}
	if o.indicator < 0 || o.asOf < 0 || o.value < 0 {
		return o, fmt.Errorf("line 1 must name the columns indicator, as_of and value; it has %s", clip(strings.Join(head, ", ")))
	}
	return o, nil
}

func (o tableOrder) figure(cells []string, decimalComma bool, zone *time.Location) (Figure, error) {
	if len(cells) <= max(o.indicator, o.asOf, o.value) {
		return Figure{}, fmt.Errorf("it has only %d columns", len(cells))
	}
	f := Figure{Indicator: strings.TrimSpace(cells[o.indicator])}
	text := strings.TrimSpace(cells[o.value])
	if decimalComma {
		text = strings.Replace(text, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return f, fmt.Errorf("value %q is not a number", clip(cells[o.value]))
	}
	f.Value = &v
	if f.AsOf, err = tableTime(strings.TrimSpace(cells[o.asOf]), zone); err != nil {
		return f, err
	}
	return f, f.check()
}

func tableTime(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateOnly,
		"02/01/2006 15:04:05", "02/01/2006 15:04", "02/01/2006",
	} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("as_of %q is not a time: 2026-11-22, 2026-11-22 07:00 or 22/11/2026 07:00", clip(text))
}

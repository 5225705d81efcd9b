package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/series"
)

// rowsPerDevice is how many of a device's readings before a moment are looked
// at: not each has every value.
const rowsPerDevice = 4

// At returns the last values that the devices of a class had measured by a
// moment, and not more than within before it, sorted by name. A device without
// any is absent.
//
// What was measured by then and came later is among them. Where the readings
// themselves are not kept any more they are the last of each 5 minutes, with
// the end of these as their time, and there are no texts.
func (s *Store) At(ctx context.Context, class string, at time.Time, within time.Duration) (map[string][]citywatch.LastValue, error) {
	from := series.Raw
	if keep := s.parts.Options.Retention.Raw; keep > 0 && time.Since(at.Add(-within)) > keep {
		from = series.FiveMinutes
	}
	// A window that holds the moment would tell what came after it.
	last := at.Add(-from.Window())
	text := fmt.Sprintf("SELECT * FROM %s WHERE time > %d AND time <= %d GROUP BY * ORDER BY time DESC LIMIT %d",
		series.Ident(series.Measurement(class)), last.Add(-within).UnixNano(), last.UnixNano(), rowsPerDevice)
	result, err := s.parts.DB.Query(ctx, from, text)
	if err != nil {
		return nil, fmt.Errorf("values of class %s: %w", class, err)
	}
	values := map[string][]citywatch.LastValue{}
	for i := range result {
		device := result[i].Tags["device"]
		for ns, row := range rows(&result[i]) {
			when := time.Unix(0, ns).Add(from.Window()).UTC()
			for c, column := range result[i].Columns {
				if name, ok := valueName(column, from); ok {
					values[device] = newer(values[device], name, row[c], when)
				}
			}
		}
	}
	for _, of := range values {
		slices.SortFunc(of, func(a, b citywatch.LastValue) int { return cmp.Compare(a.Name, b.Name) })
	}
	return values, nil
}

// valueName returns the value that a column holds; of summaries only the last
// is of any use.
func valueName(column string, from series.Resolution) (string, bool) {
	switch {
	case column == "time":
		return "", false
	case from == series.Raw:
		return column, true
	default:
		return strings.CutSuffix(column, "_"+string(Last))
	}
}

// newer puts a cell among the values, unless a younger one of its name is there
// or it is empty. A device that was moved to another zone has two tables.
func newer(values []citywatch.LastValue, name string, cell any, at time.Time) []citywatch.LastValue {
	v := citywatch.LastValue{Value: citywatch.Value{Name: name}, Time: at}
	switch cell := cell.(type) {
	case float64:
		v.Number = cell
	case string:
		v.Text = cell
	default:
		return values
	}
	i := slices.IndexFunc(values, func(old citywatch.LastValue) bool { return old.Name == name })
	switch {
	case i < 0:
		return append(values, v)
	case at.After(values[i].Time):
		values[i] = v
	}
	return values
}

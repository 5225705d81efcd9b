package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"citywatch/internal/series"
)

const (
	// valuesPerQuery and devicesPerQuery keep questions and answers short, and
	// others from waiting long. More at once was not faster.
	valuesPerQuery  = 10
	devicesPerQuery = 100
)

// A summer computes the summaries of windows anew from what is stored: those of
// 5 minutes from the readings, those of an hour from those of 5 minutes.
type summer struct {
	store    *Store
	writer   *writer
	reminder reminder
}

func newSummer(s *Store) *summer {
	return &summer{store: s, writer: s.newWriter(), reminder: reminder{log: s.parts.Log}}
}

// sum returns only the end of ctx as an error.
func (s *summer) sum(ctx context.Context, w *windows) error {
	start := time.Now()
	for _, name := range slices.Sorted(maps.Keys(w.classes)) {
		class := w.classes[name]
		values := slices.Sorted(maps.Keys(class.values))
		for _, to := range []series.Resolution{series.FiveMinutes, series.OneHour} {
			for _, run := range class.runs(to.Window()) {
				if err := s.runs(ctx, question{class: name, to: to, run: run, values: values}); err != nil {
					return err
				}
			}
		}
	}
	s.store.metrics.summing.Observe(time.Since(start).Seconds())
	return nil
}

// A question is about the windows of some devices of a class in one run.
type question struct {
	class  string
	to     series.Resolution
	run    run
	values []string
}

// from is the resolution that the summaries are computed from.
func (q *question) from() series.Resolution {
	if q.to == series.OneHour {
		return series.FiveMinutes
	}
	return series.Raw
}

// runs asks a question in parts.
func (s *summer) runs(ctx context.Context, q question) error {
	part := q
	for part.run.devices = range slices.Chunk(q.run.devices, devicesPerQuery) {
		for part.values = range slices.Chunk(q.values, valuesPerQuery) {
			if err := s.run(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// run asks, computes and writes. A question that the store refuses is asked of
// each value alone, so that one value of a wrong type costs no other.
func (s *summer) run(ctx context.Context, q question) error {
	if keep := s.store.parts.Options.Retention.Of(q.from()); keep > 0 && time.Since(q.run.start()) > keep {
		return nil // part of what it would be computed from may be deleted
	}
	var result series.Result
	err := s.writer.persist(ctx, func() (err error) {
		result, err = s.store.parts.DB.Query(ctx, q.from(), q.influxQL())
		return err
	})
	if rejected := new(series.Rejected); errors.As(err, &rejected) {
		if len(q.values) == 1 {
			s.failed(q, rejected.Reason)
			return nil
		}
		for _, value := range q.values {
			one := q
			one.values = []string{value}
			if err := s.run(ctx, one); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	return s.write(ctx, q, result)
}

func (s *summer) failed(q question, reason string) {
	s.store.metrics.unsummed.Inc()
	s.reminder.remind("a summary cannot be computed", "class", q.class, "values", q.values, "window", q.run.start(), "reason", reason)
}

// influxQL has five columns for each value: name them by column.
func (q *question) influxQL() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, value := range q.values {
		for f, fn := range summaryFns() {
			if i+f > 0 {
				b.WriteString(", ")
			}
			if q.to == series.OneHour {
				b.WriteString(series.Ident(summaryField(value, fn)))
			} else {
				fmt.Fprintf(&b, "%s(%s)", fn, series.Ident(series.FieldName(value)))
			}
			fmt.Fprintf(&b, " AS %s", column(fn, i))
		}
	}
	fmt.Fprintf(&b, " FROM %s WHERE time >= %d AND time < %d",
		series.Ident(series.Measurement(q.class)), q.run.from, q.run.to)
	for i, device := range q.run.devices {
		b.WriteString([]string{" AND (", " OR "}[min(i, 1)])
		b.WriteString("device = " + series.String(device))
	}
	b.WriteString(") GROUP BY ")
	if q.to == series.FiveMinutes {
		b.WriteString("time(5m), ")
	}
	b.WriteString("device, sector, zone")
	if q.to == series.FiveMinutes {
		b.WriteString(" fill(none)")
	}
	return b.String()
}

func column(fn Fn, value int) string { return fmt.Sprintf("%s%d", fn, value) }

// summaryField is the field that holds a summary of a value.
func summaryField(value string, fn Fn) string { return series.FieldName(value + "_" + string(fn)) }

// write turns the answer into lines.
func (s *summer) write(ctx context.Context, q question, result series.Result) error {
	var b block
	keep := s.store.parts.Options.Retention.Of(q.to)
	for i := range result {
		table := &result[i]
		windows := q.summaries(table)
		for _, ns := range slices.Sorted(maps.Keys(windows)) {
			at := time.Unix(0, ns)
			if keep > 0 && time.Since(at) > keep {
				continue
			}
			key := series.Key{Class: q.class, Device: table.Tags["device"], Sector: table.Tags["sector"], Zone: table.Tags["zone"]}
			if lines, ok := appendSummaries(b.lines, key, at, q.values, windows[ns]); ok {
				b.lines = lines
				b.ends = append(b.ends, len(lines))
			}
		}
	}
	s.store.metrics.summaries.Add(float64(len(b.ends)))
	return s.writer.write(ctx, q.to, b, func(_ int, reason string) error {
		s.failed(q, reason)
		return nil
	})
}

// summaries reads one table: for each window, by its beginning, a summary of
// each value.
func (q *question) summaries(table *series.Series) map[int64][]summary {
	columns := make([][5]int, len(q.values))
	for i := range q.values {
		columns[i] = columnsOf(table, func(fn Fn) string { return column(fn, i) })
	}
	windows := map[int64][]summary{}
	for at, row := range rows(table) {
		start := floor(at, q.to.Window())
		if windows[start] == nil {
			windows[start] = make([]summary, len(q.values))
		}
		for i := range q.values {
			if one, ok := readSummary(row, columns[i], at); ok {
				windows[start][i].add(one)
			}
		}
	}
	return windows
}

func appendSummaries(dst []byte, key series.Key, at time.Time, values []string, summaries []summary) ([]byte, bool) {
	start := len(dst)
	dst = series.AppendKey(dst, key)
	fields := len(dst)
	for i, value := range values {
		if s := &summaries[i]; s.count > 0 {
			for _, fn := range summaryFns() {
				dst = series.AppendNumber(dst, value+"_"+string(fn), s.of(fn))
			}
		}
	}
	if len(dst) == fields {
		return dst[:start], false
	}
	return series.AppendTime(dst, fields, at), true
}

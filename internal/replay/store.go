package replay

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/series"
)

// A Database answers questions about stored readings.
type Database interface {
	Query(ctx context.Context, from series.Resolution, q string) (series.Result, error)
}

// FromStore returns the history in a time series store. It knows when things
// were measured, not when they came: every reading comes at the moment at which
// it was measured. Ticks lie a second apart, but while citywatch itself had
// nothing to say of itself: then it was not running, and what was silent is
// excused.
//
// Readings of one device and moment are one there, and where a device was is not
// known. Every is how often citywatch says how it is itself.
func FromStore(ctx context.Context, db Database, from, to time.Time, every time.Duration) (*Stored, error) {
	result, err := db.Query(ctx, series.Raw, "SHOW MEASUREMENTS")
	if err != nil {
		return nil, err
	}
	s := &Stored{silence: int64(ownSilence * every), to: to.UnixNano(), tick: from.Truncate(citywatch.TickEvery).UnixNano()}
	for i := range result {
		for _, row := range result[i].Rows {
			if len(row) == 0 {
				continue
			}
			name, ok := row[0].(string)
			if !ok {
				continue
			}
			c := &cursor{db: db, class: name, next: from.UnixNano(), to: s.to, step: int64(time.Hour), limit: pageRows}
			s.cursors = append(s.cursors, c)
			if name == citywatch.SystemClass {
				s.own = c
			}
		}
	}
	return s, nil
}

// Stored is the history in a store: it merges the classes of devices, and makes
// the ticks between.
type Stored struct {
	cursors []*cursor
	// own is what citywatch said of itself; nil where it never did. Said is when
	// it last did.
	own  *cursor
	said int64
	// silence is for how long it says nothing when it does not run.
	silence int64
	tick    int64 // the next
	// began is set once the first reading is known: of what was before nothing is,
	// not even that somebody was silent.
	began bool
	to    int64
	seq   uint64
}

const (
	// maxTogether is how many readings come in one entry.
	maxTogether = 500
	// ownSilence is how many times in a row citywatch says nothing of itself when
	// it does not run.
	ownSilence = 3
)

// Next is Source's.
func (s *Stored) Next(ctx context.Context) (shard int, e citywatch.Entry, err error) {
	s.seq++
	e.Seq = s.seq
	if err := s.begin(ctx); err != nil {
		return 0, e, err
	}
	for len(e.Readings) < maxTogether {
		c, at, err := s.earliest(ctx)
		if err != nil {
			return 0, e, err
		}
		if at >= s.tick {
			break
		}
		if c == s.own {
			s.said = at
		}
		e.Readings = append(e.Readings, c.take())
	}
	if len(e.Readings) > 0 {
		return 0, e, nil
	}
	if err := s.jump(ctx); err != nil {
		return 0, e, err
	}
	over, err := s.over(ctx)
	if err != nil {
		return 0, e, err
	}
	if over {
		return 0, e, io.EOF
	}
	e.Tick = time.Unix(0, s.tick).UTC()
	s.tick += int64(citywatch.TickEvery)
	return 0, e, nil
}

// Begins returns when the first reading was measured; zero if there is none.
func (s *Stored) Begins(ctx context.Context) (time.Time, error) {
	_, first, err := s.earliest(ctx)
	if err != nil || first == math.MaxInt64 {
		return time.Time{}, err
	}
	return time.Unix(0, first).UTC(), nil
}

// begin has the ticks begin with the first reading.
func (s *Stored) begin(ctx context.Context) error {
	if s.began {
		return nil
	}
	_, first, err := s.earliest(ctx)
	if err != nil {
		return err
	}
	s.began = true
	s.tick = max(s.tick, second(min(first, s.to)))
	return nil
}

// second is the last whole one before a time.
func second(ns int64) int64 { return ns - ns%int64(citywatch.TickEvery) }

// over reports whether there is nothing more to tell: where citywatch says
// nothing of itself nobody knows how long it ran after the last reading.
func (s *Stored) over(ctx context.Context) (bool, error) {
	if s.own != nil || s.tick >= s.to {
		return s.tick >= s.to, nil
	}
	_, next, err := s.earliest(ctx)
	return next == math.MaxInt64, err
}

// earliest returns the class that has the next reading, and when that is: the
// end of time if there is none.
func (s *Stored) earliest(ctx context.Context) (best *cursor, at int64, err error) {
	at = math.MaxInt64
	for _, c := range s.cursors {
		head, err := c.head(ctx)
		if err != nil {
			return nil, 0, err
		}
		if head < at {
			best, at = c, head
		}
	}
	return best, at, nil
}

// jump leaves out the ticks of the time in which citywatch was not running.
func (s *Stored) jump(ctx context.Context) error {
	if s.own == nil || s.said == 0 || s.tick <= s.said {
		return nil
	}
	next, err := s.own.head(ctx)
	if err != nil || next-s.said < s.silence {
		return err
	}
	_, any, err := s.earliest(ctx) // what a device kept is of that time, too
	if err != nil {
		return err
	}
	s.tick = max(s.tick, second(min(next, any, s.to)))
	return nil
}

// Close is Source's: there is nothing to close.
func (s *Stored) Close() {}

// pageRows is how many rows one question asks for, and maxStep for how long a
// time.
const (
	pageRows = 20_000
	maxStep  = int64(7 * 24 * time.Hour)
)

// A cursor reads one class in the order of time, a page at a time.
type cursor struct {
	db    Database
	class string
	next  int64 // nothing before it is asked for any more
	to    int64
	step  int64
	limit int

	page []citywatch.Reading
	at   int
}

// head returns when the next reading is, or the end of time.
func (c *cursor) head(ctx context.Context) (int64, error) {
	for c.at >= len(c.page) {
		if c.next >= c.to {
			return math.MaxInt64, nil
		}
		if err := c.fill(ctx); err != nil {
			return 0, err
		}
	}
	return c.page[c.at].Time.UnixNano(), nil
}

func (c *cursor) take() citywatch.Reading {
	c.at++
	return c.page[c.at-1]
}

// fill asks for the next page. Of a page that is full the last moment may not be
// whole: it is asked for again.
func (c *cursor) fill(ctx context.Context) error {
	end := min(c.next+c.step, c.to)
	q := fmt.Sprintf("SELECT * FROM %s WHERE time >= %d AND time < %d LIMIT %d", series.Ident(c.class), c.next, end, c.limit)
	result, err := c.db.Query(ctx, series.Raw, q)
	if err != nil {
		return fmt.Errorf("the readings of %s: %w", c.class, err)
	}
	c.page, c.at = c.page[:0], 0
	rows, last := 0, int64(0)
	for i := range result {
		rows += len(result[i].Rows)
		c.page, last = readings(c.page, c.class, &result[i])
	}
	if rows < c.limit {
		c.next = end
		if rows < c.limit/4 {
			c.step = min(2*c.step, maxStep)
		}
		return nil
	}
	if last <= c.next { // more at one moment than a page holds
		c.page, c.limit = c.page[:0], 2*c.limit
		return nil
	}
	for n := len(c.page); n > 0 && c.page[n-1].Time.UnixNano() == last; n-- {
		c.page = c.page[:n-1]
	}
	c.next = last
	c.step = max(c.step/2, int64(time.Minute))
	return nil
}

// readings adds the rows of a table as readings, and returns when the last was
// measured.
func readings(to []citywatch.Reading, class string, table *series.Series) (all []citywatch.Reading, last int64) {
	at := table.Column("time")
	names := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		names[i] = valueName(column)
	}
	for _, row := range table.Rows {
		ns, ok := row[at].(int64)
		if !ok {
			continue
		}
		last = ns
		measured := time.Unix(0, ns).UTC()
		r := citywatch.Reading{Class: class, Time: measured, Arrived: measured}
		r.Values = make([]citywatch.Value, 0, len(row))
		for i, cell := range row {
			read(&r, table.Columns[i], names[i], cell)
		}
		if r.Device != "" && len(r.Values) > 0 {
			to = append(to, r)
		}
	}
	return to, last
}

// read brings one cell into a reading. Columns are in the order of their names,
// and so are the values of a reading.
func read(r *citywatch.Reading, column, value string, cell any) {
	switch v := cell.(type) {
	case string:
		switch column {
		case "device":
			r.Device = v
		case "zone":
			r.Zone = v
		case "sector":
			r.Sector = v
		case "iox::measurement": // of InfluxDB 3
		default:
			r.Values = append(r.Values, citywatch.Value{Name: value, Text: v})
		}
	case float64:
		r.Values = append(r.Values, citywatch.Value{Name: value, Number: v})
	}
}

// valueName is the name of the value in a column: see series.FieldName.
func valueName(column string) string {
	name, found := strings.CutSuffix(column, "_")
	switch name {
	case "time", "device", "zone", "sector":
		if found {
			return name
		}
	}
	return column
}

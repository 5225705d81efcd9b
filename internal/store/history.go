package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citywatch/internal/series"
)

// MaxPoints is how many points a history has at most.
const MaxPoints = 10_000

// ErrQuestion is in the error of History when the question itself is wrong; the
// error says how, for people.
var ErrQuestion = errors.New("cannot be answered")

// A HistoryQuery asks for one value of one device over a time.
type HistoryQuery struct {
	Class, Device, Value string
	// From is the first moment, To the first after.
	From, To time.Time
	// Every is the length of the windows that readings are joined in by Fn. It
	// becomes longer where only coarser summaries are left of that time. 0
	// asks for each reading as it was measured.
	Every time.Duration
	// Fn is Mean if it is empty, and means nothing where Every is 0.
	Fn Fn
	// Zone is where the windows' days begin at midnight; nil is UTC.
	Zone *time.Location
}

// A Point is one reading, or one window of them.
type Point struct {
	// Time is when the reading was measured, or when the window begins.
	Time time.Time `json:"time"`
	// Number is nil for a window without a reading, which is never made up
	// from its neighbours, and for a text.
	Number *float64 `json:"number"`
	Text   string   `json:"text,omitempty"`
}

// History returns the points in the order of their times. Where Every is not 0
// there is one for each window, so that a gap is seen as one.
//
// Summaries may be a minute behind; they are used for long times only.
func (s *Store) History(ctx context.Context, q HistoryQuery) ([]Point, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	from := s.choose(&q)
	if q.Every == 0 {
		return s.readings(ctx, q)
	}
	if n := q.To.Sub(q.From) / q.Every; n > MaxPoints {
		return nil, fmt.Errorf("%w: %d points, more than %d: ask for a shorter time or a longer every", ErrQuestion, n, MaxPoints)
	}
	windows, err := s.windows(ctx, q, from)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", q.Device, err)
	}
	var points []Point
	for at := q.window(q.From.UnixNano()); at < q.To.UnixNano(); at += int64(q.Every) {
		p := Point{Time: time.Unix(0, at).UTC()}
		if w, ok := windows[at]; ok {
			n := w.of(q.Fn)
			p.Number = &n
		}
		points = append(points, p)
	}
	return points, nil
}

// check completes the question and says what is wrong with it.
func (q *HistoryQuery) check() error {
	if q.Fn == "" {
		q.Fn = Mean
	}
	q.From, q.To = q.From.UTC(), q.To.UTC()
	switch {
	case q.Class == "" || q.Device == "" || q.Value == "":
		return fmt.Errorf("%w: it names no class, device or value", ErrQuestion)
	case !q.From.Before(q.To):
		return fmt.Errorf("%w: its time ends before it begins", ErrQuestion)
	case !q.Fn.Valid():
		return fmt.Errorf("%w: unknown function %q", ErrQuestion, q.Fn)
	case q.Every < 0 || q.Every > 0 && q.Every < time.Second || q.Every%time.Second != 0:
		return fmt.Errorf("%w: every has to be whole seconds", ErrQuestion)
	}
	return nil
}

// Times over which the readings themselves, and the summaries of 5 minutes, are
// read at most: 2 days of readings are 17,280 at one in 10 s.
const (
	rawSpan         = 48 * time.Hour
	fiveMinutesSpan = 45 * 24 * time.Hour
)

// choose returns the resolution to read, and widens q.Every to what it has: the
// finest that still exists for the whole time, or a coarser one where that is
// much less to read and says the same.
func (s *Store) choose(q *HistoryQuery) series.Resolution {
	from, keep, span := series.Raw, s.parts.Options.Retention, q.To.Sub(q.From)
	whole := func(r series.Resolution) bool { return q.Every > 0 && q.Every%r.Window() == 0 }
	gone := func(r series.Resolution) bool { k := keep.Of(r); return k > 0 && time.Since(q.From) > k }
	if gone(series.Raw) || span > rawSpan && whole(series.FiveMinutes) {
		from = series.FiveMinutes
	}
	if gone(series.Raw) && gone(series.FiveMinutes) || span > fiveMinutesSpan && whole(series.OneHour) {
		from = series.OneHour
	}
	if w := from.Window(); w > 0 {
		if into := q.Every % w; into > 0 || q.Every == 0 {
			q.Every += w - into
		}
		// The summary that From lies in, too.
		q.From = time.Unix(0, floor(q.From.UnixNano(), w)).UTC()
	}
	return from
}

// window returns the beginning of the window that holds ns.
func (q *HistoryQuery) window(ns int64) int64 {
	offset := int64(q.offset())
	return floor(ns+offset, q.Every) - offset
}

// offset is how far the windows begin before those of UTC.
func (q *HistoryQuery) offset() time.Duration {
	if q.Zone == nil {
		return 0
	}
	_, seconds := q.From.In(q.Zone).Zone()
	return time.Duration(seconds) * time.Second % q.Every
}

// readings returns the readings as they were measured.
func (s *Store) readings(ctx context.Context, q HistoryQuery) ([]Point, error) {
	text := fmt.Sprintf("SELECT %s AS value FROM %s WHERE %s LIMIT %d",
		series.Ident(series.FieldName(q.Value)), series.Ident(series.Measurement(q.Class)), q.where(), MaxPoints+1)
	result, err := s.parts.DB.Query(ctx, series.Raw, text)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", q.Device, err)
	}
	var points []Point
	for i := range result {
		value := result[i].Column("value")
		for at, row := range rows(&result[i]) {
			p := Point{Time: time.Unix(0, at).UTC()}
			switch v := row[value].(type) {
			case float64:
				p.Number = &v
			case string:
				p.Text = v
			}
			points = append(points, p)
		}
	}
	if len(points) > MaxPoints {
		return nil, fmt.Errorf("%w: more than %d readings: ask for a shorter time, or for windows with every", ErrQuestion, MaxPoints)
	}
	return points, nil
}

// windows returns the windows that have readings, by their beginnings.
func (s *Store) windows(ctx context.Context, q HistoryQuery, from series.Resolution) (map[int64]*summary, error) {
	result, err := s.parts.DB.Query(ctx, from, q.influxQL(from))
	if err != nil {
		return nil, err
	}
	windows := map[int64]*summary{}
	for i := range result {
		columns := columnsOf(&result[i], func(fn Fn) string { return string(fn) })
		for at, row := range rows(&result[i]) {
			one, ok := readSummary(row, columns, at)
			if !ok {
				continue
			}
			start := q.window(at)
			if windows[start] == nil {
				windows[start] = &summary{}
			}
			windows[start].add(one)
		}
	}
	return windows, nil
}

// influxQL asks for the five numbers of each window, or for those of the
// summaries in it.
func (q *HistoryQuery) influxQL(from series.Resolution) string {
	text := "SELECT "
	for i, fn := range summaryFns() {
		if i > 0 {
			text += ", "
		}
		if from == series.Raw {
			text += fmt.Sprintf("%s(%s) AS %s", fn, series.Ident(series.FieldName(q.Value)), fn)
		} else {
			text += fmt.Sprintf("%s AS %s", series.Ident(summaryField(q.Value, fn)), fn)
		}
	}
	text += fmt.Sprintf(" FROM %s WHERE %s", series.Ident(series.Measurement(q.Class)), q.where())
	if from == series.Raw {
		text += fmt.Sprintf(" GROUP BY time(%ds, %ds) fill(none)", q.Every/time.Second, -q.offset()/time.Second)
	}
	return text
}

func (q *HistoryQuery) where() string {
	return fmt.Sprintf("device = %s AND time >= %d AND time < %d", series.String(q.Device), q.From.UnixNano(), q.To.UnixNano())
}

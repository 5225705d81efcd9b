package dashboards

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"citywatch"
)

const (
	// defaultSpan is what is shown when nobody says from when.
	defaultSpan = 6 * time.Hour
	// maxSpan is the longest time one request may ask for.
	maxSpan = 10 * 366 * 24 * time.Hour
	// maxPoints is the most that one answer may hold; asking for readings
	// themselves is answered with means once they would be more than that.
	maxPoints = 5000
	// goodPoints is how many are made where nobody says how many.
	goodPoints = 720
)

func functions() []string {
	return []string{"mean", "min", "max", "sum", "count", "last"}
}

type readingsAnswer struct {
	Time   time.Time       `json:"time"`
	Device string          `json:"device"`
	Value  string          `json:"value"`
	Label  *citywatch.Text `json:"label,omitempty"`
	Unit   string          `json:"unit,omitempty"`
	From   time.Time       `json:"from"`
	To     time.Time       `json:"to"`
	// Every is in seconds; 0 says that the points are the readings.
	Every  float64 `json:"every"`
	Fn     string  `json:"fn,omitempty"`
	Points []Point `json:"points"`
}

func (s *site) readings(w http.ResponseWriter, r *http.Request) {
	state, err := s.device(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q, err := s.historyQuery(r, state.Device)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.QueryTimeout)
	defer cancel()
	points, err := s.deps.History.History(ctx, q)
	if err != nil {
		s.fail(w, r, fmt.Errorf("history of %s of %s: %w", q.Value, q.Device, err))
		return
	}
	out := readingsAnswer{
		Time: s.now(), Device: q.Device, Value: q.Value, From: q.From, To: q.To,
		Every: q.Every.Seconds(), Fn: q.Fn, Points: points,
	}
	if out.Points == nil {
		out.Points = []Point{}
	}
	for _, quantity := range s.classes[q.Class].Quantities {
		if quantity.Value == q.Value {
			out.Label, out.Unit = &quantity.Name, quantity.Unit
		}
	}
	s.answer(w, r, out)
}

// historyQuery reads ?value=&from=&to=&every=&fn=.
func (s *site) historyQuery(r *http.Request, d *citywatch.Device) (HistoryQuery, error) {
	params := r.URL.Query()
	q := HistoryQuery{Class: d.Class, Device: d.ID, Value: params.Get("value"), Fn: params.Get("fn")}
	if q.Value == "" {
		if quantities := s.classes[d.Class].Quantities; len(quantities) > 0 {
			q.Value = quantities[0].Value
		} else {
			return q, fmt.Errorf("%w: value is missing: which one of %s?", ErrInvalid, d.ID)
		}
	}
	if err := plainName(q.Value); err != nil {
		return q, err
	}
	now := s.now()
	var err error
	if q.To, err = moment(params.Get("to"), now, now); err != nil {
		return q, fmt.Errorf("to: %w", err)
	}
	if q.From, err = moment(params.Get("from"), now, q.To.Add(-defaultSpan)); err != nil {
		return q, fmt.Errorf("from: %w", err)
	}
	span := q.To.Sub(q.From)
	if span <= 0 || span > maxSpan {
		return q, fmt.Errorf("%w: from must lie before to, and at most ten years", ErrInvalid)
	}
	return q, q.setInterval(params.Get("every"), d.Period)
}

// setInterval decides between readings and intervals, and how long these are.
func (q *HistoryQuery) setInterval(every string, period time.Duration) error {
	span := q.To.Sub(q.From)
	if every != "" {
		var err error
		if q.Every, err = time.ParseDuration(every); err != nil || q.Every < 0 || q.Every > 0 && q.Every < time.Second {
			return fmt.Errorf("%w: every %q is not a duration of at least 1s, such as 10m", ErrInvalid, every)
		}
	} else if q.Fn != "" || period <= 0 || span/period > goodPoints {
		q.Every = max(period, span/goodPoints).Round(time.Second)
		q.Every = max(q.Every, time.Second)
	}
	switch {
	case q.Every == 0 && q.Fn != "":
		return fmt.Errorf("%w: fn goes with intervals, but every is 0", ErrInvalid)
	case q.Every == 0 && period > 0 && span/period > maxPoints, q.Every > 0 && span/q.Every > maxPoints:
		return fmt.Errorf("%w: more than %d points; ask for a longer every", ErrInvalid, maxPoints)
	case q.Every > 0 && q.Fn == "":
		q.Fn = "mean"
	}
	if q.Fn != "" && !slices.Contains(functions(), q.Fn) {
		return fmt.Errorf("%w: fn %q is not one of %s", ErrInvalid, q.Fn, strings.Join(functions(), ", "))
	}
	return nil
}

// moment reads a time, or a duration before now: 2026-11-22T07:00:00+07:00,
// -6h.
func moment(text string, now, or time.Time) (time.Time, error) {
	if text == "" {
		return or, nil
	}
	if strings.HasPrefix(text, "-") {
		if d, err := time.ParseDuration(text); err == nil {
			return now.Add(d), nil
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%w: %q is neither a time (2026-11-22T07:00:00%%2B07:00) nor one before now (-6h)", ErrInvalid, text)
}

// plainName refuses what no device sends as the name of a value, so that
// whatever stands behind history is not asked about it.
func plainName(name string) error {
	if len(name) > 100 || strings.ContainsFunc(name, func(c rune) bool {
		return c < ' ' || c == '"' || c == '\'' || c == '\\' || c == 0x7f
	}) {
		return fmt.Errorf("%w: value %q is not the name of a value", ErrInvalid, name)
	}
	return nil
}

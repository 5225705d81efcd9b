// Package review computes what a tourism office wants to know of its camera
// points: how long each worked, how long its picture could be used, how busy it
// was hour by hour, when the view is best, and all that as a week's report.
//
// Everything is computed from readings that were stored, and every number says
// on how much of the time it rests. What was not measured is absent: it is
// neither 0 nor made up from what lies beside it.
package review

import (
	"context"
	"fmt"
	"time"
)

// The values of a camera's readings that are reviewed.
const (
	valueUp         = "up"
	valueUsable     = "usable"
	valueActivity   = "activity"
	valueBrightness = "brightness"
	valueContrast   = "contrast"
)

// A Query asks for one value of one device over time, by intervals.
type Query struct {
	// Class is empty for what is said of a camera's health.
	Class, Device, Value string
	// From is included, To is not.
	From, To time.Time
	// Every is the length of the intervals; Fn is mean, count or last.
	Every time.Duration
	Fn    string
}

// A Point is what was measured in the interval that begins at Time.
type Point struct {
	Time  time.Time
	Value float64
}

// History answers a Query in the order of time. An interval without readings
// has no point.
type History func(ctx context.Context, q Query) ([]Point, error)

// A Camera is a camera point as it is reviewed.
type Camera struct {
	ID, Name, Zone string
	// Period is the time between two of its readings.
	Period time.Duration
}

// A Share is a part of the time, or a mean over it.
type Share struct {
	// Value is 0 to 1; nil where nothing was measured.
	Value *float64 `json:"value"`
	// Measured is the part of the time, 0 to 1, that Value rests on.
	Measured float64 `json:"measured"`
}

// A Reviewer answers from a history. It holds nothing else.
type Reviewer struct {
	History History
	// Zone is the one by whose clock days and hours begin.
	Zone *time.Location
}

// A slot is an interval in which something was measured.
type slot struct {
	at    time.Time
	mean  float64
	share float64 // of the interval that was measured, 0 to 1
}

// slots returns what was measured of a value in intervals, those that end after
// q.To being as long as is left of them.
func (r Reviewer) slots(ctx context.Context, c Camera, q Query) ([]slot, error) {
	q.Device = c.ID
	ask := func(fn string) ([]Point, error) {
		q.Fn = fn
		points, err := r.History(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", q.Value, c.ID, err)
		}
		return points, nil
	}
	means, err := ask("mean")
	if err != nil {
		return nil, err
	}
	counts, err := ask("count")
	if err != nil {
		return nil, err
	}
	byTime := make(map[int64]float64, len(counts))
	for _, p := range counts {
		byTime[p.Time.UnixNano()] = p.Value
	}
	var out []slot
	for _, p := range means {
		// Between the two questions a first reading may have come.
		n := byTime[p.Time.UnixNano()]
		length := min(q.Every, q.To.Sub(p.Time))
		if n == 0 || length <= 0 {
			continue
		}
		out = append(out, slot{at: p.Time, mean: p.Value, share: min(1, n*c.Period.Seconds()/length.Seconds())})
	}
	return out, nil
}

// within returns the slots that begin from the one moment and before the other.
func within(slots []slot, from, to time.Time) []slot {
	var out []slot
	for _, s := range slots {
		if !s.at.Before(from) && s.at.Before(to) {
			out = append(out, s)
		}
	}
	return out
}

// shareOf joins slots of a length into the share of the time from the one
// moment to the other.
func shareOf(slots []slot, every time.Duration, from, to time.Time) Share {
	var sum, seconds float64
	for _, s := range slots {
		weight := s.share * min(every, to.Sub(s.at)).Seconds()
		sum += s.mean * weight
		seconds += weight
	}
	out := Share{}
	if span := to.Sub(from).Seconds(); span > 0 {
		out.Measured = min(1, seconds/span)
	}
	if seconds > 0 {
		v := sum / seconds
		out.Value = &v
	}
	return out
}

// A Standing is how a camera point stood over a time.
type Standing struct {
	Camera string `json:"camera"`
	// Up is the part of the measured time in which its pictures came and
	// changed, Usable the part of the judged time in which they could be used.
	Up     Share `json:"up"`
	Usable Share `json:"usable"`
}

// Standing returns how a camera stood from one moment to another. Times begin
// with a whole hour.
func (r Reviewer) Standing(ctx context.Context, c Camera, from, to time.Time) (Standing, error) {
	from = r.hourOf(from)
	out := Standing{Camera: c.ID}
	for _, v := range []struct {
		name string
		into *Share
	}{{valueUp, &out.Up}, {valueUsable, &out.Usable}} {
		slots, err := r.slots(ctx, c, Query{Value: v.name, From: from, To: to, Every: time.Hour})
		if err != nil {
			return out, err
		}
		*v.into = shareOf(slots, time.Hour, from, to)
	}
	return out, nil
}

// hourOf returns when the hour began that holds t, by the local clock.
func (r Reviewer) hourOf(t time.Time) time.Time {
	l := t.In(r.zone())
	return l.Add(-time.Duration(l.Minute())*time.Minute - time.Duration(l.Second())*time.Second - time.Duration(l.Nanosecond()))
}

func (r Reviewer) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

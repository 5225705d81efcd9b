package review

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// ErrWeek is in the error for what names a week and is none.
var ErrWeek = errors.New("not a week, as in 2026-W47")

var weekName = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)

// Week returns when the ISO week of a name begins: on its Monday, by the local
// clock.
func (r Reviewer) Week(name string) (time.Time, error) {
	m := weekName.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, fmt.Errorf("%w: %q", ErrWeek, name)
	}
	year, _ := strconv.Atoi(m[1])
	week, _ := strconv.Atoi(m[2])
	// The 4th of January is always in the first week.
	first := monday(time.Date(year, 1, 4, 0, 0, 0, 0, r.zone()))
	begin := first.AddDate(0, 0, 7*(week-1))
	if y, w := begin.ISOWeek(); y != year || w != week {
		return time.Time{}, fmt.Errorf("%w: %d has no week %d", ErrWeek, year, week)
	}
	return begin, nil
}

// WeekOf returns when the week begins that holds t.
func (r Reviewer) WeekOf(t time.Time) time.Time { return monday(r.midnight(t)) }

func monday(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())+6)%7) }

// WeekName returns the name of the week that begins then.
func WeekName(begin time.Time) string {
	year, week := begin.ISOWeek()
	return fmt.Sprintf("%04d-W%02d", year, week)
}

// A Report is a week of the camera points.
type Report struct {
	Time time.Time `json:"time"`
	Week string    `json:"week"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Until is To, or the present where the week goes on.
	Until  time.Time     `json:"until"`
	Points []PointReport `json:"points"`
	// Indicators are the figures of other systems about tourism.
	Indicators []FigureReport `json:"indicators"`
	// Method says how each number was computed.
	Method []Note `json:"method"`
}

// A PointReport is a week of one camera point.
type PointReport struct {
	Camera string `json:"camera"`
	Name   string `json:"name"`
	Zone   string `json:"zone"`

	Up             Share `json:"up"`
	UpBefore       Share `json:"up_before"`
	Usable         Share `json:"usable"`
	UsableBefore   Share `json:"usable_before"`
	Activity       Share `json:"activity"`
	ActivityBefore Share `json:"activity_before"`

	Outages Outages `json:"outages"`
	// Busiest is the hour in which most moved; absent where none was measured
	// for at least half of it.
	Busiest *Busiest `json:"busiest,omitempty"`
	// Recorded is how many hours of the week are recorded and still kept;
	// absent where the camera is not recorded.
	Recorded *float64 `json:"recorded,omitempty"`
}

// Outages are the times without pictures, to five minutes.
type Outages struct {
	Count int `json:"count"`
	// Total and Longest are in seconds.
	Total   float64 `json:"total"`
	Longest float64 `json:"longest"`
	// At is when the longest began.
	At *time.Time `json:"at,omitempty"`
}

// Busiest is the hour in which most moved.
type Busiest struct {
	From     time.Time `json:"from"`
	Activity float64   `json:"activity"`
}

// A Subject is what a report is about.
type Subject struct {
	Cameras []Camera
	Figures []Figure
	// Begin is when the week does, Now when the report is made.
	Begin, Now time.Time
	// Recorded tells how much of a time is recorded of a camera and still
	// kept, and whether it is recorded at all.
	Recorded func(camera string, from, to time.Time) (time.Duration, bool)
}

// Report returns a week of what it is about.
func (r Reviewer) Report(ctx context.Context, of Subject) (Report, error) {
	out := Report{
		Time: of.Now, Week: WeekName(of.Begin), From: of.Begin, To: of.Begin.AddDate(0, 0, 7),
		Points: []PointReport{}, Indicators: []FigureReport{}, Method: method(),
	}
	out.Until = earlier(out.To, of.Now)
	for _, c := range of.Cameras {
		p, err := r.point(ctx, c, of.Begin, out.Until)
		if err != nil {
			return out, err
		}
		if kept, is := of.Recorded(c.ID, of.Begin, out.Until); is {
			hours := kept.Hours()
			p.Recorded = &hours
		}
		out.Points = append(out.Points, p)
	}
	for i := range of.Figures {
		f, err := r.figure(ctx, &of.Figures[i], of.Begin, out.Until)
		if err != nil {
			return out, err
		}
		out.Indicators = append(out.Indicators, f)
	}
	return out, nil
}

func (r Reviewer) point(ctx context.Context, c Camera, begin, until time.Time) (PointReport, error) {
	p := PointReport{Camera: c.ID, Name: c.Name, Zone: c.Zone}
	if !begin.Before(until) {
		return p, nil // it has not begun
	}
	before := begin.AddDate(0, 0, -7)
	for _, v := range []struct {
		name      string
		now, then *Share
	}{
		{valueUp, &p.Up, &p.UpBefore}, {valueUsable, &p.Usable, &p.UsableBefore}, {valueActivity, &p.Activity, &p.ActivityBefore},
	} {
		slots, err := r.slots(ctx, c, Query{Value: v.name, From: before, To: until, Every: time.Hour})
		if err != nil {
			return p, err
		}
		week := within(slots, begin, until)
		*v.now = shareOf(week, time.Hour, begin, until)
		*v.then = shareOf(within(slots, before, begin), time.Hour, before, begin)
		if v.name == valueActivity {
			p.Busiest = busiest(week)
		}
	}
	var err error
	p.Outages, err = r.outages(ctx, c, begin, until)
	return p, err
}

func busiest(slots []slot) *Busiest {
	var most *Busiest
	for _, s := range slots {
		if s.share >= leastOf && (most == nil || s.mean > most.Activity) {
			most = &Busiest{From: s.at, Activity: s.mean}
		}
	}
	return most
}

// outageStep is the grain of outages: a week of them is 2,016.
const outageStep = 5 * time.Minute

// outages finds the runs of intervals in which the camera was mostly down. An
// interval of which nothing is known ends a run: it is no outage of the
// camera's.
func (r Reviewer) outages(ctx context.Context, c Camera, from, to time.Time) (Outages, error) {
	out := Outages{}
	points, err := r.History(ctx, Query{Device: c.ID, Value: valueUp, From: from, To: to, Every: outageStep, Fn: "mean"})
	if err != nil {
		return out, fmt.Errorf("outages of %s: %w", c.ID, err)
	}
	var began, end time.Time // of the run; end is zero while there is none
	for _, p := range points {
		if p.Value >= 0.5 {
			end = time.Time{}
			continue
		}
		if !p.Time.Equal(end) {
			began = p.Time
			out.Count++
		}
		end = p.Time.Add(outageStep)
		out.Total += outageStep.Seconds()
		if length := end.Sub(began).Seconds(); length > out.Longest {
			at := began
			out.Longest, out.At = length, &at
		}
	}
	return out, nil
}

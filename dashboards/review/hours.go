package review

import (
	"context"
	"time"
)

const (
	// bestDays is over how many days the best hours are sought.
	bestDays = 14
	// leastDays is on how many of them an hour must have been judged.
	leastDays = 3
	// leastOf is how much of an hour must have been judged for it to count.
	leastOf = 0.5
	// An hour is among the best whose picture was nearly always usable, which
	// is not night, and whose contrast is near that of the clearest.
	bestUsable     = 0.9
	bestBrightness = 0.2
	nearClearest   = 0.9
)

// An Hour is one hour of a day, and the same hour a week before.
type Hour struct {
	// Hour is 0 to 23 by the local clock, From when it began on that day.
	Hour int       `json:"hour"`
	From time.Time `json:"from"`
	// Activity is the mean share of the picture that moved.
	Activity Share `json:"activity"`
	Before   Share `json:"before"`
}

// A View is how well an hour of the day shows what there is to see, over the
// last two weeks.
type View struct {
	Hour int `json:"hour"`
	// Days is on how many days it was judged for at least half of it; the
	// others are absent where that is 0.
	Days       int      `json:"days"`
	Usable     *float64 `json:"usable,omitempty"`
	Brightness *float64 `json:"brightness,omitempty"`
	Contrast   *float64 `json:"contrast,omitempty"`
	Best       bool     `json:"best"`
}

// Hours is a day hour by hour.
type Hours struct {
	Camera string `json:"camera"`
	// Day and Before are dates: 2026-11-22.
	Day    string `json:"day"`
	Before string `json:"before"`
	Hours  []Hour `json:"hours"`
	Views  []View `json:"views"`
	// Enough says whether enough was judged for hours to be called the best.
	Enough bool `json:"enough"`
}

// Hours returns the day that holds at, up to now.
func (r Reviewer) Hours(ctx context.Context, c Camera, at, now time.Time) (Hours, error) {
	day := r.midnight(at)
	before := day.AddDate(0, 0, -7)
	out := Hours{Camera: c.ID, Day: day.Format(time.DateOnly), Before: before.Format(time.DateOnly)}
	today, err := r.activity(ctx, c, day, now)
	if err != nil {
		return out, err
	}
	then, err := r.activity(ctx, c, before, now)
	if err != nil {
		return out, err
	}
	for hour := range 24 {
		from := time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, day.Location())
		out.Hours = append(out.Hours, Hour{Hour: hour, From: from, Activity: today[hour], Before: then[hour]})
	}
	end := earlier(day.AddDate(0, 0, 1), now)
	out.Views, out.Enough, err = r.views(ctx, c, day.AddDate(0, 0, 1-bestDays), end)
	return out, err
}

func (r Reviewer) midnight(t time.Time) time.Time {
	l := t.In(r.zone())
	return time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, l.Location())
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// activity returns how much moved in each hour of a day.
func (r Reviewer) activity(ctx context.Context, c Camera, day, now time.Time) (hours [24]Share, err error) {
	end := earlier(day.AddDate(0, 0, 1), now)
	if !day.Before(end) {
		return hours, nil
	}
	slots, err := r.slots(ctx, c, Query{Value: valueActivity, From: day, To: end, Every: time.Hour})
	for _, s := range slots {
		// Of an hour that goes on, the part that is over counts.
		hours[s.at.In(r.zone()).Hour()] = shareOf([]slot{s}, time.Hour, s.at, earlier(s.at.Add(time.Hour), end))
	}
	return hours, err
}

// views tells of each hour of the day how good the view was.
func (r Reviewer) views(ctx context.Context, c Camera, from, to time.Time) ([]View, bool, error) {
	views := make([]View, 24)
	for hour := range views {
		views[hour].Hour = hour
	}
	if !from.Before(to) {
		return views, false, nil
	}
	for _, v := range []struct {
		name string
		into func(*View) **float64
	}{
		{valueUsable, func(v *View) **float64 { return &v.Usable }},
		{valueBrightness, func(v *View) **float64 { return &v.Brightness }},
		{valueContrast, func(v *View) **float64 { return &v.Contrast }},
	} {
		slots, err := r.slots(ctx, c, Query{Value: v.name, From: from, To: to, Every: time.Hour})
		if err != nil {
			return nil, false, err
		}
		var byHour [24][]slot
		for _, s := range slots {
			if s.share >= leastOf {
				hour := s.at.In(r.zone()).Hour()
				byHour[hour] = append(byHour[hour], s)
			}
		}
		for hour, slots := range byHour {
			*v.into(&views[hour]) = shareOf(slots, time.Hour, from, to).Value
			if v.name == valueUsable {
				views[hour].Days = len(slots)
			}
		}
	}
	return views, markBest(views), nil
}

// markBest marks the hours in which the view is best, and reports whether
// enough is known for that.
func markBest(views []View) (enough bool) {
	clearest := 0.0
	good := func(v *View) bool {
		return v.Days >= leastDays && v.Contrast != nil && v.Brightness != nil && v.Usable != nil &&
			*v.Usable >= bestUsable && *v.Brightness >= bestBrightness
	}
	for i := range views {
		v := &views[i]
		enough = enough || v.Days >= leastDays
		if good(v) {
			clearest = max(clearest, *v.Contrast)
		}
	}
	for i := range views {
		v := &views[i]
		v.Best = good(v) && *v.Contrast >= nearClearest*clearest
	}
	return enough
}

package review

import (
	"context"
	"fmt"
	"time"

	"citywatch"
)

// A Figure is an indicator as it is reviewed: a figure of a system that the
// centre does not run.
type Figure struct {
	ID, Name string
	// Class and Value are what it is called in the history.
	Class, Value string
	// Label says what the figure is.
	Label    citywatch.Text
	Unit     string
	Decimals int
	// Of is its target, who answers for it and where it comes from.
	Of citywatch.Indicator
}

// A FigureReport is a week of one indicator. Some figures are counted up over a
// day and others are of a moment; the last one of each day is what both come to.
type FigureReport struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Label    citywatch.Text   `json:"label"`
	Unit     string           `json:"unit"`
	Decimals int              `json:"decimals"`
	Target   *float64         `json:"target,omitempty"`
	Better   citywatch.Better `json:"better"`
	Owner    string           `json:"owner"`
	Source   string           `json:"source"`
	// Days are the seven of the week from Monday on.
	Days []FigureDay `json:"days"`
	// Mean is that of the days of which a figure came, and Told how many they
	// are; of the week before the same.
	Mean       *float64 `json:"mean"`
	Told       int      `json:"told"`
	MeanBefore *float64 `json:"mean_before"`
	ToldBefore int      `json:"told_before"`
	// Met says whether the mean reaches the target; absent without either.
	Met *bool `json:"met,omitempty"`
}

// A FigureDay is the last figure of one day; Value is nil where none came.
type FigureDay struct {
	Day   string   `json:"day"`
	Value *float64 `json:"value"`
}

// figure reviews the week that begins then, as far as it is over.
func (r Reviewer) figure(ctx context.Context, f *Figure, begin, until time.Time) (FigureReport, error) {
	out := FigureReport{
		ID: f.ID, Name: f.Name, Label: f.Label, Unit: f.Unit, Decimals: f.Decimals,
		Target: f.Of.Target, Better: f.Of.Better, Owner: f.Of.Owner, Source: f.Of.Source,
	}
	before := begin.AddDate(0, 0, -7)
	last := map[string]float64{}
	if before.Before(until) {
		// By the hour, because a store's days need not begin when ours do.
		points, err := r.History(ctx, Query{Class: f.Class, Device: f.ID, Value: f.Value, From: before, To: until, Every: time.Hour, Fn: "last"})
		if err != nil {
			return out, fmt.Errorf("figures of %s: %w", f.ID, err)
		}
		for _, p := range points {
			last[p.Time.In(r.zone()).Format(time.DateOnly)] = p.Value
		}
	}
	_, out.MeanBefore, out.ToldBefore = days(before, last)
	out.Days, out.Mean, out.Told = days(begin, last)
	if out.Mean != nil {
		if met, known := f.Of.Met(*out.Mean); known {
			out.Met = &met
		}
	}
	return out, nil
}

// days returns the seven days from then on, and the mean of those with a figure.
func days(begin time.Time, last map[string]float64) (all []FigureDay, mean *float64, told int) {
	sum := 0.0
	for i := range 7 {
		d := FigureDay{Day: begin.AddDate(0, 0, i).Format(time.DateOnly)}
		if v, is := last[d.Day]; is {
			d.Value = &v
			sum += v
			told++
		}
		all = append(all, d)
	}
	if told > 0 {
		m := sum / float64(told)
		mean = &m
	}
	return all, mean, told
}

package dashboards

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/dashboards/review"
)

const (
	// standingDays is over how many days a camera point's standing is told.
	standingDays = 7
	// standingMost bounds what may be asked for.
	standingMost = 92
)

// reviewer answers from the history, in the province's time.
func (s *site) reviewer() review.Reviewer {
	return review.Reviewer{
		Zone: s.zone(),
		History: func(ctx context.Context, q review.Query) ([]review.Point, error) {
			points, err := s.deps.History.History(ctx, HistoryQuery{
				Class: cmp.Or(q.Class, citywatch.CameraHealthClass), Device: q.Device, Value: q.Value,
				From: q.From, To: q.To, Every: q.Every, Fn: q.Fn,
			})
			out := make([]review.Point, len(points))
			for i, p := range points {
				out[i] = review.Point(p)
			}
			return out, err
		},
	}
}

// zone is the one in which people here read the clock.
func (s *site) zone() *time.Location {
	if s.deps.Province.TimeZone != nil {
		return s.deps.Province.TimeZone
	}
	return time.UTC
}

// points returns the tourism camera points in the order of their ids.
func (s *site) points() ([]review.Camera, error) {
	if s.deps.Cameras == nil {
		return nil, errNotConfigured("cameras")
	}
	periods := map[string]time.Duration{}
	for _, d := range s.deps.Picture.Devices() {
		if d.Device.Class == citywatch.CameraHealthClass {
			periods[d.Device.ID] = d.Device.Period
		}
	}
	var out []review.Camera
	for _, c := range s.deps.Cameras.Cameras() {
		if c.Sector == citywatch.SectorTourism {
			out = append(out, review.Camera{ID: c.ID, Name: c.Name, Zone: c.Zone, Period: periods[c.ID]})
		}
	}
	return out, nil
}

// point returns the tourism camera point that the request's path names.
func (s *site) point(r *http.Request) (review.Camera, error) {
	all, err := s.points()
	if err != nil {
		return review.Camera{}, err
	}
	id := r.PathValue("id")
	i, found := slices.BinarySearchFunc(all, id, func(c review.Camera, id string) int { return strings.Compare(c.ID, id) })
	if !found {
		return review.Camera{}, fmt.Errorf("%w: no camera point %q of tourism is registered", ErrNotFound, id)
	}
	return all[i], nil
}

type pointList struct {
	Time   time.Time         `json:"time"`
	From   time.Time         `json:"from"`
	To     time.Time         `json:"to"`
	Points []review.Standing `json:"points"`
}

// listPoints tells how each point stood over the last days.
func (s *site) listPoints(w http.ResponseWriter, r *http.Request) {
	cameras, err := s.points()
	var days uint64
	if err == nil {
		days, err = number(r, "days", standingDays, standingMost)
	}
	if err == nil && days == 0 {
		err = fmt.Errorf("%w: days is not 1 to %d", ErrInvalid, standingMost)
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.QueryTimeout)
	defer cancel()
	now := s.now()
	out := pointList{Time: now, From: now.AddDate(0, 0, -int(days)), To: now, Points: []review.Standing{}}
	for _, c := range cameras {
		standing, err := s.reviewer().Standing(ctx, c, out.From, out.To)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		out.Points = append(out.Points, standing)
	}
	s.answer(w, r, out)
}

type hoursAnswer struct {
	Time time.Time `json:"time"`
	review.Hours
}

// hours tells of a day hour by hour, and when the view is best.
func (s *site) hours(w http.ResponseWriter, r *http.Request) {
	c, err := s.point(r)
	day := s.now()
	if text := r.URL.Query().Get("day"); err == nil && text != "" {
		if day, err = time.ParseInLocation(time.DateOnly, text, s.zone()); err != nil {
			err = fmt.Errorf("%w: day %q is not a date, as in 2026-11-22", ErrInvalid, text)
		}
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.QueryTimeout)
	defer cancel()
	out := hoursAnswer{Time: s.now()}
	if out.Hours, err = s.reviewer().Hours(ctx, c, day, out.Time); err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, out)
}

// report makes the report of ?week=, by default of the last whole one.
func (s *site) report(ctx context.Context, r *http.Request) (review.Report, error) {
	cameras, err := s.points()
	if err != nil {
		return review.Report{}, err
	}
	by, now := s.reviewer(), s.now()
	begin := by.WeekOf(now).AddDate(0, 0, -7)
	if name := r.URL.Query().Get("week"); name != "" {
		if begin, err = by.Week(name); err != nil {
			return review.Report{}, fmt.Errorf("%w: week: %w", ErrInvalid, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.QueryTimeout)
	defer cancel()
	return by.Report(ctx, review.Subject{Cameras: cameras, Figures: s.figures(), Begin: begin, Now: now, Recorded: s.recorded})
}

// figures returns the indicators of tourism in the order of their ids.
func (s *site) figures() []review.Figure {
	var out []review.Figure
	for _, state := range s.deps.Picture.Devices() {
		d := state.Device
		quantities := s.classes[d.Class].Quantities
		if d.Indicator == nil || d.Sector != citywatch.SectorTourism || len(quantities) == 0 {
			continue
		}
		q := quantities[0]
		out = append(out, review.Figure{
			ID: d.ID, Name: d.Name, Class: d.Class, Value: q.Value,
			Label: q.Name, Unit: q.Unit, Decimals: q.Decimals, Of: *d.Indicator,
		})
	}
	return out
}

// recorded returns how much of a time is recorded of a camera and still kept.
func (s *site) recorded(camera string, from, to time.Time) (kept time.Duration, is bool) {
	if s.deps.Recordings == nil || !from.Before(to) {
		return 0, false
	}
	intervals, err := s.deps.Recordings.Intervals(camera, from, to)
	if err != nil {
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrUnavailable) {
			s.log.Error("what is recorded could not be told", "camera", camera, "err", err)
		}
		return 0, false
	}
	for _, i := range intervals {
		if i.From.Before(from) {
			i.From = from
		}
		if i.To.After(to) {
			i.To = to
		}
		kept += max(0, i.To.Sub(i.From))
	}
	return kept, len(intervals) > 0 || s.isRecording(camera)
}

// isRecording reports whether a camera of which nothing is kept is to be
// recorded all the same.
func (s *site) isRecording(camera string) bool {
	for _, tell := range s.deps.CameraValues {
		for _, v := range tell(camera, s.now()) {
			if v.Name == "recording" {
				return true
			}
		}
	}
	return false
}

func (s *site) getReport(w http.ResponseWriter, r *http.Request) {
	report, err := s.report(r.Context(), r)
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	s.answer(w, r, report)
}

func (s *site) getReportCSV(w http.ResponseWriter, r *http.Request) {
	lang := r.URL.Query().Get("lang")
	var err error
	if lang != "" && lang != "vi" && lang != "en" {
		err = fmt.Errorf("%w: lang is vi or en", ErrInvalid)
	}
	var report review.Report
	if err == nil {
		report, err = s.report(r.Context(), r)
	}
	var out bytes.Buffer
	if err == nil {
		err = review.WriteCSV(&out, &report, lang == "en", s.zone())
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="du-lich-`+report.Week+`.csv"`)
	_, _ = w.Write(out.Bytes()) // nobody is left to be told of an error
}

package kpi

import (
	"fmt"
	"math"
	"testing"
	"time"

	"citywatch"
)

var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func at(minutes float64) time.Time { return day.Add(time.Duration(minutes * float64(time.Minute))) }

func fires(b *Board, minute float64, id string, level citywatch.Level) {
	b.Transition(&citywatch.Transition{At: at(minute), Reason: citywatch.ReasonFired, Notice: citywatch.NoticeSound, Alert: citywatch.Alert{
		ID: id, Rule: "flood", Level: level, Condition: citywatch.Active, Handling: citywatch.New,
	}})
}

func acts(b *Board, minute float64, id string, reason citywatch.Reason, h citywatch.Handling) {
	b.Transition(&citywatch.Transition{At: at(minute), Reason: reason, Actor: "lan", Alert: citywatch.Alert{
		ID: id, Rule: "flood", Condition: citywatch.Active, Handling: h,
	}})
}

func TestHowLongPeopleTake(t *testing.T) {
	b := New(1)
	for i, minutes := range []float64{1, 2, 3, 10} {
		id := fmt.Sprint(i)
		fires(b, 0, id, 3)
		acts(b, minutes, id, citywatch.ReasonAcknowledged, citywatch.Acknowledged)
		acts(b, minutes+1, id, citywatch.ReasonNoted, citywatch.Acknowledged)
	}
	acts(b, 20, "0", citywatch.ReasonDispatched, citywatch.Dispatched)
	acts(b, 30, "0", citywatch.ReasonOnScene, citywatch.OnScene)
	acts(b, 31, "0", citywatch.ReasonOnScene, citywatch.OnScene)
	acts(b, 40, "0", citywatch.ReasonClosed, citywatch.Closed)
	acts(b, 41, "1", citywatch.ReasonFalseAlarm, citywatch.FalseAlarm)
	k := b.Figures(day, at(60))
	if want := (citywatch.KPITime{Count: 4, Median: 120, P90: 600, Max: 600}); k.Acknowledge != want {
		t.Errorf("acknowledged %+v, want %+v", k.Acknowledge, want)
	}
	if k.Dispatch.Median != 1200 || k.OnScene.Median != 1800 || k.OnScene.Count != 1 || k.Close.Max != 41*60 || k.Close.Count != 2 {
		t.Errorf("%+v", k)
	}
	if want := (citywatch.KPIRule{Rule: "flood", Ended: 2, False: 1, FalseShare: 0.5}); len(k.Rules) != 1 || k.Rules[0] != want {
		t.Errorf("rules %+v", k.Rules)
	}
	if k = b.Figures(at(50), at(60)); k.Acknowledge.Count != 0 || k.Calls != 0 {
		t.Errorf("what lies before counts: %+v", k)
	}
}

// TestARiseIsTimedAnew: who has seen the lower level has not seen this.
func TestARiseIsTimedAnew(t *testing.T) {
	b := New(1)
	fires(b, 0, "a", 1)
	acts(b, 1, "a", citywatch.ReasonAcknowledged, citywatch.Acknowledged)
	fires(b, 100, "a", 3)
	acts(b, 105, "a", citywatch.ReasonAcknowledged, citywatch.Acknowledged)
	if k := b.Figures(day, at(120)); k.Acknowledge.Count != 2 || k.Acknowledge.Max != 300 {
		t.Errorf("%+v", k.Acknowledge)
	}
}

func TestHowOftenPeopleAreCalled(t *testing.T) {
	b := New(2)
	for i := range 4 {
		fires(b, 0.5, fmt.Sprint("quiet", i), 4)
	}
	for i := range 20 {
		fires(b, 55, fmt.Sprint("flood", i), 1)
	}
	k := b.Figures(at(0), at(60))
	if k.Calls != 24 || k.RateMax != 10 || math.Abs(k.Rate-2) > 1e-9 || math.Abs(k.Flood-1.0/6) > 1e-9 {
		t.Errorf("%+v", k)
	}
	if math.Abs(k.Levels[0]-20.0/24) > 1e-9 || math.Abs(k.Levels[3]-4.0/24) > 1e-9 {
		t.Errorf("levels %v", k.Levels)
	}
	if k = b.Figures(day.Add(-24*time.Hour), at(60)); math.Abs(k.Rate-2) > 1e-9 {
		t.Errorf("the day before anything was known counts as quiet: %v", k.Rate)
	}
}

func TestChatteringAndStanding(t *testing.T) {
	b := New(1)
	for i := range 3 {
		fires(b, float64(i)*0.4, "chatters", 1)
		fires(b, float64(i)*2, "does not", 1)
	}
	k := b.Figures(day, at(24*60+1))
	if k.Chattering != 1 || k.Standing != 2 {
		t.Errorf("%d chatter, %d stand", k.Chattering, k.Standing)
	}
	acts(b, 24*60+2, "does not", citywatch.ReasonClosed, citywatch.Closed)
	if k = b.Figures(day, at(24*60+3)); k.Standing != 1 {
		t.Errorf("%d stand", k.Standing)
	}
	b.Figures(at(60*24*60), at(60*24*60))
	if len(b.calls)+len(b.noisy)+len(b.ended) != 0 {
		t.Error("nothing is ever forgotten")
	}
}

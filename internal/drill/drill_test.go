package drill_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/internal/drill"
)

var start = time.Date(2026, 9, 29, 20, 0, 0, 0, time.UTC)

// A list is a history in memory.
type list []citywatch.Entry

func (l *list) Next(context.Context) (shard int, e citywatch.Entry, err error) {
	if len(*l) == 0 {
		return 0, e, io.EOF
	}
	e = (*l)[0]
	*l = (*l)[1:]
	return 0, e, nil
}

func (l *list) Close() {}

// ticks are those of every second from a to b, counted from the start.
func ticks(a, b time.Duration) []citywatch.Entry {
	var out []citywatch.Entry
	for at := a; at < b; at += time.Second {
		out = append(out, citywatch.Entry{Tick: start.Add(at)})
	}
	return out
}

func readings(at time.Duration, class string) citywatch.Entry {
	return citywatch.Entry{Readings: []citywatch.Reading{{Device: "a", Class: class, Time: start.Add(at), Arrived: start.Add(at)}}}
}

// A notebook notes what is played, and when.
type notebook struct {
	clock func() time.Time
	mu    sync.Mutex
	lines []line
}

type line struct {
	at, real, clock time.Time
	reading         bool
}

func (n *notebook) note(at time.Time, reading bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line{at, time.Now(), n.clock(), reading})
}

func (n *notebook) Append(_ context.Context, _ int, rs []citywatch.Reading) (uint64, error) {
	n.note(rs[len(rs)-1].Arrived, true)
	return 0, nil
}

func (n *notebook) Tick(_ context.Context, _ int, at time.Time) (uint64, error) {
	n.note(at, false)
	return 0, nil
}

// played plays entries to their end.
func played(t *testing.T, o drill.Options, entries ...[]citywatch.Entry) []line {
	t.Helper()
	l := list(slices.Concat(entries...))
	o.Source = &l
	over := make(chan struct{})
	o.Over = func() { close(over) }
	p := drill.New(o)
	n := &notebook{clock: p.Now}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, n) }()
	<-over
	stands := p.Now()
	time.Sleep(time.Hour)
	if !p.Now().Equal(stands) {
		t.Errorf("the clock goes on to %s after the end", p.Now())
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	return n.lines
}

// Time passes as it did then, only faster; the clock never goes back, and is
// never ahead of the engine's by more than a tick.
func TestADrillGoesByItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := played(t, drill.Options{From: start, Speed: 60},
			ticks(0, 30*time.Second), []citywatch.Entry{readings(29500*time.Millisecond, "gauge")}, ticks(30*time.Second, 10*time.Minute))
		first, last := lines[0], lines[len(lines)-1]
		if took := last.real.Sub(first.real); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("ten minutes take %v at 60 times the speed", took)
		}
		found := false
		for i, l := range lines {
			found = found || l.reading
			if i == 0 {
				continue
			}
			if passed := l.at.Sub(lines[i-1].at); passed < 0 || !l.reading && passed > 4*time.Second {
				t.Errorf("%v between two entries", passed)
			}
			if l.clock.Before(lines[i-1].clock) {
				t.Errorf("the clock goes back from %s to %s", lines[i-1].clock, l.clock)
			}
			if ahead := l.clock.Sub(l.at); ahead < 0 || ahead > 4*time.Second {
				t.Errorf("the clock is %v ahead of the engine's", ahead)
			}
		}
		if !found {
			t.Error("the reading is not played")
		}
	})
}

// At the highest speed the engine must not believe that citywatch was down.
func TestNoSpeedTearsHoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := played(t, drill.Options{From: start, Speed: 1e9}, ticks(0, time.Hour))
		for i := range lines[1:] {
			if passed := lines[i+1].at.Sub(lines[i].at); passed > 4*time.Second {
				t.Fatalf("%v between two ticks", passed)
			}
		}
		if took := lines[len(lines)-1].real.Sub(lines[0].real); took < 3*time.Second {
			t.Errorf("an hour takes %v", took)
		}
	})
}

// Nobody waits for what lies before, nor for an hour in which citywatch was
// down.
func TestNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := played(t, drill.Options{From: start, Speed: 1}, ticks(-24*time.Hour, 0), ticks(0, 10*time.Second), ticks(time.Hour, time.Hour+10*time.Second))
		if took := lines[len(lines)-1].real.Sub(lines[0].real); took < 15*time.Second || took > 25*time.Second {
			t.Errorf("it takes %v", took)
		}
		if before := slices.IndexFunc(lines, func(l line) bool { return !l.at.Before(start) }); before > 2000 {
			t.Errorf("%d ticks are written for the day before", before)
		}
	})
}

func TestOnlyWhatIsOfTheExerciseIsPlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := played(t, drill.Options{From: start, Speed: 1, Plays: func(r *citywatch.Reading) bool { return r.Class != "citywatch" }},
			[]citywatch.Entry{readings(0, "citywatch"), readings(time.Second, "gauge")})
		if len(lines) != 1 || !lines[0].at.Equal(start.Add(time.Second)) {
			t.Errorf("%+v", lines)
		}
	})
}

func TestARecordingIsAHistory(t *testing.T) {
	var rs []citywatch.Reading
	for _, seconds := range []int{0, 2, 3} {
		rs = append(rs, readings(time.Duration(seconds)*time.Second, "gauge").Readings...)
	}
	src, begins, err := drill.FromReadings(rs, time.Time{}, start.Add(3*time.Second))
	if err != nil || !begins.Equal(start) {
		t.Fatalf("it begins %s, %v", begins, err)
	}
	if src, err = drill.Keep(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		_, e, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if !e.Tick.IsZero() {
			got = append(got, e.Tick.Format("05"))
		}
		for _, r := range e.Readings {
			got = append(got, r.Device+" "+r.Time.Format("05"))
		}
	}
	if want := []string{"00", "a 00", "01", "02", "a 02"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	if _, _, err := drill.FromReadings(nil, time.Time{}, time.Time{}); err == nil {
		t.Error("of nothing")
	}
	if _, _, err := drill.FromReadings(rs, start.Add(time.Hour), time.Time{}); err == nil {
		t.Error("of a time that it has nothing of")
	}
}

var _ drill.Source = (*list)(nil)

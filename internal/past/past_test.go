package past_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/past"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// A journal in memory. Reading stops before transition stop, where that is set.
type journal struct {
	mu    sync.Mutex
	ts    []citywatch.Transition
	asked int
	stop  int
}

func (j *journal) TransitionBounds(context.Context) (first, last uint64, err error) {
	return 1, uint64(len(j.ts)), nil
}

func (j *journal) TransitionsSince(context.Context) (time.Time, error) { return begin, nil }

func (j *journal) Transition(_ context.Context, seq uint64) (citywatch.Transition, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked++
	return j.ts[seq-1], nil
}

type reader struct {
	*journal
	next int
}

func (r *reader) Close() {}

func (r *reader) Next(ctx context.Context) (citywatch.Transition, error) {
	r.mu.Lock()
	if r.next < len(r.ts) && (r.stop == 0 || r.next < r.stop) {
		defer r.mu.Unlock()
		r.next++
		return r.ts[r.next-1], nil
	}
	r.mu.Unlock()
	<-ctx.Done()
	return citywatch.Transition{}, ctx.Err()
}

func (j *journal) add(at time.Time, id string, c citywatch.Condition, h citywatch.Handling) {
	j.ts = append(j.ts, citywatch.Transition{
		Seq: uint64(len(j.ts) + 1), At: at,
		Alert: citywatch.Alert{ID: id, Condition: c, Handling: h, Version: len(j.ts) + 1},
	})
}

// run returns a Past of the journal that has read all it may.
func run(t *testing.T, j *journal) *past.Past {
	t.Helper()
	p := past.New(past.Deps{Journal: j, Transitions: func(uint64) past.Reader { return &reader{journal: j} }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	if j.stop > 0 {
		return p
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		_, err := p.At(t.Context(), begin)
		if err == nil {
			return p
		}
		if !errors.Is(err, past.ErrReading) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestAgainstTheWholeHistory: at random moments of random histories, what is
// told is what comes of all transitions up to then.
func TestAgainstTheWholeHistory(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	handlings := []citywatch.Handling{citywatch.New, citywatch.Acknowledged, citywatch.Dispatched, citywatch.Closed, citywatch.FalseAlarm}
	conditions := []citywatch.Condition{citywatch.Active, citywatch.Recovering, citywatch.Normal}
	for _, n := range []int{1, 1023, 1024, 1025, 5000} {
		j := &journal{}
		at := begin
		for range n {
			at = at.Add(time.Duration(random.IntN(3)) * time.Second)
			j.add(at, fmt.Sprint("a", random.IntN(60)), conditions[random.IntN(3)], handlings[random.IntN(5)])
		}
		p := run(t, j)
		for range 200 {
			moment := begin.Add(time.Duration(random.Int64N(int64(at.Sub(begin)) + int64(2*time.Second))))
			want := map[string]citywatch.Alert{}
			for i := range j.ts {
				if !j.ts[i].At.After(moment) {
					want[j.ts[i].Alert.ID] = j.ts[i].Alert
				}
			}
			var open []citywatch.Alert
			for _, a := range want {
				if a.Open() {
					open = append(open, a)
				}
			}
			slices.SortFunc(open, func(a, b citywatch.Alert) int { return cmp.Compare(a.ID, b.ID) })
			got, err := p.At(t.Context(), moment)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(len(open), len(got)); diff != "" {
				t.Fatalf("%d transitions, at %v: %s", n, moment, diff)
			}
			if len(open) > 0 {
				if diff := gocmp.Diff(open, got); diff != "" {
					t.Fatalf("%d transitions, at %v: %s", n, moment, diff)
				}
			}
		}
	}
}

// TestTheSameMomentIsNotReadAgain: a scrubber asks for nearly the same many
// times a second.
func TestTheSameMomentIsNotReadAgain(t *testing.T) {
	j := &journal{}
	for i := range 50 {
		j.add(begin.Add(time.Second), fmt.Sprint(i), citywatch.Active, citywatch.New)
	}
	p := run(t, j)
	for i := range 20 {
		if got, err := p.At(t.Context(), begin.Add(time.Duration(i+1)*time.Second)); err != nil || len(got) != 50 {
			t.Fatalf("%d, %v", len(got), err)
		}
	}
	if j.asked != 50 {
		t.Errorf("the journal was asked %d times for 50 alerts", j.asked)
	}
}

func TestWhatCannotBeTold(t *testing.T) {
	j := &journal{stop: 1}
	j.add(begin, "a", citywatch.Active, citywatch.New)
	j.add(begin.Add(time.Second), "b", citywatch.Active, citywatch.New)
	p := run(t, j)
	if _, err := p.At(t.Context(), begin.Add(time.Hour)); !errors.Is(err, past.ErrReading) {
		t.Errorf("before all is read: %v", err)
	}
	if _, err := p.At(t.Context(), begin.Add(-time.Second)); !errors.Is(err, past.ErrForgotten) {
		t.Errorf("before the journal begins: %v", err)
	}
}

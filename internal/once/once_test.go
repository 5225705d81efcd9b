package once_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"citywatch/internal/once"
)

func open(t *testing.T, dir string, now func() time.Time) *once.Memory {
	t.Helper()
	m, err := once.Open(dir, now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestARepeatedKeyGetsTheFirstAnswer(t *testing.T) {
	dir := t.TempDir()
	m := open(t, dir, time.Now)
	answer, begun, err := m.Begin(t.Context(), "k1", []byte("request"), 7)
	if answer != nil || begun != nil || err != nil {
		t.Fatalf("a new one: %v, %v, %v", answer, begun, err)
	}
	if err := m.Finish("k1", &once.Answer{Status: 409, Type: "application/problem+json", Body: []byte(`{"by":"Lan"}`)}); err != nil {
		t.Fatal(err)
	}
	for _, memory := range []*once.Memory{m, open(t, dir, time.Now)} { // the second is that after a kill
		answer, _, err := memory.Begin(t.Context(), "k1", []byte("request"), 9)
		if err != nil || answer == nil || answer.Status != 409 || string(answer.Body) != `{"by":"Lan"}` {
			t.Errorf("again: %+v, %v", answer, err)
		}
		if _, _, err := memory.Begin(t.Context(), "k1", []byte("another"), 9); !errors.Is(err, once.ErrOther) {
			t.Errorf("another request under the key: %v", err)
		}
	}
}

func TestWhatWasBegunBeforeAKillIsTold(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := open(t, dir, time.Now).Begin(t.Context(), "k1", []byte("r"), 7); err != nil {
		t.Fatal(err)
	}
	m := open(t, dir, time.Now) // killed before it was answered
	answer, begun, err := m.Begin(t.Context(), "k1", []byte("r"), 12)
	if answer != nil || begun == nil || begun.Mark != 7 || err != nil {
		t.Fatalf("got %v, %+v, %v", answer, begun, err)
	}
	if err := m.Finish("k1", nil); err != nil { // it came to nothing
		t.Fatal(err)
	}
	for _, memory := range []*once.Memory{open(t, dir, time.Now), m} {
		if answer, begun, err := memory.Begin(t.Context(), "k1", []byte("r"), 12); answer != nil || begun != nil || err != nil {
			t.Errorf("it cannot be made anew: %v, %v, %v", answer, begun, err)
		}
	}
}

// TestAtTheSameTime: of many at once one is carried out, and the others wait for
// its answer.
func TestAtTheSameTime(t *testing.T) {
	m := open(t, t.TempDir(), time.Now)
	var done, same atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			answer, _, err := m.Begin(t.Context(), "k", []byte("r"), 0)
			switch {
			case err != nil:
				t.Error(err)
			case answer == nil:
				done.Add(1)
				time.Sleep(10 * time.Millisecond)
				if err := m.Finish("k", &once.Answer{Status: 200}); err != nil {
					t.Error(err)
				}
			case answer.Status == 200:
				same.Add(1)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 || same.Load() != 19 {
		t.Errorf("carried out %d times, answered the same %d times", done.Load(), same.Load())
	}
}

func TestOneThatIsAbandonedMayComeAgain(t *testing.T) {
	m := open(t, t.TempDir(), time.Now)
	if _, _, err := m.Begin(t.Context(), "k", []byte("r"), 3); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := m.Begin(ctx, "k", []byte("r"), 4); !errors.Is(err, context.Canceled) {
		t.Errorf("while it is under way: %v", err)
	}
	m.Abandon("k")
	if _, begun, err := m.Begin(t.Context(), "k", []byte("r"), 4); begun == nil || begun.Mark != 3 || err != nil {
		t.Errorf("got %+v, %v", begun, err)
	}
}

// TestOldAnswersAreForgotten, and the file does not grow for ever.
func TestOldAnswersAreForgotten(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, err := once.Open(dir, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		one := func(key string) *once.Answer {
			answer, _, err := m.Begin(t.Context(), key, []byte("r"), 0)
			if err != nil {
				t.Fatal(err)
			}
			if answer == nil {
				if err := m.Finish(key, &once.Answer{Status: 200}); err != nil {
					t.Fatal(err)
				}
			}
			return answer
		}
		for i := range 700 {
			one(fmt.Sprint("old", i))
		}
		time.Sleep(once.Keep - time.Second)
		if one("old5") == nil {
			t.Error("forgotten too early")
		}
		time.Sleep(2 * time.Second)
		one("new")
		if one("old5") != nil {
			t.Error("not forgotten")
		}
		if one("new") == nil {
			t.Error("what is new was forgotten too")
		}
	})
}

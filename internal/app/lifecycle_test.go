package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A journal of stops, in their order.
type stops struct {
	mu    sync.Mutex
	names []string
}

func (s *stops) part(name string, linger time.Duration) part {
	return part{name, func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(linger)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.names = append(s.names, name)
		return ctx.Err()
	}}
}

func TestPartsStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s stops
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := runParts(ctx, []part{s.part("journal", 0), s.part("alerts", time.Second), s.part("ingest", 3*time.Second)})
		if err != nil {
			t.Error(err)
		}
		if want := []string{"ingest", "alerts", "journal"}; !slices.Equal(s.names, want) {
			t.Errorf("stopped %v, want %v", s.names, want)
		}
	})
}

func TestAPartThatFailsStopsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s stops
		broken := errors.New("disk gone")
		err := runParts(t.Context(), []part{s.part("journal", 0), {"store", func(context.Context) error { return broken }}})
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "store") {
			t.Errorf("got %v", err)
		}
		if len(s.names) != 1 {
			t.Error("the journal was not stopped")
		}
	})
}

func TestAPartThatEndsByItselfIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := runParts(t.Context(), []part{{"hub", func(context.Context) error { return nil }}})
		if err == nil || !strings.Contains(err.Error(), "hub ended by itself") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAPartThatDoesNotStopIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var s stops
		err := runParts(ctx, []part{s.part("journal", 0), {"stuck", func(context.Context) error { <-release; return nil }}})
		if err == nil || !strings.Contains(err.Error(), "stuck did not stop") {
			t.Errorf("got %v", err)
		}
		if len(s.names) != 1 {
			t.Error("the journal was not stopped")
		}
		close(release)
	})
}

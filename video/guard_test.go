package video

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A fault in the sink itself, met in a goroutine of the source's where no other
// recover reaches, ends the session and not the process.
func TestSinkGuardsItsCaller(t *testing.T) {
	for name, call := range map[string]func(*session){
		"Tracks": func(s *session) { s.Tracks(nil) },
		"Unit":   func(s *session) { s.Unit(Unit{}) },
		"Lost":   func(s *session) { s.Lost(1) },
	} {
		shared := testShared(Options{})
		var log bytes.Buffer
		shared.log = slog.New(slog.NewJSONHandler(&log, nil))
		f := newFeed(shared, origin{camera: "cau-coc-leu", quality: Main, account: newAccount()})
		ctx, cancel := context.WithCancelCause(t.Context())
		s := &session{feed: f, cancel: cancel}
		f.begin(s)
		f.tracks = []Track{{Codec: H264}}
		// What the methods use is gone.
		f.account, shared.metrics.units, shared.metrics.lost = nil, nil, nil
		call(s)
		call(s) // logged once
		if !errors.Is(context.Cause(ctx), errPanic) {
			t.Errorf("%s: the session goes on: %v", name, context.Cause(ctx))
		}
		if !strings.Contains(log.String(), "cau-coc-leu") || strings.Count(log.String(), `"panic":`) != 1 {
			t.Errorf("%s: logged %q", name, log.String())
		}
		// Nothing stays locked.
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.mu.Lock()
			f.mu.Unlock() //nolint:staticcheck // only whether it can be had
		}()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: locked for ever", name)
		}
	}
}

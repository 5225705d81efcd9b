package natslog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeatsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&out, nil)), "embedded broker")
		l.Errorf("client %d misbehaves", 1)
		for range 999 {
			l.Warnf("client %d misbehaves", 1)
		}
		time.Sleep(time.Second)
		l.Warnf("client %d misbehaves", 2)
		l.Noticef("all is well")
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "level=ERROR") ||
			!strings.Contains(lines[1], `level=WARN msg="embedded broker" message="client 2 misbehaves" others_since=999`) {
			t.Errorf("got %q", lines)
		}
	})
}

func TestFatalIsKept(t *testing.T) {
	l := New(slog.New(slog.DiscardHandler), "journal")
	if got := l.Fatal(); got != "it did not say why" {
		t.Errorf("got %q", got)
	}
	l.Fatalf("listen: %s", "address in use")
	if got := l.Fatal(); got != "listen: address in use" {
		t.Errorf("got %q", got)
	}
}

package main

import (
	"fmt"
	"io"
	"os"
)

// A host is where servers of servertest live outside of a test: it keeps what
// has to be undone, and turns a server that fails into an error.
type host struct {
	log    io.Writer
	undo   []func()
	failed bool
}

func newHost(log io.Writer) *host { return &host{log: log} }

// A failure is what Fatalf and Skipf throw, and guard catches.
type failure struct{ error }

// guard calls f and returns its error, or that of a server that it needs.
func (h *host) guard(f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
	}()
	return f()
}

// cleanup undoes in reverse what was done.
func (h *host) cleanup() {
	for len(h.undo) > 0 {
		last := h.undo[len(h.undo)-1]
		h.undo = h.undo[:len(h.undo)-1]
		_ = h.guard(func() error { last(); return nil })
	}
}

// TempDir returns a new folder that cleanup removes.
func (h *host) TempDir() string {
	dir, err := os.MkdirTemp("", "citybench-")
	if err != nil {
		h.Fatalf("%v", err)
	}
	h.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// The rest of what servertest asks of a test.

func (h *host) Helper()          {}
func (h *host) Cleanup(f func()) { h.undo = append(h.undo, f) }
func (h *host) Failed() bool     { return h.failed }

func (h *host) Logf(format string, args ...any) { fmt.Fprintf(h.log, format+"\n", args...) }

func (h *host) Errorf(format string, args ...any) {
	h.failed = true
	h.Logf(format, args...)
}

func (h *host) Fatalf(format string, args ...any) {
	h.failed = true
	panic(failure{fmt.Errorf(format, args...)})
}

func (h *host) Skipf(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}

// Package natslog passes on what a NATS server in this process says that
// somebody must act on.
package natslog

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A Logger is a NATS server's logger. What repeats is passed on once a second,
// with the number of lines in between: clients can cause as many as they like.
type Logger struct {
	log  *slog.Logger
	part string

	mu         sync.Mutex
	fatal      string
	last       time.Time
	suppressed int
}

// New returns a Logger that names the part of the program to which the server
// belongs.
func New(log *slog.Logger, part string) *Logger {
	return &Logger{log: log, part: part}
}

// Fatal returns the error that kept the server from starting. The server ends
// the process with it unless its logger does not, as this one.
func (l *Logger) Fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		return "it did not say why"
	}
	return l.fatal
}

// Fatalf keeps the message for Fatal.
func (l *Logger) Fatalf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fatal = fmt.Sprintf(format, args...)
}

// Errorf logs an error.
func (l *Logger) Errorf(format string, args ...any) { l.pass(l.log.Error, format, args) }

// Warnf logs a warning.
func (l *Logger) Warnf(format string, args ...any) { l.pass(l.log.Warn, format, args) }

// Noticef drops what is normal.
func (l *Logger) Noticef(string, ...any) {}

// Debugf drops what is normal.
func (l *Logger) Debugf(string, ...any) {}

// Tracef drops what is normal.
func (l *Logger) Tracef(string, ...any) {}

func (l *Logger) pass(log func(string, ...any), format string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.last) < time.Second {
		l.suppressed++
		return
	}
	rest := []any{"message", fmt.Sprintf(format, args...)}
	if l.suppressed > 0 {
		rest = append(rest, "others_since", l.suppressed)
	}
	l.last, l.suppressed = now, 0
	log(l.part, rest...)
}

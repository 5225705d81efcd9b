package store

import (
	"log/slog"
	"time"
)

// remindEvery is how often the same fault is told again.
const remindEvery = time.Minute

// A reminder tells a fault that repeats once a minute, with how often it was.
type reminder struct {
	log   *slog.Logger
	last  time.Time
	times int
}

func (r *reminder) remind(message string, args ...any) {
	r.times++
	if time.Since(r.last) < remindEvery {
		return
	}
	r.log.Warn(message, append(args, "times", r.times)...)
	r.last, r.times = time.Now(), 0
}

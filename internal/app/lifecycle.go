package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A part is one long-lived piece of the process.
type part struct {
	name string
	// run works until its context ends, and returns only when everything it
	// started has ended.
	run func(context.Context) error
}

// stopTimeout bounds how long one part may take to stop. What is not stopped
// by then is left: the journal is on disk already, so ending hard loses
// nothing.
const stopTimeout = 10 * time.Second

// runParts starts the parts in their order and runs them until ctx ends or one
// of them does. Then it stops them in the reverse order, each only after those
// behind it have stopped: what takes in stops first, what keeps stops last.
func runParts(ctx context.Context, parts []part) error {
	type ended struct {
		part int
		err  error
	}
	over := make(chan ended, len(parts))
	cancels := make([]context.CancelFunc, len(parts))
	done := make([]chan struct{}, len(parts))
	for i, p := range parts {
		// Not a child of ctx: a part ends when it is its turn.
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancels[i], done[i] = cancel, make(chan struct{})
		go func() {
			defer close(done[i])
			err := p.run(partCtx)
			if partCtx.Err() != nil && errors.Is(err, context.Canceled) {
				err = nil
			}
			over <- ended{i, err}
		}()
	}

	var errs []error
	collect := func(e ended) {
		if e.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", parts[e.part].name, e.err))
		}
	}
	select {
	case <-ctx.Done():
	case e := <-over:
		collect(e)
		if e.err == nil {
			errs = append(errs, fmt.Errorf("%s ended by itself", parts[e.part].name))
		}
	}
	for i := len(parts) - 1; i >= 0; i-- {
		cancels[i]()
		select {
		case <-done[i]:
		case <-time.After(stopTimeout):
			errs = append(errs, fmt.Errorf("%s did not stop within %s", parts[i].name, stopTimeout))
		}
	}
	for {
		select {
		case e := <-over:
			collect(e)
		default:
			return errors.Join(errs...)
		}
	}
}

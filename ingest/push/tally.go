package push

import (
	"context"
	"sync"
)

// A tally counts what is not done yet. It is used once.
type tally struct {
	mu    sync.Mutex
	open  int
	first error
	over  chan struct{} // made by wait when it has to
}

func (t *tally) add() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open++
}

func (t *tally) done(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.first = err
	}
	t.open--
	if t.open == 0 && t.over != nil {
		close(t.over)
	}
}

// wait returns the first error once all is done, or that of ctx when it ends.
func (t *tally) wait(ctx context.Context) error {
	t.mu.Lock()
	if t.open > 0 {
		t.over = make(chan struct{})
		over := t.over
		t.mu.Unlock()
		select {
		case <-over:
		case <-ctx.Done():
			return ctx.Err()
		}
		t.mu.Lock()
	}
	defer t.mu.Unlock()
	return t.first
}

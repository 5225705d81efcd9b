package series

import (
	"errors"
	"fmt"
	"time"
)

// Errors that call for more than trying again later.
var (
	// ErrTooLarge is in the error of a Write that is over what the store takes
	// in one request: the same lines in smaller writes may succeed.
	ErrTooLarge = errors.New("too much for one write")
	// ErrUnauthorized is in the error of a call whose credentials the store
	// refuses. The data is not at fault: it is to be kept and written once a
	// person has mended the credentials.
	ErrUnauthorized = errors.New("the store refuses the credentials")
)

// Rejected is the error of a call that will never succeed as it is: the store
// has understood it and refuses. Of a Write it means that at least one of the
// lines cannot be stored; which one is found by writing them in smaller parts.
// Of a Query it means that the question makes no sense to the store.
//
// Any other error is temporary: the store is away, full, busy, or set up
// wrongly, and the same call is to be made again.
type Rejected struct {
	// Reason is what the store said: of one of the lines, or of the question.
	Reason string
}

func (r *Rejected) Error() string { return "refused for good: " + r.Reason }

// Busy is in the error of a call that the store asks to repeat later.
type Busy struct {
	// After is how long it asks to be left alone; 0 when it does not say.
	After time.Duration
}

func (b *Busy) Error() string {
	if b.After <= 0 {
		return "the store is busy"
	}
	return fmt.Sprintf("the store is busy for %v", b.After)
}

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"citywatch"
)

// ErrNoTransition means that there is no transition with that number, or no
// longer: it was dropped for its age.
var ErrNoTransition = errors.New("journal: no such transition")

// Transition returns the transition with a sequence number.
func (j *Journal) Transition(ctx context.Context, seq uint64) (citywatch.Transition, error) {
	var t citywatch.Transition
	m, err := j.transitions.stream.GetMsg(ctx, seq)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return t, fmt.Errorf("%w: %d", ErrNoTransition, seq)
	case err != nil:
		return t, fmt.Errorf("journal: transition %d: %w", seq, err)
	}
	if err := json.Unmarshal(m.Data, &t); err != nil {
		return t, fmt.Errorf("journal: transition %d: %w", seq, err)
	}
	t.Seq = seq
	return t, nil
}

// TransitionsSince returns since when every transition is kept: since the
// journal was begun, or since the oldest that was not dropped for its age.
func (j *Journal) TransitionsSince(ctx context.Context) (time.Time, error) {
	info, err := j.transitions.stream.Info(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("journal: %w", err)
	}
	if info.State.FirstSeq > 1 && info.State.Msgs > 0 {
		return info.State.FirstTime, nil
	}
	return info.Created, nil
}

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"citywatch"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// AppendDeadLetter writes a message that was refused, and returns once it is on
// the disk. When there is no room for more, the oldest are dropped.
func (j *Journal) AppendDeadLetter(ctx context.Context, d citywatch.DeadLetter) error {
	d.Seq = 0
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("journal: dead letter: %w", err)
	}
	m := &nats.Msg{
		Subject: j.subject("dead-letters"),
		Header:  nats.Header{jetstream.MsgIDHeader: {nuid.Next()}},
		Data:    data,
	}
	if _, err := j.publish(ctx, m); err != nil {
		return err
	}
	j.metrics.deadLetters.Inc()
	return nil
}

// DeadLetters returns up to limit dead letters, the oldest first, beginning
// with the sequence number from. Sequence numbers have holes where some were
// deleted: continue with the last one's plus 1.
func (j *Journal) DeadLetters(ctx context.Context, from uint64, limit int) ([]citywatch.DeadLetter, error) {
	var letters []citywatch.DeadLetter
	next := max(from, 1)
	for len(letters) < limit {
		m, err := j.deadLetters.GetMsg(ctx, next, jetstream.WithGetMsgSubject(j.subject("dead-letters")))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, j.explain(ctx, err)
		}
		next = m.Sequence + 1
		var d citywatch.DeadLetter
		if err := json.Unmarshal(m.Data, &d); err != nil {
			j.metrics.corrupt.Inc()
			continue
		}
		d.Seq = m.Sequence
		letters = append(letters, d)
	}
	return letters, nil
}

// DeleteDeadLetter deletes one. It is no error if there is none.
func (j *Journal) DeleteDeadLetter(ctx context.Context, seq uint64) error {
	err := j.deadLetters.DeleteMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		// The client does not say why: perhaps it is not there any more.
		if _, getErr := j.deadLetters.GetMsg(ctx, seq); errors.Is(getErr, jetstream.ErrMsgNotFound) {
			return nil
		}
	}
	return j.explain(ctx, err)
}

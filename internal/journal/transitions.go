package journal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"citywatch"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A transitionLog is the stream of transitions. Each has a subject of its own,
// made of its ID, and is written with the expectation that there is none on
// that subject yet: so the server itself refuses a second one for as long as
// it keeps the first, whatever crashed in between and however long ago.
type transitionLog struct {
	stream jetstream.Stream
	name   string
	epoch  int64
	head   atomic.Uint64
	order  sync.Mutex // held while transitions are written
}

func (j *Journal) openTransitions(ctx context.Context) (*transitionLog, error) {
	name := j.stream("transitions")
	stream, err := j.openStream(ctx, jetstream.StreamConfig{
		Name:     name,
		Subjects: []string{j.subject("transitions", "*")},
		MaxAge:   j.opts.TransitionsMaxAge,
	})
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	l := &transitionLog{stream: stream, name: name, epoch: info.Created.UnixNano()}
	l.head.Store(info.State.LastSeq)
	return l, nil
}

// AppendTransitions writes transitions, in their order, sets their Seq, and
// returns once all of them are on the disk. A transition whose ID has been
// written before is not written again, and gets the Seq of the first time. On
// an error some may have been written, the first ones: call it again with the
// same.
func (j *Journal) AppendTransitions(ctx context.Context, ts []citywatch.Transition) error {
	l := j.transitions
	l.order.Lock()
	defer l.order.Unlock()
	for i := range ts {
		seq, err := j.appendTransition(ctx, &ts[i])
		if err != nil {
			return err
		}
		ts[i].Seq = seq
	}
	return nil
}

func (j *Journal) appendTransition(ctx context.Context, t *citywatch.Transition) (uint64, error) {
	if t.ID == "" {
		return 0, errors.New("journal: a transition without an id")
	}
	data, err := json.Marshal(t)
	if err != nil {
		return 0, fmt.Errorf("journal: transition %s: %w", t.ID, err)
	}
	subject := j.transitionSubject(t.ID)
	ack, err := j.publish(ctx, &nats.Msg{
		Subject: subject,
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}},
		Data:    data,
	})
	if apiCode(err) == codeWrongLastSequence {
		return j.transitionSeq(ctx, subject)
	}
	if err != nil {
		return 0, err
	}
	j.metrics.transitions.Inc()
	raise(&j.transitions.head, ack.Sequence)
	return ack.Sequence, nil
}

// transitionSubject is fit for any id: what a subject may not hold is hashed
// away.
func (j *Journal) transitionSubject(id string) string {
	sum := sha256.Sum256([]byte(id))
	return j.subject("transitions", base64.RawURLEncoding.EncodeToString(sum[:16]))
}

// transitionSeq finds the one that is there already.
func (j *Journal) transitionSeq(ctx context.Context, subject string) (uint64, error) {
	m, err := j.transitions.stream.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return 0, j.explain(ctx, err)
	}
	return m.Sequence, nil
}

// TransitionBounds returns the sequence numbers of the first and the last
// transition that is kept. Where there are none, first is last+1.
func (j *Journal) TransitionBounds(ctx context.Context) (first, last uint64, err error) {
	return j.bounds(ctx, j.transitions.stream)
}

// Transitions returns a reader that begins with the transition from, or with
// the first that is kept where from is 0.
func (j *Journal) Transitions(from uint64) *TransitionReader {
	l := j.transitions
	r := &TransitionReader{}
	r.stream, r.name, r.head, r.maxAge = l.stream, l.name, &l.head, j.opts.TransitionsMaxAge
	j.follow(&r.follower, from)
	return r
}

// A TransitionReader reads transitions in their order. Next is for one
// goroutine at a time; the other methods are for any.
type TransitionReader struct {
	follower
}

// Named gives the reader the name under which its lag is measured and alarms
// are logged, and returns it. It is called before the first Next.
func (r *TransitionReader) Named(name string) *TransitionReader {
	r.reader.Store(&name)
	return r
}

// Next waits for the next transition. It returns no other errors than ctx's,
// after which it can be called again and nothing is lost, and ErrClosed.
func (r *TransitionReader) Next(ctx context.Context) (citywatch.Transition, error) {
	for {
		m, err := r.next(ctx)
		if err != nil {
			return citywatch.Transition{}, err
		}
		var t citywatch.Transition
		if err := json.Unmarshal(m.data, &t); err != nil {
			r.skip(m, err)
			continue
		}
		t.Seq = m.seq
		return t, nil
	}
}

// Lost returns how many transitions this reader has missed because they were
// dropped for their age.
func (r *TransitionReader) Lost() uint64 { return r.lost.Load() }

// Close ends the reader; a Next that waits returns ErrClosed.
func (r *TransitionReader) Close() { r.close() }

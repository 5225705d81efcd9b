package journal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"

	"citywatch"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
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

		AllowAtomicPublish: true,
	})
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	l := &transitionLog{stream: stream, name: name, epoch: info.Created.UnixNano()}
	l.head.Store(info.State.LastSeq)
	return l, nil
}

// A storm of transitions is written in batches, each with a single write to
// the disk; below batchFrom, a batch costs more than it saves.
const (
	batchFrom = 16
	batchMost = 500 // the server takes 1,000
)

// AppendTransitions writes transitions, in their order, sets their Seq, and
// returns once all of them are on the disk. A transition whose ID has been
// written before is not written again, and gets the Seq of the first time. On
// an error some may have been written, the first ones: call it again with the
// same.
func (j *Journal) AppendTransitions(ctx context.Context, ts []citywatch.Transition) error {
	l := j.transitions
	l.order.Lock()
	defer l.order.Unlock()
	for len(ts) > 0 {
		n := min(len(ts), batchMost)
		if err := j.appendTransitions(ctx, ts[:n]); err != nil {
			return err
		}
		ts = ts[n:]
	}
	return nil
}

func (j *Journal) appendTransitions(ctx context.Context, ts []citywatch.Transition) error {
	msgs := make([]*nats.Msg, len(ts))
	for i := range ts {
		var err error
		if msgs[i], err = j.transitionMsg(&ts[i]); err != nil {
			return err
		}
	}
	if len(ts) >= batchFrom {
		if last, err := j.publishBatch(ctx, msgs); err == nil {
			for i := range ts {
				ts[i].Seq = last - uint64(len(ts)-1-i)
			}
			j.written(len(ts), last)
			return nil
		}
		// Refused as a whole, perhaps because one of them is there already:
		// one by one it will be seen which.
	}
	for i := range ts {
		seq, err := j.appendTransition(ctx, msgs[i])
		if err != nil {
			return err
		}
		ts[i].Seq = seq
	}
	return nil
}

func (j *Journal) written(n int, last uint64) {
	j.metrics.transitions.Add(float64(n))
	raise(&j.transitions.head, last)
}

func (j *Journal) transitionMsg(t *citywatch.Transition) (*nats.Msg, error) {
	if t.ID == "" {
		return nil, errors.New("journal: a transition without an id")
	}
	data, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("journal: transition %s: %w", t.ID, err)
	}
	return &nats.Msg{
		Subject: j.transitionSubject(t.ID),
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}},
		Data:    data,
	}, nil
}

// publishBatch writes all messages or none, and returns the sequence number of
// the last; the others' are those before it.
func (j *Journal) publishBatch(ctx context.Context, msgs []*nats.Msg) (last uint64, err error) {
	if j.full.Load() {
		return 0, ErrDiskFull
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	id := nuid.Next()
	for i, m := range msgs {
		m = &nats.Msg{Subject: m.Subject, Header: maps.Clone(m.Header), Data: m.Data}
		m.Header["Nats-Batch-Id"] = []string{id}
		m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		if i < len(msgs)-1 {
			if err := j.conn.PublishMsg(m); err != nil {
				return 0, err
			}
			continue
		}
		m.Header["Nats-Batch-Commit"] = []string{"1"}
		ack, err := j.js.PublishMsg(ctx, m, jetstream.WithRetryAttempts(0))
		if err != nil {
			return 0, err
		}
		last = ack.Sequence
	}
	return last, nil
}

// appendTransition writes one, or finds it.
func (j *Journal) appendTransition(ctx context.Context, m *nats.Msg) (uint64, error) {
	ack, err := j.publish(ctx, m)
	if apiCode(err) == codeWrongLastSequence {
		return j.transitionSeq(ctx, m.Subject)
	}
	if err != nil {
		return 0, err
	}
	j.written(1, ack.Sequence)
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

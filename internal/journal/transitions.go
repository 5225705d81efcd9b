package journal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"citywatch"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// remembered is how many transitions' ids are kept in memory, the latest ones,
// to tell a repetition. Whoever repeats after a crash begins at a checkpoint,
// which is never so far back.
const remembered = 1 << 15

// A transitionLog is the stream of transitions. That each is written once is
// seen to here, by the ids of the latest; the server's own memory of message
// ids, which is measured in time, is only for what is repeated at once. (A
// subject per transition, which the server could refuse to write twice, costs
// it 350 bytes of memory each for as long as history is kept.)
type transitionLog struct {
	stream jetstream.Stream
	name   string
	epoch  int64
	head   atomic.Uint64

	mu   sync.Mutex // held while transitions are written
	seqs map[transitionKey]uint64
	ring []transitionKey // oldest first, from next on
	next int
}

// A transitionKey is the hash of an id, which may hold what a header may not.
type transitionKey [16]byte

func (k transitionKey) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

func parseKey(s string) (k transitionKey, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return k, err == nil && copy(k[:], b) == len(k)
}

func keyOf(id string) (k transitionKey) {
	sum := sha256.Sum256([]byte(id))
	copy(k[:], sum[:])
	return k
}

func (j *Journal) openTransitions(ctx context.Context) (*transitionLog, error) {
	name := j.stream("transitions")
	stream, err := j.openStream(ctx, jetstream.StreamConfig{
		Name:     name,
		Subjects: []string{j.subject("transitions")},
		MaxAge:   j.opts.TransitionsMaxAge,

		AllowAtomicPublish: true,
	})
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	l := &transitionLog{
		stream: stream, name: name, epoch: info.Created.UnixNano(),
		seqs: make(map[transitionKey]uint64),
	}
	l.head.Store(info.State.LastSeq)
	return l, j.recall(ctx, l, info.State)
}

// recall reads the ids of the latest transitions.
func (j *Journal) recall(ctx context.Context, l *transitionLog, state jetstream.StreamState) error {
	if state.Msgs == 0 {
		return nil
	}
	f := follower{stream: l.stream, name: l.name, head: &l.head, headersOnly: true}
	j.follow(&f, max(state.FirstSeq, state.LastSeq-min(state.LastSeq, remembered-1)))
	defer f.close()
	for {
		m, err := f.next(ctx)
		if err != nil {
			return err
		}
		if key, ok := parseKey(m.header.Get(jetstream.MsgIDHeader)); ok {
			l.remember(key, m.seq)
		}
		if m.seq >= state.LastSeq {
			return nil
		}
	}
}

// remember notes where a transition is, and forgets the oldest. Lock should be
// held.
func (l *transitionLog) remember(key transitionKey, seq uint64) {
	if _, known := l.seqs[key]; known {
		return
	}
	l.seqs[key] = seq
	if len(l.ring) < remembered {
		l.ring = append(l.ring, key)
		return
	}
	delete(l.seqs, l.ring[l.next])
	l.ring[l.next] = key
	l.next = (l.next + 1) % remembered
}

// A storm of transitions is written in batches, each with a single write to
// the disk; below batchFrom, a batch costs more than it saves.
const (
	batchFrom = 16
	batchMost = 500 // the server takes 1,000
)

// AppendTransitions writes transitions, in their order, sets their Seq, and
// returns once all of them are on the disk. A transition whose ID is among the
// latest 32,768, those before a crash included, is not written again, and gets
// the Seq of the first time. On an error some may have been written, the first
// ones: call it again with the same.
func (j *Journal) AppendTransitions(ctx context.Context, ts []citywatch.Transition) error {
	l := j.transitions
	l.mu.Lock()
	defer l.mu.Unlock()
	var (
		fresh []*citywatch.Transition
		twins []*citywatch.Transition
		group = make(map[string]bool)
	)
	for i := range ts {
		t := &ts[i]
		if t.ID == "" {
			return errors.New("journal: a transition without an id")
		}
		seq, known := l.seqs[keyOf(t.ID)]
		switch {
		case known:
			t.Seq = seq
		case group[t.ID]:
			twins = append(twins, t)
		default:
			group[t.ID] = true
			fresh = append(fresh, t)
		}
	}
	for part := range slices.Chunk(fresh, batchMost) {
		if err := j.appendTransitions(ctx, part); err != nil {
			return err
		}
	}
	for _, t := range twins {
		t.Seq = l.seqs[keyOf(t.ID)]
	}
	return nil
}

// appendTransitions writes what has not been written, as far as is known.
func (j *Journal) appendTransitions(ctx context.Context, ts []*citywatch.Transition) error {
	msgs := make([]*nats.Msg, len(ts))
	for i, t := range ts {
		var err error
		if msgs[i], err = j.transitionMsg(t); err != nil {
			return err
		}
	}
	if len(ts) >= batchFrom {
		if last, err := j.publishBatch(ctx, msgs); err == nil {
			for i, t := range ts {
				j.written(t, last-uint64(len(ts)-1-i))
			}
			return nil
		}
		// Refused as a whole, or the answer was lost: one by one it will be
		// seen which of them are there.
	}
	for i, t := range ts {
		ack, err := j.publish(ctx, msgs[i])
		if err != nil {
			return err
		}
		j.written(t, ack.Sequence)
	}
	return nil
}

func (j *Journal) written(t *citywatch.Transition, seq uint64) {
	t.Seq = seq
	j.transitions.remember(keyOf(t.ID), seq)
	raise(&j.transitions.head, seq)
	j.metrics.transitions.Inc()
}

func (j *Journal) transitionMsg(t *citywatch.Transition) (*nats.Msg, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("journal: transition %s: %w", t.ID, err)
	}
	return &nats.Msg{
		Subject: j.subject("transitions"),
		Header:  nats.Header{jetstream.MsgIDHeader: {keyOf(t.ID).String()}},
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

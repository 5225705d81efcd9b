package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"citywatch"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// publishers is how many entries of a shard may be on their way at once.
	// While they are, further appends gather into the next entry: the slower
	// the disk, the larger the entries.
	publishers = 2
	// gather is how large an entry grows by gathering: readers advance by
	// entries, and have many of them in memory.
	gather = 128 << 10
	// waiting is how many appends of a shard may gather.
	waiting = 256

	// attemptTimeout is how long one request to the server may take, and
	// publishTimeout how long they are repeated under the same message id.
	// The server must remember ids for longer than that.
	attemptTimeout = 5 * time.Second
	publishTimeout = 20 * time.Second
	dedupeWindow   = 2 * publishTimeout

	backoffMin = 20 * time.Millisecond
	backoffMax = time.Second
)

// A shard is one stream of readings and ticks, and those who write to it.
type shard struct {
	journal  *Journal
	stream   jetstream.Stream
	name     string // of the stream
	subject  string
	requests chan *request
	ids      string // prefix of message ids
	lastID   atomic.Uint64
	head     atomic.Uint64 // highest sequence number known
	recent   recentEntries
}

// A request is one append that waits for the disk.
type request struct {
	enc  *encoder // holds the batch; nil for a tick
	tick time.Time
	done chan result // has room for one
}

type result struct {
	seq uint64
	err error
}

func (j *Journal) openShard(ctx context.Context, i int) (*shard, error) {
	n := strconv.Itoa(i)
	s := &shard{
		journal:  j,
		name:     j.stream("readings-" + n),
		subject:  j.subject("readings", n),
		requests: make(chan *request, waiting),
		ids:      nuid.Next() + "-",
	}
	var err error
	s.stream, err = j.openStream(ctx, jetstream.StreamConfig{
		Name:     s.name,
		Subjects: []string{s.subject},
		MaxAge:   j.opts.MaxAge,
		MaxBytes: j.opts.MaxBytes,
	})
	if err != nil {
		return nil, err
	}
	s.head.Store(s.stream.CachedInfo().State.LastSeq)
	return s, nil
}

// Append writes readings to a shard and returns once they are on the disk,
// with the sequence number of the entry that holds the last of them. Appends
// made at the same time share an entry; an Append that is made after another
// has returned comes behind it.
//
// The readings are encoded before Append returns and may be changed after. An
// error leaves open whether they were written; the caller tries again, except
// after ErrTooLarge and ErrNoShard.
func (j *Journal) Append(ctx context.Context, shard int, readings []citywatch.Reading) (seq uint64, err error) {
	s, err := j.shard(shard)
	if err != nil {
		return 0, err
	}
	if len(readings) == 0 {
		return 0, errors.New("journal: an append without readings")
	}
	start := time.Now()
	total := len(readings)
	for len(readings) > 0 && err == nil {
		enc := encoders.Get().(*encoder)
		n, encodeErr := enc.encodeBatch(readings)
		if encodeErr != nil {
			enc.release()
			return 0, encodeErr
		}
		readings = readings[n:]
		seq, err = s.submit(ctx, &request{enc: enc, done: make(chan result, 1)})
	}
	j.metrics.appended(err, total, time.Since(start))
	return seq, err
}

// Tick writes the time to a shard.
func (j *Journal) Tick(ctx context.Context, shard int, at time.Time) (seq uint64, err error) {
	s, err := j.shard(shard)
	if err != nil {
		return 0, err
	}
	return s.submit(ctx, &request{tick: at, done: make(chan result, 1)})
}

// submit hands the request over to the publishers and waits for the disk. The
// request is theirs from then on, whatever becomes of ctx.
func (s *shard) submit(ctx context.Context, r *request) (uint64, error) {
	j := s.journal
	if j.full.Load() {
		r.release()
		return 0, ErrDiskFull
	}
	select {
	case s.requests <- r:
	case <-ctx.Done():
		r.release()
		return 0, context.Cause(ctx)
	case <-j.ctx.Done():
		r.release()
		return 0, ErrClosed
	}
	select {
	case res := <-r.done:
		return res.seq, res.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-j.ctx.Done():
		return 0, ErrClosed
	}
}

func (r *request) release() {
	if r.enc != nil {
		r.enc.release()
		r.enc = nil
	}
}

// run is one publisher: it takes what waits, as far as it fits into one entry,
// writes it and tells those who wait.
func (s *shard) run() {
	var (
		g    group
		next *request // taken, but did not fit
	)
	for {
		if next == nil {
			select {
			case next = <-s.requests:
			case <-s.journal.ctx.Done():
				return
			}
		}
		next = g.fill(next, s.requests)
		seq, err := s.publish(s.journal.ctx, g.encode())
		if err == nil {
			s.journal.metrics.entries.Inc()
			s.journal.metrics.bytes.Add(float64(len(g.buf)))
			raise(&s.head, seq)
		}
		g.finish(result{seq, err})
	}
}

// publish writes one entry, with the same message id until the server has
// answered, so that it is stored once.
func (s *shard) publish(ctx context.Context, data []byte) (uint64, error) {
	id := s.ids + strconv.FormatUint(s.lastID.Add(1), 36)
	ack, err := s.journal.publish(ctx, &nats.Msg{
		Subject: s.subject,
		Header:  nats.Header{jetstream.MsgIDHeader: {id}},
		Data:    data,
	})
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// publish sends a message until the server has stored it, or will not.
// Repeating must be harmless: by a message id, or by an expectation.
func (j *Journal) publish(ctx context.Context, m *nats.Msg) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, publishTimeout, ErrUnavailable)
	defer cancel()
	wait := backoffMin
	for {
		if j.full.Load() {
			return nil, ErrDiskFull
		}
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		ack, err := j.js.PublishMsg(attempt, m, jetstream.WithRetryAttempts(0))
		cancel()
		if err == nil {
			return ack, nil
		}
		if ctx.Err() != nil || !again(err) {
			return nil, j.explain(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", j.explain(ctx, err), err)
		case <-time.After(wait):
		}
		wait = min(2*wait, backoffMax)
	}
}

// raise sets v to at least n.
func raise(v *atomic.Uint64, n uint64) {
	for old := v.Load(); old < n && !v.CompareAndSwap(old, n); old = v.Load() {
	}
}

// A group is the requests that share one entry.
type group struct {
	requests []*request
	batches  [][]byte
	buf      []byte
}

// fill makes the group of first and of those that wait behind it, and returns
// the one that was taken but did not fit.
func (g *group) fill(first *request, waiting <-chan *request) (left *request) {
	g.requests = append(g.requests[:0], first)
	if first.enc == nil {
		return nil
	}
	size := len(first.enc.buf)
	for {
		select {
		case r := <-waiting:
			if r.enc == nil || size+len(r.enc.buf) > gather {
				return r
			}
			size += len(r.enc.buf)
			g.requests = append(g.requests, r)
		default:
			return nil
		}
	}
}

// encode returns the group as an entry, valid until the next call.
func (g *group) encode() []byte {
	if first := g.requests[0]; first.enc == nil {
		g.buf = appendTick(g.buf[:0], first.tick)
		return g.buf
	}
	g.batches = g.batches[:0]
	for _, r := range g.requests {
		g.batches = append(g.batches, r.enc.buf)
	}
	g.buf = appendEntry(g.buf[:0], g.batches...)
	return g.buf
}

func (g *group) finish(res result) {
	for i, r := range g.requests {
		r.release()
		r.done <- res
		g.requests[i] = nil
	}
}

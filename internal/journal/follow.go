package journal

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// ahead is how many messages a reader has fetched before it asks for them.
	// It is not also limited by bytes: the client then loses count, and drops
	// messages for want of room.
	ahead = 64

	// A server that says nothing for twice heartbeat is asked anew.
	heartbeat = 5 * time.Second
	// pullExpiry is how long one request for messages stands.
	pullExpiry = 30 * time.Second
	// forgetAfter is when the server forgets a reader that does not ask.
	forgetAfter = 10 * time.Minute
)

// A follower reads one stream in order, without a gap that it does not count,
// and without a duplicate, whatever becomes of the server in between. Every
// fault leads to the same thing: the consumer is thrown away, and a new one
// begins at the next sequence number wanted.
type follower struct {
	journal *Journal
	stream  jetstream.Stream
	name    string // of the stream
	head    *atomic.Uint64
	maxAge  time.Duration
	limit   int64 // bytes; 0 for none

	headersOnly bool // no data

	reader atomic.Pointer[string] // its name in metrics; nil for none
	read   atomic.Uint64          // the last that was returned
	readAt atomic.Int64           // when that was written, Unix nanoseconds
	lost   atomic.Uint64

	// Of the goroutine in next.
	want      uint64 // the sequence number to come
	delivered uint64 // by this consumer
	backoff   time.Duration

	mu       sync.Mutex
	closed   bool
	messages jetstream.MessagesContext // nil while there is no consumer
	consumer string
	stop     context.CancelFunc
	ctx      context.Context // ends with close

	alarmed float64 // of the watch: the level that was last reported
}

// A message is one record of a stream.
type message struct {
	seq    uint64
	header nats.Header
	data   []byte
}

func (j *Journal) follow(f *follower, from uint64) {
	f.journal = j
	f.want = from
	f.read.Store(max(from, 1) - 1)
	f.ctx, f.stop = context.WithCancel(j.ctx)
	j.readers.add(f)
}

// next waits for the next message. It returns only ctx's error and ErrClosed.
func (f *follower) next(ctx context.Context) (message, error) {
	for {
		if f.ctx.Err() != nil {
			return message{}, ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return message{}, err
		}
		if f.messages == nil {
			if err := f.subscribe(ctx); err != nil {
				f.pause(ctx)
				continue
			}
		}
		msg, err := f.messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if ctx.Err() == nil {
				f.unsubscribe() // also for ErrNoHeartbeat: ask again
				f.pause(ctx)
			}
			continue
		}
		meta, err := msg.Metadata()
		if err != nil || meta.Sequence.Consumer != f.delivered+1 {
			f.unsubscribe() // a delivery was lost on the way
			continue
		}
		f.delivered++
		f.backoff = 0
		raise(f.head, meta.Sequence.Stream+meta.NumPending)
		if meta.Sequence.Stream < f.want {
			continue
		}
		f.take(meta)
		return message{meta.Sequence.Stream, msg.Headers(), msg.Data()}, nil
	}
}

// take notes that a message is being returned, and how many are missing before
// it.
func (f *follower) take(meta *jetstream.MsgMetadata) {
	seq := meta.Sequence.Stream
	if missing := seq - f.want; missing > 0 && f.want > 0 {
		f.lost.Add(missing)
		f.journal.metrics.lost.WithLabelValues(f.label()).Add(float64(missing))
		f.journal.log.Error("entries were dropped before they were read",
			"reader", f.label(), "stream", f.name, "entries", missing, "from", f.want)
	}
	f.want = seq + 1
	f.read.Store(seq)
	f.readAt.Store(meta.Timestamp.UnixNano())
}

// subscribe makes a new consumer that begins at the sequence number wanted.
func (f *follower) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	info, err := f.stream.Info(ctx)
	if err != nil {
		return err
	}
	raise(f.head, info.State.LastSeq)
	if f.want > info.State.LastSeq+1 {
		f.journal.log.Error("the journal ends before the place where its reader stopped: it was begun anew, and is read from its start",
			"reader", f.label(), "stream", f.name, "wanted", f.want, "last", info.State.LastSeq)
		f.want = 0
	}
	consumer, err := f.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       max(f.want, 1),
		AckPolicy:         jetstream.AckNonePolicy,
		HeadersOnly:       f.headersOnly,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: forgetAfter,
	})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(
		jetstream.PullMaxMessages(ahead),
		jetstream.PullExpiry(pullExpiry),
		jetstream.PullHeartbeat(heartbeat),
	)
	if err != nil {
		return err
	}
	f.delivered = 0
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		messages.Stop()
		return ErrClosed
	}
	f.messages, f.consumer = messages, consumer.CachedInfo().Name
	return nil
}

// unsubscribe throws the consumer away.
func (f *follower) unsubscribe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.journal.metrics.readerResets.WithLabelValues(f.label()).Inc()
	f.drop()
	f.messages = nil
}

// renew makes next ask the server anew: after a reconnect it may be another
// one, which knows nothing of this reader.
func (f *follower) renew() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.messages != nil {
		f.messages.Stop()
	}
}

// drop ends the consumer here and at the server. Lock should be held.
func (f *follower) drop() {
	if f.messages == nil {
		return
	}
	f.messages.Stop()
	ctx, cancel := context.WithTimeout(f.journal.ctx, time.Second)
	defer cancel()
	// It would be forgotten in time.
	_ = f.stream.DeleteConsumer(ctx, f.consumer)
}

// pause waits a little longer each time it is called in a row.
func (f *follower) pause(ctx context.Context) {
	f.backoff = min(max(2*f.backoff, backoffMin), backoffMax)
	select {
	case <-time.After(f.backoff):
	case <-ctx.Done():
	case <-f.ctx.Done():
	}
}

func (f *follower) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.closed = true
	f.stop()
	f.drop()
	f.journal.readers.remove(f)
}

// label is the reader's name in metrics.
func (f *follower) label() string {
	if name := f.reader.Load(); name != nil {
		return *name
	}
	return "unnamed"
}

// A readerSet is the readers that are open.
type readerSet struct {
	mu  sync.Mutex
	all map[*follower]struct{}
}

func (s *readerSet) add(f *follower) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[*follower]struct{})
	}
	s.all[f] = struct{}{}
}

func (s *readerSet) remove(f *follower) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, f)
}

func (s *readerSet) list() []*follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	fs := make([]*follower, 0, len(s.all))
	for f := range s.all {
		fs = append(fs, f)
	}
	return fs
}

func (s *readerSet) renewAll() {
	for _, f := range s.list() {
		f.renew()
	}
}

func (s *readerSet) closeAll() {
	for _, f := range s.list() {
		f.close()
	}
}

package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Journal is an open journal. Its methods may be called concurrently. Close
// it only after its readers and writers have stopped: they get ErrClosed.
type Journal struct {
	opts    Options
	log     *slog.Logger
	metrics *metrics

	server *embedded // nil where Options.URL is set
	conn   *nats.Conn
	js     jetstream.JetStream

	shards      []*shard
	transitions *transitionLog
	deadLetters jetstream.Stream
	checkpoints jetstream.KeyValue

	readers readerSet
	faults  faults
	full    atomic.Bool // the disk is; set by watch, read by every append

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	closed sync.Once
}

// openTimeout bounds each step of Open after connecting.
const openTimeout = 30 * time.Second

// Open opens the journal that o describes, and creates it where there is none.
// It may take as long as the recovery after a crash does; ctx bounds the
// waiting for a NATS cluster.
func Open(ctx context.Context, o Options, deps Deps) (*Journal, error) {
	if ps := o.Problems(); len(ps) > 0 {
		return nil, fmt.Errorf("journal: %s: %w", ps[0].Path, ps[0])
	}
	j := &Journal{opts: o.withDefaults(), log: deps.Log, metrics: newMetrics(deps.Metrics)}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if deps.Metrics != nil {
		if err := deps.Metrics.Register(&j.readers); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	if err := j.open(ctx); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

func (j *Journal) open(ctx context.Context) error {
	if err := j.connect(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := j.openStreams(ctx); err != nil {
		return fmt.Errorf("opening the journal's streams: %w", j.explain(ctx, err))
	}
	for _, s := range j.shards {
		for range publishers {
			j.work.Go(s.run)
		}
	}
	j.work.Go(j.watch)
	return nil
}

func (j *Journal) connect(ctx context.Context) (err error) {
	options := []nats.Option{
		nats.Name("citywatch"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectBufSize(-1), // an append that cannot be sent fails now
		nats.ReconnectHandler(func(*nats.Conn) { j.readers.renewAll() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			// A reader that dropped messages sees the gap and asks again.
			if !errors.Is(err, nats.ErrSlowConsumer) {
				j.faults.report(j.log, "journal client", "err", err)
			}
		}),
	}
	url := j.opts.URL
	if url == "" {
		if j.server, err = startEmbedded(ctx, j.opts.Dir, j.log); err != nil {
			return err
		}
		url = nats.DefaultURL // not dialled: the connection is in this process
		options = append(options, nats.InProcessServer(j.server))
	} else if j.opts.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(j.opts.CredentialsFile))
	}
	if j.conn, err = dial(ctx, url, options); err != nil {
		return err
	}
	j.js, err = jetstream.New(j.conn, jetstream.WithDefaultTimeout(attemptTimeout))
	return err
}

// dial connects, again and again until it succeeds or ctx ends.
func dial(ctx context.Context, url string, options []nats.Option) (*nats.Conn, error) {
	for {
		conn, err := nats.Connect(url, options...)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connecting to the journal's server: %w (does journal.url name it, and is it running?)", err)
		case <-time.After(time.Second):
		}
	}
}

// openStreams creates the streams, or brings their limits up to the options.
func (j *Journal) openStreams(ctx context.Context) error {
	for i := range j.opts.Shards {
		s, err := j.openShard(ctx, i)
		if err != nil {
			return err
		}
		j.shards = append(j.shards, s)
	}
	var err error
	if j.transitions, err = j.openTransitions(ctx); err != nil {
		return err
	}
	if j.deadLetters, err = j.openStream(ctx, jetstream.StreamConfig{
		Name:     j.stream("dead-letters"),
		Subjects: []string{j.subject("dead-letters")},
		MaxBytes: j.opts.DeadLettersMaxBytes,
	}); err != nil {
		return err
	}
	j.checkpoints, err = j.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket:   j.stream("checkpoints"),
		History:  1,
		Storage:  jetstream.FileStorage,
		Replicas: j.opts.Replicas,
	})
	return err
}

// openStream fills in what all streams have in common.
func (j *Journal) openStream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	cfg.Retention = jetstream.LimitsPolicy
	cfg.Storage = jetstream.FileStorage
	cfg.Discard = jetstream.DiscardOld
	cfg.AllowDirect = true
	cfg.Replicas = j.opts.Replicas
	if cfg.Duplicates == 0 {
		cfg.Duplicates = dedupeWindow
	}
	s, err := j.js.CreateOrUpdateStream(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg.Name, err)
	}
	j.metrics.streamLimit.WithLabelValues(cfg.Name).Set(float64(max(cfg.MaxBytes, 0)))
	return s, nil
}

func (j *Journal) stream(part string) string { return j.opts.Name + "-" + part }

func (j *Journal) subject(parts ...string) string {
	s := j.opts.Name
	for _, p := range parts {
		s += "." + p
	}
	return s
}

// shard returns the shard with that number.
func (j *Journal) shard(i int) (*shard, error) {
	if i < 0 || i >= len(j.shards) {
		return nil, fmt.Errorf("%w: %d of %d", ErrNoShard, i, len(j.shards))
	}
	return j.shards[i], nil
}

// Shards returns how many shards there are.
func (j *Journal) Shards() int { return len(j.shards) }

// Epoch identifies this history of transitions: it is another one after the
// journal was deleted and begun anew, when the sequence numbers that somebody
// remembers mean nothing any more.
func (j *Journal) Epoch() string {
	return strconv.FormatInt(j.transitions.epoch, 36)
}

// Close stops the journal, and its server. What was acknowledged is on the
// disk already.
func (j *Journal) Close() error {
	var err error
	j.closed.Do(func() {
		j.cancel()
		j.readers.closeAll()
		if j.conn != nil {
			j.conn.Close()
		}
		j.work.Wait()
		if j.server != nil {
			err = j.server.stop()
		}
	})
	return err
}

package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// watchEvery is how often the disk and the readers are looked at,
	// watchStreamsEvery how often the streams' sizes are.
	watchEvery        = time.Second
	watchStreamsEvery = 15
)

// alarms are the levels of a reader's unread share of the limits that are
// worth a line in the log: long before anything is dropped, and shortly.
var alarms = []float64{0.5, 0.8}

// watch looks after the disk, the server, and how far behind the readers are.
func (j *Journal) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var server mender
	nearly := fullness{}
	for n := 0; ; n++ {
		j.watchDisk()
		server.mend(j, time.Now())
		if n%watchStreamsEvery == 0 {
			j.watchStreams(nearly)
		}
		select {
		case <-tick.C:
		case <-j.ctx.Done():
			return
		}
	}
}

// watchDisk refuses appends before the disk is really full: the server would
// give up its store, and whatever else lives on the disk would suffer.
func (j *Journal) watchDisk() {
	if j.server == nil {
		return
	}
	free, err := freeBytes(j.server.dir)
	if err != nil {
		j.faults.report(j.log, "the journal's disk cannot be examined", "err", err)
		return
	}
	j.metrics.diskFree.Set(float64(free))
	full := free < j.opts.MinFree
	if was := j.full.Swap(full); was != full {
		j.reportDisk(full, free)
	}
}

// A mender starts the server anew when it has given up its store, less and
// less often while that does not help.
type mender struct {
	seen int // how many times in a row there was a fault
	wait time.Duration
	next time.Time
}

const (
	// mendAfter looks is a fault believed: on a machine that has more to do
	// than it can, the server says that it is not ready within its millisecond
	// though nothing is the matter, and to start it anew then cuts everybody off.
	mendAfter   = 3
	mendAtFirst = 5 * time.Second
	mendAtMost  = time.Minute
)

func (m *mender) mend(j *Journal, now time.Time) {
	if j.server == nil || j.full.Load() {
		return
	}
	fault := j.server.fault()
	if fault == "" {
		m.seen, m.wait = 0, 0
		return
	}
	if m.seen++; m.seen < mendAfter || now.Before(m.next) {
		return
	}
	m.wait = min(max(2*m.wait, mendAtFirst), mendAtMost)
	m.next = now.Add(m.wait)
	j.log.Error("the journal's server is started anew", "because", fault)
	if err := j.server.restart(j.ctx); err != nil {
		j.log.Error("the journal's server does not start", "err", err)
	}
}

func (j *Journal) reportDisk(full bool, free int64) {
	if full {
		j.metrics.full.Set(1)
		j.log.Error("the disk is full: nothing more is accepted until there is room",
			"dir", j.server.dir, "free_bytes", free, "needed_bytes", j.opts.MinFree)
		return
	}
	j.metrics.full.Set(0)
	j.log.Info("the disk has room again", "dir", j.server.dir, "free_bytes", free)
}

// A Lag is how far a named reader is behind the end of what it reads.
type Lag struct {
	Reader string
	// Entries are written and not yet read.
	Entries uint64
	// Since is when the newest entry that it has read was written; the zero
	// time while it has read nothing.
	Since time.Time
}

// Lags returns how far each named reader is behind.
func (j *Journal) Lags() []Lag {
	var lags []Lag
	for _, f := range j.readers.list() {
		name := f.reader.Load()
		if name == nil {
			continue
		}
		l := Lag{Reader: f.label(), Entries: f.lag()}
		if at := f.readAt.Load(); at != 0 {
			l.Since = time.Unix(0, at)
		}
		lags = append(lags, l)
	}
	return lags
}

// lag is how many messages are written and not yet read.
func (f *follower) lag() uint64 {
	head, read := f.head.Load(), f.read.Load()
	return head - min(read, head)
}

// watchStreams measures the streams, and warns of readers whose unread entries
// will be dropped if nothing changes.
func (j *Journal) watchStreams(nearly fullness) {
	infos := make(map[string]*jetstream.StreamInfo)
	streams := []jetstream.Stream{j.transitions.stream, j.deadLetters}
	for _, s := range j.shards {
		streams = append(streams, s.stream)
	}
	for _, s := range streams {
		ctx, cancel := context.WithTimeout(j.ctx, attemptTimeout)
		info, err := s.Info(ctx)
		cancel()
		if err != nil {
			continue // appends and readers report a server that does not answer
		}
		infos[info.Config.Name] = info
		j.metrics.streamBytes.WithLabelValues(info.Config.Name).Set(float64(info.State.Bytes))
		nearly.warn(j.log, info)
	}
	now := time.Now()
	for _, f := range j.readers.list() {
		if info := infos[f.name]; info != nil && f.reader.Load() != nil {
			f.warn(info, now)
		}
	}
}

// fullness is which streams have been reported as nearly full.
type fullness map[string]bool

// nearlyFull is the share of a stream's size that is worth a line in the log.
const nearlyFull = 0.9

// warn logs a stream that will soon drop its oldest entries for its size, once
// until it has shrunk again.
func (f fullness) warn(log *slog.Logger, info *jetstream.StreamInfo) {
	name, limit := info.Config.Name, float64(info.Config.MaxBytes)
	full := limit > 0 && float64(info.State.Bytes) >= nearlyFull*limit
	if full && !f[name] {
		log.Warn("a stream of the journal is nearly full: its oldest entries will be dropped, read or not",
			"stream", name, "bytes", info.State.Bytes, "limit", info.Config.MaxBytes, "oldest", info.State.FirstTime)
	}
	f[name] = full
}

// warn publishes the reader's share of the limits, and logs it when it has
// risen past the next alarm.
func (f *follower) warn(info *jetstream.StreamInfo, now time.Time) {
	used := f.used(info, now)
	f.journal.metrics.readerUsed.WithLabelValues(f.label(), f.name).Set(used)
	level := 0.0
	for _, a := range alarms {
		if used >= a {
			level = a
		}
	}
	if level > f.alarmed {
		f.journal.log.Error("a reader of the journal is far behind: at 100 % of the limits its entries are dropped",
			"reader", f.label(), "stream", f.name, "percent", int(100*used), "entries", f.lag())
	}
	f.alarmed = level
}

// used is how much of the stream's limits the reader's unread entries take: by
// their bytes or by the age of the oldest, whichever is more.
func (f *follower) used(info *jetstream.StreamInfo, now time.Time) float64 {
	unread := f.lag()
	if unread == 0 || info.State.Msgs == 0 {
		return 0
	}
	oldest := info.State.FirstTime
	if at := time.Unix(0, f.readAt.Load()); at.After(oldest) {
		oldest = at
	}
	var used float64
	if f.maxAge > 0 {
		used = float64(now.Sub(oldest)) / float64(f.maxAge)
	}
	if f.limit > 0 {
		share := min(float64(unread)/float64(info.State.Msgs), 1)
		used = max(used, share*float64(info.State.Bytes)/float64(f.limit))
	}
	return used
}

// faults reports repeated faults at most once a second, with their number.
type faults struct {
	mu         sync.Mutex
	last       time.Time
	suppressed int
}

func (f *faults) report(log *slog.Logger, msg string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.last) < time.Second {
		f.suppressed++
		return
	} else {
		f.last = now
	}
	log.Error(msg, append(args, "similar_since", f.suppressed)...)
	f.suppressed = 0
}

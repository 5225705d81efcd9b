// Package embedded is the time series store inside this process: the storage
// engine of InfluxDB 1.13 with its index on disk (tsi1), its write-ahead log
// fsynced before a write returns, its InfluxQL and its retention.
//
// It is what citywatch uses where no InfluxDB is configured, and it speaks the
// same line protocol and the same InfluxQL, so nothing else knows which of the
// two it has.
package embedded

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/influxdata/influxdb/coordinator"
	"github.com/influxdata/influxdb/query"
	"github.com/influxdata/influxdb/services/meta"
	"github.com/influxdata/influxdb/services/retention"
	"github.com/influxdata/influxdb/toml"
	"github.com/influxdata/influxdb/tsdb"
	_ "github.com/influxdata/influxdb/tsdb/engine" // registers tsm1
	_ "github.com/influxdata/influxdb/tsdb/index"  // registers tsi1
	"go.uber.org/zap"

	"citywatch/internal/series"
)

// DefaultMaxSeries is how many series a resolution may hold unless the options
// say otherwise. The engine itself knows a limit for its other index only.
const DefaultMaxSeries = 200_000

// Options say where a DB lies and what it keeps.
type Options struct {
	// Dir is the folder of all its files; it is made if need be. One process
	// at a time can have it.
	Dir string
	// Name is the first part of the databases' names: <name>_raw, <name>_5m,
	// <name>_1h.
	Name string
	// Retention may be changed from one start to the next.
	Retention series.Retention
	// MaxSeries limits the series of each resolution; 0 is DefaultMaxSeries. A
	// line that would make one more is refused.
	MaxSeries int
	// Existing opens only what is there, and drops nothing of it, however old:
	// Retention and MaxSeries are not looked at.
	Existing bool
	// Logger gets the engine's warnings; nil discards them.
	Logger *slog.Logger
}

// policy is the one retention policy of each database.
const policy = "citywatch"

// A DB is an open engine. Its methods may be called from many goroutines.
type DB struct {
	name    string
	meta    *meta.Client
	store   *tsdb.Store
	points  *coordinator.PointsWriter
	queries *query.Executor
	expiry  *retention.Service
	limits  map[series.Resolution]*limit
	unlock  func()

	// index is held by queries, and alone by writes that add to an index: the
	// engine reads there what it may just be writing.
	index sync.RWMutex

	// using is held by every call, so that Close ends none in its middle.
	using  sync.RWMutex
	closed bool
}

// errClosed is what a DB answers after Close.
var errClosed = errors.New("the time series store is closed")

// Open opens the databases in o.Dir and makes those that are not there. What a
// kill or a power cut left in the write-ahead log is there again when it
// returns. Close has to be called once.
func Open(o Options) (*DB, error) {
	db, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open the time series store in %s: %w", o.Dir, err)
	}
	return db, nil
}

func open(o Options) (*DB, error) {
	metaDir := filepath.Join(o.Dir, "meta")
	if _, err := os.Stat(metaDir); o.Existing && err != nil {
		return nil, err
	}
	if err := os.MkdirAll(metaDir, 0o750); err != nil {
		return nil, err
	}
	unlock, err := lock(o.Dir)
	if err != nil {
		return nil, err
	}
	log := zap.New(&logCore{to: cmp.Or(o.Logger, slog.New(slog.DiscardHandler))})
	db := &DB{
		name:   o.Name,
		meta:   meta.NewClient(&meta.Config{Dir: metaDir}),
		store:  newStore(o.Dir, log),
		unlock: unlock,
	}
	if err := db.meta.Open(); err != nil {
		unlock()
		return nil, err
	}
	if err := db.store.Open(); err != nil {
		return nil, errors.Join(err, db.store.Close(), db.meta.Close(), db.release())
	}
	db.wire(log)
	err = db.points.Open()
	if !o.Existing {
		err = errors.Join(err, db.expiry.Open(), db.prepare(o))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func newStore(dir string, log *zap.Logger) *tsdb.Store {
	store := tsdb.NewStore(filepath.Join(dir, "data"))
	config := tsdb.NewConfig()
	config.Dir = store.Path()
	config.WALDir = filepath.Join(dir, "wal")
	config.Index = "tsi1"
	config.WALFsyncDelay = 0 // a write returns when it is on disk
	// What is not yet in a file of its own takes some three times its size in
	// memory, and is read again from the log at the next start.
	config.CacheSnapshotMemorySize = 8 << 20
	config.CacheSnapshotWriteColdDuration = toml.Duration(time.Minute)
	config.MaxValuesPerTag = 0  // known to the other index only
	config.ValidateKeys = false // names have passed series.Name
	store.EngineOptions.Config = config
	store.EngineOptions.IndexVersion = config.Index
	store.WithLogger(log)
	return store
}

// wire connects the parts as influxd's server does, less all that listens,
// phones home or keeps statistics.
func (db *DB) wire(log *zap.Logger) {
	db.points = coordinator.NewPointsWriter()
	db.points.MetaClient = db.meta
	db.points.TSDBStore = db.store
	db.points.Subscriber = noSubscriber{}
	db.points.WithLogger(log)

	db.queries = query.NewExecutor()
	db.queries.WithLogger(log)
	db.queries.TaskManager.QueryTimeout = queryTimeout
	db.queries.StatementExecutor = &coordinator.StatementExecutor{
		MetaClient:  db.meta,
		TaskManager: db.queries.TaskManager,
		TSDBStore:   db.store,
		ShardMapper: &coordinator.LocalShardMapper{
			MetaClient: db.meta,
			TSDBStore:  coordinator.LocalTSDBStore{Store: db.store},
		},
		PointsWriter: db.points,
	}

	db.expiry = retention.NewService(retention.Config{Enabled: true, CheckInterval: toml.Duration(30 * time.Minute)})
	db.expiry.SetOSSMetaClient(db.meta)
	db.expiry.TSDBStore = db.store
	db.expiry.DropShardMetaRef = retention.OSSDropShardMetaRef(db.meta)
	db.expiry.WithLogger(log)
}

// noSubscriber takes the place of the service that forwards writes to other
// servers: the points writer calls it unasked.
type noSubscriber struct{}

func (noSubscriber) Send(*coordinator.WritePointsRequest) {}

// prepare makes the databases, or gives them their new retention.
func (db *DB) prepare(o Options) error {
	db.limits = map[series.Resolution]*limit{}
	for _, r := range series.Resolutions() {
		name, keep := r.Database(o.Name), o.Retention.Of(r)
		shard := shardDuration(r, keep)
		spec := &meta.RetentionPolicySpec{Name: policy, Duration: &keep, ShardGroupDuration: shard}
		_, err := db.meta.CreateDatabaseWithRetentionPolicy(name, spec)
		if errors.Is(err, meta.ErrRetentionPolicyConflict) {
			update := &meta.RetentionPolicyUpdate{Duration: &keep, ShardGroupDuration: &shard}
			err = db.meta.UpdateRetentionPolicy(name, policy, update, true)
		}
		if err != nil {
			return fmt.Errorf("database %s with a retention of %v: %w", name, keep, err)
		}
		db.limits[r] = newLimit(cmp.Or(o.MaxSeries, DefaultMaxSeries), shard, db.seriesFile(name))
	}
	return nil
}

// shardDuration is the time that one set of files covers, and so how long data
// may outlive its retention: about a tenth of it. Ten years of summaries in the
// engine's default of a week each would be 520 open indexes.
func shardDuration(r series.Resolution, keep time.Duration) time.Duration {
	const day = 24 * time.Hour
	if keep == 0 {
		return map[series.Resolution]time.Duration{
			series.Raw: 7 * day, series.FiveMinutes: 35 * day, series.OneHour: 365 * day,
		}[r]
	}
	return min(max((keep/10).Round(day), day), 365*day, keep)
}

// Close ends running queries, waits for running writes, and closes the files.
func (db *DB) Close() error {
	err := errors.Join(db.expiry.Close(), db.queries.Close())
	db.using.Lock()
	defer db.using.Unlock()
	if db.closed {
		return err
	}
	db.closed = true
	return errors.Join(err, db.points.Close(), db.store.Close(), db.meta.Close(), db.release())
}

func (db *DB) release() error {
	db.unlock()
	return nil
}
